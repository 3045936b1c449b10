import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BatchResult } from '../../lib/ipvs/batch.js';
import { MAX_REQUESTS } from '../../lib/queue/encoded-batch.js';
import {
  ABSENT,
  adding,
  addresses,
  type Build,
  batch,
  done,
  failed,
  REFUSED,
  respondAll,
  sizes,
  stopAll,
} from './helpers/batch-fixture.js';
import {
  destination,
  destinationsOf,
  open,
  SERVICE,
  settled,
  unhandledOf,
} from './helpers/fake-handle.js';
import { calls, thrownBy } from './helpers/requests.js';
import { nativeResponse, type ResultValues } from './helpers/responses.js';

describe('chunks', () => {
  /**
   * Returns the sizes of the chunks of a batch. `times` are the milliseconds that the kernel takes
   * for each chunk; the last one is for all that follow.
   */
  async function chunksOf(count: number, times: readonly number[]): Promise<number[]> {
    const fixture = open();
    const pending = batch(fixture, adding(count));
    await settled();
    for (let job = 0; job < fixture.handle.jobs.length; job++) {
      await fixture.handle.respond(job, [], times[job] ?? times.at(-1));
    }
    expect(await pending).toHaveLength(count);
    expect(fixture.handle.jobs.flatMap(({ bytes }) => destinationsOf(bytes))).toEqual(
      addresses(count),
    );
    return sizes(fixture.handle);
  }

  test.each<readonly [string, number, readonly number[], readonly number[]]>([
    ['a small batch is sent in one chunk', 128, [0], [128]],
    ['the 129th operation is in a second chunk', 129, [0], [128, 1]],
    ['chunks grow while the kernel is fast', 2000, [0], [128, 256, 512, 1024, 80]],
    [
      'chunks never exceed 2048 operations',
      8192,
      [0],
      [128, 256, 512, 1024, 128, 2048, 2048, 2048],
    ],
    ['chunks keep their size while the time is right', 400, [2], [128, 128, 128, 16]],
    ['chunks shrink while the kernel is slow', 300, [9], [128, 64, 32, 16, 16, 16, 16, 12]],
    ['chunks grow again when the kernel is fast again', 400, [9, 9, 0], [128, 64, 32, 64, 112]],
  ])('%s', async (_, count, times, expected) => {
    expect(await chunksOf(count, times)).toEqual(expected);
  });

  test('other calls are sent between two chunks', async () => {
    const fixture = open();
    const before = fixture.queue.run(calls.flush());
    const pending = batch(fixture, adding(300));
    await settled();
    await fixture.handle.respond(0);
    await before;
    const between = fixture.queue.run(calls.getInfo());
    await fixture.handle.respond(1);
    expect(fixture.handle.job(2).operations).toEqual(['getInfo']);
    await fixture.handle.respond(2);
    await between;
    expect(fixture.handle.job(3).operations).toHaveLength(172);
    await fixture.handle.respond(3);
    expect(await pending).toHaveLength(300);
    expect(fixture.handle.log).toEqual(['run 1', 'run 128', 'run 1', 'run 172']);
  });

  test('the chunks of two batches alternate', async () => {
    const fixture = open();
    const pending = Promise.all([batch(fixture, adding(200)), batch(fixture, adding(200, 1000))]);
    await respondAll(fixture.handle, (number) => (number === 5 ? REFUSED : {}));
    const [first, second] = await pending;
    expect(sizes(fixture.handle)).toEqual([128, 128, 72, 72]);
    expect(first.map(({ status }) => status).indexOf('rejected')).toBe(5);
    expect(second.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(fixture.handle.jobs.map(({ bytes }) => destinationsOf(bytes)[0])).toEqual(
      [0, 1000, 128, 1128].map((index) => destination(index).address),
    );
  });

  test('a chunk that fails as a whole rejects its operations, and no others', async () => {
    const fixture = open();
    const pending = batch(fixture, adding(300));
    await settled();
    const error = new Error('no thread');
    fixture.handle.job(0).fail(error);
    await settled();
    await fixture.handle.respond(1);
    await fixture.handle.respond(2);
    const results = await pending;
    expect(results.slice(0, 128)).toEqual(
      Array.from({ length: 128 }, () => ({
        status: 'rejected',
        reason: expect.objectContaining({
          code: 'ERR_IPVS_OUTCOME_UNKNOWN',
          operation: 'addDestination',
          cause: error,
        }),
      })),
    );
    expect(results.slice(128)).toEqual(Array.from({ length: 172 }, () => done()));
  });

  test.each([false, true])(
    'a chunk whose results cannot be decoded delays nothing; stopOnError is %j',
    async (stopOnError) => {
      const fixture = open();
      const pending = batch(fixture, adding(300), { stopOnError });
      await settled();
      const unhandled = await unhandledOf(() => {
        fixture.handle.job(0).respond(nativeResponse({ results: [{}] }));
      });
      expect(unhandled).toEqual([]);
      if (!stopOnError) await respondAll(fixture.handle, undefined, 1);
      const results = await pending;
      expect(results).toHaveLength(300);
      expect(results[127]).toMatchObject({ status: 'rejected' });
      expect(results[128]).toMatchObject(stopOnError ? failed('ERR_IPVS_SKIPPED') : done());
      await fixture.queue.close();
    },
  );

  test('any batch has the result of each operation at its place', async () => {
    const outcome = fc.constantFrom<ResultValues>({}, {}, REFUSED, ABSENT, {
      status: 'lost',
      error: 110,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1500 }),
        fc.array(outcome, { minLength: 1, maxLength: 7 }),
        fc.array(fc.double({ min: 0, max: 6, noNaN: true }), { minLength: 1 }),
        async (count, results, times) => {
          const fixture = open();
          const given = Array.from(
            { length: count },
            (_, at) => results[at % results.length] ?? {},
          );
          const pending = batch(fixture, adding(count));
          await settled();
          let sent = 0;
          for (let job = 0; job < fixture.handle.jobs.length; job++) {
            const { length } = fixture.handle.job(job).operations;
            expect(length).toBeLessThanOrEqual(MAX_REQUESTS);
            const some = given.slice(sent, sent + length);
            await fixture.handle.respond(job, some, times[job % times.length]);
            sent += length;
          }
          expect(fixture.handle.jobs.flatMap(({ bytes }) => destinationsOf(bytes))).toEqual(
            addresses(count),
          );
          expect(codes(await pending)).toEqual(
            given.map(({ status, error }) =>
              status === undefined
                ? ''
                : error === 17
                  ? 'EEXIST'
                  : error === 3
                    ? 'ESRCH'
                    : 'ERR_IPVS_OUTCOME_UNKNOWN',
            ),
          );
        },
      ),
      { numRuns: 20 },
    );
  });
});

