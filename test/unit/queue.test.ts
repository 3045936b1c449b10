import { constants } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { NativeIpvsResponse } from '../../lib/native/addon.js';
import {
  addDestination,
  bad,
  destination,
  destinationsOf,
  open,
  SERVICE,
  settled,
  unhandledOf,
} from './helpers/fake-handle.js';
import { calls } from './helpers/requests.js';
import { destinationRecord, nativeResponse, serviceRecord } from './helpers/responses.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('exchanges', () => {
  test('calls of one turn of the event loop are sent together, in their order', async () => {
    const { handle, queue } = open();
    const pending = [calls.flush(), calls.getInfo(), calls.listServices(), calls.flush()].map(
      (call) => queue.run<unknown, []>(call),
    );
    expect(handle.jobs).toHaveLength(0);
    await settled();
    expect(handle.jobs.map(({ operations }) => operations)).toEqual([
      ['flush', 'getInfo', 'listServices', 'flush'],
    ]);
    await handle.respond(0);
    await Promise.all(pending);
    expect(handle.log).toEqual(['run 4']);
  });

  test('calls of later turns wait for the exchange in flight, and are sent together', async () => {
    const { handle, queue } = open();
    const first = queue.run(calls.flush());
    await settled();
    const later: Promise<unknown>[] = [];
    for (let turn = 0; turn < 5; turn++) {
      later.push(queue.run(addDestination(turn)));
      await settled();
    }
    expect(handle.jobs).toHaveLength(1);

    await handle.respond(0);
    await first;
    expect(handle.jobs).toHaveLength(2);
    expect(handle.job(1).operations).toHaveLength(5);
    await handle.respond(1);
    await Promise.all(later);
    expect(handle.log).toEqual(['run 1', 'run 5']);
  });

  test('a call that is made when a response arrives is sent, even alone', async () => {
    const { handle, queue } = open();
    const chain = queue.run(calls.flush()).then(() => queue.run(calls.getInfo()));
    await settled();
    await handle.respond(0);
    expect(handle.job(1).operations).toEqual(['getInfo']);
    await handle.respond(1);
    await chain;
  });

  test('the next exchange is sent before the results of this one are delivered', async () => {
    const { handle, queue } = open();
    const first = queue.run(calls.flush()).then(() => handle.log.push('settled'));
    await settled();
    const second = queue.run(calls.getInfo());
    await handle.respond(0);
    expect(handle.log).toEqual(['run 1', 'run 1', 'settled']);
    await handle.respond(1);
    await Promise.all([first, second]);
  });

  test('more than 2048 calls are sent in several exchanges, one after the other', async () => {
    const { handle, queue } = open();
    const count = 2 * 2048 + 5;
    const pending = Array.from({ length: count }, (_, index) => queue.run(addDestination(index)));
    await settled();
    expect(handle.jobs).toHaveLength(1);
    for (let job = 0; job < 3; job++) await handle.respond(job);
    await Promise.all(pending);
    expect(handle.log).toEqual(['run 2048', 'run 2048', 'run 5']);

    const seen = handle.jobs.flatMap(({ bytes }) => destinationsOf(bytes));
    expect(seen).toEqual(Array.from({ length: count }, (_, index) => destination(index).address));
  });

  test('exactly 2048 calls are sent in one exchange', async () => {
    const { handle, queue } = open();
    const pending = Array.from({ length: 2048 }, () => queue.run(calls.flush()));
    await settled();
    await handle.respond(0);
    await Promise.all(pending);
    expect(handle.log).toEqual(['run 2048']);
  });
});

