import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Connection, Ipvs, IpvsError, normalizeService } from '../../lib/index.js';
import { addon, resetAddon } from './helpers/fake-addon.js';
import { thrownBy } from './helpers/requests.js';
import { connectionRecord } from './helpers/responses.js';

vi.mock('../../lib/native/load.js', () => import('./helpers/fake-addon.js'));

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const TCP = 'tcp://10.0.0.1:80';
const web = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const;
/** Returns the number of exchanges with requests. The others do not reach the kernel. */
const exchangeCount = () =>
  addon.exchanges.filter((each) => 'requests' in each && each.requests !== '').length;
const unhandled: unknown[] = [];
const collect = (reason: unknown) => {
  unhandled.push(reason);
};
let listeners: NodeJS.UnhandledRejectionListener[];
let ipvs: Ipvs;

beforeEach(async () => {
  resetAddon();
  addon.allowsSync = false;
  unhandled.length = 0;
  listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', collect);
  ipvs = await Ipvs.open();
});

afterEach(async () => {
  await ipvs.close();
  await settled();
  process.removeAllListeners('unhandledRejection');
  for (const listener of listeners) process.on('unhandledRejection', listener);
  expect(unhandled).toEqual([]);
  expect(addon).toMatchObject({ closed: 1, cursors: 0 });
});

test('open() opens a handle in the wanted namespace', async () => {
  const other = await Ipvs.open({ netns: '/run/netns/blue' });
  await other.close();
  expect(addon).toMatchObject({ opened: ['', '/run/netns/blue'], closed: 1 });
  addon.closed = 0;
});

test('a handle closes at the end of its block with `await using`', async () => {
  await ipvs[Symbol.asyncDispose]();
  await expect(ipvs.flush()).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED' });
});

test('the calls of one turn are sent in one exchange', async () => {
  await Promise.all([
    ipvs.addService({ fwmark: 7 }),
    ipvs.addDestination('fwmark://7', { address: '10.0.0.1' }),
    ipvs.listServices(),
    ipvs.listServices({ bigint: true }),
    ipvs.getTimeouts(),
    ipvs.zero(),
  ]);
  expect(exchangeCount()).toBe(1);
});

describe('bad input', () => {
  /** Returns the handle with methods that take any arguments, as in JavaScript. */
  const loose = () =>
    ipvs as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
  const trap = {
    get ifExists(): boolean {
      throw new TypeError('from the getter');
    },
    get ifRunning(): boolean {
      throw new TypeError('from the getter');
    },
    get bigint(): boolean {
      throw new TypeError('from the getter');
    },
  };

  test.each([
    ['addService', []],
    ['updateService', [TCP]],
    ['ensureService', [null]],
    ['deleteService', [TCP, null]],
    [
      'deleteService',
      [
        TCP,
        {
          get ifExists() {
            return trap.ifExists;
          },
        },
      ],
    ],
    ['getService', [TCP, { bigint: 1 }]],
    ['getService', []],
    [
      'listServices',
      [
        {
          get bigint() {
            return trap.bigint;
          },
        },
      ],
    ],
    ['addDestination', [TCP]],
    ['updateDestination', [TCP, '10.0.0.1']],
    ['ensureDestination', [TCP, 5]],
    [
      'deleteDestination',
      [
        TCP,
        '10.0.0.1',
        {
          get ifExists() {
            return trap.ifExists;
          },
        },
      ],
    ],
    ['getDestination', [TCP, '10.0.0.1', null]],
    ['listDestinations', [5]],
    ['snapshot', [true]],
    ['setTimeouts', []],
    ['zero', [null]],
    ['startSyncDaemon', []],
    [
      'stopSyncDaemon',
      [
        'master',
        {
          get ifRunning() {
            return trap.ifRunning;
          },
        },
      ],
    ],
    ['getStats', [{ bigint: 1 }]],
    ['countConnections', [null]],
  ])('%s rejects on bad input, and does not throw', async (method, args) => {
    let promise: Promise<unknown> | undefined;
    expect(() => {
      promise = loose()[method]?.(...args);
    }).not.toThrow();
    await expect(promise).rejects.toThrow(TypeError);
    expect(exchangeCount()).toBe(0);
  });
});

