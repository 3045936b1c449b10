import { describe, expect, test } from 'vitest';
import { Ipvs } from '../../lib/index.js';
import { expectRow, mark, server, TCP, tcp, tcp6, tunnelled } from './refusals.js';
import type { Call } from './requests.js';
import {
  bytesOf,
  expectInputError,
  type Kind,
  pack,
  requestOf,
  thrownBy,
  untyped,
  write,
} from './requests.js';

const { addService, ensureService, updateService, deleteService } = untyped;
const { addDestination, ensureDestination, updateDestination, deleteDestination } = untyped;

describe('what is no object', () => {
  const VALUES: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['undefined', undefined],
    ['[]', []],
    ['5', 5],
    ['true', true],
    ['5n', 5n],
    ['Symbol(s)', Symbol('s')],
    ['[Function: f]', function f() {}],
    ['[class C]', class C {}],
  ];
  const PLACES: readonly (readonly [string, string, (value: unknown) => Call<unknown>])[] = [
    ['addService', 'service', (value) => addService(value)],
    ['ensureService', 'service', (value) => ensureService(value)],
    ['updateService', 'service', (value) => updateService(value, {})],
    ['updateService', 'changes', (value) => updateService(TCP, value)],
    ['deleteService', 'service', (value) => deleteService(value)],
    ['getService', 'service', (value) => untyped.getService(value)],
    ['addDestination', 'service', (value) => addDestination(value, server)],
    ['addDestination', 'destination', (value) => addDestination(TCP, value)],
    ['ensureDestination', 'destination', (value) => ensureDestination(TCP, value)],
    ['updateDestination', 'service', (value) => updateDestination(value, '10.0.0.2', {})],
    ['updateDestination', 'destination', (value) => updateDestination(TCP, value, {})],
    ['updateDestination', 'changes', (value) => updateDestination(TCP, '10.0.0.2', value)],
    ['deleteDestination', 'destination', (value) => deleteDestination(TCP, value)],
    ['getDestination', 'destination', (value) => untyped.getDestination(TCP, value)],
    ['listDestinations', 'service', (value) => untyped.listDestinations(value)],
  ];
  test.each(PLACES)('%s: %s', (_, property, place) => {
    for (const [shown, value] of VALUES) {
      expectRow(() => place(value), ['type', property, shown, 'an object']);
    }
  });

  test('a promise, as of a forgotten await, is no object of settings', () => {
    const promise: unknown = Promise.resolve({ scheduler: 'rr' });
    for (const call of [
      updateService(TCP, promise),
      updateDestination(TCP, '10.0.0.2', promise),
      addService({ ...tcp, persistence: promise }),
    ]) {
      expect(thrownBy(() => pack(call))).toHaveProperty('code', 'ERR_INVALID_ARG_TYPE');
    }
  });
});

describe('options of deletions', () => {
  type Row = readonly [string, unknown, Kind, string, string, string];
  test.each<Row>([
    ['null', null, 'type', 'options', 'null', 'is not an object'],
    ['true', true, 'type', 'options', 'true', 'is not an object'],
    ['array', [], 'type', 'options', '[]', 'is not an object'],
    [
      'a typo',
      { ifExist: true },
      'value',
      'options.ifExist',
      "'ifExist'",
      'did you mean ifExists?',
    ],
    ['ifExists 1', { ifExists: 1 }, 'type', 'options.ifExists', '1', 'is not a boolean'],
    ['ifExists null', { ifExists: null }, 'type', 'options.ifExists', 'null', 'is not a boolean'],
    [
      'ifExists in text',
      { ifExists: 'true' },
      'type',
      'options.ifExists',
      "'true'",
      'is not a boolean',
    ],
  ])('%s', (_, options, ...row) => {
    expectRow(() => deleteService(TCP, options), row);
    expectRow(() => deleteDestination(TCP, '10.0.0.2', options), row);
  });

  test('decide whether absence is an answer', () => {
    const forgiving = { ifExists: true };
    const answers = (call: Call<unknown>) => {
      pack(call);
      return call.decoder?.().errnoValues;
    };
    expect(answers(deleteService(TCP, forgiving))).toEqual({ ESRCH: false });
    expect(answers(deleteDestination(TCP, '10.0.0.2', forgiving))).toEqual({
      ESRCH: false,
      ENOENT: false,
    });
    for (const options of [undefined, {}, { ifExists: undefined }, { ifExists: false }]) {
      expect(answers(deleteService(TCP, options))).toBeUndefined();
      expect(answers(deleteDestination(TCP, '10.0.0.2', options))).toBeUndefined();
    }
  });
});

