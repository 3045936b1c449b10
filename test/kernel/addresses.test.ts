import { type AddressConfig, type LinkEvent, Links, ReconcileError } from 'ipvs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addressesOn, shownAddresses } from './helpers/iproute.js';
import { until } from './helpers/poll.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
let links: Links;

beforeAll(async () => {
  links = await Links.open({ netns: fixture.namespace.path });
});
afterAll(() => links?.close());
beforeEach(async () => {
  await links.ensureDummy('vip0');
});
afterEach(async () => {
  await links.deleteLink('vip0');
});

const ip = (...args: string[]) => fixture.namespace.ip(...args);
const on = (link = 'vip0') => addressesOn(fixture.namespace, link);
const shown = (address: string) =>
  shownAddresses(fixture.namespace).find(
    (each) => each.link === 'vip0' && each.address === address,
  );
const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (reason) => reason,
  );

/** The events of what `action` does, up to a change that is made after it. */
async function eventsOf(action: () => Promise<unknown>): Promise<LinkEvent[]> {
  const events: LinkEvent[] = [];
  const watcher = links.watch();
  await action();
  await links.setLink('vip0', { mtu: 1333 });
  for await (const event of watcher) {
    if (event.type === 'link' && event.link.mtu === 1333) break;
    events.push(event);
  }
  return events;
}

