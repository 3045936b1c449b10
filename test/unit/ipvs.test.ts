import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Connection, Ipvs, IpvsError, normalizeService } from '../../lib/index.js';
import { connectionRecord } from './answers.js';
import { addon, resetAddon } from './fake-addon.js';
import { thrownBy } from './requests.js';

vi.mock('../../lib/native/load.js', () => import('./fake-addon.js'));

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const TCP = 'tcp://10.0.0.1:80';
const web = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const;
/** How many exchanges had requests: one without any asks the kernel for nothing. */
const batches = () =>
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

test('opens in the namespace that is asked for', async () => {
  const other = await Ipvs.open({ netns: '/run/netns/blue' });
  await other.close();
  expect(addon).toMatchObject({ opened: ['', '/run/netns/blue'], closed: 1 });
  addon.closed = 0;
});

test('closes at the end of the block that it is used in', async () => {
  await ipvs[Symbol.asyncDispose]();
  await expect(ipvs.flush()).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED' });
});

test('the calls of one turn are one batch', async () => {
  await Promise.all([
    ipvs.addService({ fwmark: 7 }),
    ipvs.addDestination('fwmark://7', { address: '10.0.0.1' }),
    ipvs.listServices(),
    ipvs.listServices({ bigint: true }),
    ipvs.getTimeouts(),
    ipvs.zero(),
  ]);
  expect(batches()).toBe(1);
});

describe('bad input rejects, and throws nothing', () => {
  /** The handle as JavaScript uses it. */
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
  ])('%s', async (method, args) => {
    let promise: Promise<unknown> | undefined;
    expect(() => {
      promise = loose()[method]?.(...args);
    }).not.toThrow();
    await expect(promise).rejects.toThrow(TypeError);
    expect(batches()).toBe(0);
  });
});

test.each([
  ['at once', () => normalizeService({ ...web, port: '80' } as never)],
  ['later', async () => normalizeService({ ...web, port: '80' } as never)],
])('a function that fails in the builder of a batch, %s, keeps its name', async (_, build) => {
  const error: unknown = await ipvs.batch(build as () => void).catch((reason: unknown) => reason);
  const target = "{ protocol: 'tcp', address: '10.0.0.1', port: '80' }";
  expect(error).toMatchObject({ operation: 'normalizeService', target });
  expect(error).not.toHaveProperty('index');
  const { message, stack } = error as Error;
  expect(message.startsWith(`normalizeService ${target}: service.port: '80' is not`)).toBe(true);
  expect(/\n +at (.*)/.exec(String(stack))?.[1]).toContain('ipvs.test.ts');
});

