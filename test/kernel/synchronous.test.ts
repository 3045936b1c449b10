import { Ipvs, type IpvsError, type LinkAddress, Links } from 'ipvs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addressesOn, shownAddresses, shownLinks } from './helpers/iproute.js';
import { savedLines } from './helpers/ipvsadm.js';
import { MISSING_SCHEDULER } from './helpers/model/table.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

beforeEach(() => fixture.ipvs.flush());

const service = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;
const tcp = 'tcp://10.96.0.1:80';
const server = { address: '10.0.0.1', port: 80, weight: 3 };
const MISSING = 'fwmark://99';

describe('synchronous operations of ipvs', () => {
  test('change the table of ipvsadm at once', () => {
    const { ipvs, namespace } = fixture;
    const { sync } = ipvs;
    expect(sync.addService(service)).toBeUndefined();
    expect(namespace.saved()).toEqual([`-A -t 10.96.0.1:80 -s wlc`]);
    expect(sync.updateService(tcp, { scheduler: 'rr' })).toBeUndefined();
    expect(sync.addDestination(tcp, server)).toBeUndefined();
    const saved = (weight: number) => [
      '-A -t 10.96.0.1:80 -s rr',
      `-a -t 10.96.0.1:80 -r 10.0.0.1:80 -g -w ${weight}`,
    ];
    expect(namespace.saved()).toEqual(saved(3));
    expect(sync.updateDestination(tcp, server, { weight: 5 })).toBeUndefined();
    expect(namespace.saved()).toEqual(saved(5));
    expect(sync.ensureDestination(tcp, server)).toBe('updated');
    expect(sync.ensureService({ fwmark: 7 })).toBe('created');
    expect(namespace.saved()).toEqual(['-A -f 7 -s wlc', ...saved(3)]);
    expect(sync.deleteDestination(tcp, server)).toBe(true);
    expect(sync.deleteDestination(tcp, server, { ifExists: true })).toBe(false);
    expect(sync.deleteService(tcp)).toBe(true);
    expect(sync.deleteService(tcp, { ifExists: true })).toBe(false);
    expect(namespace.saved()).toEqual(['-A -f 7 -s wlc']);
    expect(sync.zero()).toBeUndefined();
    expect(sync.zero('fwmark://7')).toBeUndefined();
    expect(sync.flush()).toBeUndefined();
    expect(namespace.saved()).toEqual([]);
  });

  test('read the same as asynchronous ones and ipvsadm', async () => {
    const { ipvs, namespace } = fixture;
    const { sync } = ipvs;
    for (let fwmark = 1; fwmark <= 40; fwmark++) {
      sync.addService({ fwmark });
      for (let host = 1; host <= fwmark; host++) {
        sync.addDestination({ fwmark }, { address: `10.0.0.${host}`, weight: host });
      }
    }
    // Linux 7 orders its table anew a moment after it has grown.
    const sorted = <Listed extends { readonly fwmark?: number | undefined }>(
      services: readonly Listed[],
    ) => services.toSorted((a, b) => (a.fwmark ?? 0) - (b.fwmark ?? 0));
    const bigint = { bigint: true } as const;
    expect(sorted(sync.listServices())).toEqual(sorted(await ipvs.listServices()));
    expect(sorted(sync.listServices(bigint))).toEqual(sorted(await ipvs.listServices(bigint)));
    expect(sync.getService('fwmark://7')).toEqual(await ipvs.getService('fwmark://7'));
    expect(sync.getService(MISSING)).toBeUndefined();
    expect(sync.listDestinations('fwmark://40')).toEqual(
      await ipvs.listDestinations('fwmark://40'),
    );
    expect(sync.getDestination('fwmark://7', '10.0.0.3')).toMatchObject({ weight: 3 });
    expect(sync.getDestination('fwmark://7', '10.0.0.9')).toBeUndefined();
    const snapshot = sync.snapshot();
    expect(sorted(snapshot.services)).toEqual(sorted((await ipvs.snapshot()).services));
    expect(sorted(sync.snapshot(bigint).services)).toEqual(
      sorted((await ipvs.snapshot(bigint)).services),
    );
    expect(savedLines(snapshot)).toEqual(namespace.saved());
    expect(namespace.saved()).toHaveLength(40 + (40 * 41) / 2);
  });

  test('read the same parameters and totals as asynchronous ones', async () => {
    const { ipvs, namespace } = fixture;
    const { sync } = ipvs;
    expect(sync.getInfo()).toEqual(await ipvs.getInfo());
    expect(sync.getStats()).toEqual(await ipvs.getStats());
    expect(sync.getStats({ bigint: true })).toEqual(await ipvs.getStats({ bigint: true }));
    expect(sync.getStatus()).toEqual(await ipvs.getStatus());
    const timeouts = sync.getTimeouts();
    expect(timeouts).toEqual(await ipvs.getTimeouts());
    sync.setTimeouts({ tcp: 800 });
    expect(namespace.ipvsadm('-L', '--timeout')).toContain('800 120 300');
    sync.setTimeouts(timeouts);
    expect(sync.startSyncDaemon({ role: 'backup', interface: 'lo', syncId: 7 })).toBeUndefined();
    expect(namespace.ipvsadm('-L', '--daemon')).toContain('backup sync daemon');
    expect(sync.listSyncDaemons()).toEqual(await ipvs.listSyncDaemons());
    expect(sync.stopSyncDaemon('backup')).toBe(true);
    expect(sync.stopSyncDaemon('backup', { ifRunning: true })).toBe(false);
    expect(namespace.ipvsadm('-L', '--daemon')).not.toContain('sync daemon');
    expect(sync.sysctls.get()).toEqual(await ipvs.sysctls.get());
    const file = '/proc/sys/net/ipv4/vs/drop_entry';
    sync.sysctls.set({ dropEntry: 3 });
    expect(namespace.run('cat', [file])).toBe('3\n');
    sync.sysctls.set({ dropEntry: 0 });
    expect(namespace.run('cat', [file])).toBe('0\n');
  });

  test('are executed before queued ones', async () => {
    const { ipvs } = fixture;
    const waiting = ipvs.addService(service).catch((error: unknown) => error);
    ipvs.sync.addService(service);
    expect(await waiting).toMatchObject({ code: 'EEXIST' });
  });

  test('wait for requests in flight and lose nothing', async () => {
    const { ipvs } = fixture;
    const marks = Array.from({ length: 3000 }, (_, index) => index + 1);
    const pending = Promise.all(marks.map((fwmark) => ipvs.addService({ fwmark })));
    await Promise.resolve(); // by now the first have left
    for (let fwmark = 5001; fwmark <= 5100; fwmark++) ipvs.sync.addService({ fwmark });
    await pending;
    expect(ipvs.sync.listServices()).toHaveLength(3100);
  });
});

