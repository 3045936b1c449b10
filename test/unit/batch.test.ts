import { afterEach, describe, expect, test, vi } from 'vitest';
import { Batch, checkBatch, checkBatchOptions } from '../../lib/ipvs/batch.js';
import { destinationRecord, nativeResults, serviceRecord } from './answers.js';
import {
  ABSENT,
  adding,
  addresses,
  answerAll,
  type Build,
  batch,
  done,
  failed,
  REFUSED,
  sizes,
} from './batches.js';
import { destination, destinationsOf, open, SERVICE, settled } from './fake-handle.js';
import { calls, expectInputError, type Kind, thrownBy } from './requests.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the results', () => {
  test('are in the order of the adding, each of its own kind', async () => {
    const lab = open();
    const places: number[] = [];
    const pending = batch(lab, (b) => {
      places.push(b.ensureService({ fwmark: 1 }));
      places.push(b.addDestination('fwmark://1', { address: '10.0.0.1' }));
      places.push(b.getService('fwmark://9'));
      places.push(b.deleteDestination('fwmark://1', '10.0.0.9', { ifExists: true }));
      places.push(b.listDestinations('fwmark://1'));
      places.push(b.deleteService('fwmark://8'));
      places.push(b.getService('fwmark://7', { bigint: true }));
    });
    await settled();
    lab.handle.job(0).answer(
      nativeResults({
        outcomes: [
          { created: 1 },
          REFUSED,
          ABSENT,
          { status: 'refused', error: 2 },
          { destinations: 2 },
          ABSENT,
          { firstService: 1, services: 1 },
        ],
        services: [5, 7].map((fwmark) => serviceRecord({ family: 2, fwmark })),
        destinations: [20, 21].map((port) => destinationRecord({ family: 2, port })),
      }),
    );
    expect(await pending).toMatchObject([
      done('created'),
      failed('EEXIST'),
      done(undefined),
      done(false),
      done([{ port: 20 }, { port: 21 }]),
      failed('ESRCH'),
      done({ fwmark: 7, stats: { connections: 0n } }),
    ]);
    expect(places).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('of nothing are none, and nothing is sent', async () => {
    const lab = open();
    expect(await batch(lab, () => undefined)).toEqual([]);
    expect(lab.handle.log).toEqual([]);
  });

  test('of 10,000 operations are there, and their errors name what they are of', async () => {
    const lab = open();
    const pending = batch(lab, adding(10_000));
    await answerAll(lab.handle, (number) => (number % 3 === 1 ? REFUSED : {}));
    const results = await pending;
    expect(lab.handle.jobs.flatMap(({ bytes }) => destinationsOf(bytes))).toEqual(
      addresses(10_000),
    );
    const targets = results.map((each) => (each.status === 'rejected' ? each.reason.target : ''));
    expect(targets).toEqual(
      addresses(10_000).map((address, at) => (at % 3 === 1 ? `${address}:80 of ${SERVICE}` : '')),
    );
  });

  test('are whole where reading them takes longer than the kernel needs', async () => {
    const lab = open();
    // Every look at the clock finds that a slice is over.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    const pending = batch(lab, adding(300));
    await settled();
    lab.handle.job(0).answer(nativeResults({ outcomes: Array.from({ length: 128 }, () => ({})) }));
    while (lab.handle.jobs.length === 1) await Promise.resolve();
    lab.handle
      .job(1)
      .answer(nativeResults({ outcomes: Array.from({ length: 172 }, () => REFUSED) }));
    const results = await pending;
    expect(results).toHaveLength(300);
    expect(results.map(({ status }) => status)).toEqual(
      Array.from({ length: 300 }, (_, at) => (at < 128 ? 'fulfilled' : 'rejected')),
    );
  });
});

describe('bad input', () => {
  type Row = readonly [string, unknown, Kind, string, string, string];
  test.each<Row>([
    ['null', null, 'type', 'options', 'null', 'is not an object'],
    ['a flag', true, 'type', 'options', 'true', 'is not an object'],
    ['1', { stopOnError: 1 }, 'type', 'options.stopOnError', '1', 'is not a boolean'],
    ['a typo', { stopOnErr: true }, 'value', 'options.stopOnErr', "'stopOnErr'", 'stopOnError?'],
    ['no signal', { signal: {} }, 'type', 'options.signal', '{}', 'AbortSignal'],
  ])('options: %s', (_, options, kind, property, value, rule) => {
    const error = thrownBy(() => checkBatchOptions(options));
    expectInputError(error, { kind, property, value, rule });
  });

  test.each([undefined, null, {}, [], 'b'])('%j builds nothing', async (build) => {
    expect(thrownBy(() => checkBatch(build, undefined))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/^build: .* is not a function/),
    });
  });

  test.each([0, 5, 1024, 3000])(
    'after %d operations is thrown at once, and nothing is sent',
    async (count) => {
      const lab = open();
      const after = vi.fn();
      const pending = batch(lab, (b) => {
        adding(count)(b);
        b.addService({ fwmark: -1 });
        after();
      });
      await expect(pending).rejects.toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
      await lab.queue.close();
      expect(after).not.toHaveBeenCalled();
      expect(lab.handle.log).toEqual(['close']);
    },
  );

  test.each([0, 5, 1024, 2048])(
    'after %d operations that is caught has no place',
    async (count) => {
      const lab = open();
      const pending = batch(lab, (b) => {
        adding(count)(b);
        expect(() => b.addService({ fwmark: -1 })).toThrow(RangeError);
      });
      await answerAll(lab.handle);
      expect(await pending).toHaveLength(count);
      const answered = lab.handle.jobs.length;
      const more = batch(lab, (b) => {
        adding(count)(b);
        expect(() => b.addService({ fwmark: -1 })).toThrow(RangeError);
        expect(b.addDestination(SERVICE, destination(count))).toBe(count);
      });
      for (let job = answered; ; job++) {
        await settled();
        if (job === lab.handle.jobs.length) break;
        await lab.handle.answer(job);
      }
      expect(await more).toHaveLength(count + 1);
      await lab.queue.close();
    },
  );

  test('what build throws, or rejects with, is what the batch rejects with', async () => {
    const lab = open();
    const reason = new Error('mine');
    const builds: Build[] = [
      (b) => {
        b.flush();
        throw reason;
      },
      async (b) => {
        b.flush();
        await settled();
        throw reason;
      },
      () => Promise.reject(reason),
    ];
    for (const build of builds) await expect(batch(lab, build)).rejects.toBe(reason);
    await lab.queue.close();
    expect(lab.handle.log).toEqual(['close']);
  });

  test('a handle that is closed does not even ask for the operations', async () => {
    const lab = open();
    await lab.queue.close();
    const build = vi.fn();
    await expect(batch(lab, build)).rejects.toMatchObject({
      code: 'ERR_IPVS_CLOSED',
      operation: 'batch',
      message: 'batch: the handle is closed',
    });
    expect(build).not.toHaveBeenCalled();
  });
});