describe('addAddress', () => {
  test.each([
    {
      config: '10.96.0.1',
      expected: { prefixLength: 32, flags: ['permanent'], scope: 'global', label: 'vip0' },
    },
    { config: '10.96.0.1/24', expected: { prefixLength: 24, flags: ['permanent'] } },
    { config: { address: '10.96.0.1' }, expected: { prefixLength: 32 } },
    { config: { address: '10.96.0.1', prefixLength: 0 }, expected: { prefixLength: 0 } },
    { config: { address: '10.96.0.1', scope: 'host' }, expected: { scope: 'host' } },
    { config: { address: '10.96.0.1', scope: 'link' }, expected: { scope: 'link' } },
    {
      config: { address: '10.96.0.1', prefixRoute: false },
      expected: { flags: ['permanent', 'no-prefix-route'] },
    },
    {
      config: 'fd00::1',
      expected: { prefixLength: 128, flags: ['no-dad', 'permanent', 'no-prefix-route'] },
    },
    { config: 'fd00::1/64', expected: { prefixLength: 64 } },
    {
      config: { address: 'fd00::1', prefixRoute: true },
      expected: { flags: ['no-dad', 'permanent'] },
    },
  ] as const)('adds $config', async ({ config, expected }) => {
    expect(await links.addAddress('vip0', config)).toBeUndefined();
    const [address = ''] = on().map((each) => each.replace(/\/.*/, ''));
    expect(shown(address)).toMatchObject({ link: 'vip0', validLifetime: null, ...expected });
  });

  test.each([
    '127.0.0.0/32',
    '127.0.0.1/8',
    '127.255.255.255/32',
    '126.255.255.255/32',
    '128.0.0.1/32',
    '169.254.1.1/16',
    '192.168.0.1/24',
  ])('gives %s the scope that ip gives it', async (text) => {
    const [address = '', length] = text.split('/');
    const config = { address, prefixLength: Number(length) };
    ip('address', 'add', text, 'dev', 'vip0');
    const scope = shown(address)?.scope;
    expect(scope).toBe(address.startsWith('127.') ? 'host' : 'global');
    const scopeAfter = async (add: () => unknown) => {
      await links.deleteAddress('vip0', text);
      await add();
      return shown(address)?.scope;
    };
    for (const each of [text, config]) {
      expect(await scopeAfter(() => links.addAddress('vip0', each))).toBe(scope);
      expect(await scopeAfter(() => links.ensureAddress('vip0', each))).toBe(scope);
      expect(await scopeAfter(() => links.reconcileAddresses('vip0', [each]))).toBe(scope);
      expect(await scopeAfter(() => links.sync.addAddress('vip0', each))).toBe(scope);
      expect(await scopeAfter(() => links.sync.ensureAddress('vip0', each))).toBe(scope);
      expect(await scopeAfter(() => links.sync.reconcileAddresses('vip0', [each]))).toBe(scope);
    }
  });

  test('adds a loopback address beside that of the kernel and keeps its scope', async () => {
    await links.addAddress('lo', '127.0.0.2/8');
    expect(await links.ensureAddress('lo', '127.0.0.3/8')).toBe('created');
    expect(await links.reconcileAddresses('lo', ['127.0.0.1/8', '127.0.0.4/8'])).toEqual({
      added: ['127.0.0.4/8'],
      removed: [],
      updated: [],
    });
    const scopes = () =>
      shownAddresses(fixture.namespace)
        .filter(({ link, family }) => link === 'lo' && family === 'ipv4')
        .map(({ address, scope }) => [address, scope]);
    expect(scopes()).toEqual([1, 2, 3, 4].map((host) => [`127.0.0.${host}`, 'host']));
    // An address that is there with another scope is left as it is, since no scope is asked for.
    ip('address', 'add', '127.9.0.1/32', 'scope', 'link', 'dev', 'vip0');
    expect(await links.ensureAddress('vip0', '127.9.0.1')).toBe('unchanged');
    for (const host of [2, 3, 4]) await links.deleteAddress('lo', `127.0.0.${host}/8`);
  });

  test('adds the route to the network if it is requested', async () => {
    await links.addAddress('vip0', '10.96.0.1/24');
    await links.addAddress('vip0', { address: '10.97.0.1', prefixLength: 24, prefixRoute: false });
    await links.addAddress('vip0', 'fd01::1/64');
    await links.addAddress('vip0', { address: 'fd02::1', prefixLength: 64, prefixRoute: true });
    expect(ip('route', 'show', 'dev', 'vip0')).toMatch(/^10\.96\.0\.0\/24 [^\n]*$/m);
    expect(ip('route', 'show', 'dev', 'vip0')).not.toMatch(/10\.97/);
    expect(ip('-6', 'route', 'show', 'dev', 'vip0')).toMatch(/^fd02::\/64/m);
    expect(ip('-6', 'route', 'show', 'dev', 'vip0')).not.toMatch(/fd01::/);
  });

  test('makes an IPv6 address usable at once without duplicate detection', async () => {
    const flagsIn = (events: readonly LinkEvent[], wanted: string) =>
      events.flatMap((event) =>
        event.type === 'address' && event.address.address === wanted ? [event.address.flags] : [],
      );
    const quiet = await eventsOf(() => links.addAddress('vip0', 'fd00::1'));
    expect(flagsIn(quiet, 'fd00::1').flat()).not.toContain('tentative');
    await links.addAddress('vip0', { address: 'fd00::2', duplicateDetection: true });
    const found = await until(
      () => shown('fd00::2'),
      (address) => address?.flags.includes('tentative') === false,
    );
    expect(found?.flags).toEqual(['permanent', 'no-prefix-route']);
  });

  test.each([
    { code: 'EEXIST', link: 'vip0', address: '10.96.0.1', gist: /use ensureAddress/ },
    { code: 'EEXIST', link: 'vip0', address: 'fd00::1/64', gist: /use ensureAddress/ },
    { code: 'ENODEV', link: 'vip9', address: '10.96.0.1', gist: /there is no such link/ },
    { code: 'ENODEV', link: 9999, address: 'fd00::1', gist: /there is no such link/ },
    { code: 'EADDRNOTAVAIL', link: 'vip0', address: 'ff02::5', gist: /must be unicast/ },
    { code: 'EADDRNOTAVAIL', link: 'vip0', address: '::', gist: /must be unicast/ },
  ])('rejects $address of $link with $code', async ({ code, link, address, gist }) => {
    await links.addAddress('vip0', '10.96.0.1');
    await links.addAddress('vip0', 'fd00::1');
    const text = address.includes('/') ? address : `${address}/${address.includes(':') ? 128 : 32}`;
    expect(await reasonOf(links.addAddress(link, address))).toMatchObject({
      code,
      syscall: expect.stringMatching(/^RTM_/),
      operation: 'addAddress',
      target: `${text} of ${typeof link === 'number' ? `link ${link}` : link}`,
      message: expect.stringMatching(gist),
    });
    expect(on()).toEqual(['10.96.0.1/32', 'fd00::1/128']);
  });

  test('accepts another scope than that of the addresses in the same network', async () => {
    await links.addAddress('vip0', '10.96.0.1/24');
    const config = { address: '10.96.0.2', prefixLength: 24, scope: 'host' } as const;
    const reason = {
      code: 'EINVAL',
      message: expect.stringMatching(
        /IPv4 needs the scope of the other addresses that the link has in the same network \(EINVAL\)/,
      ),
    };
    expect(await reasonOf(links.addAddress('vip0', config))).toMatchObject(reason);
    expect(await reasonOf(links.ensureAddress('vip0', config))).toMatchObject(reason);
    expect(await reasonOf(links.reconcileAddresses('vip0', [config]))).toMatchObject(reason);
  });

  test('accepts an IPv4 address with several prefix lengths', async () => {
    await Promise.all(['10.96.0.1', '10.96.0.1/24'].map((each) => links.addAddress('vip0', each)));
    expect(on()).toEqual(['10.96.0.1/24', '10.96.0.1/32']);
  });

  test('explains that IPv6 is switched off', async () => {
    fixture.namespace.run('sysctl', ['-qw', 'net.ipv6.conf.vip0.disable_ipv6=1']);
    for (const change of ['addAddress', 'ensureAddress'] as const) {
      const reason = await reasonOf(links[change]('vip0', 'fd00::1'));
      expect(reason).toMatchObject({
        code: 'EACCES',
        message: expect.stringMatching(/IPv6 is switched off on the link/),
      });
    }
  });
});

