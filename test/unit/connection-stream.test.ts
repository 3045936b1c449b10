import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../lib/connections/decode.js';
import {
  type ChunkSource,
  ConnectionStream,
  checkStreamOptions,
} from '../../lib/connections/stream.js';
import type { Connection } from '../../lib/index.js';
import { expectInputError, thrownBy } from './helpers/requests.js';

const endpoint = { address: '10.0.0.1', port: 0 };
const connection = (port: number): Connection => ({
  protocol: 'tcp',
  family: 'ipv4',
  client: { address: '10.0.0.1', port },
  virtual: endpoint,
  destination: endpoint,
  state: 'ESTABLISHED',
  expires: 0,
  template: false,
  fwmark: null,
  engine: null,
  engineData: null,
  origin: null,
});

const chunk = (ports: readonly number[], last: boolean): Chunk => ({
  count: ports.length,
  last,
  read: (index) => connection(ports[index] ?? expect.unreachable('read beyond the chunk')),
});

/** A source whose chunks the test delivers. */
function source(signal?: AbortSignal) {
  const waiting: { resolve(value: Chunk): void; reject(reason: unknown): void }[] = [];
  const log: string[] = [];
  const opened: ChunkSource = {
    next: () => {
      log.push('next');
      return new Promise<Chunk>((resolve, reject) => {
        waiting.push({ resolve, reject });
      });
    },
    close: () => {
      log.push(waiting.length > 0 ? 'closed during a read' : 'close');
    },
  };
  const pending = () => waiting.shift() ?? expect.unreachable('no read is in flight');
  const stream = new ConnectionStream(opened, signal);
  return {
    stream,
    log,
    deliver: async (ports: readonly number[], last = false) => {
      await settled();
      pending().resolve(chunk(ports, last));
      await settled();
    },
    fail: async (error: Error) => {
      await settled();
      pending().reject(error);
      await settled();
    },
  };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const entry = (port: number) => ({ done: false, value: connection(port) });
const DONE = { done: true, value: undefined };

describe('a stream', () => {
  test('opens nothing before it is read', async () => {
    const { stream, log } = source();
    expect(stream[Symbol.asyncIterator]()).toBe(stream);
    await stream.return();
    expect(await stream.next()).toEqual(DONE);
    expect(log).toEqual(['close']);
  });

  test('returns every entry of every chunk, and reads one chunk ahead', async () => {
    const { stream, log, deliver } = source();
    const first = stream.next();
    await deliver([1, 2]);
    expect(await first).toEqual(entry(1));
    expect(log).toEqual(['next', 'next']);
    expect(await stream.next()).toEqual(entry(2));
    const third = stream.next();
    await deliver([]);
    await deliver([3], true);
    expect(await third).toEqual(entry(3));
    expect(await stream.next()).toEqual(DONE);
    expect(await stream.next()).toEqual(DONE);
    expect(log).toEqual(['next', 'next', 'next', 'close']);
  });

  test('of an empty table has no entries', async () => {
    const { stream, log, deliver } = source();
    const first = stream.next();
    await deliver([], true);
    expect(await first).toEqual(DONE);
    expect(log).toEqual(['next', 'close']);
  });

  test('answers calls in their order, also if they do not wait for one another', async () => {
    const { stream, deliver } = source();
    const calls = [1, 2, 3, 4, 5].map(() => stream.next());
    await deliver([1, 2]);
    await deliver([3], true);
    expect(await Promise.all(calls)).toEqual([entry(1), entry(2), entry(3), DONE, DONE]);
  });

  test('ends when the loop is left', async () => {
    const { stream, log, deliver } = source();
    const loop = (async () => {
      for await (const { client } of stream) return client.port;
      return expect.unreachable('the loop is left at the first');
    })();
    await deliver([1, 2]);
    await deliver([3]);
    expect(await loop).toBe(1);
    expect(log).toEqual(['next', 'next', 'close']);
  });

  test('ends with the block that it is used in', async () => {
    const { stream, log, deliver } = source();
    const first = stream.next();
    await deliver([1], true);
    await first;
    await stream[Symbol.asyncDispose]();
    expect(log).toEqual(['next', 'close']);
    expect(await stream.next()).toEqual(DONE);
  });
});

describe('a failure', () => {
  test('of a chunk that was read ahead is reported after the entries before it', async () => {
    const { stream, log, deliver, fail } = source();
    const first = stream.next();
    await deliver([1, 2]);
    await first;
    await fail(new Error('no more'));
    expect(await stream.next()).toEqual(entry(2));
    await expect(stream.next()).rejects.toThrow('no more');
    expect(await stream.next()).toEqual(DONE);
    expect(log).toEqual(['next', 'next', 'close']);
  });
});

describe('an aborted signal', () => {
  const reason = new Error('enough');

  test('ends a stream that has not begun', async () => {
    const { stream, log } = source(AbortSignal.abort(reason));
    await expect(stream.next()).rejects.toBe(reason);
    expect(log).toEqual(['close']);
  });

  test('ends a stream that has entries left', async () => {
    const controller = new AbortController();
    const { stream, log, deliver } = source(controller.signal);
    const first = stream.next();
    await deliver([1, 2]);
    await first;
    controller.abort(reason);
    await expect(stream.next()).rejects.toBe(reason);
    expect(await stream.next()).toEqual(DONE);
    expect(log).toEqual(['next', 'next']);
    await deliver([3]);
    expect(log).toEqual(['next', 'next', 'close']);
  });
});

describe('a stream that ends while a chunk is being read', () => {
  test('answers at once, reads no further, and closes after the read', async () => {
    const { stream, log, deliver } = source();
    const first = stream.next();
    await settled();
    let hasEnded = false;
    const ending = stream.return().then(() => {
      hasEnded = true;
    });
    expect(await first).toEqual(DONE);
    await settled();
    expect(hasEnded).toBe(false);
    await deliver([1, 2]);
    await ending;
    expect(log).toEqual(['next', 'close']);
    expect(await stream.next()).toEqual(DONE);
  });

  test('closes also if the read fails', async () => {
    const { stream, log, fail } = source();
    const first = stream.next();
    await settled();
    const ending = stream.return();
    expect(await first).toEqual(DONE);
    await fail(new Error('no more'));
    expect(await ending).toEqual(DONE);
    expect(log).toEqual(['next', 'close']);
  });
});

describe('the options of a stream', () => {
  test('are the origin and the signal', () => {
    const { signal } = new AbortController();
    expect(checkStreamOptions({ origin: true, signal })).toMatchObject({ origin: true, signal });
    expect(checkStreamOptions({ origin: undefined })).toMatchObject({ origin: false });
  });

  test.each([
    {
      options: { origin: 'sync' },
      kind: 'type',
      property: 'options.origin',
      value: "'sync'",
      rule: 'is not a boolean',
    },
    {
      options: { signal: null },
      kind: 'type',
      property: 'options.signal',
      value: 'null',
      rule: 'is not an AbortSignal',
    },
    {
      options: { by: [] },
      kind: 'value',
      property: 'options.by',
      value: "'by'",
      rule: 'is not a known property',
    },
  ] as const)('$options is refused', ({ options, ...expected }) => {
    expectInputError(
      thrownBy(() => checkStreamOptions(options)),
      expected,
    );
  });
});

/** A source of chunks of these sizes, which it delivers when run() is called. */
class SizedSource implements ChunkSource {
  closed = 0;
  /** Reads in flight. */
  inFlight = 0;
  /** Calls that a stream should not make. */
  readonly faults: string[] = [];
  readonly #sizes: readonly number[];
  readonly #settle: (() => void)[] = [];
  #next = 0;
  #given = 0;

  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
  }

  stream(): ConnectionStream {
    return new ConnectionStream(this, undefined);
  }

  next(): Promise<Chunk> {
    if (this.closed > 0) this.faults.push('read after the end');
    if (this.inFlight > 0) this.faults.push('two reads at once');
    this.inFlight++;
    const index = this.#next++;
    const count = this.#sizes[index] ?? 0;
    const first = this.#given;
    this.#given += count;
    return new Promise((resolve) => {
      this.#settle.push(() => {
        this.inFlight--;
        const last = index >= this.#sizes.length - 1;
        resolve({ count, last, read: (at) => connection(first + at) });
      });
    });
  }

  close(): void {
    if (this.inFlight > 0) this.faults.push('closed during a read');
    this.closed++;
  }

  /** Completes every read, also those that follow from it, until none is in flight. */
  async run(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      await settled();
      const settle = this.#settle.splice(0);
      if (settle.length > 0) quiet = -1;
      for (const each of settle) each();
    }
  }
}

