import { describe, expect, test } from 'vitest';
import { Ipvs } from '../../lib/index.js';
import {
  expectRow,
  type InvalidValue,
  mark,
  server,
  TCP,
  tcp,
  tcp6,
  tunnelled,
} from './helpers/argument-tables.js';
import type { Call } from './helpers/requests.js';
import {
  bytesOf,
  expectInputError,
  pack,
  requestOf,
  thrownBy,
  untyped,
  write,
} from './helpers/requests.js';

const { addService, ensureService, updateService, deleteService } = untyped;
const { addDestination, ensureDestination, updateDestination, deleteDestination } = untyped;

describe('a value that is not an object', () => {
  const VALUES: readonly { readonly shown: string; readonly value: unknown }[] = [
    { shown: 'null', value: null },
    { shown: 'undefined', value: undefined },
    { shown: '[]', value: [] },
    { shown: '5', value: 5 },
    { shown: 'true', value: true },
    { shown: '5n', value: 5n },
    { shown: 'Symbol(s)', value: Symbol('s') },
    { shown: '[Function: f]', value: function f() {} },
    { shown: '[class C]', value: class C {} },
  ];
  interface Place {
    readonly operation: string;
    readonly property: string;
    readonly call: (value: unknown) => Call<unknown>;
  }
  const PLACES: readonly Place[] = [
    { operation: 'addService', property: 'service', call: (value) => addService(value) },
    { operation: 'ensureService', property: 'service', call: (value) => ensureService(value) },
    { operation: 'updateService', property: 'service', call: (value) => updateService(value, {}) },
    { operation: 'updateService', property: 'changes', call: (value) => updateService(TCP, value) },
    { operation: 'deleteService', property: 'service', call: (value) => deleteService(value) },
    { operation: 'getService', property: 'service', call: (value) => untyped.getService(value) },
    {
      operation: 'addDestination',
      property: 'service',
      call: (value) => addDestination(value, server),
    },
    {
      operation: 'addDestination',
      property: 'destination',
      call: (value) => addDestination(TCP, value),
    },
    {
      operation: 'ensureDestination',
      property: 'destination',
      call: (value) => ensureDestination(TCP, value),
    },
    {
      operation: 'updateDestination',
      property: 'service',
      call: (value) => updateDestination(value, '10.0.0.2', {}),
    },
    {
      operation: 'updateDestination',
      property: 'destination',
      call: (value) => updateDestination(TCP, value, {}),
    },
    {
      operation: 'updateDestination',
      property: 'changes',
      call: (value) => updateDestination(TCP, '10.0.0.2', value),
    },
    {
      operation: 'deleteDestination',
      property: 'destination',
      call: (value) => deleteDestination(TCP, value),
    },
    {
      operation: 'getDestination',
      property: 'destination',
      call: (value) => untyped.getDestination(TCP, value),
    },
    {
      operation: 'listDestinations',
      property: 'service',
      call: (value) => untyped.listDestinations(value),
    },
  ];
  test.each(PLACES)('$operation refuses it as $property', ({ property, call }) => {
    for (const { shown, value } of VALUES) {
      expectRow(() => call(value), { kind: 'type', property, value: shown, rule: 'an object' });
    }
  });

  test('a promise, as of a forgotten await, is refused', () => {
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
  interface OptionsRow extends InvalidValue {
    readonly title: string;
    readonly options: unknown;
  }
  test.each<OptionsRow>([
    {
      title: 'options that are null',
      options: null,
      kind: 'type',
      property: 'options',
      value: 'null',
      rule: 'is not an object',
    },
    {
      title: 'options that are true',
      options: true,
      kind: 'type',
      property: 'options',
      value: 'true',
      rule: 'is not an object',
    },
    {
      title: 'options that are an array',
      options: [],
      kind: 'type',
      property: 'options',
      value: '[]',
      rule: 'is not an object',
    },
    {
      title: 'a typo',
      options: { ifExist: true },
      kind: 'value',
      property: 'options.ifExist',
      value: "'ifExist'",
      rule: 'did you mean ifExists?',
    },
    {
      title: 'ifExists 1',
      options: { ifExists: 1 },
      kind: 'type',
      property: 'options.ifExists',
      value: '1',
      rule: 'is not a boolean',
    },
    {
      title: 'ifExists null',
      options: { ifExists: null },
      kind: 'type',
      property: 'options.ifExists',
      value: 'null',
      rule: 'is not a boolean',
    },
    {
      title: 'ifExists in text',
      options: { ifExists: 'true' },
      kind: 'type',
      property: 'options.ifExists',
      value: "'true'",
      rule: 'is not a boolean',
    },
  ])('deletions refuse $title', ({ options, ...row }) => {
    expectRow(() => deleteService(TCP, options), row);
    expectRow(() => deleteDestination(TCP, '10.0.0.2', options), row);
  });

  test('the options decide whether absence is an error', () => {
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

describe('zero', () => {
  test.each([TCP, mark, tcp6])('encodes the key of %j', (reference) => {
    const { service, destination } = requestOf(untyped.getService(reference));
    expect(requestOf(untyped.zero(reference))).toMatchObject({ service, destination });
  });

  test('has no key if no service is given', () => {
    expect(requestOf(untyped.zero()).service).toMatchObject({ family: 0, fwmark: 0 });
  });

  test('refuses a service that is not one', () => {
    // As from a find() that found nothing: that must not zero everything.
    expectRow(() => untyped.zero(undefined), {
      kind: 'type',
      property: 'service',
      value: 'undefined',
      rule: 'an object',
    });
    expectRow(() => untyped.zero(null), {
      kind: 'type',
      property: 'service',
      value: 'null',
      rule: 'an object',
    });
    expectRow(() => untyped.zero(''), {
      kind: 'value',
      property: 'service',
      value: "''",
      rule: 'is not a service',
    });
    expectRow(() => untyped.zero({}), {
      kind: 'value',
      property: 'service',
      value: '{}',
      rule: 'needs protocol',
    });
  });
});

describe('options of open()', () => {
  interface OptionsRow extends InvalidValue {
    readonly title: string;
    readonly options: unknown;
  }
  const PATH = 'is not a Namespace, the path of a network namespace';
  // The bad ones are what is tested.
  const open = Ipvs.open as (options: unknown) => Promise<Ipvs>;

  test.each<OptionsRow>([
    {
      title: 'options that are null',
      options: null,
      kind: 'type',
      property: 'options',
      value: 'null',
      rule: 'is not an object',
    },
    {
      title: 'a path alone',
      options: '/run/netns/blue',
      kind: 'type',
      property: 'options',
      value: "'/run/netns/blue'",
      rule: 'is not an object',
    },
    {
      title: 'options that are an array',
      options: [],
      kind: 'type',
      property: 'options',
      value: '[]',
      rule: 'is not an object',
    },
    {
      title: 'a typo',
      options: { netn: '/x' },
      kind: 'value',
      property: 'options.netn',
      value: "'netn'",
      rule: 'did you mean netns?',
    },
    {
      title: 'netns that is a number',
      options: { netns: 3 },
      kind: 'type',
      property: 'options.netns',
      value: '3',
      rule: PATH,
    },
    {
      title: 'netns: null',
      options: { netns: null },
      kind: 'type',
      property: 'options.netns',
      value: 'null',
      rule: PATH,
    },
    {
      title: 'an empty netns',
      options: { netns: '' },
      kind: 'value',
      property: 'options.netns',
      value: "''",
      rule: PATH,
    },
    {
      title: 'a netns with a NUL',
      options: { netns: '/run\0' },
      kind: 'value',
      property: 'options.netns',
      value: "'/run\\x00'",
      rule: PATH,
    },
    {
      title: 'netns that is a Buffer',
      options: { netns: Buffer.from('/x') },
      kind: 'type',
      property: 'options.netns',
      value: 'Buffer(2) [Uint8Array] [ 47, 120 ]',
      rule: PATH,
    },
  ])('open() refuses $title', async ({ options, kind, property, value, rule }) => {
    const error: unknown = await open(options).then(
      () => expect.unreachable('a handle was opened'),
      (reason: unknown) => reason,
    );
    expectInputError(error, { subject: 'open', kind, property, value, rule });
  });
});

describe('unusual objects', () => {
  const add = bytesOf(addService({ ...tcp, scheduler: 'rr', persistence: { timeout: 5 } }));

  test('frozen objects, objects without a prototype and instances of classes are accepted', () => {
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

  test('a property that is undefined counts as absent', () => {
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

  test('an inherited property is refused, not ignored', () => {
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
      expectRow(() => addService(config), {
        kind: 'value',
        property: 'service.scheduler',
        value: "'scheduler'",
        rule: 'is inherited: only own properties are read',
      });
    }
  });

  test.each(['port', 'scheduler', 'weight', 'fwmark', 'tunnel', 'ifExists', 'polluted'])(
    'Object.prototype.%s is not taken for a setting',
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
      const rule = 'is not a known property';
      expectRow(() => updateService(TCP, config), {
        kind: 'value',
        property,
        value: `'${key}'`,
        rule,
      });
    },
  );

  test('a key with control characters stays on one line of the log', () => {
    const error = thrownBy(() => pack(updateService(TCP, { 'a\nb\u001b[31m': 1 })));
    expect(error).toHaveProperty('message', expect.stringMatching(/^changes: [ -~]*$/));
  });

  test('an error of a getter is thrown as it is, and nothing is left of the call', () => {
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

  test('a getter of the options throws as the call is encoded', () => {
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
  interface ObjectRow {
    readonly title: string;
    readonly object: object;
    readonly call: (object: unknown) => Call<unknown>;
  }
  test.each<ObjectRow>([
    {
      title: 'service',
      object: { ...full, family: 'ipv4', persistence },
      call: (object) => addService(object),
    },
    {
      title: 'service by mark',
      object: { fwmark: 7, family: 'ipv6' },
      call: (object) => ensureService(object),
    },
    {
      title: 'persistence',
      object: persistence,
      call: (object) => addService({ ...tcp, persistence: object }),
    },
    {
      title: 'service reference',
      object: { ...tcp, family: 'ipv4' },
      call: (object) => deleteService(object),
    },
    {
      title: 'changes of a service',
      object: { scheduler: 'sh', schedulerFlags: [], onePacket: false, persistence },
      call: (object) => updateService(TCP, object),
    },
    {
      title: 'destination',
      object: { ...real, ...settings },
      call: (object) => addDestination(TCP, object),
    },
    {
      title: 'destination reference',
      object: real,
      call: (object) => deleteDestination(TCP, object),
    },
    {
      title: 'changes of a destination',
      object: settings,
      call: (object) => updateDestination(TCP, '10.0.0.2', object),
    },
    {
      title: 'tunnel',
      object: tunnel,
      call: (object) => addDestination(TCP, { ...server, forwarding: 'tunnel', tunnel: object }),
    },
    {
      title: 'timeouts',
      object: { tcp: 1, tcpFin: 2, udp: 3 },
      call: (object) => untyped.setTimeouts(object),
    },
    {
      title: 'daemon',
      object: { ...daemon, group: '224.0.0.81', port: 8848 },
      call: (object) => untyped.startSyncDaemon(object),
    },
    {
      title: 'options of a deletion',
      object: { ifExists: true },
      call: (object) => deleteService(TCP, object),
    },
    {
      title: 'options of a reading',
      object: { bigint: true },
      call: (object) => untyped.getService(TCP, object),
    },
  ])(
    'each property of a $title is read once, so that a getter cannot change a checked value',
    ({ object, call }) => {
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

describe('hostile input', () => {
  /**
   * Microseconds of the processor's time: far more than these take, and far less than a time that
   * grows with the length.
   */
  const LIMIT = 250_000;
  const COLONS = ':'.repeat(50_000);
  const WORD = 'x'.repeat(1_000_000);
  test.each([
    { title: 'a service of colons', call: () => untyped.getService(`tcp://[${COLONS}`) },
    { title: 'a destination of colons', call: () => untyped.getDestination(TCP, `[${COLONS}`) },
    { title: 'a service of letters', call: () => untyped.getService(WORD) },
    { title: 'a long scheme', call: () => untyped.getService(`${WORD}://10.0.0.1:80`) },
    {
      title: 'a long address',
      call: () => addService({ ...tcp, address: '1:'.repeat(WORD.length) }),
    },
    { title: 'a long protocol', call: () => addService({ ...tcp, protocol: WORD }) },
    { title: 'a long scheduler', call: () => addService({ ...tcp, scheduler: WORD }) },
    { title: 'a long key', call: () => addService({ ...tcp, [WORD]: 1 }) },
    {
      title: 'a long mask',
      call: () => addService({ ...tcp, persistence: { netmask: '1.'.repeat(WORD.length) } }),
    },
  ])('$title is refused at once', ({ call }) => {
    const start = process.cpuUsage();
    const error = thrownBy(() => pack(call()));
    const { user, system } = process.cpuUsage(start);
    expect(error).toHaveProperty('code', 'ERR_INVALID_ARG_VALUE');
    expect(user + system).toBeLessThan(LIMIT);
    // It is an Error: it has a code.
    expect((error as Error).message.length).toBeLessThan(500);
  });
});
