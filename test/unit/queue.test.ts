import { constants } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { NativeHandle, NativeResults, OperationName } from '../../lib/native.js';
import { ipvsProtocol, Queue } from '../../lib/queue.js';
import { destinationRecord, nativeResults, type OutcomeValues, serviceRecord } from './answers.js';
import { decode, layout, plain, untyped } from './requests.js';

/** A batch that has reached the handle, waiting for its answer. */
interface Job {
  readonly bytes: Uint8Array;
  readonly operations: readonly OperationName[];
  answer(results: NativeResults): void;
  fail(error: unknown): void;
}

function unused(): never {
  return expect.unreachable('the queue has no use for it');
}

/** A handle whose answers the test gives. */
class FakeHandle implements NativeHandle {
  readonly jobs: Job[] = [];
  /** Everything that happened, in order. */
  readonly log: string[] = [];
  running = 0;
  throws: unknown;

  open = unused;
  runSync = unused;
  runLinks = unused;
  runLinksSync = unused;
  readFiles = unused;
  writeFiles = unused;

  run(requests: Uint8Array): Promise<NativeResults> {
    if (this.throws !== undefined) throw this.throws;
    if (this.running > 0) this.log.push('two jobs at once');
    this.running++;
    const bytes = requests.slice();
    this.log.push(`run ${bytes.length / layout.request.size}`);
    return new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        this.running--;
        action();
      };
      this.jobs.push({
        bytes,
        operations: operationsOf(bytes),
        answer: (results) => settle(() => resolve(results)),
        fail: (error) => settle(() => reject(error)),
      });
    });
  }

  close(): void {
    this.log.push(this.running > 0 ? 'closed under a job' : 'close');
  }

  job(index: number): Job {
    return this.jobs[index] ?? expect.unreachable(`there is no job ${index}`);
  }

  /** Answers a job: by default all of it is done. */
  answer(index: number, outcomes: readonly OutcomeValues[] = []): Promise<void> {
    const job = this.job(index);
    job.answer(nativeResults({ outcomes: job.operations.map((_, at) => outcomes[at] ?? {}) }));
    return settled();
  }
}

function operationsOf(bytes: Uint8Array): OperationName[] {
  // Object.entries() widens the keys of a Record<OperationName, number>.
  const names = Object.entries(layout.operations) as [OperationName, number][];
  return Array.from({ length: bytes.length / layout.request.size }, (_, index) => {
    const { operation } = decode(bytes, index * layout.request.size, layout.request);
    return names.find(([, number]) => number === operation)?.[0] ?? expect.unreachable();
  });
}

