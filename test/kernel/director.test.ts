// The director, on a kernel: inspected with ipvsadm and ip.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  Director,
  type DirectorEvent,
  type DirectorOptions,
  type DirectorState,
  IpvsError,
  ReconcileError,
  type State,
  type WantedService,
} from 'ipvs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openObserved } from './helpers/director.js';
import { addressesOn } from './helpers/iproute.js';
import { Peers } from './helpers/peers.js';
import { until } from './helpers/poll.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const PORT = 8080;
const LINK = 'vip0';
const VIP = '10.96.0.1';
const SERVERS = ['127.0.0.2', '127.0.0.3'] as const;

let peers: Peers;
beforeAll(async () => {
  peers = new Peers(fixture.namespace, PORT, SERVERS);
  await peers.ready();
});
afterAll(() => peers.stop());

const opened: Director[] = [];
async function open(options: Partial<DirectorOptions> = {}): Promise<Director> {
  const { path } = fixture.namespace;
  const director = await Director.open({
    netns: path,
    owns: { link: LINK },
    link: LINK,
    ...options,
  });
  opened.push(director);
  return director;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((director) => director.close()));
  await peers.count('abandon', 1);
});
beforeEach(async () => {
  fixture.namespace.ipvsadm('-C');
  await fixture.ipvs.links.deleteLink(LINK, { ifExists: true });
});

/** A service with these servers. */
function service(
  servers: readonly string[] = SERVERS,
  settings: { readonly address?: string; readonly port?: number; readonly scheduler?: string } = {},
): WantedService {
  return {
    protocol: 'tcp',
    address: VIP,
    port: 80,
    scheduler: 'rr',
    ...settings,
    destinations: servers.map((address) => ({ address, port: PORT, forwarding: 'masquerade' })),
  };
}

const stateOf = (...services: readonly WantedService[]): State => ({ services });
const saved = () => fixture.namespace.saved();
const addresses = () => addressesOn(fixture.namespace, LINK);

/** The lines of `ipvsadm -Sn` for the service with these servers. */
const lines = (servers: readonly string[], weight = 1, vip = `${VIP}:80`) =>
  [
    `-A -t ${vip} -s rr`,
    ...servers.map((each) => `-a -t ${vip} -r ${each}:${PORT} -m -w ${weight}`),
  ].sort();

/** Collects events from now on. */
function collect(director: Director): DirectorEvent[] {
  const events: DirectorEvent[] = [];
  void (async () => {
    for await (const event of director.events()) events.push(event);
  })();
  return events;
}

const typesOf = (events: readonly DirectorEvent[]) => events.map(({ type }) => type);

/** Waits for an event of a type. */
async function eventOf<Type extends DirectorEvent['type']>(
  events: readonly DirectorEvent[],
  type: Type,
): Promise<Extract<DirectorEvent, { type: Type }>> {
  const isOfType = (event: DirectorEvent): event is Extract<DirectorEvent, { type: Type }> =>
    event.type === type;
  const found = await until(
    () => events.find(isOfType),
    (event) => event !== undefined,
  );
  if (found === undefined) throw new Error('until() returns what it was to find');
  return found;
}

