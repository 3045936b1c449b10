import { afterEach, describe, expect, test, vi } from 'vitest';
import { Batch, checkBatch, checkBatchOptions } from '../../lib/ipvs/batch.js';
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
} from './helpers/batch-fixture.js';
import { destination, destinationsOf, open, SERVICE, settled } from './helpers/fake-handle.js';
import { calls, expectInputError, type Kind, thrownBy } from './helpers/requests.js';
import { destinationRecord, nativeResponse, serviceRecord } from './helpers/responses.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the results', () => {
  test('results are in the order of the operations, each with its own value', async () => {
    const fixture = open();
    const places: number[] = [];
    const pending = batch(fixture, (b) => {
      places.push(b.ensureService({ fwmark: 1 }));
      places.push(b.addDestination('fwmark://1', { address: '10.0.0.1' }));
      places.push(b.getService('fwmark://9'));
      places.push(b.deleteDestination('fwmark://1', '10.0.0.9', { ifExists: true }));
      places.push(b.listDestinations('fwmark://1'));
      places.push(b.deleteService('fwmark://8'));
      places.push(b.getService('fwmark://7', { bigint: true }));
    });
    await settled();
    fixture.handle.job(0).respond(
      nativeResponse({
        results: [
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

  test('an empty batch has no results, and sends nothing', async () => {
    const fixture = open();
    expect(await batch(fixture, () => undefined)).toEqual([]);
    expect(fixture.handle.log).toEqual([]);
  });

  test('10,000 operations have results, and each error names its target', async () => {
    const fixture = open();
    const pending = batch(fixture, adding(10_000));
    await respondAll(fixture.handle, (number) => (number % 3 === 1 ? REFUSED : {}));
    const results = await pending;
    expect(fixture.handle.jobs.flatMap(({ bytes }) => destinationsOf(bytes))).toEqual(
      addresses(10_000),
    );
    const targets = results.map((each) => (each.status === 'rejected' ? each.reason.target : ''));
    expect(targets).toEqual(
      addresses(10_000).map((address, at) => (at % 3 === 1 ? `${address}:80 of ${SERVICE}` : '')),
    );
  });

  test('results are complete if decoding them takes longer than the kernel', async () => {
    const fixture = open();
    // A slice is over whenever the clock is read.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    const pending = batch(fixture, adding(300));
    await settled();
    fixture.handle
      .job(0)
      .respond(nativeResponse({ results: Array.from({ length: 128 }, () => ({})) }));
    while (fixture.handle.jobs.length === 1) await Promise.resolve();
    fixture.handle
      .job(1)
      .respond(nativeResponse({ results: Array.from({ length: 172 }, () => REFUSED) }));
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
    ['a boolean', true, 'type', 'options', 'true', 'is not an object'],
    [
      'of the wrong type',
      { stopOnError: 1 },
      'type',
      'options.stopOnError',
      '1',
      'is not a boolean',
    ],
    ['misspelt', { stopOnErr: true }, 'value', 'options.stopOnErr', "'stopOnErr'", 'stopOnError?'],
    ['without a real signal', { signal: {} }, 'type', 'options.signal', '{}', 'AbortSignal'],
  ])('options that are %s are refused', (_, options, kind, property, value, rule) => {
    const error = thrownBy(() => checkBatchOptions(options));
    expectInputError(error, { kind, property, value, rule });
  });

  test.each([undefined, null, {}, [], 'b'])('build must be a function, not %j', async (build) => {
    expect(thrownBy(() => checkBatch(build, undefined))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/^build: .* is not a function/),
    });
  });

  test.each([0, 5, 2048, 5000])(
    'bad input after %d operations is thrown at once, and nothing is sent',
    async (count) => {
      const fixture = open();
      const after = vi.fn();
      const pending = batch(fixture, (b) => {
        adding(count)(b);
        b.addService({ fwmark: -1 });
        after();
      });
      await expect(pending).rejects.toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
      await fixture.queue.close();
      expect(after).not.toHaveBeenCalled();
      expect(fixture.handle.log).toEqual(['close']);
    },
  );

  test.each([0, 5, 2048, 4096])(
    'bad input after %d operations has no place among the results if it is caught',
    async (count) => {
      const fixture = open();
      const pending = batch(fixture, (b) => {
        adding(count)(b);
        expect(() => b.addService({ fwmark: -1 })).toThrow(RangeError);
      });
      await respondAll(fixture.handle);
      expect(await pending).toHaveLength(count);
      const answered = fixture.handle.jobs.length;
      const more = batch(fixture, (b) => {
        adding(count)(b);
        expect(() => b.addService({ fwmark: -1 })).toThrow(RangeError);
        expect(b.addDestination(SERVICE, destination(count))).toBe(count);
      });
      for (let job = answered; ; job++) {
        await settled();
        if (job === fixture.handle.jobs.length) break;
        await fixture.handle.respond(job);
      }
      expect(await more).toHaveLength(count + 1);
      await fixture.queue.close();
    },
  );

  test('a batch rejects with the error that build throws or rejects with', async () => {
    const fixture = open();
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
    for (const build of builds) await expect(batch(fixture, build)).rejects.toBe(reason);
    await fixture.queue.close();
    expect(fixture.handle.log).toEqual(['close']);
  });

  test('a batch on a closed handle rejects without a call of build', async () => {
    const fixture = open();
    await fixture.queue.close();
    const build = vi.fn();
    await expect(batch(fixture, build)).rejects.toMatchObject({
      code: 'ERR_IPVS_CLOSED',
      operation: 'batch',
      message: 'batch: the handle is closed',
    });
    expect(build).not.toHaveBeenCalled();
  });
});

describe('adding', () => {
  test('batches and calls are sent in the order in which they are made', async () => {
    const fixture = open();
    const pending = [
      fixture.queue.run(calls.getInfo()),
      batch(fixture, adding(2)),
      fixture.queue.run(calls.flush()),
      batch(fixture, adding(1)),
      fixture.queue.run(calls.getTimeouts()),
    ];
    await respondAll(fixture.handle);
    await Promise.all(pending);
    expect(fixture.handle.jobs.flatMap(({ operations }) => operations)).toEqual([
      'getInfo',
      'addDestination',
      'addDestination',
      'flush',
      'addDestination',
      'getTimeouts',
    ]);
  });

  test('a synchronous call is executed before the batches of its turn', async () => {
    const fixture = open();
    const pending = batch(fixture, adding(2));
    fixture.queue.runSync(calls.flush());
    await respondAll(fixture.handle);
    await pending;
    expect(fixture.handle.log).toEqual(['runSync flush', 'run 2']);
  });

  test('an object of build with a property `then` that is no function is no promise', async () => {
    const fixture = open();
    const build = (b: Batch) => {
      b.flush();
      // biome-ignore lint/suspicious/noThenProperty: this is the test.
      return { then: 5 };
    };
    const pending = batch(fixture, build as never);
    await respondAll(fixture.handle);
    expect(await pending).toEqual([done()]);
  });

  test('an asynchronous build does not delay other calls', async () => {
    const fixture = open();
    const pending = batch(fixture, async (b) => {
      b.addDestination(SERVICE, destination(0));
      await settled();
      b.addDestination(SERVICE, destination(1));
      await settled();
    });
    const other = fixture.queue.run(calls.flush());
    await settled();
    await fixture.handle.respond(0);
    await other;
    await settled();
    await fixture.handle.respond(1);
    expect(await pending).toEqual([done(), done()]);
    expect(fixture.handle.jobs.map(({ operations }) => operations)).toEqual([
      ['flush'],
      ['addDestination', 'addDestination'],
    ]);
  });

  test('operations cannot be added after the batch is sent or has failed', async () => {
    const fixture = open();
    let kept: Batch | undefined;
    const late = expect.objectContaining({
      name: 'IpvsError',
      code: 'ERR_IPVS_CLOSED',
      operation: 'flush',
      message: 'flush: the batch was sent already',
    });
    const pending = batch(fixture, (b) => {
      kept = b;
      b.getTimeouts();
    });
    await settled();
    expect(thrownBy(() => kept?.flush())).toEqual(late);
    await fixture.handle.respond(0);
    expect(await pending).toHaveLength(1);
    expect(thrownBy(() => kept?.flush())).toEqual(late);

    await expect(
      batch(fixture, (b) => {
        kept = b;
        throw new Error('mine');
      }),
    ).rejects.toThrow('mine');
    expect(thrownBy(() => kept?.flush())).toEqual(late);
  });

  test('a getter among the arguments cannot add another operation', async () => {
    const fixture = open();
    const errors: unknown[] = [];
    const pending = batch(fixture, (b) => {
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
    expect(fixture.handle.job(0).operations).toEqual([
      'getTimeouts',
      'deleteService',
      'getTimeouts',
    ]);
    await fixture.handle.respond(0);
    expect(await pending).toHaveLength(3);
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'ERR_IPVS_CLOSED',
        message: 'flush: another operation is being added',
      }),
    ]);
  });

  test('a batch that is made while another is built is a batch of its own', async () => {
    const fixture = open();
    let inner: Promise<unknown> | undefined;
    const outer = batch(fixture, (b) => {
      b.getTimeouts();
      inner = batch(fixture, adding(2));
      b.flush();
    });
    await respondAll(fixture.handle);
    expect(await outer).toHaveLength(2);
    expect(await inner).toEqual([done(), done()]);
    expect(sizes(fixture.handle).sort()).toEqual([2, 2]);
  });

  test('a Batch cannot be constructed by users', () => {
    const [Class, key] = [Batch, Symbol('Batch')];
    expect(() => new Class(key, () => expect.unreachable())).toThrow('Illegal constructor');
  });
});
