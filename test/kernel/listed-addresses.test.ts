import { setTimeout as sleep } from 'node:timers/promises';
import { type AddressConfig, type LinkAddress, type Links, ReconcileError } from 'ipvs';
import { describe, expect, test } from 'vitest';
import { addressesOn, shownAddresses } from './helpers/iproute.js';
import { until } from './helpers/poll.js';
import { useDummyLink } from './helpers/use-dummy-link.js';
import { useNamespace } from './helpers/use-namespace.js';

// The return values of listAddresses are accepted by all methods, and mean exactly that address.

const fixture = useNamespace();
let links: Links;

useDummyLink(fixture, (opened) => {
  links = opened;
});

const ip = (...args: string[]) => fixture.namespace.ip(...args);
const add = (address: string, ...rest: string[]) =>
  ip('address', 'add', address, 'dev', 'vip0', ...rest);
const nothing = { added: [], removed: [], updated: [] };
const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (reason) => reason,
  );
/** Everything but what runs down. */
const lasting = (list: readonly LinkAddress[]) =>
  list.map(({ preferredLifetime, validLifetime, ...rest }) => ({
    ...rest,
    expires: [preferredLifetime !== null, validLifetime !== null],
  }));
const routes = () =>
  [ip('route', 'show', 'dev', 'vip0'), ip('-6', 'route', 'show', 'dev', 'vip0')]
    .flatMap((text) =>
      text
        .replace(/ expires \d+sec/g, '')
        .trimEnd()
        .split('\n'),
    )
    .sort();

/** One address of each sort, as other programs add them. */
const SORTS: readonly (readonly [sort: string, ...args: string[]])[] = [
  ['a network', '2001:db8:5::10/64', 'nodad'],
  ['duplicate detection', '2001:db8:6::10/64'],
  ['expiring', '2001:db8:7::10/64', 'nodad', 'valid_lft', '1000', 'preferred_lft', '500'],
  ['deprecated', '2001:db8:8::10/64', 'nodad', 'preferred_lft', '0'],
  ['temporary ones', '2001:db8:9::10/64', 'nodad', 'mngtmpaddr'],
  ['a home', '2001:db8:a::10/64', 'nodad', 'home'],
  ['a peer, IPv6', '2001:db8:b::10', 'peer', '2001:db8:b::11', 'nodad'],
  ['no route, IPv6', '2001:db8:c::10/64', 'nodad', 'noprefixroute'],
  ['a network, IPv4', '10.1.0.1/24'],
  ['secondary', '10.1.0.2/24'],
  ['a broadcast address', '10.2.0.1/24', 'brd', '10.2.0.255'],
  ['a label', '10.3.0.1/24', 'label', 'vip0:a'],
  ['a scope', '10.4.0.1/24', 'scope', 'link'],
  ['expiring, IPv4', '10.5.0.1/24', 'valid_lft', '1000', 'preferred_lft', '500'],
  ['a peer, IPv4', '10.6.0.1', 'peer', '10.6.0.2/32'],
  ['no route, IPv4', '10.7.0.1/24', 'noprefixroute'],
];

async function addAll(): Promise<LinkAddress[]> {
  for (const [, address = '', ...rest] of SORTS) add(address, ...rest);
  await until(
    () => shownAddresses(fixture.namespace),
    (all) => all.every(({ flags }) => !flags.includes('tentative')),
  );
  return links.listAddresses('vip0');
}