test.each([
  ['synchronously', () => normalizeService({ ...web, port: '80' } as never)],
  ['asynchronously', async () => normalizeService({ ...web, port: '80' } as never)],
])('a function that fails %s in the build of a batch keeps its name', async (_, build) => {
  const error: unknown = await ipvs.batch(build as () => void).catch((reason: unknown) => reason);
  const target = "{ protocol: 'tcp', address: '10.0.0.1', port: '80' }";
  expect(error).toMatchObject({ operation: 'normalizeService', target });
  expect(error).not.toHaveProperty('index');
  const { message, stack } = error as Error;
  expect(message.startsWith(`normalizeService ${target}: service.port: '80' is not`)).toBe(true);
  expect(/\n +at (.*)/.exec(String(stack))?.[1]).toContain('ipvs.test.ts');
});

test('the error of a configuration with a valid key names that key', async () => {
  const destinations = [{ address: '10.0.0.2' }];
  const keyed = { ...web, destinations };
  await expect(ipvs.ensureService(keyed)).rejects.toMatchObject({
    target: TCP,
    message: expect.stringMatching(
      new RegExp(
        '^ensureService tcp://10.0.0.1:80: service.destinations: .* leave it out, ' +
          'and add the destinations with addDestination$',
      ),
    ),
  });
  const mark = { fwmark: 7, family: 'ipv6', destinations } as const;
  await expect(ipvs.addService(mark)).rejects.toMatchObject({ target: 'fwmark6://7' });
  await expect(ipvs.getService({ ...web, x: 1 } as never)).rejects.toMatchObject({ target: TCP });
  await expect(
    ipvs.addDestination(TCP, { address: '10.0.0.2', x: 1 } as never),
  ).rejects.toMatchObject({ target: `10.0.0.2:80 of ${TCP}` });
  await expect(
    ipvs.deleteDestination(TCP, { address: '10.0.0.2', x: 1 } as never),
  ).rejects.toMatchObject({ target: `10.0.0.2:80 of ${TCP}` });
  await expect(
    ipvs.startSyncDaemon({ role: 'backup', interface: 'lo', x: 1 } as never),
  ).rejects.toMatchObject({ target: 'backup daemon' });
  await expect(ipvs.addService({ ...web, port: -1, x: 1 } as never)).rejects.toMatchObject({
    target: "{ protocol: 'tcp', address: '10.0.0.1', port: -1, x: 1 }",
  });
});

describe('iterators', () => {
  /** The functions that return iterators, with any arguments, as in JavaScript. */
  const loose = () => ({
    connections: ipvs.connections.bind(ipvs) as (...args: readonly unknown[]) => unknown,
    watch: ipvs.watch.bind(ipvs) as (...args: readonly unknown[]) => unknown,
    'links.watch': ipvs.links.watch.bind(ipvs.links) as (...args: readonly unknown[]) => unknown,
  });

  test.each([
    ['connections', [{ client: 'x' }], 'connections', /^connections: options\.client: 'x' is not/],
    [
      'connections',
      [{ service: 'x' }],
      'connections',
      /^connections: options\.service: 'x' is not/,
    ],
    ['connections', [{ signal: 1 }], 'connections', /^connections: options\.signal: 1 is not/],
    ['connections', [{}, 1], 'connections', /^connections: argument 2: 1 is one too many/],
    ['watch', [{ interval: 'x' }], 'watch', /^watch: options\.interval: 'x' is not/],
    ['watch', [{ interval: 0 }], 'watch', /^watch: options\.interval: 0 is not/],
    ['watch', [{ signal: 1 }], 'watch', /^watch: options\.signal: 1 is not/],
    ['watch', [null], 'watch', /^watch: options: null is not/],
    ['links.watch', [{ types: ['links'] }], 'watch', /^watch: options\.types: /],
    ['links.watch', [{ signal: 1 }], 'watch', /^watch: options\.signal: 1 is not/],
  ] as const)('%s throws on bad input %j at the call', async (name, args, operation, message) => {
    const error = thrownBy(() => loose()[name](...args));
    expect(error).toMatchObject({ operation, message: expect.stringMatching(message) });
    expect((error as Error).stack).toMatch(/\n +at .*ipvs\.test\.ts/);
  });

  test.each(['connections', 'watch', 'links.watch'] as const)(
    '%s throws at the call if the handle is closed',
    async (name) => {
      await ipvs.close();
      const error = thrownBy(() => loose()[name]());
      expect(error).toMatchObject({ name: 'IpvsError', code: 'ERR_IPVS_CLOSED' });
      const [, first] = /\n +at (.*)/.exec(String((error as Error).stack)) ?? [];
      expect(first).toContain('ipvs.test.ts');
    },
  );

  test('an iterator of samples that is not read yet ends with the handle', async () => {
    const samples = ipvs.watch();
    await ipvs.close();
    expect(await samples.next()).toEqual({ value: undefined, done: true });
  });
});