/** Lets everything happen that waits for nothing but its turn. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function open() {
  const handle = new FakeHandle();
  return { handle, queue: new Queue(ipvsProtocol(handle, layout)) };
}

const SERVICE = 'tcp://10.0.0.1:80';
const destination = (index: number) => ({ address: `10.1.${index >> 8}.${index & 0xff}` });
const addDestination = (index: number) => plain.addDestination(SERVICE, destination(index));
const bad = () => untyped.addService({ port: 70000 });

afterEach(() => {
  vi.restoreAllMocks();
});

describe('batches', () => {
  test('the calls of one turn are one batch, in their order', async () => {
    const { handle, queue } = open();
    const pending = [plain.flush(), plain.getInfo(), plain.snapshot(), plain.flush()].map((call) =>
      queue.run<unknown>(call),
    );
    expect(handle.jobs).toHaveLength(0);
    await settled();
    expect(handle.jobs.map(({ operations }) => operations)).toEqual([
      ['flush', 'getInfo', 'snapshot', 'flush'],
    ]);
    await handle.answer(0);
    await Promise.all(pending);
    expect(handle.log).toEqual(['run 4']);
  });

  test('calls of later turns wait for the batch under way, and leave together', async () => {
    const { handle, queue } = open();
    const first = queue.run(plain.flush());
    await settled();
    const later: Promise<unknown>[] = [];
    for (let turn = 0; turn < 5; turn++) {
      later.push(queue.run(addDestination(turn)));
      await settled();
    }
    expect(handle.jobs).toHaveLength(1);

    await handle.answer(0);
    await first;
    expect(handle.jobs).toHaveLength(2);
    expect(handle.job(1).operations).toHaveLength(5);
    await handle.answer(1);
    await Promise.all(later);
    expect(handle.log).toEqual(['run 1', 'run 5']);
  });

  test('a call made when an answer arrives is sent though nothing else is', async () => {
    const { handle, queue } = open();
    const chain = queue.run(plain.flush()).then(() => queue.run(plain.getInfo()));
    await settled();
    await handle.answer(0);
    expect(handle.job(1).operations).toEqual(['getInfo']);
    await handle.answer(1);
    await chain;
  });

  test('the next batch leaves before the answers of this one are given out', async () => {
    const { handle, queue } = open();
    const first = queue.run(plain.flush()).then(() => handle.log.push('answered'));
    await settled();
    const second = queue.run(plain.getInfo());
    await handle.answer(0);
    expect(handle.log).toEqual(['run 1', 'run 1', 'answered']);
    await handle.answer(1);
    await Promise.all([first, second]);
  });

  test('more than 1024 calls are several batches, one after the other, with nothing lost', async () => {
    const { handle, queue } = open();
    const count = 2 * 1024 + 5;
    const pending = Array.from({ length: count }, (_, index) => queue.run(addDestination(index)));
    await settled();
    expect(handle.jobs).toHaveLength(1);
    for (let job = 0; job < 3; job++) await handle.answer(job);
    await Promise.all(pending);
    expect(handle.log).toEqual(['run 1024', 'run 1024', 'run 5']);

    const { address } = layout.destination.fields;
    const seen = handle.jobs.flatMap(({ bytes, operations }) =>
      operations.map((_, index) => {
        const base = index * layout.request.size + layout.request.fields.destination.offset;
        return [...bytes.subarray(base + address.offset, base + address.offset + 4)].join('.');
      }),
    );
    expect(seen).toEqual(Array.from({ length: count }, (_, index) => destination(index).address));
  });

  test('exactly 1024 calls are one batch', async () => {
    const { handle, queue } = open();
    const pending = Array.from({ length: 1024 }, () => queue.run(plain.flush()));
    await settled();
    await handle.answer(0);
    await Promise.all(pending);
    expect(handle.log).toEqual(['run 1024']);
  });
});

describe('answers', () => {
  test('each caller gets its own', async () => {
    const { handle, queue } = open();
    const pending = Promise.all([
      queue.run(plain.getService('fwmark://1')),
      queue.run(plain.getInfo()),
      queue.run(plain.listDestinations(SERVICE)),
      queue.run(plain.ensureService({ fwmark: 2 })),
      queue.run(plain.ensureService({ fwmark: 3 })),
      queue.run(plain.listServices()),
      queue.run(plain.deleteService('fwmark://1')),
      queue.run(plain.addService({ fwmark: 4 })),
    ]);
    await settled();
    handle.job(0).answer(
      nativeResults({
        outcomes: [
          { firstService: 2, services: 1 },
          { version: 0x010203, connectionTableSize: 4096 },
          { firstDestination: 1, destinations: 2 },
          { created: 1 },
          { created: 0 },
          { firstService: 0, services: 2 },
          {},
          {},
        ],
        services: [10, 11, 12].map((fwmark) => serviceRecord({ family: 2, fwmark })),
        destinations: [20, 21, 22].map((port) => destinationRecord({ family: 2, port })),
      }),
    );
    expect(await pending).toMatchObject([
      { fwmark: 12 },
      { version: '1.2.3', connectionTableSize: 4096 },
      [{ port: 21 }, { port: 22 }],
      'created',
      'updated',
      [{ fwmark: 10 }, { fwmark: 11 }],
      true,
      undefined,
    ]);
  });

  test('a refusal is only of the call that it is for', async () => {
    const { handle, queue } = open();
    const pending = Promise.allSettled([0, 1, 2].map((index) => queue.run(addDestination(index))));
    await settled();
    const refused = { status: 'refused', error: 17, text: 2 } as const;
    handle
      .job(0)
      .answer(nativeResults({ outcomes: [{}, refused, {}], texts: ['not this', 'this'] }));
    const [first, second, third] = await pending;
    expect([first, third]).toEqual([
      { status: 'fulfilled', value: undefined },
      { status: 'fulfilled', value: undefined },
    ]);
    expect(second).toMatchObject({
      status: 'rejected',
      reason: {
        name: 'IpvsError',
        code: 'EEXIST',
        target: `10.1.0.1:80 of ${SERVICE}`,
        message: expect.stringMatching(/the kernel says: this$/),
      },
    });
  });

  const [EPERM, ENOENT, ESRCH] = [1, 2, 3];
  test.each([
    ['getService', plain.getService(SERVICE), ESRCH, undefined],
    ['getDestination', plain.getDestination(SERVICE, '10.0.0.1'), ENOENT, undefined],
    ['deleteService', plain.deleteService(SERVICE, { ifExists: true }), ESRCH, false],
    ['stopSyncDaemon', plain.stopSyncDaemon('backup', { ifRunning: true }), ESRCH, false],
    [
      'deleteDestination',
      plain.deleteDestination(SERVICE, '10.0.0.1', { ifExists: true }),
      ENOENT,
      false,
    ],
    [
      'deleteDestination of no service',
      plain.deleteDestination(SERVICE, '10.0.0.1', { ifExists: true }),
      ESRCH,
      false,
    ],
  ])(
    'absence is an answer of %s, and another refusal or a lost answer is not',
    async (_, call, error, value) => {
      const { handle, queue } = open();
      const pending = Promise.allSettled([1, 2, 3].map(() => queue.run<unknown>(call)));
      await settled();
      await handle.answer(0, [
        { status: 'refused', error },
        { status: 'refused', error: EPERM },
        { status: 'lost', error },
      ]);
      expect(await pending).toMatchObject([
        { status: 'fulfilled', value },
        { status: 'rejected', reason: { code: 'EPERM' } },
        { status: 'rejected', reason: { code: expect.stringMatching(/^E/), name: 'IpvsError' } },
      ]);
    },
  );

  test.each([
    ['deleteService', plain.deleteService(SERVICE), ESRCH, 'ESRCH'],
    ['deleteDestination', plain.deleteDestination(SERVICE, '10.0.0.1'), ENOENT, 'ENOENT'],
    ['getDestination of no service', plain.getDestination(SERVICE, '10.0.0.1'), ESRCH, 'ESRCH'],
    ['updateService', plain.updateService(SERVICE, {}), ESRCH, 'ESRCH'],
    ['zero', plain.zero(SERVICE), ESRCH, 'ESRCH'],
    ['stopSyncDaemon', plain.stopSyncDaemon('master'), ESRCH, 'ESRCH'],
    ['listDestinations', plain.listDestinations(SERVICE), ESRCH, 'ESRCH'],
  ])('absence is an error of %s', async (_, call, error, code) => {
    const { handle, queue } = open();
    const pending = queue.run<unknown>(call);
    const expected = expect(pending).rejects.toMatchObject({ name: 'IpvsError', code });
    await settled();
    await handle.answer(0, [{ status: 'refused', error }]);
    await expected;
  });
});

describe('failures of the handle', () => {
  test('a batch that had no connection says why, and that nothing has happened', async () => {
    const { handle, queue } = open();
    const native = { errno: constants.errno.EMFILE, syscall: 'socket', text: '' };
    const call = queue.run(addDestination(1));
    const expected = expect(call).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'EMFILE',
      operation: 'addDestination',
      message: 'addDestination: too many open files (socket: EMFILE)',
    });
    await settled();
    handle.job(0).fail(Object.assign(new Error('socket'), native));
    await expected;
  });

  test('nobody knows of a batch whose job ran out of memory, but a file was not read', async () => {
    const { handle, queue } = open();
    const noMemory = new Error('std::bad_alloc');
    const call = queue.run(addDestination(1));
    const unknown = { name: 'IpvsError', code: 'ERR_IPVS_OUTCOME_UNKNOWN', cause: noMemory };
    const expected = expect(call).rejects.toMatchObject(unknown);
    await settled();
    handle.job(0).fail(noMemory);
    await expected;
    const reading = queue.aside('getStats', () => Promise.reject(noMemory));
    await expect(reading).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'ENOMEM',
      errno: -constants.errno.ENOMEM,
      message: 'getStats: the process has no memory for it (ENOMEM)',
    });
  });

  test('a batch that fails rejects all of its calls, and no others', async () => {
    const { handle, queue } = open();
    const error = new Error('no thread');
    const first = Promise.allSettled([1, 2, 3].map((index) => queue.run(addDestination(index))));
    await settled();
    const second = Promise.all([4, 5].map((index) => queue.run(addDestination(index))));
    handle.job(0).fail(error);
    const unknown = { code: 'ERR_IPVS_OUTCOME_UNKNOWN', operation: 'addDestination', cause: error };
    const rejected = { status: 'rejected', reason: expect.objectContaining(unknown) };
    expect(await first).toEqual([rejected, rejected, rejected]);

    await settled();
    expect(handle.job(1).operations).toHaveLength(2);
    await handle.answer(1);
    await second;
    const third = queue.run(plain.flush());
    await settled();
    await handle.answer(2);
    await third;
  });

  test('one that throws at once is no other than one that rejects', async () => {
    const { handle, queue } = open();
    handle.throws = new Error('no memory');
    const turns: (() => void)[] = [];
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((turn) => turns.push(turn));
    const outcome = queue.run(plain.flush()).catch((error: unknown) => error);
    for (const turn of turns) expect(turn).not.toThrow();
    expect(await outcome).toMatchObject({
      code: 'ERR_IPVS_OUTCOME_UNKNOWN',
      cause: handle.throws,
    });

    handle.throws = undefined;
    vi.restoreAllMocks();
    const next = queue.run(plain.flush());
    await settled();
    await handle.answer(0);
    await next;
  });

  test('answers that cannot be read reject their calls, and hold up no others', async () => {
    const { handle, queue } = open();
    const pending = Promise.allSettled(
      [plain.flush(), plain.getInfo()].map((call) => queue.run<unknown>(call)),
    );
    await settled();
    handle.job(0).answer(nativeResults({ outcomes: [{}] }));
    const [first, second] = await pending;
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toMatchObject({ status: 'rejected' });
    await queue.close();
    expect(handle.log).toEqual(['run 2', 'close']);
  });
});

describe('answers of an addon that is not of this version', () => {
  test('reject the calls, and hold up no others', async () => {
    const { handle, queue } = open();
    const first = Promise.allSettled(
      [plain.flush(), plain.getInfo()].map((call) => queue.run<unknown>(call)),
    );
    await settled();
    // What an older addon leaves out.
    const { texts: _, services: __, ...rest } = nativeResults({ outcomes: [{}, {}] });
    const results: unknown = rest;
    const unhandled = await unhandledOf(() => handle.job(0).answer(results as NativeResults));
    expect(unhandled).toEqual([]);
    expect(await first).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);

    const next = queue.run(plain.flush());
    await settled();
    await handle.answer(1);
    await next;
  });
});

/** The rejections that nobody handles of what `action` sets off. */
async function unhandledOf(action: () => void): Promise<unknown[]> {
  const reasons: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => reasons.push(reason));
  try {
    action();
    await settled();
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
  return reasons;
}