/** All that an error says. */
const wordsOf = (error: unknown) => {
  expect(error).toBeInstanceOf(Error);
  const { name, message, code, errno, syscall, operation, target } = error as IpvsError;
  return { name, message, code, errno, syscall, operation, target };
};

async function reasonOf(action: () => unknown): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  return expect.unreachable('it did not fail');
}

type Ways = Ipvs | Ipvs['sync'];

describe('a synchronous operation throws the error of the asynchronous one', () => {
  test.each<{
    readonly code: string;
    readonly operation: string;
    readonly action: (ipvs: Ways) => unknown;
  }>([
    { code: 'EEXIST', operation: 'addService', action: (ipvs) => ipvs.addService({ fwmark: 1 }) },
    {
      code: 'ENOENT',
      operation: 'addService',
      action: (ipvs) => ipvs.addService({ fwmark: 2, scheduler: MISSING_SCHEDULER }),
    },
    {
      code: 'ESRCH',
      operation: 'updateService',
      action: (ipvs) => ipvs.updateService(MISSING, { scheduler: 'rr' }),
    },
    {
      code: 'ENOENT',
      operation: 'ensureService',
      action: (ipvs) => ipvs.ensureService({ fwmark: 1, scheduler: MISSING_SCHEDULER }),
    },
    { code: 'ESRCH', operation: 'deleteService', action: (ipvs) => ipvs.deleteService(MISSING) },
    {
      code: 'ESRCH',
      operation: 'addDestination',
      action: (ipvs) => ipvs.addDestination(MISSING, server),
    },
    {
      code: 'ENOENT',
      operation: 'updateDestination',
      action: (ipvs) => ipvs.updateDestination('fwmark://1', '10.0.0.9', {}),
    },
    {
      code: 'ESRCH',
      operation: 'deleteDestination',
      action: (ipvs) => ipvs.deleteDestination(MISSING, '10.0.0.9'),
    },
    {
      code: 'ESRCH',
      operation: 'listDestinations',
      action: (ipvs) => ipvs.listDestinations(MISSING),
    },
    { code: 'ESRCH', operation: 'zero', action: (ipvs) => ipvs.zero(MISSING) },
    {
      code: 'ENODEV',
      operation: 'startSyncDaemon',
      action: (ipvs) => ipvs.startSyncDaemon({ role: 'master', interface: 'no' }),
    },
    { code: 'ESRCH', operation: 'stopSyncDaemon', action: (ipvs) => ipvs.stopSyncDaemon('master') },
    { code: 'ERR_OUT_OF_RANGE', operation: '', action: (ipvs) => ipvs.addService({ fwmark: -1 }) },
    {
      code: 'ERR_OUT_OF_RANGE',
      operation: 'sysctls.set',
      action: (ipvs) => ipvs.sysctls.set({ syncRetries: 9 }),
    },
  ])('$operation fails with $code', async ({ code, operation, action }) => {
    fixture.ipvs.sync.addService({ fwmark: 1 });
    const expected = wordsOf(await reasonOf(() => action(fixture.ipvs)));
    expect(expected.code).toBe(code);
    if (operation !== '') expect(expected.operation).toBe(operation);
    let thrown: unknown;
    try {
      action(fixture.ipvs.sync);
    } catch (error) {
      thrown = error;
    }
    expect(wordsOf(thrown)).toEqual(expected);
  });

  test('after the handle is closed', async () => {
    const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
    await ipvs.close();
    expect(() => ipvs.sync.flush()).toThrow(
      expect.objectContaining({ code: 'ERR_IPVS_CLOSED', operation: 'flush' }),
    );
    expect(() => ipvs.links.sync.listLinks()).toThrow(
      expect.objectContaining({ code: 'ERR_IPVS_CLOSED', operation: 'listLinks' }),
    );
  });
});

