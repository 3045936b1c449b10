import { constants, release } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { type Connection, Ipvs } from 'ipvs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeCounts } from '../../lib/connections/count.js';
import { encodeFilter } from '../../lib/connections/filter.js';
import { loadNative } from '../../lib/native/load.js';
import { countOpen } from './helpers/descriptors.js';
import { until } from './helpers/poll.js';
import { programPath } from './helpers/programs.js';
import { balance, collect, furnish, SILENT, VIRTUAL } from './helpers/scene.js';
import { Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
/** From Linux 7 the table is resized. */
const isResized = Number.parseInt(release(), 10) >= 7;
/** Before Linux 7 the time that it takes to read the table grows with its square. */
const COUNT = isResized ? 90_000 : 30_000;
const MIB = 2 ** 20;
const { EBADF } = constants.errno;
const service = `udp://${VIRTUAL}:53`;
/** They say nothing, and the link that they are on throws away what it is given. */
const servers = [2, 3, 4].map((last) => SILENT.replace(/\d+$/, String(last)));
const open = () => countOpen('/net/ip_vs_conn');

let traffic: Traffic;

beforeAll(async () => {
  furnish(fixture.namespace);
  const destinations = servers.map((address) => ({ address, forwarding: 'direct' }) as const);
  await balance(fixture.ipvs, [[{ protocol: 'udp', address: VIRTUAL, port: 53 }, ...destinations]]);
  traffic = new Traffic(fixture.namespace);
  await traffic.flood([VIRTUAL, 53], COUNT);
});
afterAll(() => traffic.stop());

/** The address of the client of that number. */
const client = (number: number) =>
  `10.${[number >> 16, number >> 8, number].map((byte) => byte & 255).join('.')}`;

test('the stream reads every row once', async () => {
  const seen = new Set<string>();
  let rows = 0;
  for await (const connection of fixture.ipvs.connections()) {
    rows++;
    seen.add(connection.client.address);
    // One by one: an expectation for each would take longer than all the rest.
    if (connection.protocol !== 'udp' || connection.state !== 'UDP') throw new Error('not mine');
    if (connection.virtual.port !== 53) throw new Error('not mine');
  }
  expect(rows).toBe(COUNT);
  expect(seen.size).toBe(COUNT);
  for (const number of [1, 2, 255, 256, 8191, 8192, COUNT]) {
    expect(seen).toContain(client(number));
  }
  expect(open()).toBe(0);
});

test('the stream has the rows of the file', async () => {
  const lines = fixture.namespace.readFile('/proc/net/ip_vs_conn').trimEnd().split('\n').slice(1);
  const printed = new Set(lines.map((line) => line.split(/ +/)[1]));
  expect(printed.size).toBe(COUNT);
  let known = 0;
  for await (const { client } of fixture.ipvs.connections({ origin: true })) {
    const bytes = client.address.split('.').map((byte) => Number(byte));
    if (printed.has(Buffer.from(bytes).toString('hex').toUpperCase())) known++;
  }
  expect(known).toBe(COUNT);
});

test('countConnections counts all rows', async () => {
  const { ipvs } = fixture;
  expect(await ipvs.countConnections()).toEqual([{ count: COUNT }]);
  const byServer = await ipvs.countConnections({ by: ['destination', 'state'], service });
  expect(byServer.map(({ destination }) => destination?.address).sort()).toEqual(servers);
  for (const { count, state } of byServer) {
    expect(count).toBe(COUNT / servers.length);
    expect(state).toBe('UDP');
  }
});

/** Resizes the table by another load factor, and waits for that. */
async function resize(): Promise<void> {
  const size = async () => (await fixture.ipvs.getInfo()).connectionTableSize;
  const before = await size();
  // The table has a bucket for 256 entries, or as many buckets as it may have.
  await fixture.ipvs.sysctls.set({ connLfactor: before > 1000 ? 8 : -8 });
  await until(size, (now) => now !== before);
}

describe.runIf(isResized)('while the kernel resizes the table', () => {
  test('countConnections counts all rows', async () => {
    const other = await Ipvs.open({ netns: fixture.namespace.path });
    for (let round = 0; round < 6; round++) {
      const [counted] = await Promise.all([other.countConnections(), resize()]);
      expect(counted).toEqual([{ count: COUNT }]);
    }
    await other.close();
  });

  test('a stream that has delivered rows rejects', async () => {
    const rows = fixture.ipvs.connections();
    await rows.next();
    await resize();
    await expect(collect(rows)).rejects.toMatchObject({
      code: 'EINTR',
      operation: 'connections',
      message: expect.stringMatching(/the kernel resized the connection table .* read it again/),
    });
    expect(open()).toBe(0);
  });
});

test.each([
  ['10.0.1.0/24', 256],
  ['10.0.0.0/18', 16383],
  [client(COUNT), 1],
  [client(COUNT + 1), 0],
  ['fd00::/8', 0],
])('the filter by client %s finds %i rows', async (network, count) => {
  const rows = await collect(fixture.ipvs.connections({ client: network }));
  expect(rows.length).toBe(count);
  expect(new Set(rows.map((row) => row.client.address)).size).toBe(count);
  expect(await fixture.ipvs.countConnections({ client: network })).toEqual([{ count }]);
});

test('the memory of a process that streams stays within bounds', () => {
  const args = ['--expose-gc', programPath('stream.mjs'), fixture.namespace.path, '2'];
  const { seen, growth } = JSON.parse(fixture.namespace.run(process.execPath, args));
  const all = { streamed: COUNT, count: COUNT };
  expect(seen).toEqual([all, all]);
  console.log(`grown by ${(growth / MIB).toFixed(1)} MiB`);
  expect(growth).toBeLessThan(32 * MIB);
});

/** Reads rows, calls `act` after so many of them, and returns how the stream ended. */
async function interrupted(
  rows: AsyncIterable<Connection>,
  after: number,
  act: () => unknown,
): Promise<unknown> {
  let read = 0;
  try {
    for await (const _ of rows) {
      if (++read === after) await act();
    }
  } catch (error) {
    return error;
  }
  return read;
}

// Between the parts that are read at a time, within them, and at their edges.
const places = [1, 2047, 2048, 2049, 5000, 4 * 2048];

test.each(places)('a signal ends the stream after %i rows', async (after) => {
  const controller = new AbortController();
  const reason = new Error('mine');
  const rows = fixture.ipvs.connections({ signal: controller.signal });
  const ended = await interrupted(rows, after, async () => {
    controller.abort(reason);
    await turn();
  });
  expect(ended).toBe(reason);
  await rows.return();
  expect(open()).toBe(0);
});

test.each(places)('closing the handle ends the stream after %i rows', async (after) => {
  const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
  const ended = await interrupted(ipvs.connections(), after, async () => {
    await ipvs.close();
    await turn();
  });
  expect(ended).toMatchObject({ code: 'ERR_IPVS_CLOSED', operation: 'connections' });
  expect(open()).toBe(0);
});

test.each(places)('leaving the loop ends the stream after %i rows', async (after) => {
  let read = 0;
  for await (const _ of fixture.ipvs.connections()) if (++read === after) break;
  expect(open()).toBe(0);
});

// At the beginning, within a chunk, and where the next chunk is awaited; after each microtask of it.
const moments = [0, 1, 2048, 4096].flatMap((after) =>
  [0, 1, 2, 3, 5, 8].map((steps) => [after, steps] as const),
);

test.each(moments)(
  'return() ends the stream after %i rows and %i microtasks of the next read',
  async (after, steps) => {
    const rows = fixture.ipvs.connections();
    for (let read = 0; read < after; read++) await rows.next();
    const next = rows.next();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    await Promise.all([next, rows.return(), rows.next()]);
    expect(await rows.next()).toEqual({ value: undefined, done: true });
    // What is read ahead must not outlast the iterator.
    await until(open, (count) => count === 0);
  },
);

const NO_FACTS = new Uint8Array(0);

test('a native read returns after a chunk of the table even if no row matches', async () => {
  const { Handle, Cursor } = loadNative();
  const handle = new Handle();
  await handle.open(fixture.namespace.path, true);
  const { record } = encodeFilter({ client: 'fd00::/8' });
  const cursor = new Cursor(handle, record, false, NO_FACTS, NO_FACTS);
  const { connections, done } = await cursor.next(2048);
  expect(connections.byteLength).toBe(0);
  expect(done).toBe(false);
  cursor.close();
  handle.close();
});

/** The addon must be safe even in uses that the library avoids. */
describe('a cursor that is closed', () => {
  const { Handle, Cursor } = loadNative();
  const { record } = encodeFilter({});

  test('during a read lets it finish and closes the file', async () => {
    const handle = new Handle();
    await handle.open(fixture.namespace.path, true);
    let counted = 0;
    for (let round = 0; round < 10; round++) {
      const cursor = new Cursor(handle, record, false, NO_FACTS, NO_FACTS);
      const job = cursor.count(0);
      // A job that has started has the file open.
      while (round > 0 && open() === 0) await turn();
      cursor.close();
      expect(open()).toBe(0);
      const [outcome] = await Promise.allSettled([job]);
      if (outcome.status === 'fulfilled') {
        const counts = decodeCounts(outcome.value, new Set());
        expect(counts).toEqual([{ count: COUNT }]);
        counted++;
      } else {
        expect(outcome.reason).toMatchObject({ errno: EBADF });
      }
      expect(open()).toBe(0);
    }
    expect(counted).toBeGreaterThanOrEqual(9);
    handle.close();
  });

  test('opens no file again', async () => {
    const handle = new Handle();
    await handle.open(fixture.namespace.path, true);
    const cursor = new Cursor(handle, record, false, NO_FACTS, NO_FACTS);
    await cursor.next(1);
    expect(open()).toBe(1);
    cursor.close();
    cursor.close();
    await expect(cursor.next(1)).rejects.toMatchObject({ errno: EBADF });
    expect(open()).toBe(0);
    handle.close();
  });
});

test('other calls are answered while the stream is read', async () => {
  const rows = fixture.ipvs.connections();
  let between = 0;
  let done = false;
  const reading = collect(rows).then((all) => {
    done = true;
    return all.length;
  });
  while (!done) {
    expect(await fixture.ipvs.getService(service)).toBeDefined();
    between++;
  }
  expect(await reading).toBe(COUNT);
  expect(between).toBeGreaterThan(5);
});