test('a sound key names a configuration that is refused for another reason', async () => {
  const destinations = [{ address: '10.0.0.2' }];
  const keyed = { ...web, destinations };
  await expect(ipvs.ensureService(keyed)).rejects.toMatchObject({
    target: TCP,
    message: expect.stringMatching(
      /^ensureService tcp:\/\/10.0.0.1:80: service.destinations: .* leave it out, and add the destinations with addDestination$/,
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

describe('an iterator', () => {
  /** As JavaScript calls them. */
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
  ] as const)('%s(%j) throws at the call', async (name, args, operation, message) => {
    const error = thrownBy(() => loose()[name](...args));
    expect(error).toMatchObject({ operation, message: expect.stringMatching(message) });
    expect((error as Error).stack).toMatch(/\n +at .*ipvs\.test\.ts/);
  });

  test.each(['connections', 'watch', 'links.watch'] as const)(
    '%s throws at the call where the handle is closed',
    async (name) => {
      await ipvs.close();
      const error = thrownBy(() => loose()[name]());
      expect(error).toMatchObject({ name: 'IpvsError', code: 'ERR_IPVS_CLOSED' });
      const [, first] = /\n +at (.*)/.exec(String((error as Error).stack)) ?? [];
      expect(first).toContain('ipvs.test.ts');
    },
  );

  test('of samples that nobody has read ends with the handle', async () => {
    const samples = ipvs.watch();
    await ipvs.close();
    expect(await samples.next()).toEqual({ value: undefined, done: true });
  });
});

describe('what is read from files', () => {
  test('information, with whether counters are refreshed', async () => {
    expect(await ipvs.getInfo()).toMatchObject({ version: '0.0.0', estimation: null });
    addon.files = { ...addon.files, ['/proc/sys/net/ipv4/vs/run_estimation']: '1\n' };
    expect(await ipvs.getInfo()).toMatchObject({ estimation: true });
  });

  test('the status, where the kernel has it', async () => {
    addon.files = { ...addon.files, ['/proc/thread-self/net/ip_vs_stats']: 'totals' };
    expect(await ipvs.getStatus()).toBeUndefined();
    addon.files = { ...addon.files, ['/proc/thread-self/net/ip_vs_status']: 'Conns:\t5\n' };
    expect(await ipvs.getStatus()).toMatchObject({ connections: 5 });
    addon.files = { ...addon.files, ['/proc/thread-self/net/ip_vs_status']: 13 };
    await expect(ipvs.getStatus()).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'EACCES',
      operation: 'getStatus',
      message: expect.stringMatching(/^getStatus: \S.*\(EACCES\)$/),
    });
  });

  test.each([
    [2, 'ERR_IPVS_UNAVAILABLE'],
    [1, 'EPERM'],
    ['something else', 'EBADMSG'],
  ])('totals: %j is %s', async (file, code) => {
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
  ])('without %s, totals and status say so, also at once', async (_, files, code, message) => {
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
  });
});

test.each([
  ['out of range', () => ipvs.sysctls.set({ syncRetries: 9 }), 'syncRetries'],
  ['of the wrong type', () => ipvs.sysctls.set({ conntrack: 1 } as never), 'conntrack'],
  ['that is unknown', () => ipvs.sysctls.set({ conntrak: true } as never), 'conntrak'],
  ['that is not there', () => ipvs.sysctls.set({ connMax: 5 }), /conn_max$/],
])(
  'the error of a parameter %s begins where it is awaited, and names it',
  async (_, set, target) => {
    addon.files = { ...addon.files, ['/proc/sys/net/ipv4/vs/drop_entry']: '0\n' };
    let error: unknown;
    try {
      // Pending before it.
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

test('parameters are set one after the other, so that what is set back is what was there', async () => {
  const folder = '/proc/sys/net/ipv4/vs';
  addon.files = { [`${folder}/conntrack`]: '0\n', [`${folder}/drop_entry`]: '0\n' };
  await Promise.all([
    ipvs.sysctls.set({ conntrack: true }),
    ipvs.sysctls.set({ dropEntry: 3 }),
    ipvs.sysctls.get(),
  ]);
  const kinds = addon.exchanges.flatMap((each) => Object.keys(each));
  expect(kinds).toEqual(['read', 'written', 'read', 'written', 'read']);
  // One that fails holds up no other.
  await expect(ipvs.sysctls.set({ connMax: 5 })).rejects.toMatchObject({ code: 'ENOENT' });
  await ipvs.sysctls.set({ conntrack: false });
});

describe('the stream of connections', () => {
  const part = (ports: readonly number[], done: boolean) => ({
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

  test('has every part', async () => {
    addon.connections = [part([1, 2], false), part([], false), part([3], true)];
    expect(await ports(ipvs.connections())).toEqual([1, 2, 3]);
  });

  test('ends where the caller leaves it', async () => {
    addon.connections = [part([1, 2], false), part([3], false)];
    for await (const { client } of ipvs.connections()) {
      expect(client.port).toBe(1);
      break;
    }
    expect(addon.cursors).toBe(0);
  });

  test('ends with the reason of the signal', async () => {
    const controller = new AbortController();
    addon.connections = [part([1, 2], false), part([3], false)];
    const connections = ipvs.connections({ signal: controller.signal });
    await connections.next();
    controller.abort(new Error('enough'));
    await expect(connections.next()).rejects.toThrow('enough');
    expect(await connections.next()).toMatchObject({ done: true });
  });

  test('throws what went wrong, once the caller comes to it, and not before', async () => {
    addon.connections = [part([1, 2], false), failure];
    const connections = ipvs.connections();
    expect(await connections.next()).toMatchObject({ value: { client: { port: 1 } } });
    // A caller that takes its time: what was read ahead has failed meanwhile.
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

  test('throws that the handle was closed meanwhile, and not before', async () => {
    addon.connections = [part([1], false), part([2, 3], false), part([4], true)];
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

  test('does not begin on a handle that is closed', async () => {
    await ipvs.close();
    expect(() => ipvs.connections()).toThrow(expect.objectContaining({ code: 'ERR_IPVS_CLOSED' }));
  });
});

test('an error that an accessor among the arguments throws stays as it is', async () => {
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
