import { Ipvs, IpvsError, Links } from 'ipvs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addressesOn, shownLinks } from './helpers/iproute.js';
import { isOwnKernel } from './helpers/modules.js';
import { Namespace } from './helpers/namespace.js';
import { until } from './helpers/poll.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
let links: Links;

beforeAll(async () => {
  links = await Links.open({ netns: fixture.namespace.path });
});
afterAll(() => links?.close());
afterEach(async () => {
  const others = shownLinks(fixture.namespace).filter(({ name }) => name !== 'lo');
  // The other end of a pair is gone with the first.
  await Promise.all(others.map(({ name }) => links.deleteLink(name, { ifExists: true })));
});

const add = (...args: string[]) => fixture.namespace.ip('link', 'add', ...args);
const shown = (name: string) => shownLinks(fixture.namespace).find((each) => each.name === name);
const byIndex = (a: { index: number }, b: { index: number }) => a.index - b.index;

/** One link of each kind, some of them up. */
async function addSome(): Promise<void> {
  add('vip0', 'mtu', '1400', 'type', 'dummy');
  add('vip1', 'up', 'type', 'dummy');
  add('pair0', 'up', 'type', 'veth', 'peer', 'name', 'pair1');
  add('bridge0', 'type', 'bridge');
  // The kernel looks later whether the other end is up.
  await until(
    () => shown('pair0')?.state,
    (state) => state === 'lower-layer-down',
  );
}

describe('listLinks and getLink', () => {
  test('return what ip shows', async () => {
    await addSome();
    const listed = await links.listLinks();
    expect(listed.toSorted(byIndex)).toEqual(shownLinks(fixture.namespace).toSorted(byIndex));
    expect(listed.map(({ name, kind }) => [name, kind]).sort()).toEqual([
      ['bridge0', 'bridge'],
      ['lo', null],
      ['pair0', 'veth'],
      ['pair1', 'veth'],
      ['vip0', 'dummy'],
      ['vip1', 'dummy'],
    ]);
  });

  test.each([
    { kind: 'dummy', names: ['vip0', 'vip1'] },
    { kind: 'veth', names: ['pair0', 'pair1'] },
    { kind: 'bridge', names: ['bridge0'] },
    { kind: 'vxlan', names: [] },
  ])('select the links of kind $kind', async ({ kind, names }) => {
    await addSome();
    const listed = await links.listLinks({ kind });
    expect(listed.map(({ name }) => name).sort()).toEqual(names);
  });

  test('accept a name, an index and a returned link', async () => {
    await addSome();
    for (const link of shownLinks(fixture.namespace)) {
      expect(await links.getLink(link.name)).toEqual(link);
      expect(await links.getLink(link.index)).toEqual(link);
      expect(await links.getLink(link)).toEqual(link);
    }
    expect(await links.getLink('vip9')).toBeUndefined();
    expect(await links.getLink(9999)).toBeUndefined();
  });

  test('find a returned link by its index after it was renamed', async () => {
    await addSome();
    const link = await links.getLink('vip0');
    if (link === undefined) throw new Error('there is no vip0');
    fixture.namespace.ip('link', 'set', 'vip0', 'name', 'vip7');
    expect(await links.getLink(link)).toEqual({ ...link, name: 'vip7' });
    fixture.namespace.ip('link', 'delete', 'vip7');
    add('vip0', 'type', 'dummy');
    expect(await links.getLink(link)).toBeUndefined();
  });

  test('read the namespace of the handle', async () => {
    await addSome();
    expect(await fixture.ipvs.links.listLinks()).toEqual(await links.listLinks());
    const elsewhere = new Namespace(false);
    const other = await Links.open({ netns: elsewhere.path });
    expect(await other.listLinks()).toEqual(shownLinks(elsewhere));
    expect((await other.listLinks()).map(({ name, up }) => [name, up])).toEqual([['lo', false]]);
    await other.close();
    elsewhere.delete();
  });
});

