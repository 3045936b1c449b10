import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkCountOptions, countMask, decodeCounts } from '../../lib/connections/count.js';
import { type Chunk, decodeChunk } from '../../lib/connections/decode.js';
import {
  type ChunkSource,
  ConnectionStream,
  checkStreamOptions,
} from '../../lib/connections/stream.js';
import type { Connection } from '../../lib/index.js';
import type { NativeConnections } from '../../lib/native/addon.js';
import { connectionRecord, countRecord } from './answers.js';
import {
  decode,
  expectInputError,
  type Kind,
  layout,
  requestOf,
  thrownBy,
  untyped,
} from './requests.js';

const SERVICE = 'tcp://10.96.0.1:443';

/** What the filter of some options asks for. */
function filterOf(options: unknown) {
  const { filter } = checkStreamOptions(options);
  expect(checkCountOptions(options).filter).toEqual(filter);
  return decode(filter.record, 0, layout.connectionFilter);
}

const numbers = (bytes: unknown) => (Array.isArray(bytes) ? bytes : expect.unreachable());

describe('filters', () => {
  test.each([undefined, {}, { service: undefined, client: undefined, state: undefined }])(
    '%j asks for everything',
    (options) => {
      const { filter } = checkStreamOptions(options);
      expect(filter.record).toEqual(new Uint8Array(layout.connectionFilter.size));
    },
  );

  test.each([SERVICE, 'udp://[fd00::1]:53', 'fwmark6://7', { fwmark: 7 }])(
    'service %j',
    (service) => {
      const { service: key, criteria } = filterOf({ service });
      const record = layout.service.fields;
      const bytes = new Uint8Array(layout.service.size);
      bytes.set(numbers(key));
      const { flags: _, ...expected } = requestOf(untyped.getService(service)).service;
      expect(criteria).toBe(layout.criteria.service);
      const { address, fwmark, family, protocol, port } = decode(bytes, 0, layout.service);
      expect(expected).toMatchObject({ address, fwmark, family, protocol, port });
      expect(numbers(key)).toHaveLength(layout.connectionFilter.fields.service.size);
      expect(record.address.offset).toBe(0);
    },
  );

  test.each([
    ['10.0.0.1:80', undefined, 80],
    ['[fd00::2]:80', undefined, 80],
    [{ address: '10.0.0.1', port: 80 }, undefined, 80],
    ['10.0.0.1', SERVICE, 443],
    [{ address: 'fd00::2' }, SERVICE, 443],
    ['fd00::2', SERVICE, 443],
  ])('destination %j beside service %j', (destination, service, port) => {
    const { destination: key, criteria } = filterOf({ destination, service });
    const bytes = new Uint8Array(layout.destination.size);
    bytes.set(numbers(key));
    const expected = requestOf(untyped.getDestination(SERVICE, destination)).destination;
    const { address, family } = expected;
    expect(decode(bytes, 0, layout.destination)).toMatchObject({ address, family, port });
    const both = service === undefined ? 0 : layout.criteria.service;
    expect(criteria).toBe(layout.criteria.destination | both);
  });

  test.each([
    ['10.0.0.7', 2, 32, '0a000007'],
    ['10.0.0.7/32', 2, 32, '0a000007'],
    ['10.0.0.0/8', 2, 8, '0a'],
    ['0.0.0.0/0', 2, 0, ''],
    ['fd00::7', 10, 128, `fd${'0'.repeat(29)}7`],
    ['fd00::/64', 10, 64, 'fd'],
    ['::/0', 10, 0, ''],
  ])('client or server %s', (network, family, prefix, digits) => {
    const bytes = [...Buffer.from(digits.padEnd(32, '0'), 'hex')];
    expect(filterOf({ client: network })).toMatchObject({
      criteria: layout.criteria.client,
      clientFamily: family,
      clientPrefix: prefix,
      client: bytes,
    });
    expect(filterOf({ server: network })).toMatchObject({
      criteria: layout.criteria.server,
      serverFamily: family,
      serverPrefix: prefix,
      server: bytes,
    });
  });

  test.each([
    [{ protocol: 'tcp' }, { protocol: 6 }],
    [{ protocol: 'ip' }, { protocol: 0 }],
    [{ protocol: 'icmpv6' }, { protocol: 58 }],
    [{ protocol: 'unknown-50' }, { protocol: 50 }],
    [{ state: 'ESTABLISHED' }, { state: 'ESTABLISHED' }],
    [{ state: 'S-ACK-SENT' }, { state: 'S-ACK-SENT' }],
    [{ state: 'ERR!' }, { state: 'ERR!' }],
  ])('%j', (options, expected) => {
    const [name] = Object.keys(options);
    const criteria = name === 'state' ? layout.criteria.state : layout.criteria.protocol;
    expect(filterOf(options)).toMatchObject({ criteria, ...expected });
  });

  test('all at once', () => {
    const all = {
      service: SERVICE,
      destination: '10.0.0.1',
      client: '::/0',
      server: '10.0.0.0/8',
      protocol: 'udp',
      state: 'UDP',
    };
    const every = Object.values<number>(layout.criteria).reduce((sum, bit) => sum | bit, 0);
    expect(filterOf(all)).toMatchObject({ criteria: every, protocol: 17, state: 'UDP' });
  });
});

