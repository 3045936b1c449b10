import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { SyncSysctlAccess, SysctlAccess } from '../../lib/host/sysctls.js';
import type { SysctlChanges, Sysctls } from '../../lib/index.js';
import { ipvsClient } from '../../lib/ipvs/client.js';
import { Queue } from '../../lib/queue/queue.js';
import type { FileText } from '../../lib/queue/routine.js';
import { UnusedHandle } from './helpers/fake-handle.js';
import { expectInputError } from './helpers/requests.js';

const FOLDER = '/proc/sys/net/ipv4/vs';
const [ENOENT, EINVAL, EROFS, ECANCELED] = [2, 22, 30, 125];

/**
 * A kernel with parameters.
 * @param files by file name: the text, or the errno of reading
 * @param refuse returns the errno of writing
 */
function kernel(
  files: Readonly<Record<string, string | number>>,
  refuse: (name: string, text: string) => number = () => 0,
) {
  const held = new Map(Object.entries(files));
  const nameOf = (path: string) => path.slice(FOLDER.length + 1);
  const read = (paths: readonly string[]) => paths.map((path) => held.get(nameOf(path)) ?? ENOENT);
  // As in csrc/os/files.h, the files after one that fails are not written.
  const write = (wanted: readonly FileText[]) => {
    let failed = false;
    return wanted.map(({ path, text }) => {
      if (failed) return ECANCELED;
      const errno = refuse(nameOf(path), text);
      if (errno === 0) held.set(nameOf(path), text);
      failed = errno !== 0;
      return errno;
    });
  };
  const handle = Object.assign(new UnusedHandle(), {
    close: vi.fn(),
    readFiles: vi.fn(async (paths: readonly string[]) => read(paths)),
    readFilesSync: vi.fn(read),
    writeFiles: vi.fn(async (wanted: readonly FileText[]) => write(wanted)),
    writeFilesSync: vi.fn(write),
  });
  const queue = new Queue(ipvsClient(handle));
  return {
    held,
    handle,
    queue,
    sysctls: new SysctlAccess((operation, procedure) => queue.runRoutine(operation, procedure)),
    sync: new SyncSysctlAccess((operation, procedure) =>
      queue.runRoutineSync(operation, procedure),
    ),
  };
}

describe('get()', () => {
  test('returns the parameters that the kernel has, each of its type', async () => {
    const { sysctls } = kernel({
      conntrack: '1\n',
      pmtu_disc: '0\n',
      am_droprate: '10\n',
      est_cpulist: '0-3,5\n',
      est_nice: '-20\n',
      sync_threshold: '3\t50\n',
      sync_ports: '4\n',
      debug_level: 13,
    });
    expect(await sysctls.get()).toEqual({
      conntrack: true,
      pmtuDisc: false,
      amDroprate: 10,
      estCpulist: '0-3,5',
      estNice: -20,
      syncThreshold: [3, 50],
      syncPorts: 4,
    });
  });

  test('reads every parameter once, by a path of its own', async () => {
    const { sysctls, handle } = kernel({ conntrack: '1\n' });
    expect(await sysctls.get()).toEqual({ conntrack: true });
    const [paths = []] = handle.readFiles.mock.calls[0] ?? [];
    expect(new Set(paths).size).toBe(paths.length);
    for (const path of paths) expect(path).toMatch(/^\/proc\/sys\/net\/ipv4\/vs\/[a-z_]+$/);
    expect(paths).toHaveLength(35);
  });
});

