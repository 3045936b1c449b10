import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { SyncSysctlAccess, SysctlAccess } from '../../lib/host/sysctls.js';
import type { SysctlChanges, Sysctls } from '../../lib/index.js';
import { ipvsProtocol } from '../../lib/ipvs/protocol.js';
import type { NativeHandle } from '../../lib/native/addon.js';
import type { FileText } from '../../lib/queue/procedure.js';
import { Queue } from '../../lib/queue/queue.js';
import { expectInputError, type Kind, layout } from './requests.js';

const FOLDER = '/proc/sys/net/ipv4/vs';
const [ENOENT, EINVAL, EROFS, ECANCELED] = [2, 22, 30, 125];

/** The parameters of a kernel, by file name: the text, or the errno of reading; `refuse` gives the errno of writing. */
function kernel(
  files: Readonly<Record<string, string | number>>,
  refuse: (name: string, text: string) => number = () => 0,
) {
  const held = new Map(Object.entries(files));
  const nameOf = (path: string) => path.slice(FOLDER.length + 1);
  const unused = (): never => expect.unreachable('parameters are files');
  const read = (paths: readonly string[]) => paths.map((path) => held.get(nameOf(path)) ?? ENOENT);
  // As csrc/os/files.h: those behind one that fails are not written.
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
  const handle = {
    open: unused,
    run: unused,
    runSync: unused,
    runLinks: unused,
    runLinksSync: unused,
    close: vi.fn(),
    readFiles: vi.fn(async (paths: readonly string[]) => read(paths)),
    readFilesSync: vi.fn(read),
    writeFiles: vi.fn(async (wanted: readonly FileText[]) => write(wanted)),
    writeFilesSync: vi.fn(write),
  } satisfies NativeHandle;
  const queue = new Queue(ipvsProtocol(handle, layout));
  return {
    held,
    handle,
    queue,
    sysctls: new SysctlAccess((operation, procedure) => queue.follow(operation, procedure)),
    sync: new SyncSysctlAccess((operation, procedure) => queue.followSync(operation, procedure)),
  };
}