const CLIENT = "is not an address or a network such as '10.0.0.0/8'";
const STATE = 'is not one of NONE, ESTABLISHED, SYN_SENT,';
const BY = 'is not an array of service, destination, state, protocol';
type Row = readonly [string, unknown, Kind, string, string, string];

test.each<Row>([
  ['null', null, 'type', 'options', 'null', 'is not an object'],
  ['a service alone', SERVICE, 'type', 'options', `'${SERVICE}'`, 'is not an object'],
  [
    'a typo',
    { servcie: SERVICE },
    'value',
    'options.servcie',
    "'servcie'",
    'did you mean service?',
  ],
  [
    'a bad service',
    { service: 'tcp://x' },
    'value',
    'options.service',
    "'tcp://x'",
    'is not a service',
  ],
  [
    'service null',
    { service: null },
    'type',
    'options.service',
    'null',
    'is not a reference: a string',
  ],
  [
    'a bad destination',
    { destination: 'x:80' },
    'value',
    'options.destination',
    "'x:80'",
    'is not a destination',
  ],
  [
    'a destination without a port',
    { destination: '10.0.0.1' },
    'value',
    'options.destination',
    "'10.0.0.1'",
    'needs a port, or a service',
  ],
  [
    'an IPv6 destination without a port',
    { destination: 'fd00::2' },
    'value',
    'options.destination',
    "'fd00::2'",
    'needs a port, or a service',
  ],
  [
    'a destination object without a port',
    { destination: { address: '::1' } },
    'value',
    'options.destination',
    "{ address: '::1' }",
    'needs a port, or a service',
  ],
  [
    'destination null',
    { service: SERVICE, destination: null },
    'type',
    'options.destination',
    'null',
    'is not a reference: a string',
  ],
  ['client null', { client: null }, 'type', 'options.client', 'null', CLIENT],
  ...[
    '',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10/8',
    'localhost',
    '::1%lo',
    '[::1]',
  ].map(
    (client): Row => [
      `client ${client}`,
      { client },
      'value',
      'options.client',
      `'${client}'`,
      CLIENT,
    ],
  ),
  [
    'client /33',
    { client: '10.0.0.0/33' },
    'range',
    'options.client prefix',
    '33',
    'is not an integer from 0 to 32',
  ],
  [
    'client /129',
    { client: '::/129' },
    'range',
    'options.client prefix',
    '129',
    'is not an integer from 0 to 128',
  ],
  [
    'protocol number',
    { protocol: 6 },
    'type',
    'options.protocol',
    '6',
    'is not one of tcp, udp, sctp, ip',
  ],
  [
    'protocol http',
    { protocol: 'http' },
    'value',
    'options.protocol',
    "'http'",
    'is not one of tcp',
  ],
  ...['10.0.0.0/33', 'localhost', '10.0.0.1:80', '[::1]'].map(
    (server): Row => [
      `server ${server}`,
      { server },
      server.endsWith('/33') ? 'range' : 'value',
      server.endsWith('/33') ? 'options.server prefix' : 'options.server',
      server.endsWith('/33') ? '33' : `'${server}'`,
      server.endsWith('/33') ? 'is not an integer from 0 to 32' : CLIENT,
    ],
  ),
  ['server null', { server: null }, 'type', 'options.server', 'null', CLIENT],
  ['state number', { state: 1 }, 'type', 'options.state', '1', STATE],
  [
    'state with a typo',
    { state: 'ESTABLISHD' },
    'value',
    'options.state',
    "'ESTABLISHD'",
    'did you mean ESTABLISHED?',
  ],
  [
    'state in lower case',
    { state: 'time_wait' },
    'value',
    'options.state',
    "'time_wait'",
    'did you mean TIME_WAIT?',
  ],
  ['state empty', { state: '' }, 'value', 'options.state', "''", STATE],
  ['state with a blank', { state: 'A B' }, 'value', 'options.state', "'A B'", STATE],
])('%s is refused', (_, options, kind, property, value, rule) => {
  for (const check of [checkStreamOptions, checkCountOptions]) {
    expectInputError(
      thrownBy(() => check(options)),
      { kind, property, value, rule },
    );
  }
});