describe('ensureAddress', () => {
  test('adds a missing address and causes no event if nothing is to be done', async () => {
    const wanted = ['10.96.0.1', '10.96.0.1/24', 'fd00::1', 'fd00::2/64'];
    const ensure = () => Promise.all(wanted.map((each) => links.ensureAddress('vip0', each)));
    expect(await ensure()).toEqual(wanted.map(() => 'created'));
    // The kernel adds its link-local address later, and first checks it for duplicates.
    const before = await until(
      () => shownAddresses(fixture.namespace),
      (all) =>
        all.some(
          ({ link, scope, flags }) =>
            link === 'vip0' && scope === 'link' && !flags.includes('tentative'),
        ),
    );
    expect(
      await eventsOf(async () => expect(await ensure()).toEqual(wanted.map(() => 'unchanged'))),
    ).toEqual([]);
    expect(on()).toEqual(['10.96.0.1/24', '10.96.0.1/32', 'fd00::1/128', 'fd00::2/64']);
    expect(shownAddresses(fixture.namespace)).toEqual(before);
  });

  test('ensures the same address many times in one turn', async () => {
    const answers = await Promise.all([
      links.ensureAddress('vip0', 'fd00::1'),
      links.ensureAddress('vip0', 'fd00::1/64'),
      links.ensureAddress('vip0', '10.96.0.1'),
      links.ensureAddress('vip0', 'fd00::1/64'),
      links.ensureAddress('vip0', '10.96.0.1'),
    ]);
    expect(answers).toEqual(['created', 'updated', 'created', 'unchanged', 'unchanged']);
    expect(on()).toEqual(['10.96.0.1/32', 'fd00::1/64']);
  });

  test.each(['10.96.0.1/32', 'fd00::1/128'])(
    'makes %s permanent if it would expire',
    async (address) => {
      ip('address', 'add', address, 'dev', 'vip0', 'valid_lft', '1000', 'preferred_lft', '500');
      const plain = address.replace(/\/.*/, '');
      expect(shown(plain)?.validLifetime).toBeGreaterThan(0);
      expect(await links.ensureAddress('vip0', address)).toBe('updated');
      expect(shown(plain)).toMatchObject({ validLifetime: null, preferredLifetime: null });
      expect(shown(plain)?.flags).toContain('permanent');
    },
  );

  test('gives an IPv6 address its flags', async () => {
    ip('address', 'add', 'fd00::1/128', 'dev', 'vip0');
    expect(await links.ensureAddress('vip0', 'fd00::1')).toBe('updated');
    expect(shown('fd00::1')?.flags).toContain('no-prefix-route');
  });
});

