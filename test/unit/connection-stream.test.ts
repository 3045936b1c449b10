import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../lib/connections/decode.js';
import { type ChunkSource, ConnectionStream } from '../../lib/connections/stream.js';
import type { Connection } from '../../lib/index.js';

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

/** A source whose parts come when the test says so. */
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
      log.push(waiting.length > 0 ? 'closed under a reading' : 'close');
    },
  };
  const answered = () => waiting.shift() ?? expect.unreachable('nothing is being read');
  const stream = new ConnectionStream(opened, signal);
  return {
    stream,
    log,
    give: async (ports: readonly number[], last = false) => {
      await settled();
      answered().resolve(chunk(ports, last));
      await settled();
    },
    fail: async (error: Error) => {
      await settled();
      answered().reject(error);
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
    expect(log).toEqual([]);
    expect(await stream.next()).toEqual(DONE);
    expect(log).toEqual([]);
  });

  test('gives out every entry of every part, and reads one part ahead', async () => {
    const { stream, log, give } = source();
    const first = stream.next();
    await give([1, 2]);
    expect(await first).toEqual(entry(1));
    expect(log).toEqual(['next', 'next']);
    expect(await stream.next()).toEqual(entry(2));
    const third = stream.next();
    await give([]);
    await give([3], true);
    expect(await third).toEqual(entry(3));
    expect(await stream.next()).toEqual(DONE);
    expect(await stream.next()).toEqual(DONE);
    expect(log).toEqual(['next', 'next', 'next', 'close']);
  });

  test('is an empty one where the table is', async () => {
    const { stream, log, give } = source();
    const first = stream.next();
    await give([], true);
    expect(await first).toEqual(DONE);
    expect(log).toEqual(['next', 'close']);
  });

  test('answers calls that do not wait for one another in their order', async () => {
    const { stream, give } = source();
    const calls = [1, 2, 3, 4, 5].map(() => stream.next());
    await give([1, 2]);
    await give([3], true);
    expect(await Promise.all(calls)).toEqual([entry(1), entry(2), entry(3), DONE, DONE]);
  });

  test('ends where the loop is left', async () => {
    const { stream, log, give } = source();
    const loop = (async () => {
      for await (const { client } of stream) return client.port;
      return expect.unreachable('the loop is left at the first');
    })();
    await give([1, 2]);
    await give([3]);
    expect(await loop).toBe(1);
    expect(log).toEqual(['next', 'next', 'close']);
  });

  test('ends at the end of the block that it is used in', async () => {
    const { stream, log, give } = source();
    const first = stream.next();
    await give([1], true);
    await first;
    await stream[Symbol.asyncDispose]();
    expect(log).toEqual(['next', 'close']);
    expect(await stream.next()).toEqual(DONE);
  });
});

describe('what goes wrong', () => {
  test('in a part that was read ahead, comes behind the entries before it', async () => {
    const { stream, log, give, fail } = source();
    const first = stream.next();
    await give([1, 2]);
    await first;
    await fail(new Error('no more'));
    expect(await stream.next()).toEqual(entry(2));
    await expect(stream.next()).rejects.toThrow('no more');
    expect(await stream.next()).toEqual(DONE);
    expect(log).toEqual(['next', 'next', 'close']);
  });
});

describe('the signal', () => {
  const reason = new Error('enough');

  test('ends it before it begins', async () => {
    const { stream, log } = source(AbortSignal.abort(reason));
    await expect(stream.next()).rejects.toBe(reason);
    expect(log).toEqual(['close']);
  });

  test('ends it where entries are at hand', async () => {
    const controller = new AbortController();
    const { stream, log, give } = source(controller.signal);
    const first = stream.next();
    await give([1, 2]);
    await first;
    controller.abort(reason);
    await expect(stream.next()).rejects.toBe(reason);
    expect(await stream.next()).toEqual(DONE);
    expect(log).toEqual(['next', 'next']);
    await give([3]);
    expect(log).toEqual(['next', 'next', 'close']);
  });
});

describe('a stream that is ended while a part is being read', () => {
  test('answers at once, reads no further, and closes when that part has arrived', async () => {
    const { stream, log, give } = source();
    const first = stream.next();
    await settled();
    let isFreed = false;
    const ending = stream.return().then(() => {
      isFreed = true;
    });
    expect(await first).toEqual(DONE);
    await settled();
    expect(isFreed).toBe(false);
    await give([1, 2]);
    await ending;
    expect(log).toEqual(['next', 'close']);
    expect(await stream.next()).toEqual(DONE);
  });

  test('closes also when that part could not be read', async () => {
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