describe('options of a stream', () => {
  test('are the origin and the signal', () => {
    const { signal } = new AbortController();
    expect(checkStreamOptions({ origin: true, signal })).toMatchObject({
      origin: true,
      signal,
    });
    expect(checkStreamOptions({ origin: undefined })).toMatchObject({ origin: false });
  });

  test.each<Row>([
    ['origin', { origin: 'sync' }, 'type', 'options.origin', "'sync'", 'is not a boolean'],
    ['signal', { signal: null }, 'type', 'options.signal', 'null', 'is not an AbortSignal'],
    ['by', { by: [] }, 'value', 'options.by', "'by'", 'is not a known property'],
  ])('%s', (_, options, kind, property, value, rule) => {
    expectInputError(
      thrownBy(() => checkStreamOptions(options)),
      { kind, property, value, rule },
    );
  });
});

describe('options of counting', () => {
  test.each([
    [undefined, []],
    [{ by: undefined }, []],
    [{ by: [] }, []],
    [{ by: ['state'] }, ['state']],
    [
      { by: ['service', 'destination', 'state', 'protocol', 'state'] },
      ['service', 'destination', 'state', 'protocol'],
    ],
  ] as const)('%j', (options, columns) => {
    const { by } = checkCountOptions(options);
    expect([...by]).toEqual(columns);
    expect(countMask(by)).toBe(columns.reduce((mask, name) => mask | layout.countBy[name], 0));
  });

  test.each<Row>([
    ['text', { by: 'state' }, 'type', 'options.by', "'state'", BY],
    ['null', { by: null }, 'type', 'options.by', 'null', BY],
    ['another column', { by: ['client'] }, 'value', 'options.by', "[ 'client' ]", BY],
    ['a hole', { by: Array(1) }, 'value', 'options.by', '[ <1 empty item> ]', BY],
    ['origin', { origin: true }, 'value', 'options.origin', "'origin'", 'is not a known property'],
  ])('%s', (_, options, kind, property, value, rule) => {
    expectInputError(
      thrownBy(() => checkCountOptions(options)),
      { kind, property, value, rule },
    );
  });
});

const IPV4 = { family: 2, destinationFamily: 2, protocol: 6 };
const joined = (...records: readonly Uint8Array[]) =>
  Uint8Array.from(Buffer.concat(records)).buffer;

/** The entries of a part, the last one first: each is read by itself. */
function entriesOf(native: NativeConnections): Connection[] {
  const part = decodeChunk(native);
  const places = Array.from({ length: part.count }, (_, place) => place);
  return places
    .reverse()
    .map((place) => part.read(place))
    .reverse();
}