describe('a listed address', () => {
  test('of any kind stays as it is, without a request and with its routes', async () => {
    const listed = await addAll();
    expect(listed).toHaveLength(SORTS.length + 1); // and the link-local one
    const [before, routed] = [lasting(listed), routes()];
    await sleep(1100); // lifetimes have run down since
    const wanted = [...listed, '10.96.0.1/32'];
    const done = await links.reconcileAddresses('vip0', wanted, { prune: true });
    expect(done).toEqual({ ...nothing, added: ['10.96.0.1/32'] });
    expect(await links.reconcileAddresses('vip0', wanted, { prune: true })).toEqual(nothing);
    for (const address of listed) {
      expect(await links.ensureAddress('vip0', address)).toBe('unchanged');
      expect(links.sync.ensureAddress(address, JSON.parse(JSON.stringify(address)))).toBe(
        'unchanged',
      );
    }
    await links.deleteAddress('vip0', '10.96.0.1');
    expect(lasting(await links.listAddresses('vip0'))).toEqual(before);
    expect(routes()).toEqual(routed);
  });

  test('that is temporary and expires stays as it is', async () => {
    fixture.namespace.run('sysctl', ['-qw', 'net.ipv6.conf.vip0.use_tempaddr=2']);
    add('2001:db8:9::10/64', 'nodad', 'mngtmpaddr');
    const listed = await until(
      () => links.listAddresses('vip0'),
      (all) =>
        all.some(({ flags }) => flags.includes('secondary')) &&
        all.every(({ flags }) => !flags.includes('tentative')),
    );
    expect(listed.find(({ flags }) => flags.includes('secondary'))).toMatchObject({
      family: 'ipv6',
      validLifetime: expect.any(Number),
    });
    expect(await links.reconcileAddresses('vip0', listed, { prune: true })).toEqual(nothing);
    for (const address of listed) {
      expect(await links.ensureAddress('vip0', address)).toBe('unchanged');
    }
    expect(lasting(await links.listAddresses('vip0'))).toEqual(lasting(listed));
  });

  test('of any kind is restored as it was after its deletion', async () => {
    const listed = (await addAll()).filter(
      ({ scope, family }) => family === 'ipv4' || scope !== 'link',
    );
    const routed = routes();
    for (const address of listed.toReversed()) {
      expect(await links.deleteAddress('vip0', address)).toBe(true);
    }
    expect(addressesOn(fixture.namespace, 'vip0')).toEqual([]);
    const [first, ...others] = listed;
    if (first === undefined) throw new Error('there is none');
    await links.addAddress('vip0', first);
    const done = await links.reconcileAddresses('vip0', others);
    expect(done.added).toHaveLength(others.length);
    const back = await until(
      () => links.listAddresses('vip0'),
      (all) => all.every(({ flags }) => !flags.includes('tentative')),
    );
    const byAddress = (a: LinkAddress, b: LinkAddress) => (a.address < b.address ? -1 : 1);
    const isOwnKernel = ({ scope, family }: LinkAddress) => family === 'ipv4' || scope !== 'link';
    expect(lasting(back.filter(isOwnKernel).toSorted(byAddress))).toEqual(
      lasting(listed.toSorted(byAddress)),
    );
    expect(routes()).toEqual(routed);
  });

  test('of another link is refused, whatever the name of the link is', async () => {
    await links.ensureDummy('vip1');
    ip('link', 'property', 'add', 'dev', 'vip0', 'altname', 'other');
    add('10.0.0.1/24');
    const [listed] = await links.listAddresses('other', { family: 'ipv4' });
    if (listed === undefined) throw new Error('there is none');
    expect(await links.ensureAddress('other', listed)).toBe('unchanged');
    expect(await links.reconcileAddresses('other', [listed])).toEqual(nothing);
    const why =
      `the address was listed on vip0 (link ${listed.index}), not on vip1: ` +
      'leave out link and index to use it with another link (EINVAL)';
    for (const name of ['addAddress', 'ensureAddress', 'deleteAddress'] as const) {
      expect(await reasonOf(links[name]('vip1', listed))).toMatchObject({
        code: 'EINVAL',
        target: '10.0.0.1/24 of vip1',
        message: `${name} 10.0.0.1/24 of vip1: ${why}`,
      });
      expect(() => links.sync[name]('vip1', listed)).toThrow(`of vip1: ${why}`);
    }
    const wanted = ['10.0.0.9', listed];
    expect(await reasonOf(links.reconcileAddresses('vip1', wanted))).toMatchObject({
      code: 'EINVAL',
      target: 'vip1',
      message: `reconcileAddresses vip1: wanted[1]: ${why}`,
    });
    expect(() => links.sync.reconcileAddresses('vip1', wanted)).toThrow(`wanted[1]: ${why}`);
    expect(addressesOn(fixture.namespace, 'vip1')).toEqual([]);
    const { link: _, index: __, ...anywhere } = listed;
    // The label is the name of the link, if nobody has chosen another.
    await links.addAddress('vip1', { ...anywhere, label: null });
    expect(addressesOn(fixture.namespace, 'vip1')).toEqual(['10.0.0.1/24']);
  });

  test('of a link that was created again is added to that link', async () => {
    await links.addAddress('vip0', '10.0.0.1/24');
    const listed = await links.listAddresses('vip0', { family: 'ipv4' });
    await links.deleteLink('vip0');
    await links.ensureDummy('vip0');
    expect(await links.reconcileAddresses('vip0', listed)).toMatchObject({
      added: ['10.0.0.1/24'],
    });
  });

  test('is deleted under its label only', async () => {
    add('10.0.0.1/24', 'label', 'vip0:a');
    const address = { address: '10.0.0.1', prefixLength: 24 };
    expect(
      await links.deleteAddress('vip0', { ...address, label: 'vip0:b' }, { ifExists: true }),
    ).toBe(false);
    expect(await links.deleteAddress('vip0', { ...address, label: 'vip0:a' })).toBe(true);
  });
});

