import fc from 'fast-check';
import {
  type Connection,
  type ConnectionCount,
  type ConnectionFilter,
  type ConnectionStream,
  type CountBy,
  Ipvs,
  loadModules,
} from 'ipvs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  kernelConnections,
  type Lasting,
  lasting,
  listed,
  listedConnections,
} from './helpers/connection-table.js';
import { countOpen } from './helpers/descriptors.js';
import { Namespace } from './helpers/namespace.js';
import { until } from './helpers/poll.js';
import {
  type Balanced,
  balance,
  CLIENT6,
  collect,
  furnish,
  PORT,
  SERVER,
  SERVER6,
  SILENT6,
  VIRTUAL,
  VIRTUAL6,
} from './helpers/scene.js';
import { type Client, Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const server = { address: SERVER, port: PORT };
const server6 = { address: SERVER6, port: PORT };
const persistence = { timeout: 600 };
const MARK = 7;
/** A Call-ID of all kinds of bytes that the kernel accepts. */
const CALL_ID = '\xe9"<z>\\%[{~`@\xffa';

const services: readonly Balanced[] = [
  [{ protocol: 'tcp', address: VIRTUAL, port: 80 }, server],
  [{ protocol: 'udp', address: VIRTUAL, port: 80 }, server],
  [{ protocol: 'sctp', address: VIRTUAL, port: 80 }, server],
  [{ protocol: 'tcp', address: VIRTUAL6, port: 80 }, server6],
  [{ protocol: 'udp', address: VIRTUAL6, port: 80 }, server6],
  [
    {
      protocol: 'tcp',
      address: VIRTUAL,
      port: 81,
      persistence: { timeout: 600, netmask: '255.255.0.0' },
    },
    server,
  ],
  [
    { protocol: 'udp', address: VIRTUAL6, port: 81, persistence: { timeout: 600, netmask: 64 } },
    server6,
  ],
  [{ fwmark: MARK, persistence }, { address: SERVER }],
  [{ fwmark: 0xfedcba98, family: 'ipv6', persistence }, { address: SERVER6 }],
  [
    {
      protocol: 'udp',
      address: VIRTUAL,
      port: 5060,
      persistence: { ...persistence, engine: 'sip' },
    },
    server,
  ],
  [
    { protocol: 'tcp', address: VIRTUAL, port: 82, persistence },
    { address: SILENT6, forwarding: 'tunnel' },
  ],
];

const plain = {
  family: 'ipv4',
  virtual: { address: VIRTUAL, port: 80 },
  destination: server,
  template: false,
  fwmark: null,
  engine: null,
  engineData: null,
  origin: null,
} as const;
const plain6 = {
  ...plain,
  family: 'ipv6',
  virtual: { address: VIRTUAL6, port: 80 },
  destination: server6,
} as const;
const template = { state: 'ASSURED', template: true } as const;
const from = (address: string, port: number) => ({ address, port });

/** Exchanges of clients, and the rows of each in the table. */
const exchanges: readonly {
  readonly title: string;
  readonly client: Client;
  readonly rows: readonly Lasting[];
}[] = [
  {
    title: 'TCP',
    client: { protocol: 'tcp', to: [VIRTUAL, 80], source: ['10.0.0.7', 1024], data: '?' },
    rows: [{ ...plain, protocol: 'tcp', client: from('10.0.0.7', 1024), state: 'ESTABLISHED' }],
  },
  {
    title: 'TCP that is over',
    client: {
      protocol: 'tcp',
      to: [VIRTUAL, 80],
      source: ['10.0.0.8', 1025],
      data: '?',
      end: true,
    },
    rows: [{ ...plain, protocol: 'tcp', client: from('10.0.0.8', 1025), state: 'TIME_WAIT' }],
  },
  {
    title: 'UDP',
    client: { protocol: 'udp', to: [VIRTUAL, 80], source: ['10.0.0.7', 1024], data: '?' },
    rows: [{ ...plain, protocol: 'udp', client: from('10.0.0.7', 1024), state: 'UDP' }],
  },
  {
    title: 'TCP over IPv6',
    client: { protocol: 'tcp', to: [VIRTUAL6, 80], source: [CLIENT6, 1024], data: '?' },
    rows: [{ ...plain6, protocol: 'tcp', client: from(CLIENT6, 1024), state: 'ESTABLISHED' }],
  },
  {
    title: 'UDP over IPv6',
    client: { protocol: 'udp', to: [VIRTUAL6, 80], source: [CLIENT6, 65535], data: '?' },
    rows: [{ ...plain6, protocol: 'udp', client: from(CLIENT6, 65535), state: 'UDP' }],
  },
  {
    title: 'a persistent service',
    client: { protocol: 'tcp', to: [VIRTUAL, 81], source: ['10.1.2.3', 1024], data: '?' },
    rows: [
      {
        ...plain,
        protocol: 'tcp',
        virtual: from(VIRTUAL, 81),
        client: from('10.1.2.3', 1024),
        state: 'ESTABLISHED',
      },
      {
        ...plain,
        ...template,
        protocol: 'tcp',
        virtual: from(VIRTUAL, 81),
        client: from('10.1.0.0', 0),
      },
    ],
  },
  {
    title: 'a persistent service over IPv6',
    client: { protocol: 'udp', to: [VIRTUAL6, 81], source: [CLIENT6, 1025], data: '?' },
    rows: [
      {
        ...plain6,
        protocol: 'udp',
        virtual: from(VIRTUAL6, 81),
        client: from(CLIENT6, 1025),
        state: 'UDP',
      },
      {
        ...plain6,
        ...template,
        protocol: 'udp',
        virtual: from(VIRTUAL6, 81),
        client: from('fd00::', 0),
      },
    ],
  },
  {
    title: 'a firewall mark',
    client: {
      protocol: 'udp',
      to: [VIRTUAL, PORT],
      mark: MARK,
      source: ['10.0.0.9', 1024],
      data: '?',
    },
    rows: [
      {
        ...plain,
        protocol: 'udp',
        virtual: from(VIRTUAL, PORT),
        client: from('10.0.0.9', 1024),
        state: 'UDP',
      },
      {
        ...plain,
        ...template,
        protocol: 'ip',
        fwmark: MARK,
        virtual: from('0.0.0.7', 0),
        destination: from(SERVER, 0),
        client: from('10.0.0.9', 0),
      },
    ],
  },
  {
    title: 'a firewall mark over IPv6',
    client: {
      protocol: 'tcp',
      to: [VIRTUAL6, PORT],
      mark: 0xfedcba98,
      source: [CLIENT6, 1026],
      data: '?',
    },
    rows: [
      {
        ...plain6,
        protocol: 'tcp',
        virtual: from(VIRTUAL6, PORT),
        client: from(CLIENT6, 1026),
        state: 'ESTABLISHED',
      },
      {
        ...plain6,
        ...template,
        protocol: 'ip',
        fwmark: 0xfedcba98,
        virtual: from('fedc:ba98::', 0),
        destination: from(SERVER6, 0),
        client: from(CLIENT6, 0),
      },
    ],
  },
  {
    title: 'SIP',
    client: {
      protocol: 'udp',
      to: [VIRTUAL, 5060],
      source: ['10.0.0.7', 5060],
      data: `INVITE sip:a@b SIP/2.0\r\nCall-ID: ${CALL_ID}\r\nContent-Length: 0\r\n\r\n`,
    },
    rows: [
      {
        ...plain,
        protocol: 'udp',
        virtual: from(VIRTUAL, 5060),
        client: from('10.0.0.7', 5060),
        state: 'UDP',
      },
      {
        ...plain,
        ...template,
        protocol: 'udp',
        virtual: from(VIRTUAL, 5060),
        client: from('10.0.0.7', 0),
        engine: 'sip',
        engineData: CALL_ID,
      },
    ],
  },
  {
    title: 'a tunnel of another family to a server that says nothing',
    client: { protocol: 'tcp', to: [VIRTUAL, 82], source: ['10.0.0.7', 1026], wait: false },
    rows: [
      {
        ...plain,
        protocol: 'tcp',
        virtual: from(VIRTUAL, 82),
        destination: from(SILENT6, 82),
        client: from('10.0.0.7', 1026),
        state: 'SYN_RECV',
      },
      {
        ...plain,
        ...template,
        state: 'NONE',
        protocol: 'tcp',
        virtual: from(VIRTUAL, 82),
        destination: from(SILENT6, 82),
        client: from('10.0.0.7', 0),
      },
    ],
  },
];
const sctp: (typeof exchanges)[number] = {
  title: 'SCTP',
  client: { protocol: 'sctp', to: [VIRTUAL, 80], source: ['10.0.0.7', 1024], data: '?' },
  rows: [{ ...plain, protocol: 'sctp', client: from('10.0.0.7', 1024), state: 'ESTABLISHED' }],
};

let traffic: Traffic;
/** True if this kernel has SCTP sockets. */
let hasSctp = true;
const expected: Lasting[] = [];

beforeAll(async () => {
  furnish(fixture.namespace);
  await balance(fixture.ipvs, services);
  traffic = new Traffic(fixture.namespace);
  for (const protocol of ['tcp', 'udp'] as const) {
    for (const address of [SERVER, SERVER6]) await traffic.listen(protocol, [address, PORT]);
  }
  await loadModules(['sctp'])
    .then(() => traffic.listen('sctp', [SERVER, PORT]))
    .catch((error: unknown) => {
      hasSctp = false;
      console.warn(`NOT TESTED: this kernel has no SCTP sockets: ${error}`);
    });
  for (const { client, rows } of hasSctp ? [...exchanges, sctp] : exchanges) {
    await traffic.connect(client);
    expected.push(...rows.filter((row) => !expected.includes(row)));
  }
  await until(
    () => kernelConnections(fixture.namespace).map(({ state }) => state),
    (states) => states.includes('TIME_WAIT'),
  );
});
afterAll(() => traffic.stop());

const read = (filter?: ConnectionFilter) => collect(fixture.ipvs.connections(filter));

describe('the stream has the row of', () => {
  test.each(exchanges)('$title', async ({ rows }) => {
    expect(lasting(await read())).toEqual(expect.arrayContaining([...rows]));
  });

  test(sctp.title, async (context) => {
    if (!hasSctp) context.skip('this kernel has no SCTP sockets');
    expect(lasting(await read())).toEqual(expect.arrayContaining([...sctp.rows]));
  });
});

describe('the stream', () => {
  test('has all rows and no others', async () => {
    expect(lasting(await read())).toEqual(lasting(expected));
  });

  test('has the rows that the kernel prints', async () => {
    const own = await read();
    const printed = kernelConnections(fixture.namespace);
    expect(lasting(own)).toEqual(lasting(printed));
  });

  test('has expiry times that fall like those of the kernel', async () => {
    const udp = { protocol: 'udp', state: 'UDP' } as const;
    const expires = (rows: readonly Connection[]) =>
      rows
        .filter(({ protocol, state }) => protocol === udp.protocol && state === udp.state)
        .map((row) => row.expires)
        .sort((a, b) => a - b);
    await until(
      async () => ({
        before: expires(kernelConnections(fixture.namespace)),
        own: expires(await read(udp)),
        after: expires(kernelConnections(fixture.namespace)),
      }),
      ({ before, own, after }) =>
        own.length > 0 &&
        own.every(
          (value, index) => value <= Number(before[index]) && value >= Number(after[index]),
        ),
    );
  });

  test('has the rows that ipvsadm prints', async () => {
    // It shows nothing of persistence engines without an option for that.
    const own = (await read()).map((row) => listed({ ...row, engine: null }));
    expect(own.sort()).toEqual(listedConnections(fixture.namespace));
    const data = (await read()).map(listed).sort();
    expect(listedConnections(fixture.namespace, '--persistent-conn')).toEqual(data);
  });

  test('has the origin of entries if it is requested, and then no engine data', async () => {
    const own = await collect(fixture.ipvs.connections({ origin: true }));
    expect(lasting(own)).toEqual(lasting(kernelConnections(fixture.namespace, 'ip_vs_conn_sync')));
    const rows = expected.map(
      (row): Connection => ({
        ...row,
        expires: 0,
        engine: null,
        engineData: null,
        origin: 'local',
      }),
    );
    expect(lasting(own)).toEqual(lasting(rows));
  });

  test('reads the namespace of the handle', async () => {
    const other = new Namespace();
    const inside = await Ipvs.open({ netns: other.path });
    const outside = await Ipvs.open();
    try {
      expect(await collect(inside.connections())).toEqual([]);
      expect(await inside.countConnections()).toEqual([{ count: 0 }]);
      expect(await inside.countConnections({ by: ['state'] })).toEqual([]);
      expect(await collect(outside.connections({ service: services[0]?.[0] }))).toEqual([]);
    } finally {
      await Promise.all([inside.close(), outside.close()]);
      other.delete();
    }
  });

  test('returns a row of its own to each next()', async () => {
    const rows = fixture.ipvs.connections();
    const calls = Array.from({ length: expected.length + 3 }, () => rows.next());
    const results = await Promise.all(calls);
    const values = results.flatMap(({ value }) => (value === undefined ? [] : [value]));
    expect(lasting(values)).toEqual(lasting(await read()));
    expect(results.map(({ done }) => done)).toEqual([
      ...expected.map(() => false),
      ...[true, true, true],
    ]);
  });

  test('can be read by several consumers at once', async () => {
    const reads = await Promise.all(Array.from({ length: 8 }, () => read()));
    for (const rows of reads) expect(lasting(rows)).toEqual(lasting(reads[0] ?? []));
  });
});

type Matches = (connection: Lasting) => boolean;
/** Its template, and what may have come to its destination, which has no port. */
const mark = (number: number, family: string, address: string): Matches => {
  return ({ fwmark, family: own, template, virtual, destination }) =>
    own === family &&
    (template
      ? fwmark === number
      : destination.address === address && destination.port === virtual.port);
};
const inNetwork = (family: string, prefix: string): Matches => {
  return ({ destination: { address } }) =>
    address.includes(':') === (family === 'ipv6') && address.startsWith(prefix);
};
const ofService = (protocol: string, address: string, port: number): Matches => {
  return ({ protocol: own, virtual }) =>
    own === protocol && virtual.address === address && virtual.port === port;
};
const at = (address: string, port: number): Matches => {
  return ({ destination }) => destination.address === address && destination.port === port;
};
const startsWith = (prefix: string): Matches => {
  return ({ client }) => client.address.startsWith(prefix);
};

/** Each with the same in JavaScript. */
const filters: { readonly [Key in keyof ConnectionFilter]-?: [ConnectionFilter[Key], Matches][] } =
  {
    service: [
      [`tcp://${VIRTUAL}:80`, ofService('tcp', VIRTUAL, 80)],
      [{ protocol: 'udp', address: VIRTUAL6, port: 81 }, ofService('udp', VIRTUAL6, 81)],
      ['udp://10.96.0.1:5060', ofService('udp', VIRTUAL, 5060)],
      [{ fwmark: MARK }, mark(MARK, 'ipv4', SERVER)],
      ['fwmark6://4275878552', mark(0xfedcba98, 'ipv6', SERVER6)],
      [`tcp://${VIRTUAL}:9`, () => false],
    ],
    destination: [
      [`${SERVER}:${PORT}`, at(SERVER, PORT)],
      [server6, at(SERVER6, PORT)],
      [`[${SILENT6}]:82`, at(SILENT6, 82)],
      [`${SERVER}:0`, inNetwork('ipv4', SERVER)],
      [{ address: SERVER6, port: 0 }, inNetwork('ipv6', SERVER6)],
      ['10.0.0.3:8080', () => false],
    ],
    server: [
      [SERVER, inNetwork('ipv4', SERVER)],
      ['10.0.0.0/8', inNetwork('ipv4', '10.')],
      [SERVER6, inNetwork('ipv6', SERVER6)],
      ['fd03::/64', inNetwork('ipv6', 'fd03:')],
      ['10.0.0.3', () => false],
    ],
    client: [
      ['10.0.0.7', ({ client }) => client.address === '10.0.0.7'],
      ['10.0.0.0/24', startsWith('10.0.0.')],
      ['10.0.0.6/31', ({ client }) => ['10.0.0.6', '10.0.0.7'].includes(client.address)],
      ['10.1.0.0/16', startsWith('10.1.')],
      ['0.0.0.0/0', ({ family }) => family === 'ipv4'],
      ['fd00::/64', startsWith('fd00:')],
      ['fd00::7', ({ client }) => client.address === 'fd00::7'],
      ['fd00::6/127', ({ client }) => client.address === 'fd00::7'],
      ['::/0', ({ family }) => family === 'ipv6'],
      ['fd00::8/125', () => false],
    ],
    protocol: (['tcp', 'udp', 'sctp', 'ip', 'icmp', 'unknown-50'] as const).map((wanted) => [
      wanted,
      ({ protocol }) => protocol === wanted,
    ]),
    state: (
      ['ESTABLISHED', 'TIME_WAIT', 'SYN_RECV', 'UDP', 'ASSURED', 'NONE', 'S-ACK-SENT'] as const
    ).map((wanted) => [wanted, ({ state }) => state === wanted]),
  };
// Object.entries() gives the keys of ConnectionFilter.
const single = Object.entries(filters).flatMap(([key, values]) =>
  values.map(([value, matches]) => ({ key, value, matches })),
);

describe('a filter', () => {
  test.each(single)(
    'by $key $value selects the same connections as a comparison in JavaScript',
    async ({ key, value, matches }) => {
      const wanted = expected.filter(matches);
      expect(lasting(await read({ [key]: value }))).toEqual(lasting(wanted));
      expect(await fixture.ipvs.countConnections({ [key]: value })).toEqual([
        { count: wanted.length },
      ]);
    },
  );

  test.each(['fwmark6://7', 'fwmark://99', 'tcp://10.9.9.9:0', 'udp://[fd00::9]:0'])(
    'rejects if it needs the missing service %s',
    async (service) => {
      for (const [operation, attempt] of [
        ['countConnections', () => fixture.ipvs.countConnections({ service })],
        ['connections', () => read({ service })],
      ] as const) {
        await expect(attempt()).rejects.toMatchObject({
          code: 'ESRCH',
          operation,
          target: service,
          missing: 'service',
          message: `${operation} ${service}: there is no such service (ESRCH)`,
        });
      }
    },
  );

  test('finds something in all rows of these tests but those that test for nothing', () => {
    const vain = single.filter(({ matches }) => !expected.some(matches)).map(({ value }) => value);
    const none = [...[`tcp://${VIRTUAL}:9`, '10.0.0.3:8080', '10.0.0.3', 'fd00::8/125']];
    expect(vain).toEqual([
      ...none,
      ...(hasSctp ? [] : ['sctp']),
      'icmp',
      'unknown-50',
      'S-ACK-SENT',
    ]);
  });

  test('selects rows that meet all of its conditions', async () => {
    const one = (key: keyof ConnectionFilter) =>
      fc.option(fc.nat(filters[key].length - 1), { nil: undefined });
    const indices = fc.record({
      // With a service, a destination means more than alone: see connection-ports.test.ts.
      // With a destination, a firewall mark finds more than alone: see connection-ports.test.ts.
      service: fc.option(fc.constantFrom(0, 1, 2, 5), { nil: undefined }),
      destination: one('destination'),
      server: one('server'),
      client: one('client'),
      protocol: one('protocol'),
      state: one('state'),
    });
    const all = await read();
    await fc.assert(
      fc.asyncProperty(indices, async (chosen) => {
        const parts = Object.entries(chosen).flatMap(([key, index]) => {
          const [value, matches] = filters[key as keyof ConnectionFilter][index ?? -1] ?? [];
          return matches === undefined ? [] : [{ key, value, matches }];
        });
        const filter = Object.fromEntries(parts.map(({ key, value }) => [key, value]));
        const wanted = all.filter((row) => parts.every(({ matches }) => matches(row)));
        expect(lasting(await read(filter))).toEqual(lasting(wanted));
      }),
      { numRuns: 150 },
    );
  });

  test('takes the port of the service for a destination without one', async () => {
    const service = `tcp://${VIRTUAL}:82`;
    expect(await read({ service, destination: SILENT6 })).toHaveLength(2);
    expect(await read({ service, destination: SERVER })).toEqual([]);
  });

  test('accepts the values of a row', async () => {
    for (const row of await read()) {
      const { destination, protocol, state, client } = row;
      const found = await read({ destination, protocol, state, client: client.address });
      expect(lasting(found)).toEqual(expect.arrayContaining(lasting([row])));
    }
  });
});

const columns: readonly CountBy[] = ['service', 'destination', 'state', 'protocol'];
const subsets = Array.from({ length: 2 ** columns.length }, (_, bits) =>
  columns.filter((_, index) => bits & (1 << index)),
);

/** Counts in JavaScript. */
function grouped(rows: readonly Connection[], by: readonly CountBy[]): ConnectionCount[] {
  const groups = new Map<string, ConnectionCount>();
  for (const { protocol, virtual, destination, state, fwmark, family } of rows) {
    const service = fwmark === null ? { protocol, ...virtual } : { fwmark, family };
    const all = { service, destination, state, protocol };
    const group = Object.fromEntries(by.map((column) => [column, all[column]]));
    const key = JSON.stringify(group);
    groups.set(key, { ...group, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return [...groups.values()];
}

const ordered = (counts: readonly ConnectionCount[]) =>
  counts
    .map(({ count, service, destination, state, protocol }) =>
      JSON.stringify({ count, service, destination, state, protocol }),
    )
    .sort();

describe('countConnections', () => {
  test.each(subsets.map((by) => ({ by })))('counts by $by as JavaScript does', async ({ by }) => {
    const rows = await read();
    const counted = await fixture.ipvs.countConnections({ by });
    expect(ordered(counted)).toEqual(ordered(grouped(rows, by)));
    for (const count of counted) expect(Object.keys(count).sort()).toEqual([...by, 'count'].sort());

    const filter = { client: '10.0.0.0/8', destination: server } as const;
    const some = await fixture.ipvs.countConnections({ by, ...filter });
    expect(ordered(some)).toEqual(ordered(grouped(await read(filter), by)));
    expect(some.length).toBeGreaterThan(0);
  });

  test('ignores repeated columns and their order', async () => {
    const counted = ordered(await fixture.ipvs.countConnections({ by: ['state', 'protocol'] }));
    for (const by of [
      ['protocol', 'state'],
      ['state', 'protocol', 'state'],
    ] satisfies CountBy[][]) {
      expect(ordered(await fixture.ipvs.countConnections({ by }))).toEqual(counted);
    }
  });

  test('returns one number without columns', async () => {
    const count = expected.length;
    expect(await fixture.ipvs.countConnections()).toEqual([{ count }]);
    expect(await fixture.ipvs.countConnections({ by: [] })).toEqual([{ count }]);
    expect(await fixture.ipvs.countConnections({ state: 'LISTEN' })).toEqual([{ count: 0 }]);
    expect(await fixture.ipvs.countConnections({ state: 'LISTEN', by: ['state'] })).toEqual([]);
  });
});

describe('the end of a stream', () => {
  const open = () => countOpen('/net/ip_vs_conn');

  const endings: readonly {
    readonly name: string;
    readonly end: (rows: ConnectionStream) => unknown;
  }[] = [
    { name: 'of the table', end: collect },
    {
      name: 'by leaving the loop',
      end: async (rows) => {
        for await (const _ of rows) {
          expect(open()).toBe(1);
          break;
        }
      },
    },
    {
      name: 'by an error in the loop',
      end: async (rows) => {
        const loop = async () => {
          for await (const _ of rows) throw new Error('mine');
        };
        await expect(loop()).rejects.toThrow('mine');
      },
    },
    {
      name: 'by return()',
      end: async (rows) => {
        await rows.next();
        expect(open()).toBe(1);
        expect(await rows.return()).toEqual({ value: undefined, done: true });
      },
    },
    {
      name: 'by `await using`',
      end: async (rows) => {
        await using ended = rows;
        await ended.next();
      },
    },
    {
      name: 'while rows are read',
      end: async (rows) => {
        const next = rows.next();
        await rows.return();
        await next;
      },
    },
    { name: 'before the beginning', end: (rows) => rows.return() },
  ];

  test.each(endings)('closes the file $name', async ({ end }) => {
    expect(open()).toBe(0);
    for (let round = 0; round < 20; round++) await end(fixture.ipvs.connections());
    expect(open()).toBe(0);
  });

  test('closes the file after counting', async () => {
    await Promise.all(Array.from({ length: 20 }, () => fixture.ipvs.countConnections()));
    expect(open()).toBe(0);
  });

  const reasons: readonly unknown[] = [new Error('mine'), 'a string', null, { errno: 1 }];

  describe.each(reasons.map((reason) => ({ reason })))(
    'by a signal with the reason $reason',
    ({ reason }) => {
      test('rejects if it was aborted before', async () => {
        const rows = fixture.ipvs.connections({ signal: AbortSignal.abort(reason) });
        await expect(rows.next()).rejects.toBe(reason);
        expect(await rows.next()).toEqual({ value: undefined, done: true });
      });

      test('rejects between two rows', async () => {
        const controller = new AbortController();
        const rows = fixture.ipvs.connections({ signal: controller.signal });
        await rows.next();
        controller.abort(reason);
        await expect(rows.next()).rejects.toBe(reason);
        await rows.return();
        expect(open()).toBe(0);
      });

      test('rejects while rows are read', async () => {
        const controller = new AbortController();
        const rows = fixture.ipvs.connections({ signal: controller.signal });
        const next = rows.next();
        controller.abort(reason);
        await expect(next).rejects.toBe(reason);
        // It does not wait for the part that is being read; this does.
        await rows.return();
        expect(open()).toBe(0);
      });
    },
  );

  test('rejects with an AbortError for a signal without a reason', async () => {
    const rows = fixture.ipvs.connections({ signal: AbortSignal.abort() });
    await expect(rows.next()).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('ignores a signal that is aborted too late', async () => {
    const controller = new AbortController();
    const rows = await collect(fixture.ipvs.connections({ signal: controller.signal }));
    controller.abort();
    expect(lasting(rows)).toEqual(lasting(await read()));
  });
});

describe('a closed handle', () => {
  const closed = { name: 'IpvsError', code: 'ERR_IPVS_CLOSED' };

  test('refuses to read connections', async () => {
    const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
    const rows = ipvs.connections();
    await ipvs.close();
    await expect(rows.next()).rejects.toMatchObject({ ...closed, operation: 'connections' });
    await expect(ipvs.countConnections()).rejects.toMatchObject({
      ...closed,
      operation: 'countConnections',
    });
    expect(countOpen('/net/ip_vs_conn')).toBe(0);
  });

  test('still answers what was requested before', async () => {
    const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
    const [rows, counted] = await Promise.all([
      collect(ipvs.connections()),
      ipvs.countConnections(),
      ipvs.close(),
    ]);
    expect(lasting(rows)).toEqual(lasting(await read()));
    expect(counted).toEqual([{ count: expected.length }]);
  });
});

test('invalid options are refused before a file is opened', async () => {
  // @ts-expect-error: no such option.
  expect(() => fixture.ipvs.connections({ servic: 'tcp://10.96.0.1:80' })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
  // @ts-expect-error: no such column.
  const counted = fixture.ipvs.countConnections({ by: ['client'] });
  await expect(counted).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
});