describe('without any parameter', () => {
  const NET = '/proc/thread-self/net/dev';
  const OSTYPE = '/proc/sys/kernel/ostype';
  const TOTALS = '/proc/thread-self/net/ip_vs_stats';
  test.each([
    {
      why: '/proc is not mounted',
      paths: [],
      code: 'ENOENT',
      message: /not visible here: no proc file system/,
    },
    {
      why: '/proc shows processes only',
      paths: [NET, TOTALS],
      code: 'ENOENT',
      message: /not visible here: .*subset=pid/,
    },
    {
      why: 'the kernel hides them',
      paths: [NET, OSTYPE, TOTALS],
      code: 'ENOENT',
      message: /belongs to another user namespace/,
    },
    {
      why: 'IPVS is not loaded',
      paths: [NET, OSTYPE],
      code: 'ERR_IPVS_UNAVAILABLE',
      message: /modprobe ip_vs/,
    },
  ])('the error says that $why', async ({ paths, code, message }) => {
    const { sysctls, sync, handle } = kernel({});
    const read = (wanted: readonly string[]) =>
      wanted.map((path) => (paths.includes(path) ? 'text' : ENOENT));
    handle.readFiles.mockImplementation(async (wanted) => read(wanted));
    handle.readFilesSync.mockImplementation(read);
    const details = { code, errno: -ENOENT, syscall: 'open', target: FOLDER };
    for (const [operation, attempt] of [
      ['sysctls.get', () => sysctls.get()],
      ['sysctls.get', async () => sync.get()],
      ['sysctls.set', () => sysctls.set({ conntrack: true })],
      ['sysctls.set', async () => sync.set({ conntrack: true })],
    ] as const) {
      const error: unknown = await attempt().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ ...details, operation });
      expect(String(error)).toMatch(message);
    }
    expect(handle.writeFiles).not.toHaveBeenCalled();
  });

  test('the error says that none may be read', async () => {
    const { sysctls, handle } = kernel({});
    handle.readFiles.mockImplementation(async (paths) => paths.map(() => 13));
    await expect(sysctls.get()).rejects.toMatchObject({
      code: 'EACCES',
      syscall: 'read',
      operation: 'sysctls.get',
    });
  });
});

describe('a value that a parameter already has', () => {
  /** Some are values that only another program would write. */
  const files = {
    am_droprate: '-5\n',
    conn_reuse_mode: '8\n',
    conntrack: '5\n',
    drop_entry: '1\n',
    est_cpulist: '0-3\n',
    sync_refresh_period: '-18262276632972456101\n',
    sync_threshold: '9\t3\n',
    sync_ports: '3\n',
  };

  test('is not written, so that set(await get()) succeeds on a read-only /proc/sys', async () => {
    const { sysctls, sync, handle } = kernel(files, () => EROFS);
    await sysctls.set(await sysctls.get());
    sync.set(sync.get());
    expect(handle.writeFiles).not.toHaveBeenCalled();
    expect(handle.writeFilesSync).not.toHaveBeenCalled();
  });

  test('is not written with the values that change', async () => {
    const { sysctls, handle } = kernel({ conntrack: '0', am_droprate: '10' });
    await sysctls.set({ conntrack: true, amDroprate: 10 });
    const [[written] = []] = handle.writeFiles.mock.calls;
    expect(written).toEqual([{ path: `${FOLDER}/conntrack`, text: '1' }]);
  });

  test('may be the other automatic mode of a defence, and no other mode', async () => {
    for (const name of ['drop_entry', 'drop_packet', 'secure_tcp'] as const) {
      const key = name.replace(/_./, (part) => part.slice(1).toUpperCase());
      const { sysctls, held } = kernel({ [name]: '1' });
      await sysctls.set({ [key]: 2 });
      expect(held.get(name)).toBe('1');
      for (const mode of [0, 3]) {
        await sysctls.set({ [key]: mode });
        expect(held.get(name)).toBe(`${mode}`);
      }
    }
  });

  test('is accepted for that parameter and in that type only', async () => {
    const { sysctls, handle } = kernel(files);
    for (const [changes, code] of [
      [{ connReuseMode: 9 }, 'ERR_OUT_OF_RANGE'],
      [{ amDroprate: -6 }, 'ERR_OUT_OF_RANGE'],
      [{ syncThreshold: [9, 4] }, 'ERR_INVALID_ARG_VALUE'],
      [{ conntrack: 5 }, 'ERR_INVALID_ARG_TYPE'],
      [{ connReuseMode: '8' }, 'ERR_INVALID_ARG_TYPE'],
    ] as const) {
      // JavaScript may pass anything.
      await expect(sysctls.set(changes as SysctlChanges)).rejects.toMatchObject({ code });
    }
    expect(handle.writeFiles).not.toHaveBeenCalled();
  });
});

