import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Ipvs, type Links } from '../../lib/index.js';
import type { Batch } from '../../lib/ipvs/batch.js';
import { YIELD_INTERVAL } from '../../lib/queue/slicer.js';
import { serviceAndDestination, serviceConfig } from './helpers/arbitraries.js';
import { addon, resetAddon } from './helpers/fake-addon.js';
import { layout, METHOD_OPERATIONS } from './helpers/requests.js';
import {
  daemonRecord,
  destinationRecord,
  nativeLinkResponse,
  nativeResponse,
  type ResultValues,
  serviceRecord,
} from './helpers/responses.js';

vi.mock('../../lib/native/load.js', () => import('./helpers/fake-addon.js'));

const EINVAL = 22;
let ipvs: Ipvs;

beforeEach(async () => {
  resetAddon();
  addon.respond = addon.respondLinks = () => expect.unreachable('nothing is sent');
  addon.write = ({ text }) => (text === '10' ? EINVAL : 0);
  ipvs = await Ipvs.open();
});

afterEach(async () => {
  await ipvs.close();
});

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
/** Returns an object with methods that take any arguments, as in JavaScript. */
const loose = (object: Ipvs | Ipvs['sync'] | Batch | Links | Links['sync'] | Ipvs['sysctls']) =>
  object as unknown as Methods;

/** The value of a call, or the properties of its error, and the exchanges with the addon. */
interface CallResult {
  readonly value?: unknown;
  readonly error?: unknown;
  readonly exchanges: readonly unknown[];
}

async function resultOf(action: () => unknown): Promise<CallResult> {
  addon.exchanges = [];
  try {
    const value = await action();
    return { value, exchanges: addon.exchanges };
  } catch (error) {
    return { error: describeError(error), exchanges: addon.exchanges };
  }
}

function describeError(error: unknown) {
  const { name, message, code, errno, syscall, operation, target } = error as Record<
    string,
    unknown
  >;
  return { name, message, code, errno, syscall, operation, target };
}

/** Returns the result of a call that throws its error, and returns no promise. */
function syncResultOf(action: () => unknown): Promise<CallResult> {
  return resultOf(() => {
    const value = action();
    expect(value).not.toBeInstanceOf(Promise);
    return value;
  });
}

/** Returns the result of an operation that is the only one of a batch. */
const batchResultOf = (name: string, args: readonly unknown[]): Promise<CallResult> =>
  resultOf(async () => {
    const [result] = await ipvs.batch((b) => {
      loose(b)[name]?.(...args);
    });
    if (result?.status === 'fulfilled') return result.value;
    throw result?.reason;
  }).then(({ error, ...result }) =>
    error === undefined ? result : { ...result, error: withoutPlace(error) },
  );

/** Removes the place in the batch from the message of an error, which input errors must have. */
function withoutPlace(error: unknown) {
  const { message, ...rest } = error as ReturnType<typeof describeError>;
  const isInput = /^ERR_(INVALID|OUT_OF)/.test(`${rest.code}`);
  if (isInput) expect(message).toMatch(/^batch operation 0: /);
  return { ...rest, message: `${message}`.replace(/^batch operation 0: /, '') };
}

const TCP = 'tcp://10.0.0.1:80';
type Row = readonly [string, ...unknown[]];
/** Returns rows for test.each(). */
const rowsOf = (rows: readonly Row[]) => rows.map(([name, ...args]) => [name, args] as const);