describe('ensureDummy', () => {
  test('ensures the same link many times in one turn', async () => {
    const states = [true, false, true, false];
    const ensure = () => Promise.all(states.map((up) => links.ensureDummy('vip0', { up })));
    expect(await ensure()).toEqual(['created', 'updated', 'updated', 'updated']);
    expect((await links.getLink('vip0'))?.up).toBe(false);
    expect(await ensure()).toEqual(states.map(() => 'updated'));
    expect((await links.getLink('vip0'))?.up).toBe(false);
  });

  test('creates a link that is up, once', async () => {
    expect(await links.ensureDummy('vip0')).toBe('created');
    const created = shown('vip0');
    expect(created).toMatchObject({ kind: 'dummy', up: true, state: 'unknown', mtu: 1500 });
    expect(await links.ensureDummy('vip0')).toBe('unchanged');
    expect(shown('vip0')).toEqual(created);
  });

  test('creates a link with an MTU that is down', async () => {
    expect(await links.ensureDummy('vip0', { up: false, mtu: 65521 })).toBe('created');
    expect(shown('vip0')).toMatchObject({ up: false, state: 'down', mtu: 65521 });
    expect(await links.ensureDummy('vip0', { up: false })).toBe('unchanged');
    expect(shown('vip0')).toMatchObject({ up: false, mtu: 65521 });
    expect(await links.ensureDummy('vip0', { mtu: 1280 })).toBe('updated');
    expect(shown('vip0')).toMatchObject({ up: true, mtu: 1280 });
    expect(await links.ensureDummy('vip0', { up: false, mtu: undefined })).toBe('updated');
    expect(shown('vip0')).toMatchObject({ up: false, mtu: 1280 });
  });

  test.each(['veth', 'bridge'])(
    'rejects for a %s of that name and leaves it as it is',
    async (kind) => {
      add('vip0', 'type', kind);
      const before = shown('vip0');
      const error = await links.ensureDummy('vip0', { mtu: 1300 }).catch((reason) => reason);
      expect(error).toBeInstanceOf(IpvsError);
      expect(error).toMatchObject({ code: 'EEXIST', operation: 'ensureDummy', target: 'vip0' });
      expect(error.message).toMatch(new RegExp(`of kind ${kind}: it is left as it is`));
      expect(shown('vip0')).toEqual(before);
    },
  );

  test('rejects for lo and leaves it as it is', async () => {
    const before = shown('lo');
    await expect(links.ensureDummy('lo', { up: false })).rejects.toMatchObject({
      code: 'EEXIST',
      message: expect.stringMatching(/it is no dummy: it is left as it is/),
    });
    expect(shown('lo')).toEqual(before);
  });

  test('creates many links at once, some of them the same', async () => {
    add('pair0', 'type', 'veth', 'peer', 'name', 'pair1');
    const settled = await Promise.allSettled([
      links.ensureDummy('vip0'),
      links.ensureDummy('vip0', { mtu: 1300 }),
      links.ensureDummy('pair0'),
      links.ensureDummy('vip1', { up: false }),
      links.ensureDummy('vip0', { up: false }),
      links.ensureDummy('vip1'),
      links.getLink('vip1'),
    ]);
    expect(settled).toMatchObject([
      { value: 'created' },
      { value: 'updated' },
      { reason: { code: 'EEXIST', target: 'pair0' } },
      { value: 'created' },
      { value: 'updated' },
      { value: 'updated' },
      { value: { name: 'vip1', up: true } },
    ]);
    expect(shown('vip0')).toMatchObject({ up: false, mtu: 1300 });
    expect(shown('vip1')).toMatchObject({ up: true, mtu: 1500 });
  });

  test('creates a link once for two concurrent handles', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `vip${index}`);
    const both = await Promise.all(
      [links, fixture.ipvs.links].map((each) =>
        Promise.all(names.map((name) => each.ensureDummy(name))),
      ),
    );
    for (const place of names.keys()) {
      expect(both.map((answers) => answers[place]).sort()).toEqual(['created', 'unchanged']);
    }
    await Promise.all(names.map((name) => links.deleteLink(name)));
    expect(shownLinks(fixture.namespace)).toHaveLength(1);
  });

  test.runIf(isOwnKernel)(
    'dummy0, which the module may make itself when it is loaded',
    async () => {
      const own = new Namespace();
      const initial = await Links.open();
      try {
        // Loaded like this it makes a dummy0 in the initial namespace.
        own.run('rmmod', ['dummy']);
        const ensured = await initial.ensureDummy('dummy0', { mtu: 1400 });
        expect(['created', 'updated']).toContain(ensured);
        expect(await initial.getLink('dummy0')).toMatchObject({
          kind: 'dummy',
          up: true,
          mtu: 1400,
        });
        expect(await initial.listLinks({ kind: 'dummy' })).toHaveLength(1);
      } finally {
        await initial.deleteLink('dummy0', { ifExists: true });
        await initial.close();
        own.delete();
      }
    },
  );
});