describe.each([
  { what: 'manage-temporary', wanted: { flags: ['manage-temporary'] } },
  { what: 'multicast-auto-join', wanted: { flags: ['multicast-auto-join'] } },
] as const)('an IPv6 address that the kernel refuses with $what', ({ wanted }) => {
  const config = { address: 'fd00::1', ...wanted };
  const other = { address: 'fd00::2', prefixLength: 64 };
  const lifetimes = ['valid_lft', '1000', 'preferred_lft', '900'];
  beforeEach(() => {
    ip('address', 'add', 'fd00::1/64', 'dev', 'vip0', 'nodad', ...lifetimes);
  });

  const stays = async (action: () => unknown, code = 'EINVAL') => {
    const before = shown('fd00::1');
    expect(before?.prefixLength).toBe(64);
    const reason = await reasonOf((async () => action())());
    expect(reason).toMatchObject({ code });
    const after = shown('fd00::1');
    expect(Math.abs(Number(after?.validLifetime) - 1000)).toBeLessThan(60);
    const timeless = { validLifetime: null, preferredLifetime: null };
    expect({ ...after, ...timeless }).toEqual({ ...before, ...timeless });
    return reason;
  };

  test('stays as it is if ensureAddress would have to add it again', async () => {
    await stays(() => links.ensureAddress('vip0', config));
    await stays(() => links.sync.ensureAddress('vip0', config));
    await stays(async () => {
      const [first, second] = await Promise.allSettled([
        links.ensureAddress('vip0', config),
        links.ensureAddress('vip0', other),
      ]);
      expect(second).toEqual({ status: 'fulfilled', value: 'created' });
      if (first.status === 'rejected') throw first.reason;
    });
  });

  test('stays as it is in reconcileAddresses, and is not reported as removed', async () => {
    for (const reconcile of [
      () => links.reconcileAddresses('vip0', [config, other]),
      () => links.sync.reconcileAddresses('vip0', [config, other]),
    ]) {
      const reason = await stays(reconcile);
      expect(reason).toMatchObject({ done: { added: ['fd00::2/64'], removed: [], updated: [] } });
      await links.deleteAddress('vip0', other);
    }
  });
});

describe('the metric that another program gave an address stays', () => {
  const LASTING = ['valid_lft', '1000', 'preferred_lft', '1000'];
  const add = (...words: string[]) =>
    ip('address', 'add', ...words, 'dev', 'vip0', 'metric', '50', ...LASTING);
  const metric = (address: string) => {
    const all: { addr_info: { local: string; metric?: number }[] }[] = JSON.parse(
      ip('-json', 'address', 'show', 'dev', 'vip0'),
    );
    return all.flatMap((link) => link.addr_info).find(({ local }) => local === address)?.metric;
  };
  const routes = () => ip('route', 'show', 'dev', 'vip0');

  test.each([
    {
      how: 'ensureAddress',
      change: (config: AddressConfig) => links.ensureAddress('vip0', config),
    },
    {
      how: 'sync.ensureAddress',
      change: (config: AddressConfig) => links.sync.ensureAddress('vip0', config),
    },
    {
      how: 'reconcileAddresses',
      change: (config: AddressConfig) => links.reconcileAddresses('vip0', [config]),
    },
  ])('with $how', async ({ change }) => {
    add('10.0.0.1/24');
    add('fd00::1', 'peer', 'fd00::8/64');
    add('fd00::2/64');
    const before = routes();
    expect(before).toContain('metric 50');
    await change({ address: '10.0.0.1', prefixLength: 24 });
    // It is deleted and added: the kernel does not change the peer.
    await change({ address: 'fd00::1', prefixLength: 64, peer: 'fd00::9' });
    await change({ address: 'fd00::2', prefixLength: 64 });
    for (const address of ['10.0.0.1', 'fd00::1', 'fd00::2']) {
      expect(shown(address), address).toMatchObject({ validLifetime: null });
      expect(metric(address), address).toBe(50);
    }
    expect(shown('fd00::1')?.peer).toBe('fd00::9');
    expect(routes()).toBe(before);
  });

  test.each([0, 1])('of secondary addresses, with promote_secondaries %i', async (promote) => {
    const sysctl = `net.ipv4.conf.all.promote_secondaries=${promote}`;
    fixture.namespace.run('sysctl', ['-qw', sysctl]);
    for (const host of [1, 2, 3]) add(`10.0.0.${host}/24`);
    const listed = await links.listAddresses('vip0', { family: 'ipv4' });
    const third = listed.filter(({ address }) => address === '10.0.0.3');
    await links.reconcileAddresses('vip0', ['10.0.0.2/24', ...third], { prune: true });
    expect(on()).toEqual(['10.0.0.2/24', '10.0.0.3/24']);
    for (const address of ['10.0.0.2', '10.0.0.3']) expect(metric(address), address).toBe(50);
    expect(routes()).toContain('metric 50');
  });
});