describe('what is set to zero', () => {
  test.each([TCP, mark, tcp6])('%j', (reference) => {
    const { service, destination } = requestOf(untyped.getService(reference));
    expect(requestOf(untyped.zero(reference))).toMatchObject({ service, destination });
  });

  test('everything, where no service is named', () => {
    expect(requestOf(untyped.zero()).service).toMatchObject({ family: 0, fwmark: 0 });
  });

  test('but not where the name is none', () => {
    // As from a find() that found nothing: that must not zero everything.
    expectRow(() => untyped.zero(undefined), ['type', 'service', 'undefined', 'an object']);
    expectRow(() => untyped.zero(null), ['type', 'service', 'null', 'an object']);
    expectRow(() => untyped.zero(''), ['value', 'service', "''", 'is not a service']);
    expectRow(() => untyped.zero({}), ['value', 'service', '{}', 'needs protocol']);
  });
});

describe('options of open()', () => {
  type Row = readonly [string, unknown, Kind, string, string, string];
  const PATH = 'is not the path of a network namespace';
  // The bad ones are what is tested.
  const open = Ipvs.open as (options: unknown) => Promise<Ipvs>;

  test.each<Row>([
    ['null', null, 'type', 'options', 'null', 'is not an object'],
    ['a path alone', '/run/netns/blue', 'type', 'options', "'/run/netns/blue'", 'is not an object'],
    ['array', [], 'type', 'options', '[]', 'is not an object'],
    ['a typo', { netn: '/x' }, 'value', 'options.netn', "'netn'", 'did you mean netns?'],
    ['netns number', { netns: 3 }, 'type', 'options.netns', '3', PATH],
    ['netns null', { netns: null }, 'type', 'options.netns', 'null', PATH],
    ['netns empty', { netns: '' }, 'value', 'options.netns', "''", PATH],
    ['netns with a NUL', { netns: '/run\0' }, 'value', 'options.netns', "'/run\\x00'", PATH],
    [
      'netns Buffer',
      { netns: Buffer.from('/x') },
      'type',
      'options.netns',
      'Buffer(2) [Uint8Array] [ 47, 120 ]',
      PATH,
    ],
  ])('%s', async (_, options, kind, property, value, rule) => {
    const error: unknown = await open(options).then(
      () => expect.unreachable('a handle was opened'),
      (reason: unknown) => reason,
    );
    expectInputError(error, { subject: 'open', kind, property, value, rule });
  });
});