describe('synchronous operations on links', () => {
  let links: Links;

  beforeAll(async () => {
    links = await Links.open({ netns: fixture.namespace.path });
  });
  afterAll(() => links?.close());

  test('change the links of ip at once and read them', async () => {
    const { namespace } = fixture;
    const { sync } = links;
    const shown = () => shownLinks(namespace).find(({ name }) => name === 'vip0');
    expect(sync.ensureDummy('vip0', { mtu: 1400 })).toBe('created');
    expect(shown()).toMatchObject({ kind: 'dummy', mtu: 1400, up: true });
    expect(sync.ensureDummy('vip0')).toBe('unchanged');
    expect(sync.setLink('vip0', { mtu: 1300 })).toBeUndefined();
    expect(shown()).toMatchObject({ mtu: 1300 });
    expect(sync.addAddress('vip0', '10.96.0.1/32')).toBeUndefined();
    expect(sync.ensureAddress('vip0', '10.96.0.2/32')).toBe('created');
    expect(sync.ensureAddress('vip0', '10.96.0.2/32')).toBe('unchanged');
    expect(sync.ensureAddress('vip0', 'fd00::1/128')).toBe('created');
    expect(addressesOn(namespace, 'vip0')).toEqual(['10.96.0.1/32', '10.96.0.2/32', 'fd00::1/128']);
    expect(sync.deleteAddress('vip0', '10.96.0.1/32')).toBe(true);
    expect(sync.deleteAddress('vip0', '10.96.0.1/32', { ifExists: true })).toBe(false);
    expect(addressesOn(namespace, 'vip0')).toEqual(['10.96.0.2/32', 'fd00::1/128']);

    const wanted = Array.from({ length: 200 }, (_, index) => `10.97.0.${index + 1}/32`);
    const first = sync.reconcileAddresses('vip0', [...wanted, 'fd00::1/128'], { prune: true });
    expect(first.added.toSorted()).toEqual(wanted.toSorted());
    expect(first).toMatchObject({ removed: ['10.96.0.2/32'], updated: [] });
    expect(addressesOn(namespace, 'vip0').toSorted()).toEqual(
      [...wanted, 'fd00::1/128'].toSorted(),
    );
    expect(sync.reconcileAddresses('vip0', ['10.97.0.1/32'], { prune: true })).toMatchObject({
      added: [],
      updated: [],
    });
    expect(addressesOn(namespace, 'vip0')).toEqual(['10.97.0.1/32']);
    expect(sync.reconcileAddresses('vip0', ['10.97.0.1/32'])).toEqual({
      added: [],
      removed: [],
      updated: [],
    });

    expect(sync.getLink('vip0')).toEqual(await links.getLink('vip0'));
    expect(sync.getLink('vip1')).toBeUndefined();
    expect(sync.listLinks()).toEqual(await links.listLinks());
    expect(sync.listLinks({ kind: 'dummy' })).toEqual([shown()]);
    const byName = (a: LinkAddress, b: LinkAddress) => (a.address < b.address ? -1 : 1);
    expect(sync.listAddresses().toSorted(byName)).toEqual(
      shownAddresses(namespace).toSorted(byName),
    );
    expect(sync.listAddresses('vip0', { family: 'ipv6' })).toEqual(
      await links.listAddresses('vip0', { family: 'ipv6' }),
    );
    expect(sync.deleteLink('vip0')).toBe(true);
    expect(sync.deleteLink('vip0', { ifExists: true })).toBe(false);
    expect(shown()).toBeUndefined();
  });

  test.each<{
    readonly code: string;
    readonly operation: string | undefined;
    readonly action: (links: Links | Links['sync']) => unknown;
  }>([
    { code: 'ENODEV', operation: 'setLink', action: (each) => each.setLink('none', { up: true }) },
    { code: 'ENODEV', operation: 'deleteLink', action: (each) => each.deleteLink('none') },
    { code: 'ENODEV', operation: 'listAddresses', action: (each) => each.listAddresses('none') },
    { code: 'EEXIST', operation: 'ensureDummy', action: (each) => each.ensureDummy('lo') },
    { code: 'ENOTSUP', operation: 'deleteLink', action: (each) => each.deleteLink('lo') },
    {
      code: 'EEXIST',
      operation: 'addAddress',
      action: (each) => each.addAddress('lo', '127.0.0.1/8'),
    },
    {
      code: 'ENODEV',
      operation: 'ensureAddress',
      action: (each) => each.ensureAddress('none', '10.0.0.1/32'),
    },
    {
      code: 'EADDRNOTAVAIL',
      operation: 'deleteAddress',
      action: (each) => each.deleteAddress('lo', '10.0.0.1/32'),
    },
    {
      code: 'ENODEV',
      operation: 'reconcileAddresses',
      action: (each) => each.reconcileAddresses('none', ['10.0.0.1/32']),
    },
    {
      code: 'EADDRNOTAVAIL',
      operation: 'reconcileAddresses',
      action: (each) => each.reconcileAddresses('lo', ['ff02::9']),
    },
    {
      code: 'ERR_INVALID_ARG_TYPE',
      operation: undefined,
      action: (each) => each.reconcileAddresses('lo', [7 as never]),
    },
  ])(
    '$operation throws the $code with which the promise rejects',
    async ({ code, operation, action }) => {
      const expected = wordsOf(await reasonOf(() => action(links)));
      expect(expected).toMatchObject({ code, ...(operation !== undefined && { operation }) });
      let thrown: unknown;
      try {
        action(links.sync);
      } catch (error) {
        thrown = error;
      }
      expect(wordsOf(thrown)).toEqual(expected);
    },
  );
});