describe('setLink', () => {
  test('changes the named settings of a link of any kind and keeps the rest', async () => {
    await addSome();
    const { index = 0 } = shown('pair1') ?? {};
    await Promise.all([
      links.setLink('vip0', { up: true }),
      links.setLink('vip1', { up: false, mtu: 1300 }),
      links.setLink(index, { mtu: 1450 }),
      links.setLink('bridge0', {}),
    ]);
    expect(shownLinks(fixture.namespace).toSorted(byIndex)).toMatchObject(
      [
        { name: 'lo', up: true },
        { name: 'vip0', up: true, mtu: 1400 },
        { name: 'vip1', up: false, mtu: 1300 },
        { name: 'pair1', up: false, mtu: 1450 },
        { name: 'pair0', up: true, mtu: 1500 },
        { name: 'bridge0', up: false, mtu: 1500 },
      ].toSorted((a, b) => byIndex(shown(a.name) ?? { index: 0 }, shown(b.name) ?? { index: 0 })),
    );
    await links.setLink({ index }, { up: true });
    await until(
      () => links.getLink('pair0'),
      (link) => link?.state === 'up',
    );
  });

  test('explains an MTU that the kernel refuses', async () => {
    add('pair0', 'type', 'veth', 'peer', 'name', 'pair1');
    const before = shown('pair0');
    const refusal = (mtu: number) => links.setLink('pair0', { mtu }).catch((reason) => reason);
    expect(await refusal(67)).toMatchObject({
      code: 'EINVAL',
      operation: 'setLink',
      syscall: 'RTM_SETLINK',
      target: 'pair0',
      message: expect.stringMatching(/does not accept the MTU.*mtu less than device minimum/),
    });
    expect((await refusal(65536)).message).toMatch(/mtu greater than device maximum/);
    expect(shown('pair0')).toEqual(before);
  });

  test('loses the IPv6 addresses and keeps those of IPv4 when it sets a link down', async () => {
    await links.ensureDummy('vip0');
    await links.addAddress('vip0', '10.96.0.1');
    await links.addAddress('vip0', 'fd00::1');
    await links.setLink('vip0', { up: false });
    await links.setLink('vip0', { up: true });
    expect(addressesOn(fixture.namespace, 'vip0')).toEqual(['10.96.0.1/32']);
    expect(await links.ensureAddress('vip0', 'fd00::1')).toBe('created');
  });

  test('rejects if there is no link', async () => {
    await expect(links.setLink('vip9', { up: true })).rejects.toMatchObject({
      code: 'ENODEV',
      target: 'vip9',
    });
    await expect(links.setLink(9999, { mtu: 1400 })).rejects.toMatchObject({
      code: 'ENODEV',
      target: 'link 9999',
    });
  });
});

describe('deleteLink', () => {
  test('deletes a link of any kind with its addresses', async () => {
    await addSome();
    await links.addAddress('vip0', '10.96.0.1');
    const bridge = await links.getLink('bridge0');
    expect(await links.deleteLink('vip0')).toBe(true);
    expect(await links.deleteLink('pair1')).toBe(true);
    expect(await links.deleteLink(bridge?.index ?? 0)).toBe(true);
    expect(shownLinks(fixture.namespace).map(({ name }) => name)).toEqual(['lo', 'vip1']);
    expect(await links.listAddresses(undefined, { family: 'ipv4' })).toMatchObject([
      { link: 'lo' },
    ]);
  });

  test('rejects or returns false if there is no link', async () => {
    await expect(links.deleteLink('vip9')).rejects.toMatchObject({
      code: 'ENODEV',
      operation: 'deleteLink',
      syscall: 'RTM_DELLINK',
      target: 'vip9',
    });
    await expect(links.deleteLink('vip9', { ifExists: false })).rejects.toThrow(/no such link/);
    expect(await links.deleteLink('vip9', { ifExists: true })).toBe(false);
    expect(await links.deleteLink(9999, { ifExists: true })).toBe(false);
  });

  test('rejects for lo', async () => {
    const refused = { code: 'ENOTSUP', message: expect.stringMatching(/cannot be deleted/) };
    await expect(links.deleteLink('lo')).rejects.toMatchObject(refused);
    await expect(links.deleteLink(1, { ifExists: true })).rejects.toMatchObject(refused);
    expect(shown('lo')).toMatchObject({ up: true });
  });
});

test('close() of an Ipvs executes the pending operations of its links and closes them', async () => {
  const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
  const begun = ipvs.links.ensureDummy('vip0');
  await ipvs.close();
  // Its answer is there, and not on its way.
  const late = new Promise((resolve) => setImmediate(resolve, 'late'));
  expect(await Promise.race([begun, late])).toBe('created');
  await expect(ipvs.links.getLink('vip0')).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED' });
});