describe('bad input', () => {
  test('rejects its own call, and the others leave without it', async () => {
    const { handle, queue } = open();
    const pending = Promise.allSettled([
      queue.run(addDestination(1)),
      queue.run(bad()),
      queue.run(addDestination(2)),
      queue.run(bad()),
    ]);
    await settled();
    expect(handle.job(0).operations).toEqual(['addDestination', 'addDestination']);
    await handle.answer(0, [{}, { status: 'refused', error: 17 }]);
    expect(await pending).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { name: 'TypeError' } },
      { status: 'rejected', reason: { code: 'EEXIST', target: `10.1.0.2:80 of ${SERVICE}` } },
      { status: 'rejected', reason: { name: 'TypeError' } },
    ]);
  });

  test('does not make the queue forget a batch that is full of it', async () => {
    const { handle, queue } = open();
    const refused = Promise.allSettled(Array.from({ length: 5000 }, () => queue.run(bad())));
    const good = queue.run(plain.flush());
    await settled();
    expect(handle.jobs).toHaveLength(1);
    await handle.answer(0);
    await good;
    expect(new Set((await refused).map(({ status }) => status))).toEqual(new Set(['rejected']));
  });

  test('alone sends nothing', async () => {
    const { handle, queue } = open();
    await expect(queue.run(bad())).rejects.toThrow(TypeError);
    await settled();
    expect(handle.log).toEqual([]);
    await queue.close();
    expect(handle.log).toEqual(['close']);
  });

  test('a getter that calls back into the queue disturbs neither call', async () => {
    const { handle, queue } = open();
    const inner: Promise<unknown>[] = [];
    const reference = {
      protocol: 'tcp' as const,
      address: '10.0.0.1',
      get port() {
        inner.push(queue.run(plain.getService('fwmark://7')));
        return 80;
      },
    };
    const outer = queue.run(plain.deleteService(reference));
    await settled();
    const { bytes } = handle.job(0);
    expect([...operationsOf(bytes)].sort()).toEqual(['deleteService', 'getService']);
    handle.job(0).answer(nativeResults({ outcomes: [{}, {}] }));
    await Promise.all([outer, ...inner]);
  });
});

