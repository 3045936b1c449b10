import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { promisify } from 'node:util';
import { type CancellableIterator, Ipvs, type Sample } from 'ipvs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countOpen, countSockets } from './helpers/descriptors.js';
import { until } from './helpers/poll.js';
import { programPath } from './helpers/programs.js';
import { balance, furnish, SILENT, VIRTUAL } from './helpers/scene.js';
import { Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
/** More than a stream reads at a time. */
const CONNECTIONS = 5000;
let traffic: Traffic;

beforeAll(async () => {
  furnish(fixture.namespace);
  const service = { protocol: 'udp', address: VIRTUAL, port: 53 } as const;
  await balance(fixture.ipvs, [[service, { address: SILENT, forwarding: 'direct' }]]);
  traffic = new Traffic(fixture.namespace);
  await traffic.flood([VIRTUAL, 53], CONNECTIONS);
});
afterAll(() => traffic.stop());

type Iterator = CancellableIterator<unknown>;
const NEVER = 2 ** 31 - 1;
const reason = new Error('enough');
const DONE = { value: undefined, done: true };
const done = { status: 'fulfilled', value: DONE };
const rejected = { status: 'rejected', reason };
const item = { status: 'fulfilled', value: { done: false } };
const closed = { status: 'rejected', reason: { code: 'ERR_IPVS_CLOSED' } };

/** Starts one, and takes its first item. */
const iterators: Readonly<
  Record<string, (ipvs: Ipvs, signal: AbortSignal) => Promise<readonly [Iterator, unknown]>>
> = {
  connections: async (ipvs, signal) => {
    const rows = ipvs.connections({ signal });
    return [rows, await rows.next()];
  },
  watch: async (ipvs, signal) => {
    const samples = ipvs.watch({ interval: NEVER, signal }).ref();
    return [samples, await samples.next()];
  },
  'links.watch': async (ipvs, signal) => {
    const events = ipvs.links.watch({ types: ['link'], signal });
    await ipvs.links.setLink('lo', { up: true, mtu: 60_000 + (mtu++ % 2) });
    return [events, await events.next()];
  },
};
let mtu = 0;

interface Given {
  readonly iterator: Iterator;
  readonly controller: AbortController;
  readonly ipvs: Ipvs;
}
const ends: Readonly<Record<string, (given: Given) => Promise<unknown>>> = {
  'return()': ({ iterator }) => iterator.return(),
  'throw()': ({ iterator }) => iterator.throw(reason).catch(() => undefined),
  'await using': async ({ iterator }) => {
    await using _ = iterator;
  },
  abort: async ({ controller }) => controller.abort(reason),
  'close()': ({ ipvs }) => ipvs.close(),
};

const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
const resources = () => ({
  sockets: countSockets(),
  files: countOpen('/net/ip_vs_conn'),
  timers: timers(),
});

interface Begun extends Given {
  readonly before: ReturnType<typeof resources>;
}

/** One of the iterators, begun on a handle of its own. */
async function begin(name: string): Promise<Begun> {
  const before = resources();
  const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
  const controller = new AbortController();
  const [iterator, first] = (await iterators[name]?.(ipvs, controller.signal)) ?? [];
  if (iterator === undefined) throw new Error(`there is no iterator ${name}`);
  expect(first).toMatchObject({ done: false });
  return { iterator, controller, ipvs, before };
}

/** Expects that an iterator has ended, and that it, its signal and its handle hold nothing any more. */
async function expectNothingLeft({ iterator, controller, ipvs, before }: Begun) {
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  expect(await iterator.next()).toEqual(DONE);
  expect(await iterator.return()).toEqual(DONE);
  controller.abort(new Error('too late'));
  expect(await iterator.next()).toEqual(DONE);
  await ipvs.close();
  await until(resources, ({ sockets, files, timers }) =>
    [sockets <= before.sockets, files <= before.files, timers <= before.timers].every(Boolean),
  );
}

const table = Object.keys(iterators).flatMap((name) =>
  Object.keys(ends).map((end) => ({ name, end })),
);

describe('the iterator', () => {
  test.each(table)('$name ends by $end while no call waits', async ({ name, end }) => {
    const given = await begin(name);
    await ends[end]?.(given);
    if (end === 'close()' && name === 'connections') {
      // Rows that were read are still returned. A table that was cut short does not look complete.
      let rows = 1;
      const rest = (async () => {
        for await (const _ of given.iterator) rows++;
      })();
      await expect(rest).rejects.toMatchObject(closed.reason);
      expect(rows).toBeGreaterThan(1);
      expect(rows).toBeLessThan(CONNECTIONS);
    } else if (end === 'abort') {
      await expect(given.iterator.next()).rejects.toBe(reason);
    }
    await expectNothingLeft(given);
  });

  test.each(table)('$name ends by $end while two calls wait', async ({ name, end }) => {
    const given = await begin(name);
    const { iterator } = given;
    if (name === 'connections') {
      // Up to the end of the part, so that the next calls have to read.
      for (let row = 1; row < 2048; row++) await iterator.next();
    }
    const calls = Promise.allSettled([iterator.next(), iterator.next()]);
    await ends[end]?.(given);
    const expected = end === 'abort' ? rejected : done;
    if (end !== 'close()' || name !== 'connections') {
      expect(await calls).toEqual([expected, expected]);
    } else {
      // The read in flight is finished.
      expect(await calls).toMatchObject([item, item]);
      await iterator.return();
    }
    await expectNothingLeft(given);
  });
});

test.each([
  { file: 'ip_vs_conn', options: {} },
  { file: 'ip_vs_conn_sync', options: { origin: true } },
])(
  'a program that is started during a stream does not inherit $file',
  async ({ file, options }) => {
    const rows = fixture.ipvs.connections(options);
    await rows.next();
    expect(countOpen(`/net/${file}`)).toBe(1);
    const { stdout } = await promisify(execFile)('ls', ['-l', '/proc/self/fd']);
    expect(stdout).toMatch(/ -> /);
    expect(stdout).not.toContain(file);
    await rows.return();
  },
);

describe('two consumers', () => {
  test('of connections get each row once', async () => {
    const rows = fixture.ipvs.connections();
    const clients: string[] = [];
    const consume = async () => {
      for await (const { client } of rows) clients.push(client.address);
    };
    await Promise.all([consume(), consume(), consume()]);
    expect(clients).toHaveLength(CONNECTIONS);
    expect(new Set(clients).size).toBe(CONNECTIONS);
  });

  test('of samples get them alternately', async () => {
    await using samples = fixture.ipvs.watch({ interval: 20 }).ref();
    const consume = async () => {
      const own: (Sample | undefined)[] = [];
      while (own.length < 5) own.push((await samples.next()).value);
      return own;
    };
    const [first, second] = await Promise.all([consume(), consume()]);
    const merged = first.flatMap((sample, index) => [sample, second[index]]);
    expect(new Set(merged).size).toBe(10);
    const times = merged.map((sample) => sample?.time.getTime() ?? expect.unreachable('ended'));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('of link events get them alternately', async () => {
    await using events = fixture.ipvs.links.watch({ types: ['link'] });
    const calls = [events.next(), events.next(), events.next()];
    for (const mtu of [1301, 1302, 1303]) {
      await fixture.ipvs.links.setLink('virtual', { mtu });
    }
    const mtus = (await Promise.all(calls)).map(({ value }) =>
      value?.type === 'link' ? value.link.mtu : value,
    );
    expect(mtus).toEqual([1301, 1302, 1303]);
  });
});

describe('a process that only samples the table', () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [
      programPath('sample.mjs'),
      fixture.namespace.path,
      ...args,
    ]);

  test('ends by itself', async () => {
    expect((await run()).stdout).toBe('sample 1\n');
  });

  test('stays alive after ref()', async () => {
    expect((await run('ref')).stdout).toBe('sample 1\nsample 2\nsample 3\n');
  });
});
