import fc from 'fast-check';
import { Ipvs, loadModules, type SysctlChanges, type Sysctls } from 'ipvs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Namespace } from './helpers/namespace.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const FOLDER = '/proc/sys/net/ipv4/vs';

/** 'connReuseMode' as the kernel writes it. */
const fileOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const files = (namespace: Namespace) => namespace.run('ls', [FOLDER]).trim().split('\n').sort();
const textOf = (namespace: Namespace, name: string) =>
  namespace.readFile(`${FOLDER}/${fileOf(name)}`).trim();

const boolean = fc.boolean();
const upTo = (max: number, min = 0) =>
  fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
const INT_MAX = 2 ** 31 - 1;
const MAX_SECONDS = 2147483;

/** Each parameter that can be set here, with values that are legal. */
const legal: Readonly<Record<keyof Omit<Sysctls, 'debugLevel'>, fc.Arbitrary<unknown>>> = {
  amDroprate: upTo(INT_MAX),
  amemthresh: upTo(INT_MAX),
  backupOnly: boolean,
  cacheBypass: boolean,
  connLfactor: upTo(8, -8),
  connMax: upTo(2 ** 30),
  connReuseMode: upTo(3),
  conntrack: boolean,
  // 1 and 2 become each other by themselves.
  dropEntry: fc.constantFrom(0, 3),
  dropPacket: fc.constantFrom(0, 3),
  // The one processor that there is.
  estCpulist: fc.constantFrom('', '0'),
  estNice: upTo(19, -20),
  expireNodestConn: boolean,
  expireQuiescentTemplate: boolean,
  ignoreTunneled: boolean,
  lblcExpiration: upTo(MAX_SECONDS),
  lblcrExpiration: upTo(MAX_SECONDS),
  natIcmpSend: boolean,
  pmtuDisc: boolean,
  runEstimation: boolean,
  scheduleIcmp: boolean,
  secureTcp: fc.constantFrom(0, 3),
  sloppySctp: boolean,
  sloppyTcp: boolean,
  snatReroute: boolean,
  svcLfactor: upTo(8, -8),
  syncPersistMode: upTo(1),
  syncPorts: fc.constantFrom(1, 2, 4, 8, 16, 32, 64),
  syncQlenMax: upTo(INT_MAX),
  syncRefreshPeriod: upTo(MAX_SECONDS),
  syncRetries: upTo(3),
  syncSockSize: upTo(INT_MAX),
  syncThreshold: fc.oneof(
    fc.tuple(upTo(INT_MAX), fc.constant(0)),
    fc.tuple(upTo(1000), upTo(INT_MAX, 1001)),
  ),
  syncVersion: upTo(1),
};
// Object.keys() gives the keys of `legal`.
const names = Object.keys(legal) as (keyof typeof legal)[];

/** Formats a value like the kernel. */
function printed(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return Array.isArray(value) ? value.join('\t') : String(value);
}

let before: Sysctls;
let present: (keyof typeof legal)[];

beforeAll(async () => {
  await loadModules(['ip_vs_lblc', 'ip_vs_lblcr']);
  // Those of a module are there in namespaces that are made after it, or that it finds.
  before = await fixture.ipvs.sysctls.get();
  present = names.filter((name) => before[name] !== undefined);
});
beforeEach(async () => {
  const { debugLevel: _, ...settable } = before;
  await fixture.ipvs.sysctls.set(settable);
});

describe('sysctls.get', () => {
  test('returns every file of the kernel, and undefined for others', () => {
    const known = [...names, 'debugLevel'].map(fileOf);
    expect(known).toEqual(expect.arrayContaining(files(fixture.namespace)));
    const own = Object.keys(before).map(fileOf);
    expect(own.sort()).toEqual(files(fixture.namespace));
    for (const name of names.filter((each) => !present.includes(each))) {
      expect(before[name]).toBeUndefined();
      expect(name in before).toBe(false);
    }
  });

  test('returns the contents of the files', () => {
    const paths = files(fixture.namespace).map((file) => `${FOLDER}/${file}`);
    const lines = fixture.namespace
      .run('grep', ['-H', '', ...paths])
      .trimEnd()
      .split('\n');
    // A file without a line is empty.
    const texts = new Map(paths.map((path) => [path, '']));
    for (const line of lines) {
      const [path = '', text = ''] = line.split(/:(.*)/);
      texts.set(path, text);
    }
    const values = Object.entries(before).map(([name, value]): [string, string] => [
      `${FOLDER}/${fileOf(name)}`,
      printed(value),
    ]);
    expect(new Map(values)).toEqual(texts);
  });

  test('returns the defaults of the kernel', () => {
    expect(before).toMatchObject({
      amDroprate: 10,
      amemthresh: 1024,
      connReuseMode: 1,
      conntrack: false,
      dropEntry: 0,
      expireNodestConn: false,
      lblcExpiration: 86400,
      lblcrExpiration: 86400,
      pmtuDisc: true,
      runEstimation: true,
      snatReroute: true,
      syncPorts: 1,
      syncRetries: 0,
      syncThreshold: [3, 50],
      syncVersion: 1,
    });
  });

  test('returns true for numbers other than 0', async () => {
    fixture.namespace.run('sh', ['-c', `echo 5 > ${FOLDER}/cache_bypass`]);
    expect(await fixture.ipvs.sysctls.get()).toMatchObject({ cacheBypass: true });
  });
});