describe('reading', () => {
  test('entries, each for itself', () => {
    const connections = joined(
      connectionRecord({
        ...IPV4,
        client: [10, 0, 0, 7],
        clientPort: 50000,
        virtualAddress: [10, 96, 0, 1],
        virtualPort: 443,
        destination: [0xfd, ...Array(14).fill(0), 2],
        destinationFamily: 10,
        destinationPort: 6443,
        expires: 2 ** 32 - 1,
        state: 2,
      }),
      connectionRecord({
        ...IPV4,
        protocol: 0,
        client: [10, 0, 0, 0],
        virtualAddress: [0xff, 0, 0, 7],
        flags: layout.connectionFlags.template,
        state: 1,
        engine: 3,
        engineData: 4,
        origin: layout.origins.sync,
      }),
      connectionRecord({ ...IPV4, protocol: 50, origin: layout.origins.local }),
    );
    const texts = ['NONE', 'ESTABLISHED', 'sip', 'call-id'];
    expect(entriesOf({ connections, texts, done: true })).toStrictEqual([
      {
        protocol: 'tcp',
        family: 'ipv4',
        client: { address: '10.0.0.7', port: 50000 },
        virtual: { address: '10.96.0.1', port: 443 },
        destination: { address: 'fd00::2', port: 6443 },
        state: 'ESTABLISHED',
        expires: 2 ** 32 - 1,
        template: false,
        fwmark: null,
        engine: null,
        engineData: null,
        origin: null,
      },
      {
        protocol: 'ip',
        family: 'ipv4',
        client: { address: '10.0.0.0', port: 0 },
        virtual: { address: '255.0.0.7', port: 0 },
        destination: { address: '0.0.0.0', port: 0 },
        state: 'NONE',
        expires: 0,
        template: true,
        fwmark: 0xff000007,
        engine: 'sip',
        engineData: 'call-id',
        origin: 'sync',
      },
      expect.objectContaining({
        protocol: 'unknown-50',
        state: '',
        origin: 'local',
        template: false,
      }),
    ]);
  });

  test('an empty part', () => {
    const empty = { connections: new ArrayBuffer(0), texts: [], done: true };
    expect(entriesOf(empty)).toEqual([]);
    expect(decodeChunk(empty)).toMatchObject({ count: 0, last: true });
    expect(decodeChunk({ ...empty, done: false })).toMatchObject({ last: false });
  });

  test('counts, with the columns that were asked for', () => {
    const group = { ...IPV4, virtualPort: 443, destinationPort: 80, state: 1 };
    const counts = joined(countRecord(group, 2n ** 40n), countRecord({ ...group, state: 2 }, 1n));
    const native = { counts, texts: ['ESTABLISHED', 'FIN_WAIT'] };
    const endpoint = { address: '0.0.0.0', port: 443 };
    expect(decodeCounts(native, new Set(['state']))).toStrictEqual([
      { count: 2 ** 40, state: 'ESTABLISHED' },
      { count: 1, state: 'FIN_WAIT' },
    ]);
    expect(decodeCounts(native, new Set(['service', 'destination', 'protocol']))[0]).toStrictEqual({
      count: 2 ** 40,
      service: { protocol: 'tcp', ...endpoint },
      destination: { address: '0.0.0.0', port: 80 },
      protocol: 'tcp',
    });
  });

  test('counts by service name it as references do', () => {
    const template = layout.connectionFlags.template;
    const rows = [
      { ...IPV4, virtualAddress: [10, 96, 0, 1], virtualPort: 443 },
      { family: 2, virtualAddress: [0, 0, 0, 8], flags: template },
      { family: 10, virtualAddress: [0xff, 0, 0, 7, ...Array(12).fill(0)], flags: template },
      { ...IPV4, protocol: 1 },
    ];
    const counts = joined(...rows.map((row) => countRecord(row, 1n)));
    const services = decodeCounts({ counts, texts: [] }, new Set(['service'])).map(
      ({ service }) => service,
    );
    expect(services).toStrictEqual([
      { protocol: 'tcp', address: '10.96.0.1', port: 443 },
      { fwmark: 8, family: 'ipv4' },
      { fwmark: 0xff000007, family: 'ipv6' },
      { protocol: 'unknown-1', address: '0.0.0.0', port: 0 },
    ]);
    for (const service of services) expect(() => filterOf({ service })).not.toThrow();
  });

  test('an empty table has no groups, but a number', () => {
    const native = { counts: new ArrayBuffer(0), texts: [] };
    expect(decodeCounts(native, new Set(['state']))).toEqual([]);
    expect(decodeCounts(native, new Set())).toEqual([{ count: 0 }]);
  });
});