describe('set()', () => {
  test("writes the given parameters in the kernel's form", async () => {
    const { sysctls, held } = kernel({
      conntrack: '0',
      est_cpulist: '0',
      sync_threshold: '3 50',
      sync_ports: '1',
      drop_entry: '0',
    });
    await sysctls.set({
      conntrack: true,
      estCpulist: '',
      syncThreshold: [0, 0],
      syncPorts: 64,
      dropEntry: undefined,
    });
    expect(Object.fromEntries(held)).toEqual({
      conntrack: '1',
      est_cpulist: '\n',
      sync_threshold: '0 0',
      sync_ports: '64',
      drop_entry: '0',
    });
  });

  test('restores the parameters that were written before one that fails', async () => {
    const files = { am_droprate: '10\n', conntrack: '0\n', sync_version: '1\n' };
    const refuse = (name: string, text: string) =>
      name === 'conntrack' && text === '1' ? EROFS : 0;
    const { sysctls, held } = kernel(files, refuse);
    const set = sysctls.set({ amDroprate: 5, conntrack: true, syncVersion: 0 });
    await expect(set).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'EROFS',
      errno: -EROFS,
      operation: 'sysctls.set',
      target: `${FOLDER}/conntrack`,
      message: expect.stringMatching(/^sysctls\.set conntrack \(.*\): .*read-only.* \(EROFS\)$/),
    });
    expect(Object.fromEntries(held)).toEqual(files);
  });

  test('restores them also while the handle is being closed', async () => {
    const files = { am_droprate: '10\n', conntrack: '0\n' };
    const { sysctls, queue, held } = kernel(files, (name) => {
      if (name !== 'conntrack') return 0;
      void queue.close();
      return EINVAL;
    });
    await expect(sysctls.set({ amDroprate: 5, conntrack: true })).rejects.toMatchObject({
      code: 'EINVAL',
    });
    expect(Object.fromEntries(held)).toEqual(files);
  });

  test('writes nothing if the kernel lacks one of the parameters', async () => {
    const { sysctls, handle } = kernel({ conntrack: '0\n' });
    await expect(sysctls.set({ conntrack: true, connLfactor: 3 })).rejects.toMatchObject({
      code: 'ENOENT',
      target: `${FOLDER}/conn_lfactor`,
      message: expect.stringContaining('this kernel has no such parameter'),
    });
    expect(handle.writeFiles).not.toHaveBeenCalled();
  });

  /** The files of a kernel with a few parameters of each kind, and their defaults. */
  const files: Readonly<Record<string, string>> = {
    am_droprate: '10\n',
    conn_lfactor: '-4\n',
    conntrack: '0\n',
    est_cpulist: '0-1\n',
    est_nice: '0\n',
    lblc_expiration: '86400\n',
    pmtu_disc: '1\n',
    sync_ports: '1\n',
    sync_threshold: '3\t50\n',
  };
  const changes = fc
    .record(
      {
        amDroprate: fc.nat(2 ** 31 - 1),
        connLfactor: fc.integer({ min: -8, max: 8 }),
        conntrack: fc.boolean(),
        estCpulist: fc.constantFrom('', '0', '0-3,5'),
        estNice: fc.integer({ min: -20, max: 19 }),
        lblcExpiration: fc.nat(2147483),
        pmtuDisc: fc.boolean(),
        syncPorts: fc.constantFrom(1, 2, 4, 8, 16, 32, 64),
        syncThreshold: fc.tuple(fc.nat(99), fc.constantFrom(0, 100)),
      },
      { requiredKeys: [] },
    )
    .filter((given) => Object.keys(given).length > 0);
  const fileOf = (name: string) => name.replace(/[A-Z]/g, (each) => `_${each.toLowerCase()}`);

  test('changes the given parameters, and no others', async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (given: Sysctls) => {
        const { sysctls } = kernel(files);
        const before = await sysctls.get();
        await sysctls.set(given);
        expect(await sysctls.get()).toEqual({ ...before, ...given });
      }),
    );
  });

  test('changes nothing if the kernel refuses one of the values', async () => {
    const errno = fc.constantFrom(EINVAL, EROFS, 1, 13);
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(), errno, async (given: Sysctls, place, code) => {
        const before = await kernel(files).sysctls.get();
        const changed = (name: string) =>
          !isDeepStrictEqual(given[name as keyof Sysctls], before[name as keyof Sysctls]);
        // A parameter that already has its value is not written.
        const names = Object.keys(given).filter(changed).map(fileOf);
        fc.pre(names.length > 0);
        const refused = names[place % names.length] ?? '';
        // Only the first write is refused: the restored value is accepted.
        let writes = 0;
        const { sysctls, held } = kernel(files, (name) =>
          name === refused && writes++ === 0 ? code : 0,
        );
        await expect(sysctls.set(given)).rejects.toMatchObject({
          errno: -code,
          target: `${FOLDER}/${refused}`,
        });
        expect(Object.fromEntries(held)).toEqual(files);
      }),
    );
  });

  /** The least and the greatest value of each integer. */
  const ranges = {
    amDroprate: [0, 2 ** 31 - 1],
    amemthresh: [0, 2 ** 31 - 1],
    connLfactor: [-8, 8],
    connMax: [0, 2 ** 30],
    // Two bits: the kernel accepts any integer, and more bits mean nothing to it.
    connReuseMode: [0, 3],
    debugLevel: [0, 2 ** 31 - 1],
    dropEntry: [0, 3],
    dropPacket: [0, 3],
    estNice: [-20, 19],
    lblcExpiration: [0, 2147483],
    lblcrExpiration: [0, 2147483],
    secureTcp: [0, 3],
    svcLfactor: [-8, 8],
    syncPersistMode: [0, 1],
    syncPorts: [1, 64],
    syncQlenMax: [0, 2 ** 31 - 1],
    syncRefreshPeriod: [0, 2147483],
    syncRetries: [0, 3],
    syncSockSize: [0, 2 ** 31 - 1],
    syncVersion: [0, 1],
  } as const satisfies Partial<Record<keyof Sysctls, readonly [number, number]>>;

  test.each(Object.entries(ranges))(
    'accepts values of %s in the range %j only',
    async (name, range) => {
      const [min, max] = range;
      const { sysctls, held, handle } = kernel({ [fileOf(name)]: '1\n' });
      for (const value of [min, max]) {
        await sysctls.set({ [name]: value });
        expect(held.get(fileOf(name))?.toString().trim()).toBe(`${value}`);
      }
      handle.writeFiles.mockClear();
      for (const value of [min - 1, max + 1, 2 * max + 1]) {
        await expect(sysctls.set({ [name]: value })).rejects.toMatchObject({
          code: 'ERR_OUT_OF_RANGE',
          message: expect.stringContaining(`is not an integer from ${min} to ${max}`),
        });
      }
      expect(handle.writeFiles).not.toHaveBeenCalled();
    },
  );

  const THRESHOLD =
    'is not two integers [threshold, period], the first below the second or the second 0';
  test.each([
    {
      name: 'undefined',
      changes: undefined,
      kind: 'type',
      property: 'sysctls',
      value: 'undefined',
      rule: 'is not an object',
    },
    {
      name: 'null',
      changes: null,
      kind: 'type',
      property: 'sysctls',
      value: 'null',
      rule: 'is not an object',
    },
    {
      name: 'nothing',
      changes: {},
      kind: 'value',
      property: 'sysctls',
      value: '{}',
      rule: 'names no parameter',
    },
    {
      name: "the kernel's name",
      changes: { drop_entry: 1 },
      kind: 'value',
      property: 'sysctls.drop_entry',
      value: "'drop_entry'",
      rule: 'did you mean dropEntry?',
    },
    {
      name: 'another path',
      changes: { '../ip_forward': 1 },
      kind: 'value',
      property: 'sysctls',
      value: "'../ip_forward'",
      rule: 'is not a known property: none of the 35 known ones is similar',
    },
    {
      name: 'the name of sysctl',
      changes: { 'net.ipv4.vs.conntrack': true },
      kind: 'value',
      property: 'sysctls',
      value: "'net.ipv4.vs.conntrack'",
      rule: 'is not a known property: did you mean conntrack?',
    },
    {
      name: 'a path',
      changes: { '/proc/sys/net/ipv4/vs/conn_reuse_mode': 1 },
      kind: 'value',
      property: 'sysctls',
      value: "'/proc/sys/net/ipv4/vs/conn_reuse_mode'",
      rule: 'is not a known property: did you mean connReuseMode?',
    },
    {
      name: '1 for true',
      changes: { conntrack: 1 },
      kind: 'type',
      property: 'sysctls.conntrack',
      value: '1',
      rule: 'is not a boolean',
    },
    {
      name: 'null for false',
      changes: { conntrack: null },
      kind: 'type',
      property: 'sysctls.conntrack',
      value: 'null',
      rule: 'is not a boolean',
    },
    {
      name: 'dropEntry 4',
      changes: { dropEntry: 4 },
      kind: 'range',
      property: 'sysctls.dropEntry',
      value: '4',
      rule: 'is not an integer from 0 to 3',
    },
    {
      name: 'dropEntry -1',
      changes: { dropEntry: -1 },
      kind: 'range',
      property: 'sysctls.dropEntry',
      value: '-1',
      rule: 'is not an integer from 0 to 3',
    },
    {
      name: 'connMax 2^30 + 1',
      changes: { connMax: 2 ** 30 + 1 },
      kind: 'range',
      property: 'sysctls.connMax',
      value: '1073741825',
      rule: 'is not an integer from 0',
    },
    {
      name: 'estNice 20',
      changes: { estNice: 20 },
      kind: 'range',
      property: 'sysctls.estNice',
      value: '20',
      rule: 'is not an integer from -20 to 19',
    },
    {
      name: 'syncPorts 3',
      changes: { syncPorts: 3 },
      kind: 'value',
      property: 'sysctls.syncPorts',
      value: '3',
      rule: 'is not a power of two',
    },
    {
      name: 'syncPorts 128',
      changes: { syncPorts: 128 },
      kind: 'range',
      property: 'sysctls.syncPorts',
      value: '128',
      rule: 'is not an integer from 1 to 64',
    },
    {
      name: 'estCpulist some',
      changes: { estCpulist: 'some' },
      kind: 'value',
      property: 'sysctls.estCpulist',
      value: "'some'",
      rule: 'is not a list of processors',
    },
    {
      name: 'estCpulist with a line break',
      changes: { estCpulist: '0\n1' },
      kind: 'value',
      property: 'sysctls.estCpulist',
      value: "'0\\n1'",
      rule: 'is not a list',
    },
    {
      name: 'estCpulist number',
      changes: { estCpulist: 0 },
      kind: 'type',
      property: 'sysctls.estCpulist',
      value: '0',
      rule: 'is not a list of processors',
    },
    {
      name: 'syncThreshold text',
      changes: { syncThreshold: '3 50' },
      kind: 'type',
      property: 'sysctls.syncThreshold',
      value: "'3 50'",
      rule: THRESHOLD,
    },
    {
      name: 'syncThreshold of one',
      changes: { syncThreshold: [3] },
      kind: 'type',
      property: 'sysctls.syncThreshold',
      value: '[ 3 ]',
      rule: THRESHOLD,
    },
    {
      name: 'syncThreshold upside down',
      changes: { syncThreshold: [50, 3] },
      kind: 'value',
      property: 'sysctls.syncThreshold',
      value: '[ 50, 3 ]',
      rule: THRESHOLD,
    },
    {
      name: 'syncThreshold of equal numbers',
      changes: { syncThreshold: [4, 4] },
      kind: 'value',
      property: 'sysctls.syncThreshold',
      value: '[ 4, 4 ]',
      rule: THRESHOLD,
    },
    {
      name: 'syncThreshold in text',
      changes: { syncThreshold: [3, '50'] },
      kind: 'type',
      property: 'sysctls.syncThreshold[1]',
      value: "'50'",
      rule: 'is not an integer',
    },
    {
      name: 'syncRefreshPeriod that wraps',
      changes: { syncRefreshPeriod: 2147484 },
      kind: 'range',
      property: 'sysctls.syncRefreshPeriod',
      value: '2147484',
      rule: 'seconds',
    },
    {
      name: 'a bad one behind a good one',
      changes: { amDroprate: 5, conntrack: 'on' },
      kind: 'type',
      property: 'sysctls.conntrack',
      value: "'on'",
      rule: 'is not a boolean',
    },
  ] as const)(
    'refuses $name, and writes nothing',
    async ({ changes, kind, property, value, rule }) => {
      const { sysctls, handle } = kernel({ conntrack: '0\n', am_droprate: '10\n' });
      // JavaScript may pass anything.
      const error: unknown = await sysctls
        .set(changes as SysctlChanges)
        .catch((reason: unknown) => reason);
      const named =
        Object(changes) === changes ? (Object.keys(changes as object).at(-1) ?? '') : '';
      const subject = `sysctls.set ${named}`.trim();
      expectInputError(error, { subject, kind, property, value, rule });
      expect(error).toMatchObject({ operation: 'sysctls.set', target: named });
      expect(handle.writeFiles).not.toHaveBeenCalled();
    },
  );
});
