import { describe, expect, test } from 'vitest';
import { Incremental } from '../../lib/queue/incremental.js';
import { bad, open, settled, unused, withResolvers } from './helpers/fake-handle.js';
import { calls } from './helpers/requests.js';

describe('close', () => {
  test('close() closes the handle once if nothing is pending', async () => {
    const { handle, queue } = open();
    await Promise.all([queue.close(), queue.close()]);
    await queue.close();
    expect(handle.log).toEqual(['close']);
  });

  test('close() waits for calls that are in flight, and for those after them', async () => {
    const { handle, queue } = open();
    const first = queue.run(calls.flush());
    await settled();
    const second = queue.run(calls.getInfo());
    let closed = false;
    const closing = queue.close().then(() => {
      closed = true;
    });
    await handle.respond(0);
    await first;
    expect(closed).toBe(false);
    await handle.respond(1);
    await second;
    await closing;
    expect(handle.log).toEqual(['run 1', 'run 1', 'close']);
  });

  test('close() waits for the only call, which is in flight', async () => {
    const { handle, queue } = open();
    const call = queue.run(calls.flush());
    await settled();
    const closing = queue.close();
    await settled();
    await settled();
    expect(handle.log).toEqual(['run 1']);
    await handle.respond(0);
    await Promise.all([call, closing]);
    expect(handle.log).toEqual(['run 1', 'close']);
  });

  test('close() waits for a result that is still being decoded', async () => {
    const { handle, queue } = open();
    let isRead = false;
    const decode = () =>
      new Incremental(function* () {
        while (!isRead) yield;
      });
    const call = queue.run({ ...calls.flush(), decode });
    await settled();
    await handle.respond(0);
    const closing = queue.close();
    for (let turn = 0; turn < 3; turn++) await settled();
    expect(handle.log).toEqual(['run 1']);
    isRead = true;
    await Promise.all([call, closing]);
    expect(handle.log).toEqual(['run 1', 'close']);
  });

  test('close() waits for calls of its own turn, which are not sent yet', async () => {
    const { handle, queue } = open();
    const call = queue.run(calls.flush());
    const closing = queue.close();
    await settled();
    expect(handle.log).toEqual(['run 1']);
    await handle.respond(0);
    await Promise.all([call, closing]);
    expect(handle.log).toEqual(['run 1', 'close']);
  });

  test('close() resolves after all results are delivered, long ones included', async () => {
    const { handle, queue } = open();
    const order: string[] = [];
    const call = queue.run(calls.flush()).then(() => order.push('short'));
    const decode = () =>
      new Incremental(function* () {
        yield;
      });
    const long = queue.run({ ...calls.flush(), decode }).then(() => order.push('long'));
    await settled();
    const closing = queue.close().then(() => order.push('closed'));
    await handle.respond(0, [{}, {}]);
    await Promise.all([call, long, closing]);
    expect(order).toEqual(['short', 'long', 'closed']);
  });

  test('close() closes the handle after an exchange that failed', async () => {
    const { handle, queue } = open();
    const call = queue.run(calls.flush());
    const expected = expect(call).rejects.toThrow('broken');
    await settled();
    const closing = queue.close();
    handle.job(0).fail(new Error('broken'));
    await expected;
    await closing;
    expect(handle.log).toEqual(['run 1', 'close']);
  });

  test('calls after close() reject with ERR_IPVS_CLOSED', async () => {
    const { handle, queue } = open();
    const before = queue.run(calls.flush());
    const closing = queue.close();
    const expected = { name: 'IpvsError', code: 'ERR_IPVS_CLOSED', errno: 0 };
    const during = queue.run(calls.getInfo());
    await expect(during).rejects.toMatchObject({ ...expected, operation: 'getInfo' });
    await settled();
    await handle.respond(0);
    await before;
    await closing;
    const after = queue.run(calls.listServices());
    await expect(after).rejects.toMatchObject({
      ...expected,
      message: 'listServices: the handle is closed',
    });
    // The same holds for bad input.
    await expect(queue.run(bad())).rejects.toMatchObject(expected);
    expect(handle.log).toEqual(['run 1', 'close']);
  });

  test('a call that is made after close(), when a response arrives, rejects', async () => {
    const { handle, queue } = open();
    const chain = queue.run(calls.flush()).then(() => queue.run(calls.getInfo()));
    const expected = expect(chain).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED' });
    const closing = queue.close();
    await settled();
    await handle.respond(0);
    await closing;
    await expected;
    expect(handle.log).toEqual(['run 1', 'close']);
  });
});

describe('tasks', () => {
  /** Returns a task that ends when the test resolves or rejects it. */
  function controlledTask() {
    const { promise, resolve, reject } = withResolvers<string>();
    return { run: () => promise, resolve, reject };
  }

  test('a task waits for the calls before it, and not for those after it', async () => {
    const { handle, queue } = open();
    const before = queue.run(calls.flush());
    const order: string[] = [];
    const read = queue.taskInOrder('getStats', async () => order.push('read'));
    await settled();
    const after = queue.run(calls.flush());
    await settled();
    expect(order).toEqual([]);
    await handle.respond(0);
    await before;
    await read;
    expect(order).toEqual(['read']);
    await handle.respond(1);
    await after;
  });

  test('a task runs at once if nothing is pending', async () => {
    const { queue } = open();
    await expect(queue.taskInOrder('getStats', async () => 'read')).resolves.toBe('read');
  });

  test('close() waits for tasks and calls', async () => {
    const { handle, queue } = open();
    const [first, second] = [controlledTask(), controlledTask()];
    const pending = [
      queue.taskInOrder('a', first.run),
      queue.taskInOrder('b', second.run),
      queue.run(calls.flush()),
    ];
    let closed = false;
    const closing = queue.close().then(() => {
      closed = true;
    });
    first.resolve('done');
    await settled();
    expect(closed).toBe(false);
    await handle.respond(0);
    expect(closed).toBe(false);
    second.resolve('done');
    await Promise.all([...pending, closing]);
    expect(handle.log).toEqual(['run 1', 'close']);
  });

  test('a task that fails does not delay close()', async () => {
    const { handle, queue } = open();
    const failing = controlledTask();
    const pending = queue.taskInOrder('a', failing.run);
    const expected = expect(pending).rejects.toThrow('no file');
    const closing = queue.close();
    failing.reject(new Error('no file'));
    await expected;
    await closing;
    await expect(
      open().queue.taskInOrder('a', () => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    expect(handle.log).toEqual(['close']);
  });

  test('a task does not begin after close()', async () => {
    const { queue } = open();
    await queue.close();
    await expect(queue.taskInOrder('getStats', unused)).rejects.toMatchObject({
      code: 'ERR_IPVS_CLOSED',
      operation: 'getStats',
    });
  });
});