describe('the settings', () => {
  const shown = (address: string) =>
    shownAddresses(fixture.namespace).find(
      (each) => each.link === 'vip0' && each.address === address,
    );

  test.each<{ readonly config: AddressConfig & object; readonly expected: Partial<LinkAddress> }>([
    { config: { address: '10.0.0.1', label: 'vip0:a' }, expected: { label: 'vip0:a' } },
    {
      config: { address: '10.0.0.1', broadcast: '10.0.0.255' },
      expected: { broadcast: '10.0.0.255' },
    },
    { config: { address: '10.0.0.1', peer: '10.0.0.2' }, expected: { peer: '10.0.0.2' } },
    {
      config: { address: '10.0.0.1', peer: null, broadcast: null },
      expected: { peer: null, broadcast: null },
    },
    { config: { address: 'fd00::1', peer: 'fd00::2' }, expected: { peer: 'fd00::2' } },
    {
      config: { address: 'fd00::1', flags: ['home-address'] },
      expected: { flags: ['home-address', 'permanent'] },
    },
    {
      config: { address: 'fd00::1', preferredLifetime: 0 },
      expected: { preferredLifetime: 0, validLifetime: null },
    },
  ])('of a new address are applied: $config', async ({ config, expected }) => {
    expect(await links.ensureAddress('vip0', config)).toBe('created');
    const found = await until(
      () => shown(config.address),
      (address) => address?.flags.includes('tentative') === false,
    );
    expect(found).toMatchObject(expected);
    expect(await links.ensureAddress('vip0', config)).toBe('unchanged');
  });

  test.each(['10.0.0.1/24', 'fd00::1/64'])('give %s lifetimes and renew them', async (text) => {
    const [address = '', length] = text.split('/');
    const config = { address, prefixLength: Number(length), prefixRoute: true };
    const lifetimes = { preferredLifetime: 500, validLifetime: 1000 };
    await links.addAddress('vip0', { ...config, ...lifetimes });
    expect(shown(address)?.preferredLifetime).toBeGreaterThan(400);
    expect(shown(address)?.preferredLifetime).toBeLessThanOrEqual(500);
    const longer = { preferredLifetime: 5000, validLifetime: 6000 };
    expect(await links.ensureAddress('vip0', { ...config, ...longer })).toBe('updated');
    expect(shown(address)?.validLifetime).toBeGreaterThan(5900);
    const done = await links.reconcileAddresses('vip0', [{ ...config, ...lifetimes }]);
    expect(done).toEqual({ ...nothing, updated: [text] });
    expect(shown(address)?.validLifetime).toBeLessThanOrEqual(1000);
    // For ever, unless it is said otherwise.
    expect(await links.ensureAddress('vip0', config)).toBe('updated');
    expect(shown(address)).toMatchObject({ preferredLifetime: null, validLifetime: null });
  });

  test.each(['10.0.0.1', 'fd00::1'])('deprecate %s, and undo it', async (address) => {
    const deprecated = { address, preferredLifetime: 0 };
    const { sync } = links;
    expect(await links.ensureAddress('vip0', deprecated)).toBe('created');
    expect(shown(address)?.flags).toContain('deprecated');
    expect(await links.ensureAddress('vip0', deprecated)).toBe('unchanged');
    expect(sync.reconcileAddresses('vip0', [deprecated])).toEqual(nothing);
    const listed = (await links.listAddresses('vip0')).filter((each) => each.address === address);
    expect(listed).toMatchObject([{ preferredLifetime: 0, validLifetime: null }]);
    expect(sync.reconcileAddresses('vip0', listed)).toEqual(nothing);
    // A listed address is added as it was.
    await links.deleteAddress('vip0', { address });
    expect((await links.reconcileAddresses('vip0', listed)).added).toHaveLength(1);
    expect(shown(address)?.flags).toContain('deprecated');
    expect(await links.ensureAddress('vip0', address)).toBe('updated');
    expect(shown(address)?.flags).not.toContain('deprecated');
    expect(sync.ensureAddress('vip0', address)).toBe('unchanged');
  });

  test('with a preferred lifetime are not changed again if they are permanent', async () => {
    const config = { address: '10.0.0.1', preferredLifetime: 600 };
    expect(await links.ensureAddress('vip0', config)).toBe('created');
    expect(await links.ensureAddress('vip0', config)).toBe('unchanged');
    expect(await links.reconcileAddresses('vip0', [config, config])).toEqual(nothing);
  });

  test.each<{ readonly settings: object; readonly what: string }>([
    { settings: { label: 'vip0:b' }, what: "label 'vip0:a' instead of 'vip0:b'" },
    { settings: { scope: 'host' }, what: "scope 'global' instead of 'host'" },
    { settings: { broadcast: '10.0.0.255' }, what: "broadcast null instead of '10.0.0.255'" },
    { settings: { prefixRoute: false }, what: 'prefixRoute true instead of false' },
    {
      settings: { scope: 'link', label: 'vip0:b' },
      what: "scope 'global' instead of 'link' and label 'vip0:a' instead of 'vip0:b'",
    },
  ])('are refused if the kernel cannot change them: $settings', async ({ settings, what }) => {
    add('10.0.0.1/24', 'label', 'vip0:a');
    add('10.0.0.2/24');
    const before = shownAddresses(fixture.namespace);
    const config = { address: '10.0.0.1', prefixLength: 24, ...settings };
    const why =
      `10.0.0.1/24 of vip0: the link has the address with ${what}, ` +
      'and the kernel does not change that: delete the address first (EEXIST)';
    expect(await reasonOf(links.ensureAddress('vip0', config))).toMatchObject({
      code: 'EEXIST',
      target: '10.0.0.1/24 of vip0',
      message: `ensureAddress ${why}`,
    });
    expect(() => links.sync.ensureAddress('vip0', config)).toThrow(`ensureAddress ${why}`);
    expect(await reasonOf(links.reconcileAddresses('vip0', [config]))).toMatchObject({
      message: `reconcileAddresses vip0: the change was not made: reconcileAddresses ${why}`,
    });
    expect(() => links.sync.reconcileAddresses('vip0', [config])).toThrow(why);
    const error = await reasonOf(links.reconcileAddresses('vip0', [config, '10.0.0.9']));
    expect(error).toBeInstanceOf(ReconcileError);
    expect(error).toMatchObject({
      code: 'EEXIST',
      target: '10.0.0.1/24 of vip0',
      message: `reconcileAddresses vip0: 1 of 2 changes was not made: reconcileAddresses ${why}`,
      done: { added: ['10.0.0.9/32'] },
    });
    await links.deleteAddress('vip0', '10.0.0.9');
    expect(shownAddresses(fixture.namespace)).toEqual(before);
  });

  test.each([
    { form: 'links', ensure: async (config: AddressConfig) => links.ensureAddress('vip0', config) },
    {
      form: 'links.sync',
      ensure: async (config: AddressConfig) => links.sync.ensureAddress('vip0', config),
    },
  ])('of IPv4 are the same with another peer in their network, in $form', async ({ ensure }) => {
    add('10.0.0.1', 'peer', '10.0.0.2/24');
    const config = { address: '10.0.0.1', prefixLength: 24 };
    expect(await ensure(config)).toBe('unchanged');
    expect(await ensure({ ...config, peer: '10.0.0.2' })).toBe('unchanged');
    for (const peer of ['10.0.0.3', null]) {
      const error = await reasonOf(ensure({ ...config, peer }));
      const instead = peer === null ? 'null' : `'${peer}'`;
      expect(error).toMatchObject({
        code: 'EEXIST',
        message: expect.stringContaining(`with peer '10.0.0.2' instead of ${instead}, and`),
      });
      expect(await reasonOf(links.reconcileAddresses('vip0', [{ ...config, peer }]))).toMatchObject(
        { code: 'EEXIST' },
      );
    }
    expect(await links.reconcileAddresses('vip0', ['10.0.0.1/24'], { prune: true })).toEqual(
      nothing,
    );
    expect(await ensure({ ...config, validLifetime: 1000 })).toBe('updated');
    expect(shown('10.0.0.1')?.peer).toBe('10.0.0.2');
    // In another network, it is another address.
    expect(await ensure({ ...config, peer: '10.0.1.2' })).toBe('created');
  });

  test('of IPv4 are wanted once, whether their peer is given or not', async () => {
    const config = { address: '10.0.0.5', prefixLength: 16, peer: '10.0.0.2' };
    const done = await links.reconcileAddresses('vip0', ['10.0.0.5/16', config]);
    expect(done).toEqual({ ...nothing, added: ['10.0.0.5/16'] });
    expect(shown('10.0.0.5')?.peer).toBe('10.0.0.2');
    const other = { ...config, peer: '10.0.0.3' };
    expect(await reasonOf(links.reconcileAddresses('vip0', [config, other]))).toMatchObject({
      message: expect.stringContaining('contradicts wanted[0]'),
    });
  });

  test('replace the peer of an IPv6 address', async () => {
    add('fd00::1', 'peer', 'fd00::2', 'nodad');
    const config = { address: 'fd00::1', peer: 'fd00::3', prefixRoute: true };
    expect(await links.ensureAddress('vip0', config)).toBe('updated');
    expect(shown('fd00::1')?.peer).toBe('fd00::3');
  });
});