const OPERATIONS: readonly Row[] = [
  ['addService', { fwmark: 7, scheduler: 'mh' }],
  ['updateService', TCP, { scheduler: 'rr' }],
  ['ensureService', { fwmark: 7 }],
  ['deleteService', TCP],
  ['deleteService', TCP, { ifExists: true }],
  ['getService', TCP],
  ['getService', TCP, { bigint: true }],
  ['listServices'],
  ['listServices', { bigint: true }],
  ['addDestination', TCP, { address: '10.0.0.2', weight: 5 }],
  ['updateDestination', TCP, '10.0.0.2', { weight: 6 }],
  ['ensureDestination', TCP, { address: '10.0.0.2' }],
  ['deleteDestination', TCP, '10.0.0.2'],
  ['deleteDestination', TCP, '10.0.0.2', { ifExists: true }],
  ['getDestination', TCP, '10.0.0.2'],
  ['getDestination', TCP, '10.0.0.2', { bigint: true }],
  ['listDestinations', TCP],
  ['listDestinations', TCP, { bigint: true }],
  ['flush'],
  ['getTimeouts'],
  ['setTimeouts', { tcp: 9 }],
  ['zero'],
  ['zero', TCP],
  ['listSyncDaemons'],
  ['startSyncDaemon', { role: 'master', interface: 'eth0' }],
  ['stopSyncDaemon', 'backup'],
  ['stopSyncDaemon', 'backup', { ifRunning: true }],
];

/** Outcomes of any operation, with lists that are long enough to be decoded incrementally. */
const MANY = YIELD_INTERVAL + 1;
const OUTCOMES: readonly ResultValues[] = [
  { created: 1, services: 2, destinations: MANY, daemons: 2 },
  { created: 0, services: MANY, destinations: 1 },
  { created: 0, firstService: 5, services: 1, firstDestination: 6, destinations: 1 },
  ...[1, 2, 3, 12, 17, 19, 22, 999].map((error) => ({ status: 'refused', error }) as const),
  { status: 'lost', error: 105 },
  { status: 'notSent', error: 12 },
  { status: 'unavailable', error: 2 },
  { status: 'refused', error: 22, text: 1 },
];

const MARKS = Array.from({ length: MANY }, (_, mark) => mark + 1);
const RECORDS = {
  services: MARKS.map((fwmark) => serviceRecord({ family: 2, fwmark })),
  destinations: MARKS.map((port) => destinationRecord({ family: 2, port })),
  daemons: [1, 2].map((role) => daemonRecord({ role })),
  texts: ['out of words'],
};

/** Answers every request with `outcome`. */
function answerWith(outcome: ResultValues): void {
  addon.respond = (count) =>
    nativeResponse({ ...RECORDS, results: Array.from({ length: count }, () => outcome) });
}

