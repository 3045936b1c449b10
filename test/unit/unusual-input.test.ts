import { describe, expect, test } from 'vitest';
import { expectRow, mark, server, TCP, tcp, tunnelled } from './helpers/argument-tables.js';
import type { Call } from './helpers/requests.js';
import { bytesOf, pack, thrownBy, untyped, write } from './helpers/requests.js';

const { addService, ensureService, updateService, deleteService } = untyped;
const { addDestination, updateDestination, deleteDestination } = untyped;

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