describe('pruning', () => {
  test('leaves only the addresses of the kernel on the loopback link', async () => {
    ip('address', 'add', '10.9.9.1/32', 'dev', 'lo');
    ip('address', 'add', '127.0.0.2/8', 'dev', 'lo');
    ip('address', 'add', 'fd00::9/128', 'dev', 'lo');
    const own = () =>
      shownAddresses(fixture.namespace)
        .filter(({ link }) => link === 'lo')
        .map(({ address, prefixLength }) => `${address}/${prefixLength}`)
        .sort();
    const done = await links.reconcileAddresses('lo', ['10.9.9.9/32'], { prune: true });
    expect(done.added).toEqual(['10.9.9.9/32']);
    expect(done.removed.toSorted()).toEqual(['10.9.9.1/32', '127.0.0.2/8', 'fd00::9/128']);
    expect(own()).toEqual(['10.9.9.9/32', '127.0.0.1/8', '::1/128']);
    // Nor does wanting it change it.
    const kernels = await links.listAddresses('lo');
    const wanted = ['127.0.0.1/8', '::1', '10.9.9.9'];
    expect(await links.reconcileAddresses('lo', wanted, { prune: true })).toEqual(nothing);
    expect(await links.listAddresses('lo')).toEqual(kernels);
    expect(await reasonOf(links.reconcileAddresses('lo', ['::1/64']))).toMatchObject({
      code: 'EEXIST',
      message: expect.stringMatching(/prefix length 128 instead of 64, .*: ask for ::1\/128/),
    });
    await links.reconcileAddresses('lo', [], { prune: true });
    expect(own()).toEqual(['127.0.0.1/8', '::1/128']);
  });

  test('keeps the link-local address of a link', async () => {
    const before = await links.listAddresses('vip0');
    expect(before).toMatchObject([{ scope: 'link' }]);
    expect(await links.reconcileAddresses('vip0', [], { prune: true })).toEqual(nothing);
    expect(await links.listAddresses('vip0')).toEqual(before);
  });

  test('removes 127.0.0.1 from a link other than loopback', async () => {
    add('127.0.0.1/8');
    expect(await links.reconcileAddresses('vip0', [], { prune: true })).toMatchObject({
      removed: ['127.0.0.1/8'],
    });
  });
});