/** A connection by its number. */
const connection = (expires: number): Connection => ({
  protocol: 'tcp',
  family: 'ipv4',
  client: { address: '10.0.0.7', port: 1 },
  virtual: { address: '10.96.0.1', port: 80 },
  destination: { address: '10.0.0.1', port: 80 },
  state: 'ESTABLISHED',
  expires,
  template: false,
  fwmark: null,
  engine: null,
  engineData: null,
  origin: null,
});

/** A source that gives parts of these sizes, each when it is told to. */
class Source implements ChunkSource {
  closed = 0;
  /** Readings that were begun and have not ended. */
  running = 0;
  /** What should not have been done. */
  readonly faults: string[] = [];
  readonly #sizes: readonly number[];
  readonly #settle: (() => void)[] = [];
  #next = 0;
  #given = 0;

  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
  }

  get begun(): boolean {
    return this.#next > 0;
  }

  stream(): ConnectionStream {
    return new ConnectionStream(this, undefined);
  }

  next(): Promise<Chunk> {
    if (this.closed > 0) this.faults.push('read after the end');
    if (this.running > 0) this.faults.push('two readings at once');
    this.running++;
    const place = this.#next++;
    const count = this.#sizes[place] ?? 0;
    const first = this.#given;
    this.#given += count;
    return new Promise((resolve) => {
      this.#settle.push(() => {
        this.running--;
        const last = place >= this.#sizes.length - 1;
        resolve({ count, last, read: (at) => connection(first + at) });
      });
    });
  }

  close(): void {
    if (this.running > 0) this.faults.push('closed in the midst of a reading');
    this.closed++;
  }

  /** Ends every reading, also those that this begins, until nothing more comes. */
  async run(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      await turn();
      const settle = this.#settle.splice(0);
      if (settle.length > 0) quiet = -1;
      for (const each of settle) each();
    }
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const sizes = fc.array(fc.nat(4), { maxLength: 5 }).map((parts) => [...parts, 0]);
const total = (parts: readonly number[]) => parts.reduce((sum, part) => sum + part, 0);

describe('a stream', () => {
  test('by calls of next() one after the other gives every entry in its order', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (parts) => {
        const source = new Source(parts);
        const running = source.run();
        const seen: number[] = [];
        const read = (async () => {
          for await (const { expires } of source.stream()) seen.push(expires);
        })();
        await running;
        await source.run();
        await read;
        expect(seen).toEqual(Array.from({ length: total(parts) }, (_, index) => index));
        expect(source).toMatchObject({ closed: 1, running: 0, faults: [] });
      }),
    );
  });

  test('by many calls of next() at once gives each its own', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(3), async (parts, more) => {
        const source = new Source(parts);
        const stream = source.stream();
        const count = total(parts);
        const calls = Promise.all(Array.from({ length: count + more }, () => stream.next()));
        await source.run();
        const results = await calls;
        expect(results.slice(0, count).map(({ value }) => value?.expires)).toEqual(
          Array.from({ length: count }, (_, index) => index),
        );
        expect(results.slice(count)).toEqual(
          Array.from({ length: more }, () => ({ value: undefined, done: true })),
        );
        expect(source.faults).toEqual([]);
      }),
    );
  });

  test('in any order and at any moment leaves nothing open, and nothing running', async () => {
    const step = fc.constantFrom('next', 'return', 'run', 'microtask', 'turn');
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(step, { maxLength: 12 }), async (parts, steps) => {
        const source = new Source(parts);
        const stream = source.stream();
        const pending: Promise<unknown>[] = [];
        let returned = false;
        for (const each of steps) {
          if (each === 'next') pending.push(stream.next());
          if (each === 'return') pending.push(stream.return());
          if (each === 'run') await source.run();
          if (each === 'microtask') await Promise.resolve();
          if (each === 'turn') await turn();
          returned ||= each === 'return';
        }
        if (!returned) pending.push(stream.return());
        await source.run();
        await Promise.all(pending);
        await source.run();
        expect(await stream.next()).toEqual({ value: undefined, done: true });
        expect(source.faults).toEqual([]);
        expect(source.running).toBe(0);
        expect(source.closed).toBe(source.begun ? 1 : 0);
      }),
      { numRuns: 500 },
    );
  });
});