describe('synchronous calls beside calls in flight get their own responses', () => {
  const ROUNDS = 20;
  const fwmarks = Array.from({ length: 200 }, (_, index) => index + 1);

  /** Calls `once` between the parts of `pending`, as long as it is not settled. */
  async function meanwhile(pending: Promise<unknown>, once: () => void): Promise<void> {
    let settled = false;
    const done = pending.finally(() => {
      settled = true;
    });
    // A failure is reported where it is awaited.
    done.catch(() => undefined);
    while (!settled) {
      once();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
  }

  test('from ipvs', async () => {
    const { ipvs } = fixture;
    for (const fwmark of fwmarks) {
      ipvs.sync.addService({ fwmark });
      ipvs.sync.addDestination({ fwmark }, { address: '10.0.0.1', weight: fwmark });
    }
    const reading = async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const services = fwmarks.map((fwmark) => ipvs.getService({ fwmark }));
        expect((await Promise.all(services)).map((found) => found?.fwmark)).toEqual(fwmarks);
      }
    };
    let fwmark = 0;
    await meanwhile(reading(), () => {
      fwmark = (fwmark % fwmarks.length) + 1;
      expect(ipvs.sync.getService({ fwmark })).toMatchObject({ fwmark });
      expect(ipvs.sync.listDestinations({ fwmark })).toMatchObject([{ weight: fwmark }]);
    });
  });

  test('from links', async () => {
    const { links } = fixture.ipvs;
    const names = Array.from({ length: 40 }, (_, index) => `beside${index}`);
    for (const name of names) links.sync.ensureDummy(name);
    const reading = async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const found = await Promise.all(names.map((name) => links.getLink(name)));
        expect(found.map((link) => link?.name)).toEqual(names);
      }
    };
    let place = 0;
    await meanwhile(reading(), () => {
      place = (place + 1) % names.length;
      const name = names[place] ?? '';
      expect(links.sync.getLink(name)).toMatchObject({ name, kind: 'dummy' });
      expect(links.sync.listAddresses('lo', { family: 'ipv4' })).toMatchObject([{ link: 'lo' }]);
    });
    for (const name of names) links.sync.deleteLink(name);
  });
});