describe('the same address wanted twice', () => {
  test('with two prefix lengths is refused before a request is sent', async () => {
    const wanted = ['10.0.0.1', 'fd00::1/64', 'fd00::1/128'];
    expect(await reasonOf(links.reconcileAddresses('vip0', wanted))).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      index: 2,
      message: expect.stringMatching(
        /wanted\[2\]: 'fd00::1\/128' contradicts wanted\[1\], the same address with another prefix length/,
      ),
    });
    expect(() => links.sync.reconcileAddresses('vip0', wanted)).toThrow(/wanted\[2\]: /);
    expect(addressesOn(fixture.namespace, 'vip0')).toEqual([]);
  });

  test('in listed and in short form is the listed one', async () => {
    add('2001:db8::1/64', 'nodad');
    const listed = await links.listAddresses('vip0');
    expect(await links.reconcileAddresses('vip0', ['2001:db8::1/64', ...listed])).toEqual(nothing);
  });
});

describe('a link whose MTU is small', () => {
  test('refuses addresses and names the MTU that they need', async () => {
    await links.setLink('vip0', { mtu: 1279 });
    for (const name of ['addAddress', 'ensureAddress'] as const) {
      expect(await reasonOf(links[name]('vip0', 'fd00::1'))).toMatchObject({
        code: 'EINVAL',
        target: 'fd00::1/128 of vip0',
        message: expect.stringMatching(/IPv6 needs a link whose MTU is at least 1280 bytes \(E/),
      });
    }
    const temporary = { address: 'fd00::1', flags: ['manage-temporary'] } as const;
    expect(await reasonOf(links.addAddress('vip0', temporary))).toMatchObject({
      code: 'EINVAL',
      message: expect.stringMatching(/1280 bytes, and 'manage-temporary' a prefix length of 64/),
    });
    expect(await reasonOf(links.reconcileAddresses('vip0', ['fd00::1']))).toMatchObject({
      code: 'EINVAL',
      message: expect.stringMatching(/at least 1280 bytes/),
    });
    expect(await reasonOf(links.deleteAddress('vip0', 'fd00::1'))).toMatchObject({
      message: expect.stringMatching(/no such address|at least 1280 bytes/),
    });
    expect(await links.deleteAddress('vip0', 'fd00::1', { ifExists: true })).toBe(false);
    await links.addAddress('vip0', '10.0.0.1');
    await links.setLink('vip0', { mtu: 67 });
    expect(addressesOn(fixture.namespace, 'vip0')).toEqual([]);
    expect(await reasonOf(links.addAddress('vip0', '10.0.0.1'))).toMatchObject({
      message: expect.stringMatching(/IPv4 needs a link whose MTU is at least 68 bytes/),
    });
    expect(await links.deleteAddress('vip0', '10.0.0.1', { ifExists: true })).toBe(false);
  });

  test('loses its addresses for good', async () => {
    await links.addAddress('vip0', '10.0.0.1');
    await links.addAddress('vip0', 'fd00::1');
    await links.setLink('vip0', { mtu: 1279 });
    expect(addressesOn(fixture.namespace, 'vip0')).toEqual(['10.0.0.1/32']);
    await links.setLink('vip0', { mtu: 1500 });
    expect(addressesOn(fixture.namespace, 'vip0')).toEqual(['10.0.0.1/32']);
  });
});

describe('names of links', () => {
  /** Makes a link whose name has these bytes. */
  const make = (bytes: string) =>
    fixture.namespace.run('sh', ['-c', `ip link add name "$(printf '${bytes}')" type dummy`]);

  test.each([
    { bytes: 'äöü', name: 'äöü', undefined: 'äöü' },
    { bytes: '\\377\\376', name: '\\xff\\xfe', undefined: 'bytes' },
    { bytes: 'a\\033b', name: 'a\\x1bb' },
    { bytes: 'a\\\\x41', name: 'a\\x5cx41' },
  ])('are accepted as they are listed: $name', async ({ bytes, name }) => {
    make(bytes);
    const [listed] = (await links.listLinks({ kind: 'dummy' })).filter(
      (each) => each.name !== 'vip0',
    );
    expect(listed?.name).toBe(name);
    expect(await links.getLink(name)).toEqual(listed);
    expect(await links.ensureDummy(name, { mtu: 1400 })).toBe('updated');
    await links.setLink(name, { mtu: 1500 });
    await links.addAddress(name, '10.0.0.1');
    expect(await links.listAddresses(name, { family: 'ipv4' })).toMatchObject([
      { link: name, label: name },
    ]);
    expect(await links.deleteLink(name)).toBe(true);
  });

  test('are created as they are written', async () => {
    expect(await links.ensureDummy('ünï0')).toBe('created');
    expect(fixture.namespace.ip('link', 'show', 'dev', 'ünï0')).toContain('ünï0');
    expect(await links.ensureDummy('\\xff')).toBe('created');
    expect(await links.ensureDummy('\\xff')).toBe('unchanged');
  });

  test.each(['all', 'default'])('are refused if the kernel reserves them: %s', async (name) => {
    expect(await reasonOf(links.ensureDummy(name))).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringMatching(/is reserved by the kernel, and can be no name of a link$/),
    });
    expect(await links.getLink(name)).toBeUndefined();
    // The kernel refuses it too.
    expect(() => fixture.namespace.ip('link', 'add', name, 'type', 'dummy')).toThrow(
      /Invalid argument/,
    );
  });

  test.each(['à', 'a\u00a0b'])(
    'are refused with a byte that the kernel considers blank: %s',
    async (name) => {
      await expect(links.ensureDummy(name)).rejects.toThrow(/1 to 15 bytes without blanks/);
      expect(() => fixture.namespace.ip('link', 'add', name, 'type', 'dummy')).toThrow();
    },
  );
});