/** Returns the code of each error, and '' for fulfilled results. */
const codes = (results: readonly BatchResult[]) =>
  results.map((each) => (each.status === 'rejected' ? each.reason.code : ''));

/** Returns a build that deletes destinations, with ifExists where `isForgiving` returns true. */
const deleting =
  (count: number, isForgiving: (index: number) => boolean) =>
  (b: Parameters<Parameters<typeof batch>[1]>[0]) => {
    for (let i = 0; i < count; i++) {
      b.deleteDestination(SERVICE, destination(i), { ifExists: isForgiving(i) });
    }
  };

describe('stopOnError', () => {
  test.each([0, 1, 100, 127, 128, 200, 2047, 2048, 2499])(
    'stopOnError sends nothing after operation %d, which fails',
    async (place) => {
      const fixture = open();
      const pending = batch(fixture, adding(2500), { stopOnError: true });
      const { address } = destination(place);
      const sent = await stopAll(fixture.handle, (each) =>
        each === address ? REFUSED : undefined,
      );
      expect(sent).toEqual(addresses(place + 1));
      expect(codes(await pending)).toEqual(
        Array.from({ length: 2500 }, (_, at) => {
          if (at === place) return 'EEXIST';
          return at < place ? '' : 'ERR_IPVS_SKIPPED';
        }),
      );
      await fixture.queue.close();
    },
  );

  test('the error of a skipped operation names its target and the cause', async () => {
    const fixture = open();
    const pending = batch(fixture, adding(2), { stopOnError: true });
    await stopAll(fixture.handle, () => REFUSED);
    const [first, second] = await pending;
    expect(first).toMatchObject(failed('EEXIST'));
    expect(second).toMatchObject({
      status: 'rejected',
      reason: {
        name: 'IpvsError',
        code: 'ERR_IPVS_SKIPPED',
        errno: 0,
        operation: 'addDestination',
        target: `10.1.0.1:80 of ${SERVICE}`,
        index: 1,
        message: expect.stringMatching(/: it was not sent, because batch operation 0 failed$/),
        cause: first?.status === 'rejected' ? first.reason : expect.unreachable(),
      },
    });
  });

  test('the errors of skipped operations name the operation that failed', async () => {
    const fixture = open();
    const pending = batch(fixture, adding(300), { stopOnError: true });
    const { address } = destination(200);
    await stopAll(fixture.handle, (each) => (each === address ? REFUSED : undefined));
    const reasons = (await pending).map((each) =>
      each.status === 'rejected' ? each.reason : undefined,
    );
    expect(reasons.slice(0, 200).every((reason) => reason === undefined)).toBe(true);
    expect(reasons[200]).toMatchObject({ code: 'EEXIST', index: 200 });
    for (const [at, reason] of reasons.entries()) {
      if (at <= 200) continue;
      expect(reason).toMatchObject({ code: 'ERR_IPVS_SKIPPED', index: at });
      expect(reason.message).toContain('because batch operation 200 failed');
      expect(reason.cause).toBe(reasons[200]);
    }
  });

  test('a refusal that is a value does not stop the batch', async () => {
    const fixture = open();
    const isGone = (index: number) => index % 100 === 50 || index === 2047 || index === 2048;
    const pending = batch(fixture, deleting(2100, isGone), { stopOnError: true });
    const gone = new Set(addresses(2100).filter((_, at) => isGone(at)));
    const sent = await stopAll(fixture.handle, (each) => (gone.has(each) ? ABSENT : undefined));
    expect(sent).toEqual(addresses(2100));
    expect(await pending).toEqual(Array.from({ length: 2100 }, (_, at) => done(!isGone(at))));
  });

  test('a chunk that fails as a whole stops the batch', async () => {
    const fixture = open();
    const pending = batch(fixture, adding(1100), { stopOnError: true });
    await settled();
    await fixture.handle.respond(0);
    fixture.handle.job(1).fail(new Error('no thread'));
    const counts = new Map<string, number>();
    for (const code of codes(await pending)) counts.set(code, (counts.get(code) ?? 0) + 1);
    expect([...counts]).toEqual([
      ['', 128],
      ['ERR_IPVS_OUTCOME_UNKNOWN', 256],
      ['ERR_IPVS_SKIPPED', 1100 - 128 - 256],
    ]);
    expect(fixture.handle.jobs).toHaveLength(2);
    await fixture.queue.close();
  });

  test('stopOnError executes any batch up to its first failure, each operation once', async () => {
    const places = (max: number) =>
      fc.uniqueArray(fc.integer({ min: 0, max: 1300 }), { maxLength: max });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1300 }),
        places(8),
        places(3),
        async (count, forgiven, bad) => {
          const fixture = open();
          const [gone, refused] = [new Set(forgiven), new Set(bad)];
          const planned = new Map<string, ResultValues>();
          for (const at of gone) planned.set(destination(at).address, ABSENT);
          for (const at of refused) planned.set(destination(at).address, REFUSED);
          const pending = batch(
            fixture,
            deleting(count, (at) => gone.has(at)),
            { stopOnError: true },
          );
          const sent = await stopAll(fixture.handle, (address) => planned.get(address));
          const last = Math.min(count - 1, ...bad);
          expect(sent).toEqual(addresses(last + 1));
          const results = await pending;
          expect(results).toHaveLength(count);
          results.forEach((result, at) => {
            if (at > last) expect(result).toMatchObject(failed('ERR_IPVS_SKIPPED'));
            else if (refused.has(at)) expect(result).toMatchObject(failed('EEXIST'));
            else expect(result).toEqual(done(!gone.has(at)));
          });
          await fixture.queue.close();
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('signals', () => {
  const reason = new Error('enough');
  const ended = { status: 'rejected', reason };

  test('a signal that is aborted before the batch sends nothing', async () => {
    const fixture = open();
    const signal = AbortSignal.abort(reason);
    expect(await batch(fixture, adding(3), { signal })).toEqual([ended, ended, ended]);
    await fixture.queue.close();
    expect(fixture.handle.log).toEqual(['close']);
  });

  test('a signal ends a batch that is being built, and nothing more can be added', async () => {
    for (const before of [true, false]) {
      const fixture = open();
      const controller = new AbortController();
      if (before) controller.abort(reason);
      const { signal } = controller;
      let later: unknown;
      const pending = batch(
        fixture,
        async (b) => {
          adding(2)(b);
          await settled();
          controller.abort(reason);
          later = thrownBy(() => adding(2)(b));
        },
        { signal },
      );
      await expect(pending).rejects.toBe(reason);
      await settled();
      expect(later).toMatchObject({ code: 'ERR_IPVS_CLOSED', operation: 'addDestination' });
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
      await fixture.queue.close();
      expect(fixture.handle.log).toEqual(['close']);
    }
  });

  test('a signal ends a batch whose build never settles', async () => {
    const fixture = open();
    const controller = new AbortController();
    const { signal } = controller;
    const pending = batch(fixture, () => new Promise(() => undefined), { signal });
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await fixture.queue.close();
  });

  test('a signal that a getter among the arguments aborts does not spoil a buffer', async () => {
    const fixture = open();
    const controller = new AbortController();
    const { address, ...rest } = destination(9);
    const pending = batch(
      fixture,
      async (b) => {
        await settled();
        b.addDestination(SERVICE, {
          ...rest,
          get address() {
            controller.abort(reason);
            return address;
          },
        });
      },
      { signal: controller.signal },
    );
    await expect(pending).rejects.toBe(reason);
    await settled();
    const other = batch(fixture, adding(2));
    await settled();
    expect(destinationsOf(fixture.handle.job(0).bytes)).toEqual(addresses(2));
    await respondAll(fixture.handle);
    expect(await other).toEqual([done(), done()]);
  });

  test('a signal has no listener after a batch, whatever its result', async () => {
    const { signal } = new AbortController();
    const builds: readonly Build[] = [
      async (b) => {
        await settled();
        adding(2)(b);
      },
      async () => {
        await settled();
        throw reason;
      },
    ];
    for (const build of builds) {
      const fixture = open();
      const pending = batch(fixture, build, { signal }).catch(() => undefined);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      await settled();
      await respondAll(fixture.handle);
      await pending;
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
      await fixture.queue.close();
    }
  });

  test.each([false, true])(
    'a signal ends a batch between two chunks; stopOnError is %j',
    async (stopOnError) => {
      const fixture = open();
      const controller = new AbortController();
      const pending = batch(fixture, adding(5000), { stopOnError, signal: controller.signal });
      await settled();
      await fixture.handle.respond(0);
      controller.abort(reason);
      await fixture.handle.respond(1);
      expect(await pending).toEqual([
        ...Array.from({ length: 128 + 256 }, () => done()),
        ...Array.from({ length: 5000 - 128 - 256 }, () => ended),
      ]);
      expect(sizes(fixture.handle)).toEqual([128, 256]);
      await fixture.queue.close();
    },
  );

  test('a signal that is aborted after the last chunk is sent has no effect', async () => {
    const fixture = open();
    const controller = new AbortController();
    const pending = batch(fixture, adding(5), { signal: controller.signal });
    await settled();
    controller.abort(reason);
    await fixture.handle.respond(0, [{}, REFUSED]);
    expect(await pending).toMatchObject([done(), failed('EEXIST'), done(), done(), done()]);
  });
});

describe('close()', () => {
  test('close() waits for all chunks of a batch', async () => {
    const fixture = open();
    const pending = batch(fixture, adding(300));
    const closing = fixture.queue.close();
    await respondAll(fixture.handle);
    expect(await pending).toEqual(Array.from({ length: 300 }, () => done()));
    await closing;
    expect(fixture.handle.log).toEqual(['run 128', 'run 172', 'close']);
  });

  test('close() ends a batch that is being built, and does not wait for it', async () => {
    const fixture = open();
    let later: unknown;
    const pending = batch(fixture, async (b) => {
      adding(2)(b);
      await fixture.queue.close();
      later = thrownBy(() => adding(2)(b));
    });
    const refused = { code: 'ERR_IPVS_CLOSED', operation: 'batch' };
    await expect(pending).rejects.toMatchObject(refused);
    await settled();
    expect(later).toMatchObject({ code: 'ERR_IPVS_CLOSED', operation: 'addDestination' });
    expect(fixture.handle.log).toEqual(['close']);
  });

  test('close() ends a batch whose build never settles', async () => {
    const fixture = open();
    const pending = batch(fixture, () => new Promise(() => undefined));
    const closing = fixture.queue.close();
    await expect(pending).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED' });
    await closing;
    // This build begins to wait after the handle is closed.
    const other = open();
    const late = batch(other, () => {
      void other.queue.close();
      return new Promise(() => undefined);
    });
    await expect(late).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED' });
    await other.queue.close();
    expect(other.handle.log).toEqual(['close']);
  });

  test('close() waits for a batch that is built already', async () => {
    const fixture = open();
    let end: () => void = () => undefined;
    const pending = batch(fixture, (b) => {
      adding(2)(b);
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    end();
    await Promise.resolve().then(() => undefined);
    await new Promise<void>((resolve) => setImmediate(resolve));
    const closing = fixture.queue.close();
    await respondAll(fixture.handle);
    expect(await pending).toEqual([done(), done()]);
    await closing;
    expect(fixture.handle.log).toEqual(['run 2', 'close']);
  });

  test('a batch is sent if its synchronous build closes the handle', async () => {
    const fixture = open();
    let closing: Promise<void> | undefined;
    const pending = batch(fixture, (b) => {
      adding(1)(b);
      closing = fixture.queue.close();
      adding(1, 1)(b);
    });
    await respondAll(fixture.handle);
    expect(await pending).toEqual([done(), done()]);
    await closing;
    expect(fixture.handle.log).toEqual(['run 2', 'close']);
  });

  test('close() ends or waits for a batch whose build has just settled', async () => {
    for (let ticks = 0; ticks < 8; ticks++) {
      const fixture = open();
      let end: () => void = () => undefined;
      const pending = batch(fixture, (b) => {
        adding(2)(b);
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      });
      const result = pending.catch((error: unknown) => error);
      end();
      for (let tick = 0; tick < ticks; tick++) await undefined;
      const closing = fixture.queue.close();
      await respondAll(fixture.handle);
      await closing;
      const isSent = fixture.handle.jobs.length === 1;
      expect(isSent).toBe(ticks > 0);
      expect(fixture.handle.log).toEqual(isSent ? ['run 2', 'close'] : ['close']);
      const expected = isSent ? [done(), done()] : { code: 'ERR_IPVS_CLOSED' };
      expect(await result).toMatchObject(expected);
    }
  });

  test('the reason of a signal comes before ERR_IPVS_CLOSED if build causes both', async () => {
    const fixture = open();
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error('mine');
    const pending = batch(
      fixture,
      async (b) => {
        adding(2)(b);
        controller.abort(reason);
        void fixture.queue.close();
      },
      { signal },
    );
    await expect(pending).rejects.toBe(reason);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