describe('close', () => {
  test('with nothing pending closes the handle, once', async () => {
    const { handle, queue } = open();
    await Promise.all([queue.close(), queue.close()]);
    await queue.close();
    expect(handle.log).toEqual(['close']);
  });

  test('waits for what is under way and for what waits behind it', async () => {
    const { handle, queue } = open();
    const first = queue.run(plain.flush());
    await settled();
    const second = queue.run(plain.getInfo());
    let closed = false;
    const closing = queue.close().then(() => {
      closed = true;
    });
    await handle.answer(0);
    await first;
    expect(closed).toBe(false);
    await handle.answer(1);
    await second;
    await closing;
    expect(handle.log).toEqual(['run 1', 'run 1', 'close']);
  });

  test('waits for the calls of its own turn, which are not sent yet', async () => {
    const { handle, queue } = open();
    const call = queue.run(plain.flush());
    const closing = queue.close();
    await settled();
    expect(handle.log).toEqual(['run 1']);
    await handle.answer(0);
    await Promise.all([call, closing]);
    expect(handle.log).toEqual(['run 1', 'close']);
  });

  test('answers come before it resolves', async () => {
    const { handle, queue } = open();
    const order: string[] = [];
    const call = queue.run(plain.flush()).then(() => order.push('answer'));
    await settled();
    const closing = queue.close().then(() => order.push('closed'));
    await handle.answer(0);
    await Promise.all([call, closing]);
    expect(order).toEqual(['answer', 'closed']);
  });

  test('closes also after a batch that failed', async () => {
    const { handle, queue } = open();
    const call = queue.run(plain.flush());
    const expected = expect(call).rejects.toThrow('broken');
    await settled();
    const closing = queue.close();
    handle.job(0).fail(new Error('broken'));
    await expected;
    await closing;
    expect(handle.log).toEqual(['run 1', 'close']);
  });

  test('lets nothing in from then on', async () => {
    const { handle, queue } = open();
    const before = queue.run(plain.flush());
    const closing = queue.close();
    const expected = { name: 'IpvsError', code: 'ERR_IPVS_CLOSED', errno: 0 };
    const during = queue.run(plain.getInfo());
    await expect(during).rejects.toMatchObject({ ...expected, operation: 'getInfo' });
    await settled();
    await handle.answer(0);
    await before;
    await closing;
    const after = queue.run(plain.snapshot());
    await expect(after).rejects.toMatchObject({
      ...expected,
      message: 'snapshot: the handle is closed',
    });
    // Bad input makes no difference.
    await expect(queue.run(bad())).rejects.toMatchObject(expected);
    expect(handle.log).toEqual(['run 1', 'close']);
  });

  test('a call that is made when an answer arrives comes too late', async () => {
    const { handle, queue } = open();
    const chain = queue.run(plain.flush()).then(() => queue.run(plain.getInfo()));
    const expected = expect(chain).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED' });
    const closing = queue.close();
    await settled();
    await handle.answer(0);
    await closing;
    await expected;
    expect(handle.log).toEqual(['run 1', 'close']);
  });
});