describe('services and addresses', () => {
  test('are added, changed and removed as states say', async () => {
    const director = await open();
    expect(director.state()).toEqual({
      wanted: undefined,
      draining: [],
      refused: [],
      lastSync: undefined,
      steps: { count: 0, failures: 0, duration: 0 },
    });
    const ipv6 = service(['fd02::2'], { address: 'fd96::1' });
    await director.apply(stateOf(service(), ipv6));
    expect(saved()).toEqual(
      [
        ...lines(SERVERS),
        '-A -t [fd96::1]:80 -s rr',
        `-a -t [fd96::1]:80 -r [fd02::2]:${PORT} -m -w 1`,
      ].sort(),
    );
    expect(addresses()).toEqual(['10.96.0.1/32', 'fd96::1/128']);
    const { wanted, lastSync }: DirectorState = director.state();
    expect(lastSync).toBeInstanceOf(Date);
    expect(wanted?.services.map(({ scheduler }) => scheduler)).toEqual(['rr', 'rr']);
    expect(wanted?.services[1]).toMatchObject({
      address: 'fd96::1',
      destinations: [{ address: 'fd02::2', port: PORT, weight: 1 }],
    });

    await director.apply(stateOf(service([SERVERS[1]])));
    expect(saved()).toEqual(lines([SERVERS[1]]));
    expect(addresses()).toEqual(['10.96.0.1/32']);

    await director.apply(stateOf());
    expect(saved()).toEqual([]);
    expect(addresses()).toEqual([]);
  });

  describe('that are not on the link', () => {
    const OTHER = '10.96.0.2';
    const both = stateOf(service(), service(SERVERS, { address: OTHER }));
    const one = stateOf(service());
    const expectOne = () => {
      expect(saved()).toEqual(lines(SERVERS));
      expect(addresses()).toEqual([`${VIP}/32`]);
    };

    test('are deleted when they are dropped, if the address was refused', async () => {
      await fixture.ipvs.links.ensureDummy(LINK);
      fixture.namespace.run('sysctl', ['-qw', `net.ipv6.conf.${LINK}.disable_ipv6=1`]);
      const director = await open();
      const refused = service(['fd02::2'], { address: 'fd96::1' });
      await expect(director.apply(stateOf(service(), refused))).rejects.toThrow(/fd96::1/);
      expect(saved()).toContain('-A -t [fd96::1]:80 -s rr');
      await director.apply(one);
      expectOne();
    });

    test('are deleted when they are dropped, if another program has taken the address', async () => {
      const director = await open();
      await director.apply(both);
      fixture.namespace.ip('address', 'flush', 'dev', LINK);
      await director.apply(one);
      expectOne();
    });

    // Each test has an address of its own: the kernel remembers the connections of a destination.
    test.each([
      ['before they drain', '10.96.0.3'],
      ['while they drain', '10.96.0.4'],
    ])('drain, although another program takes the address %s', async (when, address) => {
      const director = await open({ drain: { timeout: 4000 }, resync: 100 });
      const events = collect(director);
      await director.apply(stateOf(service(), service(SERVERS, { address })));
      await peers.count('hold', 1, address, 80);
      const take = () => fixture.namespace.ip('address', 'delete', `${address}/32`, 'dev', LINK);
      if (when.startsWith('before')) take();
      await director.apply(one);
      await eventOf(events, 'draining');
      if (when.startsWith('while')) take();
      const ended = await eventOf(events, 'drained');
      expect(ended.destinations.map(({ reason }) => reason)).toEqual(['timeout']);
      await until(saved, (found) => found.length === lines(SERVERS).length);
      expectOne();
    });

    test('drain on if another program takes an address that is wanted again', async () => {
      const director = await open({ drain: { timeout: 5000 }, resync: 60_000 });
      const events = collect(director);
      const address = '10.96.0.5';
      const second = service(SERVERS, { address, port: 81 });
      await director.apply(stateOf(service(), service(SERVERS, { address }), second));
      await peers.count('hold', 1, address, 80);
      await director.apply(one);
      await eventOf(events, 'draining');
      const deadline = director.state().draining[0]?.deadline;
      fixture.namespace.ip('address', 'delete', `${address}/32`, 'dev', LINK);
      await director.apply(stateOf(service(), second));
      expect(addresses()).toEqual([`${VIP}/32`, `${address}/32`]);
      expect(director.state().draining).toMatchObject([{ deadline }]);
      const ended = await eventOf(events, 'drained');
      expect(ended.destinations.map(({ reason }) => reason)).toEqual(['timeout']);
      await until(saved, (found) => !found.includes(`-A -t ${address}:80 -s rr`));
    });

    test('are deleted when they are dropped, if their address was left out before', async () => {
      const director = await open();
      await director.apply(both);
      await director.apply(both, { addresses: [VIP] });
      expect(addresses()).toEqual([`${VIP}/32`]);
      // The link does not have the address of this one any more.
      fixture.namespace.restore([`-A -t ${OTHER}:81 -s rr`]);
      await director.apply(one);
      expect(saved()).toEqual([...lines(SERVERS), `-A -t ${OTHER}:81 -s rr`].sort());
    });

    test('get their address back, although a change of theirs is refused', async () => {
      const director = await open();
      await director.apply(one);
      fixture.namespace.ip('address', 'flush', 'dev', LINK);
      const changed = stateOf(service(SERVERS, { scheduler: 'nosuch' }));
      await expect(director.apply(changed)).rejects.toThrow(/nosuch/);
      expectOne();
    });
  });

  test('report that they are as wanted again after a refusal', async () => {
    await fixture.ipvs.links.ensureDummy(LINK);
    const forbid = (value: number) =>
      fixture.namespace.run('sysctl', ['-qw', `net.ipv6.conf.${LINK}.disable_ipv6=${value}`]);
    forbid(1);
    const director = await open();
    const events = collect(director);
    const state = stateOf(service(['fd02::2'], { address: 'fd96::1' }));
    await expect(director.apply(state)).rejects.toThrow(/fd96::1/);
    forbid(0);
    await eventOf(events, 'recovered');
    expect(addresses()).toEqual(['fd96::1/128']);
    expect(director.state().refused).toEqual([]);
    await director.apply(stateOf());
    expect(typesOf(events).filter((type) => type === 'recovered')).toHaveLength(1);
  });

  test('stay in this order: an address is never there without a service that has servers', async () => {
    const { path } = fixture.namespace;
    const { loop, views } = await openObserved(fixture.ipvs, path, {
      owns: { link: LINK },
      link: LINK,
    });
    const other = service(SERVERS, { address: '10.96.0.2' });
    await loop.apply([stateOf(service(), other)]);
    await loop.apply([stateOf(other)]);
    await loop.apply([stateOf()]);
    await loop.close();
    // Between its calls the director shows the services without addresses, and the addresses.
    expect(views.some(({ answered, shown }) => answered.length > shown.length)).toBe(true);
    expect(views.some(({ shown }) => shown.length === 2)).toBe(true);
    for (const { shown, answered } of views)
      expect(answered).toEqual(expect.arrayContaining([...shown]));
    expect(saved()).toEqual([]);
  });

  test('take one reading of the table and of the addresses if nothing is to do', async () => {
    const { loop, calls } = await openObserved(fixture.ipvs, fixture.namespace.path, {
      owns: { link: LINK },
      link: LINK,
    });
    await loop.apply([stateOf(service())]);
    calls.splice(0);
    await loop.apply([stateOf(service())]);
    await loop.close();
    expect(calls).toEqual(['ensureDummy', 'reconcileAddresses', 'reconcile']);
  });

  test('of others are left alone', async () => {
    const { namespace } = fixture;
    const foreign = ['-A -t 10.99.0.1:80 -s rr', '-a -t 10.99.0.1:80 -r 10.1.1.9:80 -m -w 5'];
    namespace.restore(foreign);
    const [first, second] = [
      await open(),
      await open({ owns: { networks: ['10.97.0.0/16'] }, link: 'vip1' }),
    ];
    const other = service(SERVERS, { address: '10.97.0.1' });
    await Promise.all([first.apply(stateOf(service())), second.apply(stateOf(other))]);
    const all = [...foreign, ...lines(SERVERS), ...lines(SERVERS, 1, '10.97.0.1:80')].sort();
    expect(saved()).toEqual(all);
    await first.apply(stateOf());
    expect(saved()).toEqual([...foreign, ...lines(SERVERS, 1, '10.97.0.1:80')].sort());
    await Promise.all([first.apply(stateOf(service())), second.apply(stateOf())]);
    expect(saved()).toEqual([...foreign, ...lines(SERVERS)].sort());
    expect(addressesOn(namespace, 'vip1')).toEqual([]);
    namespace.ip('link', 'delete', 'vip1');
  });

  test('are bound only as far as the call says, on a link that may be off', async () => {
    const { namespace, ipvs } = fixture;
    const director = await open({ owns: { networks: ['0.0.0.0/0'] }, linkUp: false });
    const local = service(SERVERS, { address: '127.0.0.9', port: 30_080 });
    await director.apply({ services: [service(), local] }, { addresses: [VIP, '10.9.9.9'] });
    expect(addressesOn(namespace, LINK)).toEqual([`${VIP}/32`]);
    expect((await ipvs.links.getLink(LINK))?.up).toBe(false);
    expect(await ipvs.listServices()).toHaveLength(2);
    expect(Object.keys(await peers.count('fetch', 2, VIP, 80)).sort()).toEqual(SERVERS);
    await director.apply({ services: [service(), local] }, { addresses: [] });
    expect(addressesOn(namespace, LINK)).toEqual([]);
    expect(await ipvs.listServices()).toHaveLength(2);
    await director.apply({ services: [] });
    expect(await ipvs.listServices()).toEqual([]);
  });

  test('keep their addresses on a link that somebody has switched on', async () => {
    const { namespace, ipvs } = fixture;
    const director = await open({ linkUp: false, resync: 100 });
    const events = collect(director);
    const state = stateOf(service(['fd02::2'], { address: 'fd96::1' }));
    await director.apply(state);
    expect((await ipvs.links.getLink(LINK))?.up).toBe(false);
    namespace.ip('link', 'set', LINK, 'up');
    const { count } = director.state().steps;
    await until(
      () => director.state().steps.count,
      (now) => now > count + 2,
    );
    await director.apply(state);
    expect((await ipvs.links.getLink(LINK))?.up).toBe(true);
    expect(addresses()).toContain('fd96::1/128');
    await until(
      () => events.length,
      (length) => length > 0,
    );
    expect(typesOf(events)).toEqual(['changed']);

    namespace.ip('link', 'delete', LINK);
    namespace.ip('link', 'add', LINK, 'type', 'veth', 'peer', 'name', 'vip1');
    await expect(director.apply(state)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  test('are left alone at addresses of its link that no scope covers', async () => {
    const { ipvs, namespace } = fixture;
    const director = await open({ owns: { link: 'vip1' } });
    await ipvs.links.ensureDummy(LINK);
    await ipvs.links.addAddress(LINK, `${VIP}/32`);
    const foreign = ['-A -t 10.96.0.1:80 -s rr'];
    namespace.restore(foreign);
    await director.apply(stateOf());
    expect(addresses()).toEqual([]);
    expect(saved()).toEqual(foreign);
  });
});

describe('drift', () => {
  test('is repaired in the next step, and reported', async () => {
    const director = await open({ resync: 200 });
    const events = collect(director);
    await director.apply(stateOf(service()));
    const { namespace } = fixture;
    namespace.ipvsadm('-d', '-t', `${VIP}:80`, '-r', `${SERVERS[0]}:${PORT}`);
    const { changes, diff } = await eventOf(events, 'drifted');
    const destination = `${SERVERS[0]}:${PORT}`;
    expect(changes).toEqual([{ action: 'add', service: `tcp://${VIP}:80`, destination }]);
    expect(diff).toBe(`+ tcp://${VIP}:80 ${destination}`);
    expect(saved()).toEqual(lines(SERVERS));
    expect(typesOf(events)).toEqual(['changed', 'drifted']);

    events.splice(0);
    namespace.ip('link', 'delete', LINK);
    const drifted = await eventOf(events, 'drifted');
    expect(drifted.addresses.added).toEqual([`${VIP}/32`]);
    expect(drifted.diff).toBe(`+ address ${VIP}/32`);
    expect(addresses()).toEqual([`${VIP}/32`]);

    events.splice(0);
    namespace.ip('address', 'add', '10.96.0.9/24', 'dev', LINK);
    expect((await eventOf(events, 'drifted')).diff).toBe('- address 10.96.0.9/24');
    expect(addresses()).toEqual([`${VIP}/32`]);
  });
});

describe('draining', () => {
  const drained = `${SERVERS[0]}:${PORT}`;
  const name = `tcp://${VIP}:80`;

  test('ends when the connections have ended', async () => {
    const director = await open({ drain: { timeout: 60_000, ignoreInactive: true } });
    const events = collect(director);
    await director.apply(stateOf(service()));
    await peers.count('hold', 2, VIP, 80);
    await director.apply(stateOf(service([SERVERS[1]])));
    expect(saved()).toContain(`-a -t ${VIP}:80 -r ${drained} -m -w 0`);
    const { destinations } = await eventOf(events, 'draining');
    expect(destinations).toMatchObject([
      { service: name, destination: drained, activeConnections: 1 },
    ]);
    expect(director.state().draining).toMatchObject([{ destination: drained }]);
    await peers.count('release', 1);
    const end = await eventOf(events, 'drained');
    expect(end.destinations).toEqual([{ service: name, destination: drained, reason: 'idle' }]);
    expect(saved()).toEqual(lines([SERVERS[1]]));
    expect(director.state().draining).toEqual([]);
    expect(typesOf(events)).not.toContain('drifted');
  });

  test('ends when its service is dropped after the connections have ended', async () => {
    const director = await open({ drain: { timeout: 60_000, ignoreInactive: true } });
    const events = collect(director);
    await director.apply(stateOf(service()));
    await peers.count('hold', 2, VIP, 80);
    await director.apply(stateOf(service([SERVERS[1]])));
    await eventOf(events, 'draining');
    await peers.count('release', 1);
    await director.apply(stateOf());
    await until(saved, (found) => found.length === 0);
    const { destinations } = await eventOf(events, 'drained');
    expect(destinations).toEqual([{ service: name, destination: drained, reason: 'idle' }]);
    expect(director.state().draining).toEqual([]);
  });

  test('leaves connections alone until the deadline, and ends with service and address', async () => {
    const timeout = 8000;
    const director = await open({ drain: { timeout } });
    const events = collect(director);
    await director.apply(stateOf(service()));
    await peers.count('hold', 4, VIP, 80);
    const before = Date.now();
    await director.apply(stateOf());
    const deadline = director.state().draining[0]?.deadline.getTime() ?? 0;
    expect(deadline).toBeGreaterThanOrEqual(before + timeout - 1);
    expect(addresses()).toEqual([`${VIP}/32`]);
    expect(saved()).toEqual(lines(SERVERS, 0));
    while (Date.now() < deadline - timeout / 2) {
      // Each held connection still gets answers.
      await peers.count('again', 4);
      await sleep(200);
    }
    const { destinations } = await eventOf(events, 'drained');
    expect(Date.now()).toBeGreaterThanOrEqual(deadline);
    expect(destinations.map(({ reason }) => reason)).toEqual(['timeout', 'timeout']);
    expect(saved()).toEqual([]);
    expect(addresses()).toEqual([]);
    expect(typesOf(events)).not.toContain('drifted');
  });

  test('keeps new flows from the other services of the address', async () => {
    const director = await open({ drain: { timeout: 60_000, ignoreInactive: true }, resync: 200 });
    const events = collect(director);
    const idle = service(SERVERS, { port: 81 });
    const udp: WantedService = { ...service(), protocol: 'udp' };
    const ipv6 = service(['fd02::2'], { address: 'fd96::1' });
    await director.apply(stateOf(service(), idle, udp, ipv6));
    await peers.count('hold', 2, VIP, 80);
    await director.apply(stateOf());
    const held = [...lines(SERVERS, 0), `-A -t ${VIP}:81 -s rr`, `-A -u ${VIP}:80 -s rr`].sort();
    expect(saved()).toEqual(held);
    expect(addresses()).toEqual([`${VIP}/32`]);
    // Another program gives one of them a server.
    fixture.namespace.ipvsadm('-a', '-u', `${VIP}:80`, '-r', drained, '-m');
    expect((await eventOf(events, 'drifted')).diff).toBe(`- udp://${VIP}:80 ${drained}`);
    expect(saved()).toEqual(held);
    await peers.count('release', 2);
    await until(saved, (found) => found.length === 0);
    await until(
      () => events.map((event) => ('diff' in event ? event.diff : '')),
      (diffs) => diffs.some((diff) => diff.includes(`- address ${VIP}/32`)),
    );
    expect(addresses()).toEqual([]);
    expect(typesOf(events).filter((type) => type === 'drifted')).toHaveLength(1);
  });

  test('goes on after a restart, with a new deadline', async () => {
    const first = await open({ drain: { timeout: 60_000 } });
    await first.apply(stateOf(service()));
    await peers.count('hold', 2, VIP, 80);
    await first.apply(stateOf(service([SERVERS[1]])));
    await first.close();
    const second = await open({ drain: { timeout: 1000 } });
    const events = collect(second);
    await second.apply(stateOf(service([SERVERS[1]])));
    expect(second.state().draining).toMatchObject([{ destination: drained }]);
    await eventOf(events, 'drained');
    expect(saved()).toEqual(lines([SERVERS[1]]));
  });

  test('is no longer reported if the service leaves the scope', async () => {
    const director = await open({ owns: { ports: [80, 80] }, link: undefined, drain: true });
    const events = collect(director);
    fixture.namespace.ip('address', 'replace', `${VIP}/32`, 'dev', 'lo');
    const second = (servers: readonly string[]) => service(servers, { port: 81 });
    await director.apply(stateOf(service(), second(SERVERS)));
    await peers.count('hold', 2, VIP, 81);
    await director.apply(stateOf(service(), second([SERVERS[1]])));
    await eventOf(events, 'draining');
    await director.apply(stateOf(service()));
    expect(director.state().draining).toEqual([]);
    expect(saved()).toContain(`-a -t ${VIP}:81 -r ${SERVERS[0]}:${PORT} -m -w 0`);
    expect(typesOf(events)).not.toContain('drained');
    fixture.namespace.ip('address', 'delete', `${VIP}/32`, 'dev', 'lo');
  });

  test('is undone for a destination that is wanted again', async () => {
    const director = await open({ drain: true });
    const events = collect(director);
    await director.apply(stateOf(service()));
    await peers.count('hold', 2, VIP, 80);
    await director.apply(stateOf(service([SERVERS[1]])));
    await director.apply(stateOf(service()));
    expect(saved()).toEqual(lines(SERVERS));
    expect(director.state().draining).toEqual([]);
    await peers.count('again', 2);
    await eventOf(events, 'draining');
    expect(typesOf(events)).not.toContain('drained');
  });

  test('is given up if the service is wanted without destinations', async () => {
    const director = await open({ drain: { timeout: 60_000 } });
    const events = collect(director);
    await director.apply(stateOf(service()));
    await peers.count('hold', 2, VIP, 80);
    await director.apply(stateOf(service([SERVERS[1]])));
    const { destinations: _, ...alone } = service();
    await director.apply(stateOf(alone));
    expect(director.state().draining).toEqual([]);
    expect(saved()).toContain(`-a -t ${VIP}:80 -r ${SERVERS[0]}:${PORT} -m -w 0`);
    await director.apply(stateOf());
    await eventOf(events, 'draining');
    await until(
      () => events.filter(({ type }) => type === 'draining').length,
      (count) => count === 2,
    );
    expect(typesOf(events)).not.toContain('drained');
  });
});

describe('refused changes', () => {
  test('reject, are reported and tried again, and stop no others', async () => {
    const director = await open({ resync: 60_000 });
    const events = collect(director);
    const bad = service(SERVERS, { address: '10.96.0.2', scheduler: 'nosuch' });
    const error = await director.apply(stateOf(bad, service())).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReconcileError);
    expect(error).toMatchObject({ name: 'IpvsError', code: 'ENOENT', operation: 'apply' });
    expect(saved()).toEqual(lines(SERVERS));
    // Nothing answers on the other address.
    expect(addresses()).toEqual([`${VIP}/32`]);
    const steps = { count: 1, failures: 1 };
    expect(director.state()).toMatchObject({ lastSync: undefined, steps });
    expect(director.state().refused).toHaveLength(1);
    await until(
      () => events.filter(({ type }) => type === 'refused'),
      (refused) => refused.length >= 2,
    );
    const refused = events.filter((event) => event.type === 'refused');
    expect(refused.slice(0, 2)).toMatchObject([
      { attempt: 1, retryIn: 1000, error: { code: 'ENOENT' } },
      { attempt: 2, retryIn: 2000, error: { code: 'ENOENT' } },
    ]);
    await director.apply(stateOf({ ...bad, scheduler: 'rr' }, service()));
    expect(director.state().refused).toEqual([]);
    expect(addresses()).toEqual([`${VIP}/32`, '10.96.0.2/32']);
  });

  test('bad input changes nothing, not even what is wanted', async () => {
    const director = await open();
    await director.apply(stateOf(service()));
    const twice = director.apply(stateOf(service(), service()));
    await expect(twice).rejects.toThrow(
      `apply: state.services[1]: 'tcp://${VIP}:80' is wanted twice`,
    );
    const bad: object = { ...service(), wieght: 3 };
    await expect(director.apply(stateOf(bad as WantedService))).rejects.toThrow(
      /^apply state\.services\[0\] \(tcp:\/\/10\.96\.0\.1:80\): service\.wieght: /,
    );
    expect(director.state().wanted?.services).toHaveLength(1);
    expect(saved()).toEqual(lines(SERVERS));
  });
});

describe('calls', () => {
  test('that come together are merged, and the newest state wins', async () => {
    const { loop, calls } = await openObserved(fixture.ipvs, fixture.namespace.path, {
      owns: { networks: ['10.96.0.0/16'] },
    });
    const applied = Array.from({ length: 100 }, (_, index) =>
      loop.apply([stateOf(service(SERVERS, { port: 1000 + index }))]),
    );
    await Promise.all(applied);
    expect(saved()).toEqual(lines(SERVERS, 1, `${VIP}:1099`));
    expect(calls).toEqual(['reconcile']);
    await loop.close();
  });

  test('that come during a step are merged', async () => {
    const { loop, calls } = await openObserved(fixture.ipvs, fixture.namespace.path, {
      owns: { networks: ['10.96.0.0/16'] },
    });
    const first = loop.apply([stateOf(service(SERVERS, { port: 999 }))]);
    // The first step has begun.
    await until(
      () => calls.length,
      (count) => count === 1,
    );
    const others = Array.from({ length: 100 }, (_, index) =>
      loop.apply([stateOf(service(SERVERS, { port: 1000 + index }))]),
    );
    await Promise.all([first, ...others]);
    expect(calls).toEqual(['reconcile', 'reconcile']);
    expect(saved()).toEqual(lines(SERVERS, 1, `${VIP}:1099`));
    await loop.close();
  });

  test('close() finishes the step that runs, and rejects the calls that wait', async () => {
    const { loop, calls } = await openObserved(fixture.ipvs, fixture.namespace.path, {
      owns: { link: LINK },
      link: LINK,
    });
    const events = loop.events([]);
    const first = loop.apply([stateOf(service())]);
    await until(
      () => calls.includes('reconcile'),
      (hasBegun) => hasBegun,
    );
    const second = loop.apply([stateOf()]);
    const closed = loop.close();
    await expect(second).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED', operation: 'apply' });
    await first;
    await closed;
    expect(await events.next()).toMatchObject({ value: { type: 'changed' }, done: false });
    expect(await events.next()).toEqual({ value: undefined, done: true });
    expect(saved()).toEqual(lines(SERVERS));
    expect(addresses()).toEqual([`${VIP}/32`]);
    await expect(loop.apply([stateOf()])).rejects.toThrow('apply: the director is closed');
    expect(() => loop.events([])).toThrow(IpvsError);
  });
});
