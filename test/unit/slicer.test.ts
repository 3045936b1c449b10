import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { complete, Incremental } from '../../lib/queue/incremental.js';
import { runToEnd, Slicer, YIELD_INTERVAL } from '../../lib/queue/slicer.js';
import { open, SERVICE, settled } from './helpers/fake-handle.js';
import { calls } from './helpers/requests.js';
import { destinationRecord, nativeResponse } from './helpers/responses.js';

/** The time of the clock, in milliseconds. Only work advances it. */
let now = 0;

beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Returns work of `steps` steps, each of which takes a millisecond and is logged. */
function* work(name: string, steps: number, log: string[]): Generator<void, void> {
  for (let step = 1; step <= steps; step++) {
    log.push(`${name}${step}`);
    now++;
    yield;
  }
}

describe('slices', () => {
  test('work begins at once, and a slice ends after two milliseconds', async () => {
    const [slicer, log] = [new Slicer(), [] as string[]];
    slicer.add(work('a', 5, log));
    expect(log).toEqual(['a1', 'a2']);
    setImmediate(() => log.push('another'));
    await settled();
    expect(log).toEqual(['a1', 'a2', 'a3', 'a4', 'another']);
    await settled();
    expect(log).toEqual(['a1', 'a2', 'a3', 'a4', 'another', 'a5']);
  });

  test('several short pieces of work share a slice', async () => {
    const [slicer, log] = [new Slicer(), [] as string[]];
    slicer.add(work('a', 3, log));
    for (const name of ['b', 'c']) slicer.add(work(name, 1, log));
    expect(log).toEqual(['a1', 'a2']);
    await settled();
    expect(log).toEqual(['a1', 'a2', 'a3', 'b1']);
    await settled();
    expect(log).toEqual(['a1', 'a2', 'a3', 'b1', 'c1']);
  });

  test('pieces of work run in the order in which they are added, and none is lost', async () => {
    const works = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(works, async (given) => {
        const [slicer, log, expected] = [new Slicer(), [] as string[], [] as string[]];
        for (const [index, [steps, waits]] of given.entries()) {
          const name = `${index}.`;
          for (let step = 1; step <= steps; step++) expected.push(`${name}${step}`);
          slicer.add(work(name, steps, log));
          if (waits) await settled();
        }
        while (log.length < expected.length) await settled();
        expect(log).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

describe('run()', () => {
  function* counted(count: number, log: string[]): Generator<void, string> {
    yield* work('s', count, log);
    return 'done';
  }

  test('run() resolves to the value, and lets the event loop run', async () => {
    const [slicer, log] = [new Slicer(), [] as string[]];
    const value = slicer.run(counted(5, log), () => false);
    expect(log).toEqual(['s1', 's2']);
    expect(await value).toBe('done');
    expect(log).toHaveLength(5);
  });

  test('run() rejects with the error of the work, and does not delay other work', async () => {
    const [slicer, log] = [new Slicer(), [] as string[]];
    const failing = slicer.run(
      (function* (): Generator<void, string> {
        yield* work('f', 3, log);
        throw new Error('broken');
      })(),
      () => false,
    );
    slicer.add(work('a', 1, log));
    await expect(failing).rejects.toThrow('broken');
    await settled();
    expect(log).toEqual(['f1', 'f2', 'f3', 'a1']);
  });

  test('run() abandons work that is stale', async () => {
    const [slicer, log] = [new Slicer(), [] as string[]];
    let stale = false;
    const value = slicer.run(counted(100, log), () => stale);
    stale = true;
    expect(await value).toBeUndefined();
    expect(log).toEqual(['s1', 's2']);
  });
});

describe('incremental values', () => {
  test('an incremental value is decoded anew by each consumer', () => {
    const made = vi.fn(function* () {
      yield;
      yield;
      return 7;
    });
    const value = new Incremental(made);
    expect(made).not.toHaveBeenCalled();
    expect(complete(value)).toBe(7);
    expect(runToEnd(value[Symbol.iterator]())).toBe(7);
    expect(made).toHaveBeenCalledTimes(2);
  });

  test('complete() throws the error of an incremental value', () => {
    const failing = new Incremental(function* () {
      yield;
      throw new Error('broken');
    });
    expect(() => complete(failing)).toThrow('broken');
  });

  test('complete() returns any other value as it is', () => {
    const value = [1];
    expect(complete(value)).toBe(value);
    expect(complete(undefined)).toBeUndefined();
  });
});

describe('long lists', () => {
  /**
   * Lists `count` destinations of a service, and makes a short call after it. Returns how many
   * turns of the event loop pass before each of the two settles.
   */
  async function turnsOf(count: number) {
    const { handle, queue } = open();
    let turns = 0;
    let isRead = false;
    const list = queue.run(calls.listDestinations(SERVICE)).finally(() => {
      isRead = true;
    });
    const small = queue.run(calls.flush()).then(() => turns);
    await settled();
    // A slice is over whenever the clock is read.
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 10));
    handle.job(0).respond(
      nativeResponse({
        results: [{ destinations: count }, {}],
        destinations: Array.from({ length: count }, (_, index) =>
          destinationRecord({ family: 2, port: index % 65536 }),
        ),
      }),
    );
    const countTurn = () => {
      turns++;
      if (!isRead) setImmediate(countTurn);
    };
    setImmediate(countTurn);
    const ports = (await list).map(({ port }) => port);
    expect(ports).toEqual(Array.from({ length: count }, (_, index) => index % 65536));
    return { long: turns, short: await small };
  }

  test.each([0, 1, YIELD_INTERVAL, YIELD_INTERVAL + 1, 2 * YIELD_INTERVAL, 1000])(
    'a list of %d destinations is complete',
    async (count) => {
      await turnsOf(count);
    },
  );

  test('the event loop runs while a long list is decoded', async () => {
    expect((await turnsOf(YIELD_INTERVAL)).long).toBeLessThan(3);
    expect((await turnsOf(10 * YIELD_INTERVAL)).long).toBeGreaterThanOrEqual(9);
  });

  test('a long list does not delay the call after it', async () => {
    expect((await turnsOf(10 * YIELD_INTERVAL)).short).toBeLessThan(3);
  });

  test('a list that cannot be decoded rejects only its own call', async () => {
    const { handle, queue } = open();
    const broken = new Incremental(function* () {
      yield;
      throw new Error('broken');
    });
    const list = queue.run({ ...calls.flush(), decode: () => broken });
    const expected = expect(list).rejects.toThrow('broken');
    const after = queue.run(calls.flush());
    await settled();
    await handle.respond(0);
    await expected;
    await after;
    await queue.close();
  });
});