describe('jobs beside the batches', () => {
  /** A job that ends when the test says so. */
  function job() {
    const { promise, resolve, reject } = withResolvers<string>();
    return { run: () => promise, resolve, reject };
  }

  test('wait for what was called before, and for nothing after', async () => {
    const { handle, queue } = open();
    const before = queue.run(plain.flush());
    const order: string[] = [];
    const read = queue.aside('getStats', async () => order.push('read'));
    await settled();
    const after = queue.run(plain.flush());
    await settled();
    expect(order).toEqual([]);
    await handle.answer(0);
    await before;
    await read;
    expect(order).toEqual(['read']);
    await handle.answer(1);
    await after;
  });

  test('run at once where nothing is pending', async () => {
    const { queue } = open();
    await expect(queue.aside('getStats', async () => 'read')).resolves.toBe('read');
  });

  test('are waited for by close, as is the batch', async () => {
    const { handle, queue } = open();
    const [first, second] = [job(), job()];
    const pending = [
      queue.aside('a', first.run),
      queue.aside('b', second.run),
      queue.run(plain.flush()),
    ];
    let closed = false;
    const closing = queue.close().then(() => {
      closed = true;
    });
    first.resolve('done');
    await settled();
    expect(closed).toBe(false);
    await handle.answer(0);
    expect(closed).toBe(false);
    second.resolve('done');
    await Promise.all([...pending, closing]);
    expect(handle.log).toEqual(['run 1', 'close']);
  });

  test('that fail hold up nothing', async () => {
    const { handle, queue } = open();
    const failing = job();
    const pending = queue.aside('a', failing.run);
    const expected = expect(pending).rejects.toThrow('no file');
    const closing = queue.close();
    failing.reject(new Error('no file'));
    await expected;
    await closing;
    await expect(
      open().queue.aside('a', () => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    expect(handle.log).toEqual(['close']);
  });

  test('do not begin after close', async () => {
    const { queue } = open();
    await queue.close();
    await expect(queue.aside('getStats', unused)).rejects.toMatchObject({
      code: 'ERR_IPVS_CLOSED',
      operation: 'getStats',
    });
  });
});

/** Promise.withResolvers(), which Node.js 20 has not. */
function withResolvers<Value>() {
  let resolve: (value: Value) => void = unused;
  let reject: (reason: unknown) => void = unused;
  const promise = new Promise<Value>((whenDone, whenFailed) => {
    resolve = whenDone;
    reject = whenFailed;
  });
  return { promise, resolve, reject };
}