describe('reading', () => {
  test('gives what the kernel has, each as what it is', async () => {
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

  test('asks for every parameter once, by a path of its own', async () => {
    const { sysctls, handle } = kernel({ conntrack: '1\n' });
    expect(await sysctls.get()).toEqual({ conntrack: true });
    const [paths = []] = handle.readFiles.mock.calls[0] ?? [];
    expect(new Set(paths).size).toBe(paths.length);
    for (const path of paths) expect(path).toMatch(/^\/proc\/sys\/net\/ipv4\/vs\/[a-z_]+$/);
    expect(paths).toHaveLength(35);
  });
});

describe('where no parameter is there', () => {
  const NET = '/proc/thread-self/net/dev';
  const OSTYPE = '/proc/sys/kernel/ostype';
  const TOTALS = '/proc/thread-self/net/ip_vs_stats';
  test.each([
    ['/proc is not mounted', [], 'ENOENT', /not visible here: no proc file system/],
    ['/proc shows processes only', [NET, TOTALS], 'ENOENT', /not visible here: .*subset=pid/],
    ['the kernel hides them', [NET, OSTYPE, TOTALS], 'ENOENT', /belongs to another user namespace/],
    ['IPVS is not loaded', [NET, OSTYPE], 'ERR_IPVS_UNAVAILABLE', /modprobe ip_vs/],
  ])('because %s, reading and writing say so', async (_, paths, code, message) => {
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

  test('because none may be read, reading says so', async () => {
    const { sysctls, handle } = kernel({});
    handle.readFiles.mockImplementation(async (paths) => paths.map(() => 13));
    await expect(sysctls.get()).rejects.toMatchObject({
      code: 'EACCES',
      syscall: 'read',
      operation: 'sysctls.get',
    });
  });
});

describe('what holds already', () => {
  /** Also what this package would not write, as another program has written it. */
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

  test('is not written, so that all that was read can be set where nothing can be written', async () => {
    const { sysctls, sync, handle } = kernel(files, () => EROFS);
    await sysctls.set(await sysctls.get());
    sync.set(sync.get());
    expect(handle.writeFiles).not.toHaveBeenCalled();
    expect(handle.writeFilesSync).not.toHaveBeenCalled();
  });

  test('is left out beside what is changed', async () => {
    const { sysctls, handle } = kernel({ conntrack: '0', am_droprate: '10' });
    await sysctls.set({ conntrack: true, amDroprate: 10 });
    const [[written] = []] = handle.writeFiles.mock.calls;
    expect(written).toEqual([{ path: `${FOLDER}/conntrack`, text: '1' }]);
  });

  test('is the other automatic mode of a defence, too, and no other mode', async () => {
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

  test('makes no value valid for another parameter, and no type', async () => {
    const { sysctls, handle } = kernel(files);
    for (const [changes, code] of [
      [{ connReuseMode: 9 }, 'ERR_OUT_OF_RANGE'],
      [{ amDroprate: -6 }, 'ERR_OUT_OF_RANGE'],
      [{ syncThreshold: [9, 4] }, 'ERR_INVALID_ARG_VALUE'],
      [{ conntrack: 5 }, 'ERR_INVALID_ARG_TYPE'],
      [{ connReuseMode: '8' }, 'ERR_INVALID_ARG_TYPE'],
    ] as const) {
      // The bad ones are what is tested.
      await expect(sysctls.set(changes as SysctlChanges)).rejects.toMatchObject({ code });
    }
    expect(handle.writeFiles).not.toHaveBeenCalled();
  });
});

describe('writing', () => {
  test('writes what is named, as the kernel reads it', async () => {
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

  test('sets back what was written before one that fails', async () => {
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

  test('sets back also where the handle is being closed', async () => {
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

  test('writes nothing where the kernel has no such parameter', async () => {
    const { sysctls, handle } = kernel({ conntrack: '0\n' });
    await expect(sysctls.set({ conntrack: true, connLfactor: 3 })).rejects.toMatchObject({
      code: 'ENOENT',
      target: `${FOLDER}/conn_lfactor`,
      message: expect.stringContaining('this kernel has no such parameter'),
    });
    expect(handle.writeFiles).not.toHaveBeenCalled();
  });

  /** A few parameters of each kind, all of a kernel's files with what it says first. */
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

  test('anything legal is read back, and nothing else is changed', async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (given: Sysctls) => {
        const { sysctls } = kernel(files);
        const before = await sysctls.get();
        await sysctls.set(given);
        expect(await sysctls.get()).toEqual({ ...before, ...given });
      }),
    );
  });

  test('anything legal of which one is refused changes nothing', async () => {
    const errno = fc.constantFrom(EINVAL, EROFS, 1, 13);
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(), errno, async (given: Sysctls, place, code) => {
        const before = await kernel(files).sysctls.get();
        const changed = (name: string) =>
          !isDeepStrictEqual(given[name as keyof Sysctls], before[name as keyof Sysctls]);
        // What holds already is not written.
        const names = Object.keys(given).filter(changed).map(fileOf);
        fc.pre(names.length > 0);
        const refused = names[place % names.length] ?? '';
        // Only the first writing of it: what is set back is taken.
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

  test.each(Object.entries(ranges))('%s accepts %j, and nothing beyond', async (name, range) => {
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
  });

  const THRESHOLD =
    'is not two integers [threshold, period], the first below the second or the second 0';
  type Row = readonly [string, unknown, Kind, string, string, string];
  test.each<Row>([
    ['undefined', undefined, 'type', 'sysctls', 'undefined', 'is not an object'],
    ['null', null, 'type', 'sysctls', 'null', 'is not an object'],
    ['nothing', {}, 'value', 'sysctls', '{}', 'names no parameter'],
    [
      "the kernel's name",
      { drop_entry: 1 },
      'value',
      'sysctls.drop_entry',
      "'drop_entry'",
      'did you mean dropEntry?',
    ],
    [
      'another path',
      { '../ip_forward': 1 },
      'value',
      'sysctls',
      "'../ip_forward'",
      'is not a known property: none of the 35 that there are is like it',
    ],
    [
      'the name of sysctl',
      { 'net.ipv4.vs.conntrack': true },
      'value',
      'sysctls',
      "'net.ipv4.vs.conntrack'",
      'is not a known property: did you mean conntrack?',
    ],
    [
      'a path',
      { '/proc/sys/net/ipv4/vs/conn_reuse_mode': 1 },
      'value',
      'sysctls',
      "'/proc/sys/net/ipv4/vs/conn_reuse_mode'",
      'is not a known property: did you mean connReuseMode?',
    ],
    ['1 for true', { conntrack: 1 }, 'type', 'sysctls.conntrack', '1', 'is not a boolean'],
    [
      'null for false',
      { conntrack: null },
      'type',
      'sysctls.conntrack',
      'null',
      'is not a boolean',
    ],
    [
      'dropEntry 4',
      { dropEntry: 4 },
      'range',
      'sysctls.dropEntry',
      '4',
      'is not an integer from 0 to 3',
    ],
    [
      'dropEntry -1',
      { dropEntry: -1 },
      'range',
      'sysctls.dropEntry',
      '-1',
      'is not an integer from 0 to 3',
    ],
    [
      'connMax 2^30 + 1',
      { connMax: 2 ** 30 + 1 },
      'range',
      'sysctls.connMax',
      '1073741825',
      'is not an integer from 0',
    ],
    [
      'estNice 20',
      { estNice: 20 },
      'range',
      'sysctls.estNice',
      '20',
      'is not an integer from -20 to 19',
    ],
    ['syncPorts 3', { syncPorts: 3 }, 'value', 'sysctls.syncPorts', '3', 'is not a power of two'],
    [
      'syncPorts 128',
      { syncPorts: 128 },
      'range',
      'sysctls.syncPorts',
      '128',
      'is not an integer from 1 to 64',
    ],
    [
      'estCpulist some',
      { estCpulist: 'some' },
      'value',
      'sysctls.estCpulist',
      "'some'",
      'is not a list of processors',
    ],
    [
      'estCpulist with a line break',
      { estCpulist: '0\n1' },
      'value',
      'sysctls.estCpulist',
      "'0\\n1'",
      'is not a list',
    ],
    [
      'estCpulist number',
      { estCpulist: 0 },
      'type',
      'sysctls.estCpulist',
      '0',
      'is not a list of processors',
    ],
    [
      'syncThreshold text',
      { syncThreshold: '3 50' },
      'type',
      'sysctls.syncThreshold',
      "'3 50'",
      THRESHOLD,
    ],
    [
      'syncThreshold of one',
      { syncThreshold: [3] },
      'type',
      'sysctls.syncThreshold',
      '[ 3 ]',
      THRESHOLD,
    ],
    [
      'syncThreshold upside down',
      { syncThreshold: [50, 3] },
      'value',
      'sysctls.syncThreshold',
      '[ 50, 3 ]',
      THRESHOLD,
    ],
    [
      'syncThreshold of equal numbers',
      { syncThreshold: [4, 4] },
      'value',
      'sysctls.syncThreshold',
      '[ 4, 4 ]',
      THRESHOLD,
    ],
    [
      'syncThreshold in text',
      { syncThreshold: [3, '50'] },
      'type',
      'sysctls.syncThreshold[1]',
      "'50'",
      'is not an integer',
    ],
    [
      'syncRefreshPeriod that wraps',
      { syncRefreshPeriod: 2147484 },
      'range',
      'sysctls.syncRefreshPeriod',
      '2147484',
      'seconds',
    ],
    [
      'a bad one behind a good one',
      { amDroprate: 5, conntrack: 'on' },
      'type',
      'sysctls.conntrack',
      "'on'",
      'is not a boolean',
    ],
  ])('refuses %s, and writes nothing', async (_, changes, kind, property, value, rule) => {
    const { sysctls, handle } = kernel({ conntrack: '0\n', am_droprate: '10\n' });
    // The bad ones are what is tested.
    const error: unknown = await sysctls
      .set(changes as SysctlChanges)
      .catch((reason: unknown) => reason);
    const named = Object(changes) === changes ? (Object.keys(changes as object).at(-1) ?? '') : '';
    const subject = `sysctls.set ${named}`.trim();
    expectInputError(error, { subject, kind, property, value, rule });
    expect(error).toMatchObject({ operation: 'sysctls.set', target: named });
    expect(handle.writeFiles).not.toHaveBeenCalled();
  });
});