describe('unusual objects', () => {
  const add = bytesOf(addService({ ...tcp, scheduler: 'rr', persistence: { timeout: 5 } }));

  test('frozen ones, ones without a prototype and instances of classes are as good', () => {
    const config = { ...tcp, scheduler: 'rr', persistence: Object.freeze({ timeout: 5 }) };
    expect(bytesOf(addService(Object.freeze({ ...config })))).toEqual(add);
    expect(bytesOf(addService(Object.assign(Object.create(null), config)))).toEqual(add);
    class Config {
      protocol = 'tcp';
      address = '10.0.0.1';
      port = 80;
      scheduler = 'rr';
      persistence = { timeout: 5 };
    }
    expect(bytesOf(addService(new Config()))).toEqual(add);
  });

  test('undefined is as good as absent', () => {
    const nothing = (...keys: readonly string[]) =>
      Object.fromEntries(keys.map((key) => [key, undefined]));
    expect(
      bytesOf(
        addService({
          ...nothing('fwmark', 'family', 'schedulerFlags', 'onePacket', 'stats'),
          ...tcp,
          scheduler: 'rr',
          persistence: { timeout: 5, ...nothing('netmask', 'engine') },
        }),
      ),
    ).toEqual(add);
    const settings = nothing('scheduler', 'schedulerFlags', 'persistence', 'onePacket');
    expect(bytesOf(addService({ ...tcp, ...settings }))).toEqual(bytesOf(addService(tcp)));
    expect(bytesOf(updateService(TCP, settings))).toEqual(bytesOf(updateService(TCP, {})));
    expect(
      bytesOf(addService({ fwmark: 7, ...nothing('protocol', 'address', 'port', 'family') })),
    ).toEqual(bytesOf(addService(mark)));

    const own = nothing('forwarding', 'weight', 'upperThreshold', 'lowerThreshold', 'tunnel');
    expect(
      bytesOf(addDestination(TCP, { ...server, ...nothing('port', 'family'), ...own })),
    ).toEqual(bytesOf(addDestination(TCP, server)));
    expect(bytesOf(updateDestination(TCP, '10.0.0.2', own))).toEqual(
      bytesOf(updateDestination(TCP, '10.0.0.2', {})),
    );
    const gre = { ...server, ...tunnelled({ type: 'gre', ...nothing('port', 'checksum') }) };
    expect(bytesOf(addDestination(TCP, gre))).toEqual(
      bytesOf(addDestination(TCP, { ...server, ...tunnelled({ type: 'gre' }) })),
    );
  });

  test('what an object inherits is refused, not ignored', () => {
    class Config {
      protocol = 'tcp';
      address = '10.0.0.1';
      port = 80;
      get scheduler() {
        return 'rr';
      }
    }
    for (const config of [
      new Config(),
      Object.assign(Object.create({ scheduler: 'rr' }), { protocol: 'tcp' }),
    ]) {
      const rule = 'is inherited: only own properties are read';
      expectRow(() => addService(config), ['value', 'service.scheduler', "'scheduler'", rule]);
    }
  });

  test.each(['port', 'scheduler', 'weight', 'fwmark', 'tunnel', 'ifExists', 'polluted'])(
    'Object.prototype.%s is nobody’s setting',
    (key) => {
      const service = { protocol: 'tcp', address: '10.0.0.1', port: 80 };
      const requests = () => [
        ...bytesOf(addService(service)),
        ...bytesOf(updateService(service, {})),
        ...bytesOf(addDestination(service, server)),
        ...bytesOf(updateDestination(service, '10.0.0.2', {})),
      ];
      const before = requests();
      const prototype: Record<string, unknown> = Object.prototype as never;
      prototype[key] = 81;
      let after: number[];
      try {
        after = requests();
      } finally {
        delete prototype[key];
      }
      expect(after).toEqual(before);
    },
  );

  test.each(['__proto__', 'constructor', 'toString', ''])(
    'the key %j of JSON is refused',
    (key) => {
      const config: unknown = JSON.parse(`{ "${key}": { "scheduler": "rr" } }`);
      // The empty key cannot stand behind a dot.
      const property = key === '' ? 'changes' : `changes.${key}`;
      const row = ['value', property, `'${key}'`, 'is not a known property'] as const;
      expectRow(() => updateService(TCP, config), row);
    },
  );

  test('a key with control characters stays on one line of the log', () => {
    const error = thrownBy(() => pack(updateService(TCP, { 'a\nb\u001b[31m': 1 })));
    expect(error).toHaveProperty('message', expect.stringMatching(/^changes: [ -~]*$/));
  });

  test('what a getter throws comes out, and nothing is left of the call', () => {
    const thrown = new Error('from the getter');
    const trap = (key: string) =>
      Object.defineProperty({}, key, {
        enumerable: true,
        get() {
          throw thrown;
        },
      });
    const places: readonly (() => Call<unknown>)[] = [
      ...[
        'protocol',
        'address',
        'port',
        'fwmark',
        'family',
        'scheduler',
        'schedulerFlags',
        'persistence',
        'onePacket',
      ].map(
        (key) => () =>
          addService(
            Object.defineProperties({ ...tcp }, Object.getOwnPropertyDescriptors(trap(key))),
          ),
      ),
      ...['timeout', 'netmask', 'engine'].map(
        (key) => () => addService({ ...tcp, persistence: trap(key) }),
      ),
      ...[
        'address',
        'port',
        'family',
        'forwarding',
        'weight',
        'upperThreshold',
        'lowerThreshold',
        'tunnel',
      ].map(
        (key) => () =>
          addDestination(
            TCP,
            Object.defineProperties({ ...server }, Object.getOwnPropertyDescriptors(trap(key))),
          ),
      ),
      ...['type', 'port', 'checksum'].map(
        (key) => () => addDestination(TCP, { ...server, forwarding: 'tunnel', tunnel: trap(key) }),
      ),
    ];
    for (const place of places) {
      const requests = pack();
      expect(thrownBy(() => write(requests, place()))).toBe(thrown);
      expect(requests.bytes()).toHaveLength(0);
      write(requests, untyped.flush());
      expect([...requests.bytes()]).toEqual(bytesOf(untyped.flush()));
    }
  });

  test('a getter of the options throws where the call is written, not where it is made', () => {
    const options = {
      get ifExists(): boolean {
        throw new Error('from the getter');
      },
    };
    const made = () => [deleteService(TCP, options), deleteDestination(TCP, '10.0.0.2', options)];
    expect(made).not.toThrow();
    for (const call of made()) expect(() => pack(call)).toThrow('from the getter');
  });

  const full = { ...tcp, scheduler: 'sh', schedulerFlags: ['sh-port'], onePacket: false };
  const persistence = { timeout: 5, netmask: 24, engine: 'pe' };
  const tunnel = { type: 'gue', port: 6080, checksum: 'none' };
  const thresholds = { upperThreshold: 9, lowerThreshold: 3 };
  const real = { ...server, port: 80, family: 'ipv4' };
  const settings = { forwarding: 'tunnel', weight: 3, ...thresholds, tunnel };
  const daemon = { role: 'master', interface: 'eth0', syncId: 1, maxLength: 1000, ttl: 2 };
  type Place = readonly [string, object, (object: unknown) => Call<unknown>];
  test.each<Place>([
    ['service', { ...full, family: 'ipv4', persistence }, (object) => addService(object)],
    ['service by mark', { fwmark: 7, family: 'ipv6' }, (object) => ensureService(object)],
    ['persistence', persistence, (object) => addService({ ...tcp, persistence: object })],
    ['service reference', { ...tcp, family: 'ipv4' }, (object) => deleteService(object)],
    [
      'changes of a service',
      { scheduler: 'sh', schedulerFlags: [], onePacket: false, persistence },
      (object) => updateService(TCP, object),
    ],
    ['destination', { ...real, ...settings }, (object) => addDestination(TCP, object)],
    ['destination reference', real, (object) => deleteDestination(TCP, object)],
    ['changes of a destination', settings, (object) => updateDestination(TCP, '10.0.0.2', object)],
    [
      'tunnel',
      tunnel,
      (object) => addDestination(TCP, { ...server, forwarding: 'tunnel', tunnel: object }),
    ],
    ['timeouts', { tcp: 1, tcpFin: 2, udp: 3 }, (object) => untyped.setTimeouts(object)],
    [
      'daemon',
      { ...daemon, group: '224.0.0.81', port: 8848 },
      (object) => untyped.startSyncDaemon(object),
    ],
    ['options of a deletion', { ifExists: true }, (object) => deleteService(TCP, object)],
    ['options of a reading', { bigint: true }, (object) => untyped.getService(TCP, object)],
  ])(
    'each property of a %s is read once, so that a getter cannot change its mind',
    (_, object, call) => {
      const reads: Record<string, number> = {};
      const changing: object = Object.create(Object.prototype);
      for (const [key, value] of Object.entries(object)) {
        reads[key] = 0;
        const get = () => {
          reads[key] = (reads[key] ?? 0) + 1;
          return reads[key] === 1 ? value : Symbol('changed');
        };
        Object.defineProperty(changing, key, { enumerable: true, get });
      }
      expect(bytesOf(call(changing))).toEqual(bytesOf(call(object)));
      expect(Object.values(reads)).toEqual(Object.values(reads).map(() => 1));
    },
  );
});