const chunkSizes = fc.array(fc.nat(4), { maxLength: 5 }).map((sizes) => [...sizes, 0]);
const total = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, 0);

describe('a stream of any chunks', () => {
  test('returns every entry in order to calls of next() one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(chunkSizes, async (sizes) => {
        const source = new SizedSource(sizes);
        const running = source.run();
        const seen: number[] = [];
        const read = (async () => {
          for await (const { client } of source.stream()) seen.push(client.port);
        })();
        await running;
        await source.run();
        await read;
        expect(seen).toEqual(Array.from({ length: total(sizes) }, (_, index) => index));
        expect(source).toMatchObject({ closed: 1, inFlight: 0, faults: [] });
      }),
    );
  });

  test('returns an entry of its own to each of many calls of next() at once', async () => {
    await fc.assert(
      fc.asyncProperty(chunkSizes, fc.nat(3), async (sizes, more) => {
        const source = new SizedSource(sizes);
        const stream = source.stream();
        const count = total(sizes);
        const calls = Promise.all(Array.from({ length: count + more }, () => stream.next()));
        await source.run();
        const results = await calls;
        expect(results.slice(0, count).map(({ value }) => value?.client.port)).toEqual(
          Array.from({ length: count }, (_, index) => index),
        );
        expect(results.slice(count)).toEqual(
          Array.from({ length: more }, () => ({ value: undefined, done: true })),
        );
        expect(source.faults).toEqual([]);
      }),
    );
  });

  test('leaves nothing open and nothing in flight after any calls in any order', async () => {
    const action = fc.constantFrom('next', 'return', 'run', 'microtask', 'turn');
    await fc.assert(
      fc.asyncProperty(chunkSizes, fc.array(action, { maxLength: 12 }), async (sizes, actions) => {
        const source = new SizedSource(sizes);
        const stream = source.stream();
        const pending: Promise<unknown>[] = [];
        let returned = false;
        for (const action of actions) {
          if (action === 'next') pending.push(stream.next());
          if (action === 'return') pending.push(stream.return());
          if (action === 'run') await source.run();
          if (action === 'microtask') await Promise.resolve();
          if (action === 'turn') await settled();
          returned ||= action === 'return';
        }
        if (!returned) pending.push(stream.return());
        await source.run();
        await Promise.all(pending);
        await source.run();
        expect(await stream.next()).toEqual({ value: undefined, done: true });
        expect(source.faults).toEqual([]);
        expect(source.inFlight).toBe(0);
        expect(source.closed).toBe(1);
      }),
      { numRuns: 500 },
    );
  });
});