describe('an IPv6 address that another host has', () => {
  const flags = () =>
    shownAddresses(fixture.namespace).find(
      ({ link, address }) => link === 'pair0' && address === 'fd00::1',
    )?.flags;
  const untilFailed = () => until(flags, (all) => all?.includes('dad-failed') === true);
  beforeEach(async () => {
    ip('link', 'add', 'pair0', 'up', 'type', 'veth', 'peer', 'name', 'pair1');
    ip('link', 'set', 'pair1', 'up');
    ip('address', 'add', 'fd00::1/128', 'dev', 'pair1', 'nodad');
    ip('address', 'add', 'fd00::1/128', 'dev', 'pair0');
    await untilFailed();
  });
  afterEach(() => {
    ip('link', 'delete', 'pair0');
  });

  test('is made usable by ensureAddress', async () => {
    const listed = await links.listAddresses('pair0', { family: 'ipv6' });
    const [blocked] = listed.filter(({ address }) => address === 'fd00::1');
    expect(await links.ensureAddress('pair0', blocked ?? '')).toBe('unchanged');
    expect(await links.ensureAddress('pair0', 'fd00::1')).toBe('updated');
    expect(flags()).toEqual(['no-dad', 'permanent', 'no-prefix-route']);
    expect(links.sync.ensureAddress('pair0', 'fd00::1')).toBe('unchanged');
  });

  test('is made usable by reconcileAddresses', async () => {
    const change = { added: ['fd00::1/128'], removed: ['fd00::1/128'], updated: [] };
    const config = { address: 'fd00::1', duplicateDetection: true };
    expect(await links.reconcileAddresses('pair0', [config])).toEqual(change);
    await untilFailed();
    expect(links.sync.reconcileAddresses('pair0', ['fd00::1'])).toEqual(change);
    expect(flags()).toEqual(['no-dad', 'permanent', 'no-prefix-route']);
  });
});

describe('deleteAddress', () => {
  beforeEach(async () => {
    await Promise.all(
      ['10.96.0.1', '10.96.0.2', 'fd00::1'].map((each) => links.addAddress('vip0', each)),
    );
  });

  test('deletes one address', async () => {
    expect(await links.deleteAddress('vip0', '10.96.0.2')).toBe(true);
    expect(on()).toEqual(['10.96.0.1/32', 'fd00::1/128']);
    expect(await links.deleteAddress('vip0', { address: 'fd00::1' })).toBe(true);
    expect(on()).toEqual(['10.96.0.1/32']);
  });

  test('deletes an address as the library lists it', async () => {
    for (const address of await links.listAddresses('vip0')) {
      expect(await links.deleteAddress(address, address)).toBe(true);
    }
    expect(await links.listAddresses('vip0')).toEqual([]);
  });

  test.each(['10.96.0.9', '10.96.0.2/24', '10.96.0.1/31', '0.0.0.0', 'fd00::1/64', 'fd00::9'])(
    'deletes nothing for the missing %s',
    async (address) => {
      const before = on();
      expect(await reasonOf(links.deleteAddress('vip0', address))).toMatchObject({
        code: 'EADDRNOTAVAIL',
        syscall: 'RTM_DELADDR',
        message: expect.stringMatching(/no such address with this prefix length/),
      });
      expect(await links.deleteAddress('vip0', address, { ifExists: true })).toBe(false);
      expect(on()).toEqual(before);
    },
  );

  test('compares the peer of IPv4 by its network, and ignores that of IPv6', async () => {
    ip('address', 'add', '10.97.0.1', 'peer', '10.98.0.2/24', 'dev', 'vip0');
    ip('address', 'add', 'fd00::2', 'peer', 'fd00::3', 'dev', 'vip0');
    const ipv4 = { address: '10.97.0.1', prefixLength: 24 };
    for (const config of [ipv4, { ...ipv4, peer: '10.99.0.2' }]) {
      expect(await links.deleteAddress('vip0', config, { ifExists: true })).toBe(false);
    }
    expect(await links.deleteAddress('vip0', { ...ipv4, peer: '10.98.0.9' })).toBe(true);
    expect(await links.deleteAddress('vip0', { address: 'fd00::2', peer: 'fd00::9' })).toBe(true);
    expect(on()).toEqual(['10.96.0.1/32', '10.96.0.2/32', 'fd00::1/128']);
  });

  test('rejects if there is no link', async () => {
    expect(await reasonOf(links.deleteAddress('vip9', '10.96.0.1'))).toMatchObject({
      code: 'ENODEV',
    });
    expect(await links.deleteAddress('vip9', '10.96.0.1', { ifExists: true })).toBe(false);
  });
});