describe('files', () => {
  test('getInfo() returns whether counters are updated', async () => {
    expect(await ipvs.getInfo()).toMatchObject({ version: '0.0.0', estimation: null });
    addon.files = { ...addon.files, ['/proc/sys/net/ipv4/vs/run_estimation']: '1\n' };
    expect(await ipvs.getInfo()).toMatchObject({ estimation: true });
  });

  test('getStatus() returns the status, or undefined if the kernel has none', async () => {
    addon.files = { ...addon.files, ['/proc/thread-self/net/ip_vs_stats']: 'totals' };
    expect(await ipvs.getStatus()).toBeUndefined();
    addon.files = { ...addon.files, ['/proc/thread-self/net/ip_vs_status']: 'Conns:\t5\n' };
    expect(await ipvs.getStatus()).toMatchObject({ connections: 5 });
    addon.files = { ...addon.files, ['/proc/thread-self/net/ip_vs_status']: 13 };
    await expect(ipvs.getStatus()).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'EACCES',
      operation: 'getStatus',
      message: expect.stringMatching(/^getStatus: \S.*\(EACCES\): only user 0 may read it$/),
    });
  });

  test.each([
    [2, 'ERR_IPVS_UNAVAILABLE'],
    [1, 'EPERM'],
    ['something else', 'EBADMSG'],
  ])('getStats() rejects, if the file gives %j, with %s', async (file, code) => {
    addon.files = { ...addon.files, ['/proc/thread-self/net/dev']: 'links' };
    addon.files = { ...addon.files, ['/proc/thread-self/net/ip_vs_stats']: file };
    await expect(ipvs.getStats()).rejects.toMatchObject({
      name: 'IpvsError',
      code,
      operation: 'getStats',
    });
  });

  test.each([
    [
      '/proc',
      {},
      'ENOENT',
      /not visible here: no proc file system is mounted on \/proc \(ENOENT\)$/,
    ],
    [
      'IPVS',
      { '/proc/thread-self/net/dev': 'links' },
      'ERR_IPVS_UNAVAILABLE',
      /the kernel has no IPVS|module ip_vs is not loaded/,
    ],
  ])(
    'getStats() and getStatus() report that %s is missing, in both forms',
    async (_, files, code, message) => {
      addon.files = files;
      for (const [operation, file, attempt] of [
        ['getStats', 'ip_vs_stats', () => ipvs.getStats()],
        ['getStats', 'ip_vs_stats', async () => ipvs.sync.getStats()],
        ['getStatus', 'ip_vs_status', () => ipvs.getStatus()],
        ['getStatus', 'ip_vs_status', async () => ipvs.sync.getStatus()],
      ] as const) {
        const error: unknown = await attempt().catch((reason: unknown) => reason);
        const target = `/proc/thread-self/net/${file}`;
        expect(error).toMatchObject({ code, operation, target, syscall: 'open', errno: -2 });
        expect(String(error)).toMatch(message);
      }
    },
  );
});

test.each([
  ['out of range', () => ipvs.sysctls.set({ syncRetries: 9 }), 'syncRetries'],
  ['of the wrong type', () => ipvs.sysctls.set({ conntrack: 1 } as never), 'conntrack'],
  ['that is unknown', () => ipvs.sysctls.set({ conntrak: true } as never), 'conntrak'],
  ['that the kernel lacks', () => ipvs.sysctls.set({ connMax: 5 }), /conn_max$/],
])(
  'the stack of the error of a parameter %s begins where it is awaited',
  async (_, set, target) => {
    addon.files = { ...addon.files, ['/proc/sys/net/ipv4/vs/drop_entry']: '0\n' };
    let error: unknown;
    try {
      // A call that is pending before set().
      void ipvs.sysctls.get();
      await set();
    } catch (reason) {
      error = reason;
    }
    expect(error).toMatchObject({
      operation: 'sysctls.set',
      target: typeof target === 'string' ? target : expect.stringMatching(target),
    });
    const { message, stack } = error as Error;
    const [, first] = /\n +at (.*)/.exec(String(stack).slice(message.length)) ?? [];
    expect(first).toContain('ipvs.test.ts');
  },
);