describe('operations in their three forms', () => {
  test('the rows have every operation', () => {
    const names = METHOD_OPERATIONS.filter((name) => name !== 'getInfo');
    expect([...new Set(OPERATIONS.map(([name]) => name))].sort()).toEqual(names.sort());
  });

  test.each(rowsOf(OPERATIONS))(
    '%s %j has the same results with a promise, synchronously and in a batch',
    async (name, args) => {
      for (const outcome of OUTCOMES) {
        answerWith(outcome);
        const expected = await resultOf(() => loose(ipvs)[name]?.(...args));
        expect(expected.exchanges).toHaveLength(1);
        expect(await syncResultOf(() => loose(ipvs.sync)[name]?.(...args))).toStrictEqual(expected);
        expect(await batchResultOf(name, args)).toStrictEqual(expected);
      }
    },
  );

  const BAD: readonly Row[] = [
    ['addService'],
    ['addService', { fwmark: -1 }],
    ['updateService', TCP],
    ['updateService', TCP, { schedulerFlags: ['none'] }],
    ['ensureService', null],
    ['deleteService', TCP, { ifExists: 1 }],
    ['getService', 'tcp://10.0.0.1'],
    ['getService', TCP, { bigint: 1 }],
    ['listServices', true],
    ['addDestination', TCP, { address: '10.0.0.2', weight: 2 ** 31 }],
    ['updateDestination', TCP, '10.0.0.2'],
    ['ensureDestination', TCP, 5],
    ['deleteDestination', TCP, '10.0.0.2', { exists: true }],
    ['getDestination', TCP, '10.0.0.2', null],
    ['listDestinations', 5],
    ['setTimeouts', null],
    ['zero', undefined],
    ['startSyncDaemon', { role: 'slave' }],
    ['stopSyncDaemon', 'backup', { ifRunning: 0 }],
  ];

  test.each(rowsOf(BAD))('%s %j is refused alike in all three forms', async (name, args) => {
    const expected = await resultOf(() => loose(ipvs)[name]?.(...args));
    expect(expected).toMatchObject({
      exchanges: [],
      error: { code: expect.stringMatching(/^ERR_/) },
    });
    expect(await syncResultOf(() => loose(ipvs.sync)[name]?.(...args))).toStrictEqual(expected);
    expect(await batchResultOf(name, args)).toStrictEqual(expected);
  });

  test('any services and destinations are encoded alike in all three forms', async () => {
    answerWith({ created: 1 });
    const calls = fc.oneof(
      fc.tuple(fc.constantFrom('addService', 'ensureService'), fc.tuple(serviceConfig)),
      fc.tuple(fc.constantFrom('addDestination', 'ensureDestination'), serviceAndDestination),
    );
    await fc.assert(
      fc.asyncProperty(calls, async ([name, args]) => {
        const expected = await resultOf(() => loose(ipvs)[name]?.(...args));
        expect(expected.exchanges).toHaveLength(1);
        expect(await syncResultOf(() => loose(ipvs.sync)[name]?.(...args))).toStrictEqual(expected);
        expect(await batchResultOf(name, args)).toStrictEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

describe('surplus arguments', () => {
  /** Operations with as many arguments as they take. */
  const FULL: readonly Row[] = [
    ['addService', { fwmark: 7 }],
    ['updateService', TCP, {}, {}],
    ['ensureService', { fwmark: 7 }],
    ['deleteService', TCP, {}],
    ['getService', TCP, {}],
    ['listServices', {}],
    ['addDestination', TCP, { address: '10.0.0.2' }],
    ['updateDestination', TCP, '10.0.0.2', {}, {}],
    ['ensureDestination', TCP, { address: '10.0.0.2' }],
    ['deleteDestination', TCP, '10.0.0.2', {}],
    ['getDestination', TCP, '10.0.0.2', {}],
    ['listDestinations', TCP, {}],
    ['flush'],
    ['getTimeouts'],
    ['setTimeouts', { tcp: 5 }],
    ['zero', TCP],
    ['listSyncDaemons'],
    ['startSyncDaemon', { role: 'master', interface: 'lo' }],
    ['stopSyncDaemon', 'master', {}],
  ];
  const ROUTINES: readonly Row[] = [['getInfo'], ['snapshot', {}], ['getStats', {}], ['getStatus']];
  const LINKS: readonly Row[] = [
    ['listLinks', {}],
    ['getLink', 'lo'],
    ['ensureDummy', 'vip0', {}],
    ['setLink', 'lo', {}],
    ['deleteLink', 'lo', {}],
    ['listAddresses', 'lo', {}],
    ['addAddress', 'lo', '10.0.0.1'],
    ['ensureAddress', 'lo', '10.0.0.1'],
    ['deleteAddress', 'lo', '10.0.0.1', {}],
    ['reconcileAddresses', 'lo', [], {}],
  ];
  /** Expects an operation to refuse another argument, and to name it and the rule in the error. */
  async function expectSurplus(
    object: Parameters<typeof loose>[0],
    [name, ...args]: Row,
    operation = name,
  ): Promise<void> {
    for (const surplus of [undefined, 3, TCP]) {
      const result = await resultOf(() => loose(object)[name]?.(...args, surplus));
      const shown = surplus === TCP ? `'${TCP}'` : String(surplus);
      const rule = `argument ${args.length + 1}: ${shown} is one too many: this operation takes `;
      expect(result).toMatchObject({
        exchanges: [],
        error: { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', operation },
      });
      expect(result.error).toHaveProperty('message', expect.stringContaining(rule));
    }
  }

  test('the rows have every operation with all of its arguments', () => {
    const known = [...FULL, ...ROUTINES].map(([name]) => name);
    expect(METHOD_OPERATIONS.filter((name) => !known.includes(name))).toEqual([]);
  });

  test.each(rowsOf(FULL))('%s %j refuses another argument', async (name, args) => {
    for (const object of [ipvs, ipvs.sync]) await expectSurplus(object, [name, ...args]);
    let isAdded = false;
    const batch = ipvs.batch((b) => {
      loose(b)[name]?.(...args, 3);
      isAdded = true;
    });
    const error = { code: 'ERR_INVALID_ARG_VALUE', operation: name, index: 0 };
    await expect(batch).rejects.toMatchObject(error);
    expect(isAdded).toBe(false);
  });

  test.each(rowsOf(ROUTINES))('%s %j refuses another argument', async (name, args) => {
    for (const object of [ipvs, ipvs.sync]) await expectSurplus(object, [name, ...args]);
  });

  test.each(rowsOf(LINKS))('links.%s %j refuses another argument', async (name, args) => {
    for (const object of [ipvs.links, ipvs.links.sync]) {
      await expectSurplus(object, [name, ...args]);
    }
  });

  test('sysctls, batch, countConnections, diagnose and open refuse another argument', async () => {
    for (const sysctls of [ipvs.sysctls, ipvs.sync.sysctls]) {
      await expectSurplus(sysctls as Ipvs['sysctls'], ['get'], 'sysctls.get');
      const changes = { conntrack: true };
      await expectSurplus(sysctls as Ipvs['sysctls'], ['set', changes], 'sysctls.set');
    }
    await expectSurplus(ipvs, ['batch', () => undefined, {}]);
    await expectSurplus(ipvs, ['countConnections', {}]);
    await expectSurplus(ipvs, ['diagnose', {}]);
    await expectSurplus(Ipvs as never, ['open', {}]);
  });

  test('flush refuses an argument with a hint at deleteService', async () => {
    await expect((ipvs.flush as (service: string) => Promise<void>)(TCP)).rejects.toThrow();
    expect(() => loose(ipvs.sync)['flush']?.(TCP)).toThrow(
      /takes no argument, and deletes every service; deleteService deletes one$/,
    );
  });
});

describe('batches without operations', () => {
  const UNUSED = /^batch: build: .* adds nothing to the batch: call the operations of its argument/;

  test.each<readonly [string, () => unknown]>([
    ['an operation of the handle', () => ipvs.flush()],
    ['one that it awaits', async () => await ipvs.flush()],
    ['several of them', () => Promise.all([ipvs.flush(), ipvs.flush()])],
    ['nothing after another batch', async () => void (await ipvs.batch((b) => b.flush()))],
    ['a value', () => 5],
    ['a promise of a value', async () => 5],
  ])('a batch whose build adds nothing and returns %s is refused', async (_, build) => {
    answerWith({});
    await expect(ipvs.batch(build as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringMatching(UNUSED),
    });
  });

  test.each<readonly [string, (b: Batch) => unknown]>([
    ['returns undefined', () => undefined],
    ['resolves to undefined', async () => undefined],
    ['returns an empty list', () => []],
    ['returns false', () => false],
    [
      'awaits operations of the handle',
      async (_b) => {
        await ipvs.flush();
      },
    ],
  ])('a batch whose build %s is empty', async (_, build) => {
    answerWith({});
    expect(await ipvs.batch(build as never)).toEqual([]);
  });
});

test('close() throws on a proxy or a derived object, and closes nothing', async () => {
  answerWith({});
  for (const other of [new Proxy(ipvs, {}), Object.create(ipvs) as Ipvs]) {
    expect(() => other.close()).toThrow(TypeError);
    addon.respondLinks = (count) =>
      nativeLinkResponse(
        Array.from({ length: count }, () => ({})),
        0,
      );
    expect(await ipvs.links.setLink('lo', {})).toBeUndefined();
    expect(await ipvs.flush()).toBeUndefined();
  }
});

describe('routines in their two forms', () => {
  const FOLDER = '/proc/sys/net/ipv4/vs';
  const ROUTINE_CALLS: readonly (readonly [string, (which: Ipvs | Ipvs['sync']) => unknown])[] = [
    ['getInfo', (which) => which.getInfo()],
    ['snapshot', (which) => which.snapshot()],
    ['snapshot of BigInts', (which) => which.snapshot({ bigint: true })],
    ['snapshot with bad options', (which) => loose(which as Ipvs)['snapshot']?.({ bigint: 1 })],
    ['getStats', (which) => which.getStats()],
    ['getStats with bad options', (which) => loose(which as Ipvs)['getStats']?.(true)],
    ['getStatus', (which) => which.getStatus()],
    ['sysctls.get', (which) => which.sysctls.get()],
    ['sysctls.set', (which) => which.sysctls.set({ conntrack: true, amDroprate: 9 })],
    [
      'sysctls.set with a value that is refused',
      (which) => which.sysctls.set({ conntrack: true, amDroprate: 10 }),
    ],
    [
      'sysctls.set of a parameter that the kernel lacks',
      (which) => which.sysctls.set({ connMax: 9 }),
    ],
    ['sysctls.set with bad input', (which) => which.sysctls.set({ connMax: -1 })],
  ];
  const FILES: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
    'no files': {},
    'files that may not be read': {
      '/proc/thread-self/net/ip_vs_status': 13,
      [`${FOLDER}/conntrack`]: 13,
    },
    files: {
      '/proc/thread-self/net/ip_vs_status': 'Conns:\t5\n',
      '/proc/thread-self/net/ip_vs_stats': '1 2 3 4 5\n6 7 8 9 A\n',
      [`${FOLDER}/run_estimation`]: '1\n',
      [`${FOLDER}/conntrack`]: '0\n',
      [`${FOLDER}/am_droprate`]: '10\n',
    },
  };

  test.each(ROUTINE_CALLS)(
    '%s has the same results with a promise and synchronously',
    async (_, action) => {
      for (const [title, files] of Object.entries(FILES)) {
        addon.files = { ...files };
        for (const outcome of OUTCOMES) {
          answerWith(outcome);
          const expected = await resultOf(() => action(ipvs));
          expect(await syncResultOf(() => action(ipvs.sync)), title).toStrictEqual(expected);
        }
      }
    },
  );
});

describe('operations on links in their two forms', () => {
  const LINKS: readonly Row[] = [
    ['listLinks'],
    ['listLinks', { kind: 'dummy' }],
    ['listLinks', { kind: '' }],
    ['getLink', 'eth0'],
    ['getLink', {}],
    ['ensureDummy', 'ipvs0', { mtu: 9000 }],
    ['ensureDummy', 'a/b'],
    ['setLink', 3, { up: false }],
    ['setLink', 3, { upp: false }],
    ['deleteLink', 'ipvs0'],
    ['deleteLink', 'ipvs0', { ifExists: true }],
    ['deleteLink', 'ipvs0', { ifExists: 1 }],
    ['listAddresses'],
    ['listAddresses', 'eth0', { family: 'ipv6' }],
    ['listAddresses', 'eth0', { family: 6 }],
    ['addAddress', 'eth0', '10.0.0.1/32'],
    ['addAddress', 'eth0', '10.0.0.1/33'],
    ['ensureAddress', 'eth0', 'fd00::1/128'],
    ['ensureAddress', 'eth0'],
    ['deleteAddress', 'eth0', '10.0.0.1/32', { ifExists: true }],
    ['deleteAddress', 'eth0', '10.0.0.1/32', true],
  ];

  test('the rows have every operation on links', () => {
    // The other two belong to reconcileAddresses().
    const names = Object.keys(layout.linkOperations).filter(
      (name) => name !== 'replaceAddress' && name !== 'planAddresses',
    );
    expect([...new Set(LINKS.map(([name]) => name))].sort()).toEqual(names.sort());
  });

  test.each(rowsOf(LINKS))(
    'links.%s %j has the same results with a promise and synchronously',
    async (name, args) => {
      const results = [
        { created: 1, links: MANY, addresses: MANY },
        { created: 0, firstLink: 5, links: 1, firstAddress: 6, addresses: 1 },
        ...[1, 17, 19, 22, 95, 99].map((error) => ({ status: 'refused', error }) as const),
        { status: 'lost', error: 105 },
        { status: 'otherKind', error: 17 },
      ] as const;
      for (const outcome of results) {
        addon.respondLinks = (count) =>
          nativeLinkResponse(
            Array.from({ length: count }, () => outcome),
            MANY,
          );
        const expected = await resultOf(() => loose(ipvs.links)[name]?.(...args));
        const actual = await syncResultOf(() => loose(ipvs.links.sync)[name]?.(...args));
        expect(actual).toStrictEqual(expected);
      }
    },
  );
});

describe('synchronous operations', () => {
  test('a synchronous operation is executed before calls that wait', async () => {
    answerWith({});
    const waiting = ipvs.flush();
    ipvs.sync.getTimeouts();
    expect(addon.exchanges).toHaveLength(1);
    await waiting;
    expect(addon.exchanges).toHaveLength(2);
  });

  test('a getter among the arguments may call a synchronous operation', async () => {
    answerWith({});
    const reference = {
      protocol: 'tcp' as const,
      address: '10.0.0.1',
      get port() {
        ipvs.sync.getTimeouts();
        return 80;
      },
    };
    expect(ipvs.sync.deleteService(reference)).toBe(true);
    const [inner, outer] = addon.exchanges;
    addon.exchanges = [];
    ipvs.sync.getTimeouts();
    ipvs.sync.deleteService(TCP);
    expect([inner, outer]).toEqual(addon.exchanges);
  });

  test('synchronous operations throw once close() is called', async () => {
    answerWith({});
    const pending = ipvs.flush();
    const closing = ipvs.close();
    const { sync, links } = ipvs;
    const actions: readonly (readonly [string, () => unknown])[] = [
      ['flush', () => sync.flush()],
      ['addService', () => loose(sync)['addService']?.()],
      ['snapshot', () => sync.snapshot()],
      ['getStats', () => sync.getStats()],
      ['sysctls.get', () => sync.sysctls.get()],
      ['sysctls.set', () => sync.sysctls.set({ conntrack: true })],
      ['listLinks', () => links.sync.listLinks()],
    ];
    for (const [operation, action] of actions) {
      const { error } = await syncResultOf(action);
      expect(error).toMatchObject({ code: 'ERR_IPVS_CLOSED', operation });
    }
    await Promise.all([pending, closing]);
  });

  test('a failure of the addon leaves the result unknown in both forms', async () => {
    addon.respond = () => {
      throw new Error('no memory');
    };
    const expected = await resultOf(() => ipvs.flush());
    expect(expected.error).toMatchObject({ code: 'ERR_IPVS_OUTCOME_UNKNOWN', operation: 'flush' });
    expect(await syncResultOf(() => ipvs.sync.flush())).toStrictEqual(expected);
  });

  test('synchronous forms cannot be constructed by users', () => {
    const [sync, links] = [ipvs.sync.constructor, ipvs.links.sync.constructor];
    for (const made of [sync, links]) {
      expect(() => Reflect.construct(made, [Symbol('mine')])).toThrow('Illegal constructor');
    }
  });
});