test('listAddresses returns what ip shows, for all links, one link and one family', async () => {
  ip('address', 'add', '192.0.2.1', 'peer', '192.0.2.2/32', 'dev', 'vip0', 'label', 'vip0:a');
  ip('address', 'add', '10.0.0.1/24', 'brd', '+', 'dev', 'vip0');
  ip('address', 'add', '10.0.1.2/24', 'scope', 'link', 'dev', 'vip0');
  ip('address', 'add', 'fd00::1/64', 'dev', 'lo', 'nodad');
  const settled = () =>
    until(
      () => shownAddresses(fixture.namespace),
      (all) =>
        all.some(
          ({ link, family, flags }) =>
            link === 'vip0' && family === 'ipv6' && !flags.includes('tentative'),
        ),
    );
  const all = await settled();
  const sorted = <Each extends { address: string }>(list: readonly Each[]) =>
    list.toSorted((a, b) => (a.address < b.address ? -1 : 1));
  expect(sorted(await links.listAddresses())).toEqual(sorted(all));
  for (const family of ['ipv4', 'ipv6'] as const) {
    const ofFamily = all.filter((each) => each.family === family);
    expect(sorted(await links.listAddresses(undefined, { family }))).toEqual(sorted(ofFamily));
    for (const link of ['lo', 'vip0']) {
      const ofBoth = ofFamily.filter((each) => each.link === link);
      expect(sorted(await links.listAddresses(link, { family }))).toEqual(sorted(ofBoth));
    }
  }
  expect(await reasonOf(links.listAddresses('vip9'))).toMatchObject({ code: 'ENODEV' });
  expect(await reasonOf(links.listAddresses(9999))).toMatchObject({ code: 'ENODEV' });
});