test('parameters are set by one call at a time, so that each restores its own', async () => {
  const folder = '/proc/sys/net/ipv4/vs';
  addon.files = { [`${folder}/conntrack`]: '0\n', [`${folder}/drop_entry`]: '0\n' };
  await Promise.all([
    ipvs.sysctls.set({ conntrack: true }),
    ipvs.sysctls.set({ dropEntry: 3 }),
    ipvs.sysctls.get(),
  ]);
  const kinds = addon.exchanges.flatMap((each) => Object.keys(each));
  expect(kinds).toEqual(['read', 'written', 'read', 'written', 'read']);
  // A failure does not delay the next call.
  await expect(ipvs.sysctls.set({ connMax: 5 })).rejects.toMatchObject({ code: 'ENOENT' });
  await ipvs.sysctls.set({ conntrack: false });
});

describe('the stream of connections', () => {
  const chunk = (ports: readonly number[], done: boolean) => ({
    connections: Uint8Array.from(
      ports.flatMap((clientPort) => [
        ...connectionRecord({ family: 2, destinationFamily: 2, clientPort }),
      ]),
    ).buffer,
    texts: [],
    done,
  });
  const failure = Object.assign(new Error('read'), { errno: 5, syscall: 'read', text: '/proc/x' });
  const ports = async (connections: AsyncIterable<Connection>) => {
    const seen: number[] = [];
    for await (const { client } of connections) seen.push(client.port);
    return seen;
  };

  test('the stream has the connections of every chunk', async () => {
    addon.connections = [chunk([1, 2], false), chunk([], false), chunk([3], true)];
    expect(await ports(ipvs.connections())).toEqual([1, 2, 3]);
  });

  test('the stream ends when the loop is left', async () => {
    addon.connections = [chunk([1, 2], false), chunk([3], false)];
    for await (const { client } of ipvs.connections()) {
      expect(client.port).toBe(1);
      break;
    }
    expect(addon.cursors).toBe(0);
  });

  test('the stream throws the reason of the signal, and ends', async () => {
    const controller = new AbortController();
    addon.connections = [chunk([1, 2], false), chunk([3], false)];
    const connections = ipvs.connections({ signal: controller.signal });
    await connections.next();
    controller.abort(new Error('enough'));
    await expect(connections.next()).rejects.toThrow('enough');
    expect(await connections.next()).toMatchObject({ done: true });
  });

  test('the stream throws a failure after the connections before it', async () => {
    addon.connections = [chunk([1, 2], false), failure];
    const connections = ipvs.connections();
    expect(await connections.next()).toMatchObject({ value: { client: { port: 1 } } });
    // The chunk that is read ahead fails before it is requested.
    await settled();
    await settled();
    expect(unhandled).toEqual([]);
    expect(await connections.next()).toMatchObject({ value: { client: { port: 2 } } });
    await expect(connections.next()).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'EIO',
      operation: 'connections',
    });
  });

  test('the stream throws ERR_IPVS_CLOSED after the connections that were read', async () => {
    addon.connections = [chunk([1], false), chunk([2, 3], false), chunk([4], true)];
    const connections = ipvs.connections();
    await connections.next();
    await ipvs.close();
    expect(await connections.next()).toMatchObject({ value: { client: { port: 2 } } });
    await settled();
    await settled();
    expect(unhandled).toEqual([]);
    await connections.next();
    await expect(connections.next()).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED' });
  });

  test('the stream throws at the call if the handle is closed', async () => {
    await ipvs.close();
    expect(() => ipvs.connections()).toThrow(expect.objectContaining({ code: 'ERR_IPVS_CLOSED' }));
  });
});

test('an error that a getter among the arguments throws stays as it is', async () => {
  const thrown = async (config: unknown) =>
    ipvs.addService(config as never).catch((reason: unknown) => reason);
  for (const error of [
    await thrown({ ...web, port: '80' }),
    new IpvsError('no', { code: 'EPERM' }),
  ]) {
    const { message, stack } = error as Error;
    const config = {
      ...web,
      get port(): number {
        throw error;
      },
    };
    expect(await thrown(config)).toBe(error);
    expect(thrownBy(() => ipvs.sync.addService(config))).toBe(error);
    await expect(ipvs.batch((b) => void b.addService(config))).rejects.toBe(error);
    expect(error).toMatchObject({ message, stack });
    expect(error).not.toHaveProperty('index');
    expect(await thrown(Object.freeze({ ...web, port: '80' }))).not.toBe(error);
  }
});
