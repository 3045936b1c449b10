import { type Connection, Ipvs } from 'ipvs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kernelConnections, lasting } from './helpers/connection-table.js';
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
  VIRTUAL,
  VIRTUAL6,
} from './helpers/scene.js';
import { Traffic } from './helpers/traffic.js';

const persistence = { timeout: 600 };
const services: readonly Balanced[] = [
  [
    { protocol: 'tcp', address: VIRTUAL, port: 80 },
    { address: SERVER, port: PORT },
  ],
  [
    { protocol: 'udp', address: VIRTUAL6, port: 80 },
    { address: SERVER6, port: PORT },
  ],
  [
    { protocol: 'udp', address: VIRTUAL, port: 81, persistence },
    { address: SERVER, port: PORT },
  ],
  [{ fwmark: 7, persistence }, { address: SERVER }],
];

/** A director: a namespace with a link to its peer, and a handle. */
class Director {
  readonly namespace = new Namespace();
  readonly ipvs: Promise<Ipvs>;

  constructor() {
    furnish(this.namespace);
    this.ipvs = Ipvs.open({ netns: this.namespace.path });
  }

  /** Sets up its end of the link. */
  join(address: string): void {
    this.namespace.ip('address', 'add', address, 'dev', 'peer');
    this.namespace.ip('link', 'set', 'peer', 'up');
  }

  async connections(): Promise<Connection[]> {
    return collect((await this.ipvs).connections({ origin: true }));
  }

  async end(): Promise<void> {
    await (await this.ipvs).close();
    this.namespace.delete();
  }
}

let master: Director;
let backup: Director;
let traffic: Traffic;

beforeAll(async () => {
  [master, backup] = [new Director(), new Director()];
  master.namespace.ip(
    ...['link', 'add', 'peer', 'type', 'veth'],
    ...['peer', 'name', 'peer', 'netns', backup.namespace.name],
  );
  master.join('192.168.9.1/24');
  backup.join('192.168.9.2/24');
  for (const { ipvs } of [master, backup]) {
    await balance(await ipvs, services);
    // Every packet of a connection makes it be sent.
    await (await ipvs).sysctls.set({ syncThreshold: [0, 1] });
  }
  traffic = new Traffic(master.namespace);
  for (const protocol of ['tcp', 'udp'] as const) await traffic.listen(protocol, [SERVER, PORT]);
  await traffic.listen('udp', [SERVER6, PORT]);
});
afterAll(async () => {
  traffic.stop();
  await Promise.all([master.end(), backup.end()]);
});

/** Returns the fields that both sides must agree on, in the order of the kernel. */
const common = (rows: readonly Connection[]) =>
  lasting(rows).map(({ origin: _, state, template, ...rest }) =>
    template ? { ...rest, template } : { ...rest, state, template },
  );

describe.each([
  { family: 'IPv4', settings: {} },
  { family: 'IPv6', settings: { group: 'ff02::81' } },
])('a sync daemon over $family', ({ settings }) => {
  test('lists connections of the master on the backup', async () => {
    const daemon = { interface: 'peer', syncId: 9, ...settings };
    await (await backup.ipvs).startSyncDaemon({ role: 'backup', ...daemon });
    await (await master.ipvs).startSyncDaemon({ role: 'master', ...daemon });
    const port = 1024 + Object.keys(settings).length;
    const clients = [
      { protocol: 'tcp', to: [VIRTUAL, 80], source: ['10.0.0.7', port] },
      { protocol: 'udp', to: [VIRTUAL6, 80], source: [CLIENT6, port] },
      { protocol: 'udp', to: [VIRTUAL, 81], source: ['10.0.0.8', port] },
      { protocol: 'udp', to: [VIRTUAL, PORT], mark: 7, source: ['10.0.0.9', port] },
    ] as const;
    for (const client of clients) await traffic.connect({ ...client, data: '?' });

    const made = await master.connections();
    expect(made.length).toBeGreaterThanOrEqual(clients.length + 2);
    expect(new Set(made.map(({ origin }) => origin))).toEqual(new Set(['local']));
    const learned = await until(
      () => backup.connections(),
      (rows) => JSON.stringify(common(rows)) === JSON.stringify(common(made)),
    );
    expect(new Set(learned.map(({ origin }) => origin))).toEqual(new Set(['sync']));
    expect(learned.filter(({ fwmark }) => fwmark === 7)).toHaveLength(1);
    expect(lasting(learned)).toEqual(
      lasting(kernelConnections(backup.namespace, 'ip_vs_conn_sync')),
    );
    // Without the question there is no answer.
    for await (const { origin } of (await backup.ipvs).connections()) expect(origin).toBeNull();

    expect(await (await master.ipvs).stopSyncDaemon('master')).toBe(true);
    expect(await (await backup.ipvs).stopSyncDaemon('backup')).toBe(true);
  });
});

test('a backup ignores messages with another sync id', async () => {
  const [from, to] = [await master.ipvs, await backup.ipvs];
  await to.startSyncDaemon({ role: 'backup', interface: 'peer', syncId: 2 });
  await from.startSyncDaemon({ role: 'master', interface: 'peer', syncId: 1 });
  const other = { protocol: 'udp', to: [VIRTUAL6, 80], data: '?' } as const;
  await traffic.connect({ ...other, source: [CLIENT6, 2001] });
  const master1 = { role: 'master', interface: 'peer', syncId: 2 } as const;
  const port = (connection: Connection) => connection.client.port;
  await from.stopSyncDaemon('master');
  await from.startSyncDaemon(master1);
  await traffic.connect({ ...other, source: [CLIENT6, 2002] });
  const learned = await until(
    async () => (await backup.connections()).map(port),
    (ports) => ports.includes(2002),
  );
  expect(learned).not.toContain(2001);
  await Promise.all([from.stopSyncDaemon('master'), to.stopSyncDaemon('backup')]);
});

test.each(['master', 'backup'] as const)(
  'a %s can be started and stopped 200 times in a row',
  async (role) => {
    const ipvs = await master.ipvs;
    for (let round = 0; round < 200; round++) {
      expect(await ipvs.startSyncDaemon({ role, interface: 'peer', syncId: round % 256 })).toBe(
        undefined,
      );
      expect(await ipvs.stopSyncDaemon(role)).toBe(true);
    }
    expect(await ipvs.listSyncDaemons()).toEqual([]);
  },
);