describe('reconcileAddresses', () => {
  test('refuses addresses of another family than that of its options', async () => {
    expect(
      await reasonOf(links.reconcileAddresses('vip0', ['fd00::1'], { family: 'ipv4' })),
    ).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message:
        "reconcileAddresses vip0: wanted[0]: 'fd00::1' is not of the family in options.family",
    });
    expect(await links.reconcileAddresses('vip0', ['fd00::1'], { family: 'ipv6' })).toMatchObject({
      added: ['fd00::1/128'],
    });
  });

  test('makes an address preferred for ever', async () => {
    const flags = ['nodad', 'noprefixroute', 'preferred_lft', '100'];
    ip('addr', 'add', 'fd00::1/128', 'dev', 'vip0', ...flags);
    const reconcile = () => links.reconcileAddresses('vip0', ['fd00::1']);
    expect(await reconcile()).toMatchObject({ updated: ['fd00::1/128'] });
    expect(await reconcile()).toMatchObject({ updated: [] });
    const listed = await links.listAddresses('vip0', { family: 'ipv6' });
    expect(listed.find(({ address }) => address === 'fd00::1')).toMatchObject({
      preferredLifetime: null,
      validLifetime: null,
    });
  });

  const nothing = { added: [], removed: [], updated: [] };

  test('adds, removes and updates addresses, and has nothing to do the second time', async () => {
    await links.addAddress('vip0', '10.96.0.1');
    await links.addAddress('vip0', '10.96.0.9');
    await links.addAddress('vip0', 'fd00::1/64');
    ip(
      'address',
      'add',
      '10.96.0.2/32',
      'dev',
      'vip0',
      'valid_lft',
      '1000',
      'preferred_lft',
      '500',
    );
    const wanted = ['10.96.0.1', '10.96.0.2', '10.96.0.3', 'fd00::1', 'fd00::2', 'fd00::2'];
    expect(await links.reconcileAddresses('vip0', wanted, { prune: true })).toEqual({
      added: ['10.96.0.3/32', 'fd00::1/128', 'fd00::2/128'],
      removed: ['10.96.0.9/32', 'fd00::1/64'],
      updated: ['10.96.0.2/32'],
    });
    const after = ['10.96.0.1/32', '10.96.0.2/32', '10.96.0.3/32', 'fd00::1/128', 'fd00::2/128'];
    expect(on()).toEqual(after);
    const again = () => links.reconcileAddresses('vip0', wanted, { prune: true });
    expect(await again()).toEqual(nothing);
    expect(
      shownAddresses(fixture.namespace).some(({ address }) => address.startsWith('fe80:')),
    ).toBe(true);
  });

  test('keeps unwanted addresses unless it prunes, and addresses of another family', async () => {
    await links.addAddress('vip0', '10.96.0.1');
    await links.addAddress('vip0', 'fd00::1');
    expect(await links.reconcileAddresses('vip0', [])).toEqual(nothing);
    const pruned = await links.reconcileAddresses('vip0', [], { prune: true, family: 'ipv6' });
    expect(pruned).toEqual({ ...nothing, removed: ['fd00::1/128'] });
    expect(on()).toEqual(['10.96.0.1/32']);
  });

  describe.each([0, 1])('with promote_secondaries %i', (promote) => {
    beforeEach(() => {
      fixture.namespace.run('sysctl', ['-qw', `net.ipv4.conf.all.promote_secondaries=${promote}`]);
      for (const host of [1, 2, 3]) ip('address', 'add', `10.0.0.${host}/24`, 'dev', 'vip0');
    });

    test('keeps secondary addresses when it removes the first one', async () => {
      const wanted = ['10.0.0.2/24', '10.0.0.3/24'];
      const done = await links.reconcileAddresses('vip0', wanted, { prune: true });
      expect(done).toMatchObject({ added: [], removed: ['10.0.0.1/24'], updated: wanted });
      expect(on()).toEqual(wanted);
    });

    test('removes all addresses', async () => {
      const done = await links.reconcileAddresses('vip0', [], { prune: true });
      expect(done.removed.toSorted()).toEqual(['10.0.0.1/24', '10.0.0.2/24', '10.0.0.3/24']);
      expect(on()).toEqual([]);
    });
  });

  test('continues after an address that the kernel refuses', async () => {
    const wanted = ['10.96.0.1', 'ff02::5', 'fd00::1'];
    const error = await reasonOf(links.reconcileAddresses('vip0', wanted));
    expect(error).toBeInstanceOf(ReconcileError);
    expect(error).toMatchObject({
      code: 'EADDRNOTAVAIL',
      operation: 'reconcileAddresses',
      errors: [{ code: 'EADDRNOTAVAIL', target: 'ff02::5/128 of vip0' }],
      done: { added: ['10.96.0.1/32', 'fd00::1/128'], removed: [], updated: [] },
    });
    expect(on()).toEqual(['10.96.0.1/32', 'fd00::1/128']);
  });

  test('rejects if there is no link', async () => {
    expect(await reasonOf(links.reconcileAddresses('vip9', ['10.0.0.1']))).toMatchObject({
      code: 'ENODEV',
    });
  });

  const many = Array.from({ length: 3000 }, (_, index) =>
    index % 2 ? `10.97.${index >> 8}.${index & 255}/32` : `fd00::${(index + 1).toString(16)}/128`,
  );

  test('ends between two chunks when it is aborted', async () => {
    const controller = new AbortController();
    const watcher = links.watch({ types: ['address'] });
    const pending = reasonOf(links.reconcileAddresses('vip0', many, { signal: controller.signal }));
    let events = 0;
    for await (const event of watcher) if (event.type === 'address' && ++events > 100) break;
    controller.abort(new Error('enough'));
    expect(await pending).toMatchObject({ message: 'enough' });
    const count = on().length;
    expect(count).toBeGreaterThan(64);
    expect(count).toBeLessThan(many.length);
    expect(count % 64).toBe(0);
  });

  test('adds thousands of addresses', async () => {
    const done = await links.reconcileAddresses('vip0', many, { prune: true });
    expect(done).toEqual({ ...nothing, added: many });
    expect(on()).toEqual(many.toSorted());
    expect(await links.reconcileAddresses('vip0', many, { prune: true })).toEqual(nothing);
    const fewer = await links.reconcileAddresses('vip0', many.slice(1000), { prune: true });
    expect(fewer.removed.toSorted()).toEqual(many.slice(0, 1000).toSorted());
    expect(on()).toEqual(many.slice(1000).toSorted());
  });
});