describe('results', () => {
  test('each call gets its own result', async () => {
    const { handle, queue } = open();
    const pending = Promise.all([
      queue.run(calls.getService('fwmark://1')),
      queue.run(calls.getInfo()),
      queue.run(calls.listDestinations(SERVICE)),
      queue.run(calls.ensureService({ fwmark: 2 })),
      queue.run(calls.ensureService({ fwmark: 3 })),
      queue.run(calls.listServices()),
      queue.run(calls.deleteService('fwmark://1')),
      queue.run(calls.addService({ fwmark: 4 })),
    ]);
    await settled();
    handle.job(0).respond(
      nativeResponse({
        results: [
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

  test('a refusal rejects only the call that was refused', async () => {
    const { handle, queue } = open();
    const pending = Promise.allSettled([0, 1, 2].map((index) => queue.run(addDestination(index))));
    await settled();
    const refused = { status: 'refused', error: 17, text: 2 } as const;
    handle
      .job(0)
      .respond(nativeResponse({ results: [{}, refused, {}], texts: ['not this', 'this'] }));
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
    ['getService', calls.getService(SERVICE), ESRCH, undefined],
    ['getDestination', calls.getDestination(SERVICE, '10.0.0.1'), ENOENT, undefined],
    [
      'getDestination without a service',
      calls.getDestination(SERVICE, '10.0.0.1'),
      ESRCH,
      undefined,
    ],
    ['updateService', calls.updateService(SERVICE, {}, { ifExists: true }), ESRCH, false],
    [
      'updateDestination',
      calls.updateDestination(SERVICE, '10.0.0.1', {}, { ifExists: true }),
      ENOENT,
      false,
    ],
    [
      'updateDestination without a service',
      calls.updateDestination(SERVICE, '10.0.0.1', {}, { ifExists: true }),
      ESRCH,
      false,
    ],
    ['deleteService', calls.deleteService(SERVICE, { ifExists: true }), ESRCH, false],
    ['stopSyncDaemon', calls.stopSyncDaemon('backup', { ifRunning: true }), ESRCH, false],
    [
      'deleteDestination',
      calls.deleteDestination(SERVICE, '10.0.0.1', { ifExists: true }),
      ENOENT,
      false,
    ],
    [
      'deleteDestination without a service',
      calls.deleteDestination(SERVICE, '10.0.0.1', { ifExists: true }),
      ESRCH,
      false,
    ],
  ])(
    '%s resolves if the object does not exist, and rejects after another error',
    async (_, call, error, value) => {
      const { handle, queue } = open();
      const pending = Promise.allSettled([1, 2, 3].map(() => queue.run<unknown, []>(call)));
      await settled();
      await handle.respond(0, [
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
    ['deleteService', calls.deleteService(SERVICE), ESRCH, 'ESRCH'],
    ['deleteDestination', calls.deleteDestination(SERVICE, '10.0.0.1'), ENOENT, 'ENOENT'],
    ['updateService', calls.updateService(SERVICE, {}), ESRCH, 'ESRCH'],
    [
      'updateService with an unknown scheduler and ifExists',
      calls.updateService(SERVICE, { scheduler: 'mh' }, { ifExists: true }),
      ENOENT,
      'ENOENT',
    ],
    [
      'updateDestination with ifExists false',
      calls.updateDestination(SERVICE, '10.0.0.1', {}, { ifExists: false }),
      ENOENT,
      'ENOENT',
    ],
    ['zero', calls.zero(SERVICE), ESRCH, 'ESRCH'],
    ['stopSyncDaemon', calls.stopSyncDaemon('master'), ESRCH, 'ESRCH'],
    ['listDestinations', calls.listDestinations(SERVICE), ESRCH, 'ESRCH'],
  ])('%s rejects if the object does not exist', async (_, call, error, code) => {
    const { handle, queue } = open();
    const pending = queue.run<unknown, []>(call);
    const expected = expect(pending).rejects.toMatchObject({ name: 'IpvsError', code });
    await settled();
    await handle.respond(0, [{ status: 'refused', error }]);
    await expected;
  });
});

describe('failures of the handle', () => {
  test('calls without a socket reject with the reason, and were not sent', async () => {
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

  test('a lack of memory leaves the results of calls unknown, but not of reads', async () => {
    const { handle, queue } = open();
    const noMemory = new Error('std::bad_alloc');
    const call = queue.run(addDestination(1));
    const unknown = { name: 'IpvsError', code: 'ERR_IPVS_OUTCOME_UNKNOWN', cause: noMemory };
    const expected = expect(call).rejects.toMatchObject(unknown);
    await settled();
    handle.job(0).fail(noMemory);
    await expected;
    const reading = queue.taskInOrder('getStats', () => Promise.reject(noMemory));
    await expect(reading).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'ENOMEM',
      errno: -constants.errno.ENOMEM,
      message: 'getStats: the process has no memory for it (ENOMEM)',
    });
  });

  test('an exchange that fails rejects all of its calls, and no others', async () => {
    const { handle, queue } = open();
    const error = new Error('no thread');
    const many = Array.from({ length: 600 }, (_, index) => index);
    const first = Promise.allSettled(many.map((index) => queue.run(addDestination(index))));
    await settled();
    const second = Promise.all([4, 5].map((index) => queue.run(addDestination(index))));
    handle.job(0).fail(error);
    const unknown = { code: 'ERR_IPVS_OUTCOME_UNKNOWN', operation: 'addDestination', cause: error };
    const rejected = { status: 'rejected', reason: expect.objectContaining(unknown) };
    expect(await first).toEqual(many.map(() => rejected));

    await settled();
    expect(handle.job(1).operations).toHaveLength(2);
    await handle.respond(1);
    await second;
    const third = queue.run(calls.flush());
    await settled();
    await handle.respond(2);
    await third;
  });

  test('an exchange that throws synchronously rejects its calls', async () => {
    const { handle, queue } = open();
    handle.throws = new Error('no memory');
    const microtasks: (() => void)[] = [];
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((microtask) => {
      microtasks.push(microtask);
    });
    const rejection = queue.run(calls.flush()).catch((error: unknown) => error);
    for (const microtask of microtasks) expect(microtask).not.toThrow();
    expect(await rejection).toMatchObject({
      code: 'ERR_IPVS_OUTCOME_UNKNOWN',
      cause: handle.throws,
    });

    handle.throws = undefined;
    vi.restoreAllMocks();
    const next = queue.run(calls.flush());
    await settled();
    await handle.respond(0);
    await next;
  });

  test('results that cannot be decoded reject their calls, and do not delay others', async () => {
    const { handle, queue } = open();
    const pending = Promise.allSettled(
      [calls.flush(), calls.getInfo()].map((call) => queue.run<unknown, []>(call)),
    );
    await settled();
    handle.job(0).respond(nativeResponse({ results: [{}] }));
    const [first, second] = await pending;
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toMatchObject({ status: 'rejected' });
    await queue.close();
    expect(handle.log).toEqual(['run 2', 'close']);
  });
});

describe('responses of an addon of another version', () => {
  test('an unknown response rejects its calls, and does not delay others', async () => {
    const { handle, queue } = open();
    const first = Promise.allSettled(
      [calls.flush(), calls.getInfo()].map((call) => queue.run<unknown, []>(call)),
    );
    await settled();
    const results: unknown = null;
    const unhandled = await unhandledOf(() => handle.job(0).respond(results as NativeIpvsResponse));
    expect(unhandled).toEqual([]);
    expect(await first).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);

    const next = queue.run(calls.flush());
    await settled();
    await handle.respond(1);
    await next;
  });
});

describe('bad input', () => {
  test('bad input rejects its own call, and the others are sent without it', async () => {
    const { handle, queue } = open();
    const pending = Promise.allSettled([
      queue.run(addDestination(1)),
      queue.run(bad()),
      queue.run(addDestination(2)),
      queue.run(bad()),
    ]);
    await settled();
    expect(handle.job(0).operations).toEqual(['addDestination', 'addDestination']);
    await handle.respond(0, [{}, { status: 'refused', error: 17 }]);
    expect(await pending).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { name: 'TypeError' } },
      { status: 'rejected', reason: { code: 'EEXIST', target: `10.1.0.2:80 of ${SERVICE}` } },
      { status: 'rejected', reason: { name: 'TypeError' } },
    ]);
  });

  test('thousands of calls with bad input do not delay the call after them', async () => {
    const { handle, queue } = open();
    const refused = Promise.allSettled(Array.from({ length: 5000 }, () => queue.run(bad())));
    const good = queue.run(calls.flush());
    await settled();
    expect(handle.jobs).toHaveLength(1);
    await handle.respond(0);
    await good;
    expect(new Set((await refused).map(({ status }) => status))).toEqual(new Set(['rejected']));
  });

  test('a call with bad input alone sends nothing', async () => {
    const { handle, queue } = open();
    await expect(queue.run(bad())).rejects.toThrow(TypeError);
    await settled();
    expect(handle.log).toEqual([]);
    await queue.close();
    expect(handle.log).toEqual(['close']);
  });

  test('a getter among the arguments may make another call', async () => {
    const { handle, queue } = open();
    const [inner, refused]: [Promise<unknown>[], Promise<unknown>[]] = [[], []];
    const reference = {
      protocol: 'tcp' as const,
      address: '10.0.0.1',
      get port() {
        inner.push(queue.run(calls.getService('fwmark://7')));
        refused.push(queue.run(bad()).catch((error: unknown) => error));
        return 80;
      },
    };
    const outer = queue.run(calls.deleteService(reference));
    await settled();
    expect(handle.jobs.map(({ operations }) => operations)).toEqual([['deleteService']]);
    const services = [serviceRecord({ family: 2, fwmark: 7 })];
    await handle.respond(0);
    expect(handle.job(1).operations).toEqual(['getService']);
    handle.job(1).respond(nativeResponse({ results: [{ services: 1 }], services }));
    expect(await Promise.all([outer, ...inner])).toMatchObject([true, { fwmark: 7 }]);
    expect(await Promise.all(refused)).toMatchObject([{ code: 'ERR_INVALID_ARG_VALUE' }]);
  });
});