describe('sysctls.set', () => {
  test.each(names)('sets %s, as read back by the library and in its file', async (name) => {
    const { ipvs, namespace } = fixture;
    if (before[name] === undefined) {
      const [value] = fc.sample(legal[name], 1);
      await expect(ipvs.sysctls.set({ [name]: value })).rejects.toMatchObject({
        name: 'IpvsError',
        code: 'ENOENT',
        operation: 'sysctls.set',
        target: `${FOLDER}/${fileOf(name)}`,
        message: expect.stringMatching(/this kernel has no such parameter/),
      });
      return;
    }
    for (const value of fc.sample(legal[name], 5)) {
      expect(await ipvs.sysctls.set({ [name]: value })).toBeUndefined();
      expect(textOf(namespace, name)).toBe(printed(value));
      expect((await ipvs.sysctls.get())[name]).toEqual(value);
    }
  });

  test('sets any combination and nothing else', async () => {
    const arbitraries = Object.fromEntries(present.map((name) => [name, legal[name]]));
    const changes = fc
      .record(arbitraries, { requiredKeys: [] })
      .filter((given) => Object.keys(given).length > 0);
    let expected: object = { ...before };
    await fc.assert(
      fc.asyncProperty(changes, async (given) => {
        await fixture.ipvs.sysctls.set(given);
        expected = { ...expected, ...given };
        expect(await fixture.ipvs.sysctls.get()).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  test('accepts that the kernel changes the automatic modes of drop_entry, drop_packet and secure_tcp', async () => {
    for (const name of ['dropEntry', 'dropPacket', 'secureTcp'] as const) {
      for (const value of [1, 2]) {
        await fixture.ipvs.sysctls.set({ [name]: value });
        expect([1, 2]).toContain((await fixture.ipvs.sysctls.get())[name]);
      }
    }
  });

  test('sets the two bits of connReuseMode and reads other values unchanged', async () => {
    const path = `${FOLDER}/conn_reuse_mode`;
    for (const others of [7, 4, -1]) {
      fixture.namespace.run('sh', ['-c', `echo ${others} > ${path}`]);
      expect((await fixture.ipvs.sysctls.get()).connReuseMode).toBe(others);
    }
    // Setting the current value changes nothing.
    await fixture.ipvs.sysctls.set({ connReuseMode: -1 });
    for (const bad of [7, 4, -2]) {
      await expect(fixture.ipvs.sysctls.set({ connReuseMode: bad })).rejects.toMatchObject({
        code: 'ERR_OUT_OF_RANGE',
      });
    }
    expect(textOf(fixture.namespace, 'connReuseMode')).toBe('-1');
    await fixture.ipvs.sysctls.set({ connReuseMode: 3 });
    expect(textOf(fixture.namespace, 'connReuseMode')).toBe('3');
  });

  test('ignores undefined', async () => {
    await fixture.ipvs.sysctls.set({ conntrack: true, amDroprate: undefined });
    expect(await fixture.ipvs.sysctls.get()).toEqual({ ...before, conntrack: true });
  });

  test('works with several concurrent calls', async () => {
    const { sysctls } = fixture.ipvs;
    await Promise.all(present.map((name) => sysctls.set({ [name]: before[name] })));
    expect(await sysctls.get()).toEqual(before);
  });
});

describe('sysctls.set changes nothing', () => {
  /** Legal changes around the one that is refused, on both sides of it in any order. */
  const around = {
    amDroprate: 77,
    conntrack: true,
    syncVersion: 0,
    syncThreshold: [1, 9],
  } as const;

  test.each([
    { problem: 'out of range', changes: { syncRetries: 4 }, code: 'ERR_OUT_OF_RANGE' },
    { problem: 'of the wrong type', changes: { natIcmpSend: 1 }, code: 'ERR_INVALID_ARG_TYPE' },
    { problem: 'unknown', changes: { syncRetires: 1 }, code: 'ERR_INVALID_ARG_VALUE' },
  ])('for a value that is $problem', async ({ changes, code }) => {
    // The compiler would refuse it too.
    const bad = { ...around, ...changes } as SysctlChanges;
    await expect(fixture.ipvs.sysctls.set(bad)).rejects.toMatchObject({ code });
    expect(await fixture.ipvs.sysctls.get()).toEqual(before);
  });

  test('for a parameter that the kernel lacks', async (context) => {
    const absent = names.find((name) => before[name] === undefined);
    if (absent === undefined) return context.skip('this kernel has them all');
    const [value] = fc.sample(legal[absent], 1);
    const set = fixture.ipvs.sysctls.set({ ...around, [absent]: value });
    await expect(set).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await fixture.ipvs.sysctls.get()).toEqual(before);
  });

  test('for a parameter that is read-only outside the first namespace', async (context) => {
    if (before.debugLevel === undefined) context.skip('this kernel has no debug_level');
    await expect(fixture.ipvs.sysctls.set({ ...around, debugLevel: 1 })).rejects.toMatchObject({
      code: 'EACCES',
      syscall: 'write',
      operation: 'sysctls.set',
      target: `${FOLDER}/debug_level`,
      message: expect.stringMatching(/debugLevel.*may not be changed here/),
    });
    expect(await fixture.ipvs.sysctls.get()).toEqual(before);
  });

  test('for a processor that does not exist', async (context) => {
    if (before.estCpulist === undefined) context.skip('this kernel has no est_cpulist');
    const set = fixture.ipvs.sysctls.set({ ...around, estCpulist: '99999' });
    await expect(set).rejects.toMatchObject({
      code: expect.stringMatching(/^(EINVAL|ERANGE)$/),
      target: `${FOLDER}/est_cpulist`,
    });
    expect(await fixture.ipvs.sysctls.get()).toEqual(before);
  });

  test('for a value that only the kernel refuses', async (context) => {
    if (before.estCpulist === undefined) context.skip('this kernel has no est_cpulist');
    const set = fixture.ipvs.sysctls.set({ ...around, estCpulist: '3-0' });
    await expect(set).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringMatching(/the kernel does not accept the value/),
    });
    expect(await fixture.ipvs.sysctls.get()).toEqual(before);
  });
});

describe('the parameters of a namespace', () => {
  test('are its own', async () => {
    const other = new Namespace();
    const ipvs = await Ipvs.open({ netns: other.path });
    try {
      await fixture.ipvs.sysctls.set({ conntrack: true, syncRefreshPeriod: 7 });
      expect(await ipvs.sysctls.get()).toMatchObject({ conntrack: false, syncRefreshPeriod: 0 });
      await ipvs.sysctls.set({ amDroprate: 5 });
      expect(await ipvs.sysctls.get()).toMatchObject({ amDroprate: 5, conntrack: false });
      expect(await fixture.ipvs.sysctls.get()).toMatchObject({ amDroprate: 10, conntrack: true });
      expect([textOf(other, 'amDroprate'), textOf(fixture.namespace, 'amDroprate')]).toEqual([
        '5',
        '10',
      ]);
    } finally {
      await ipvs.close();
      other.delete();
    }
  });

  test('cannot be read by a closed handle', async () => {
    const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
    const { sysctls } = ipvs;
    await ipvs.close();
    const closed = { code: 'ERR_IPVS_CLOSED' };
    await expect(sysctls.get()).rejects.toMatchObject({ ...closed, operation: 'sysctls.get' });
    await expect(sysctls.set({ conntrack: true })).rejects.toMatchObject({
      ...closed,
      operation: 'sysctls.set',
    });
    expect(textOf(fixture.namespace, 'conntrack')).toBe('0');
  });

  test('are set before the handle closes', async () => {
    const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
    await Promise.all([ipvs.sysctls.set({ conntrack: true }), ipvs.close()]);
    expect(textOf(fixture.namespace, 'conntrack')).toBe('1');
  });
});