describe('adding', () => {
  test('at once leaves in the order of the calls', async () => {
    const lab = open();
    const pending = [
      lab.queue.run(calls.getInfo()),
      batch(lab, adding(2)),
      lab.queue.run(calls.flush()),
      batch(lab, adding(1)),
      lab.queue.run(calls.getTimeouts()),
    ];
    await answerAll(lab.handle);
    await Promise.all(pending);
    expect(lab.handle.jobs.flatMap(({ operations }) => operations)).toEqual([
      'getInfo',
      'addDestination',
      'addDestination',
      'flush',
      'addDestination',
      'getTimeouts',
    ]);
  });

  test('may take its time, and others have their turn meanwhile', async () => {
    const lab = open();
    const pending = batch(lab, async (b) => {
      b.addDestination(SERVICE, destination(0));
      await settled();
      b.addDestination(SERVICE, destination(1));
      await settled();
    });
    const other = lab.queue.run(calls.flush());
    await settled();
    await lab.handle.answer(0);
    await other;
    await settled();
    await lab.handle.answer(1);
    expect(await pending).toEqual([done(), done()]);
    expect(lab.handle.jobs.map(({ operations }) => operations)).toEqual([
      ['flush'],
      ['addDestination', 'addDestination'],
    ]);
  });

  test('is over when the batch has left, or has failed', async () => {
    const lab = open();
    let kept: Batch | undefined;
    const late = expect.objectContaining({
      name: 'IpvsError',
      code: 'ERR_IPVS_CLOSED',
      operation: 'flush',
      message: 'flush: the batch has left already',
    });
    const pending = batch(lab, (b) => {
      kept = b;
      b.getTimeouts();
    });
    await settled();
    expect(thrownBy(() => kept?.flush())).toEqual(late);
    await lab.handle.answer(0);
    expect(await pending).toHaveLength(1);
    expect(thrownBy(() => kept?.flush())).toEqual(late);

    await expect(
      batch(lab, (b) => {
        kept = b;
        throw new Error('mine');
      }),
    ).rejects.toThrow('mine');
    expect(thrownBy(() => kept?.flush())).toEqual(late);
  });

  test('from within another adding is refused, and does the other no harm', async () => {
    const lab = open();
    const errors: unknown[] = [];
    const pending = batch(lab, (b) => {
      b.getTimeouts();
      b.deleteService({
        protocol: 'tcp',
        address: '10.0.0.1',
        get port() {
          errors.push(thrownBy(() => b.flush()));
          return 80;
        },
      });
      b.getTimeouts();
    });
    await settled();
    expect(lab.handle.job(0).operations).toEqual(['getTimeouts', 'deleteService', 'getTimeouts']);
    await lab.handle.answer(0);
    expect(await pending).toHaveLength(3);
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'ERR_IPVS_CLOSED',
        message: 'flush: another operation is being added',
      }),
    ]);
  });

  test('one batch within another is a batch of its own', async () => {
    const lab = open();
    let inner: Promise<unknown> | undefined;
    const outer = batch(lab, (b) => {
      b.getTimeouts();
      inner = batch(lab, adding(2));
      b.flush();
    });
    await answerAll(lab.handle);
    expect(await outer).toHaveLength(2);
    expect(await inner).toEqual([done(), done()]);
    expect(sizes(lab.handle).sort()).toEqual([2, 2]);
  });

  test('is for those that ipvs.batch() hands out', () => {
    const [Class, key] = [Batch, Symbol('Batch')];
    expect(() => new Class(key, () => expect.unreachable())).toThrow('Illegal constructor');
  });
});