describe('hostile input is refused in no time', () => {
  /** Microseconds of the processor's time: far more than these take, and far less than what grows with the length, or worse. */
  const LIMIT = 250_000;
  const COLONS = ':'.repeat(50_000);
  const WORD = 'x'.repeat(1_000_000);
  test.each([
    ['a service of colons', () => untyped.getService(`tcp://[${COLONS}`)],
    ['a destination of colons', () => untyped.getDestination(TCP, `[${COLONS}`)],
    ['a service of letters', () => untyped.getService(WORD)],
    ['a long scheme', () => untyped.getService(`${WORD}://10.0.0.1:80`)],
    ['a long address', () => addService({ ...tcp, address: '1:'.repeat(WORD.length) })],
    ['a long protocol', () => addService({ ...tcp, protocol: WORD })],
    ['a long scheduler', () => addService({ ...tcp, scheduler: WORD })],
    ['a long key', () => addService({ ...tcp, [WORD]: 1 })],
    [
      'a long mask',
      () => addService({ ...tcp, persistence: { netmask: '1.'.repeat(WORD.length) } }),
    ],
  ])('%s', (_, call) => {
    const start = process.cpuUsage();
    const error = thrownBy(() => pack(call()));
    const { user, system } = process.cpuUsage(start);
    expect(error).toHaveProperty('code', 'ERR_INVALID_ARG_VALUE');
    expect(user + system).toBeLessThan(LIMIT);
    // It is an Error: it has a code.
    expect((error as Error).message.length).toBeLessThan(500);
  });
});
