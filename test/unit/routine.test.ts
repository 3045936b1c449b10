import { describe, expect, test, vi } from 'vitest';
import type { IpvsTypes } from '../../lib/ipvs/client.js';
import { call } from '../../lib/queue/operation.js';
import { fulfilledValue } from '../../lib/queue/results.js';
import type { Routine } from '../../lib/queue/routine.js';
import { readFiles, send, writeFiles } from '../../lib/queue/routine.js';
import { bad, open, settled } from './helpers/fake-handle.js';
import { calls } from './helpers/requests.js';
import { nativeResponse } from './helpers/responses.js';

const flush = call(calls.flush());
const getInfo = call(calls.getInfo());

type TestRoutine<Value> = Routine<IpvsTypes, Value>;

/** Sends calls twice: the second time, one for each result of the first. */
function* sendTwice(): TestRoutine<readonly string[]> {
  const first = yield* send([getInfo, call(bad()), flush]);
  const second = yield* send(first.map(() => call(calls.getTimeouts())));
  return [...first, ...second].map(({ status }) => status);
}

/** Copies the text of a file to another. */
function* copy(): TestRoutine<readonly number[]> {
  const [text] = yield* readFiles(['/from']);
  return yield* writeFiles([{ path: '/to', text: String(text) }]);
}

/** Opens a handle with a file. Its log has what is read and written. */
function openFiles() {
  const fixture = open();
  const { handle } = fixture;
  const read = (paths: readonly string[]) => {
    handle.log.push(`read ${paths}`);
    return paths.map(() => 'text');
  };
  const write = (files: readonly { path: string; text: string }[]) => {
    handle.log.push(...files.map(({ path, text }) => `write ${path} ${text}`));
    return files.map(() => 0);
  };
  Object.assign(handle, {
    readFiles: async (paths: readonly string[]) => read(paths),
    readFilesSync: read,
    writeFiles: async (files: readonly { path: string; text: string }[]) => write(files),
    writeFilesSync: write,
  });
  return fixture;
}

describe('routines', () => {
  test('a routine sends its first calls with those of its turn, others later', async () => {
    const { handle, queue } = open();
    const before = queue.run(calls.flush());
    const pending = queue.runRoutine('twice', sendTwice());
    const after = queue.run(calls.listServices());
    await settled();
    expect(handle.job(0).operations).toEqual(['flush', 'getInfo', 'flush', 'listServices']);
    await handle.respond(0);
    await Promise.all([before, after]);
    await settled();
    expect(handle.job(1).operations).toEqual(['getTimeouts', 'getTimeouts', 'getTimeouts']);
    await handle.respond(1);
    expect(await pending).toEqual([
      ...['fulfilled', 'rejected', 'fulfilled'],
      ...['fulfilled', 'fulfilled', 'fulfilled'],
    ]);
  });

  test('a routine reads files after the responses to the calls before it', async () => {
    const { handle, queue } = openFiles();
    const before = queue.run(calls.flush());
    const pending = queue.runRoutine('copy', copy());
    await settled();
    expect(handle.log).toEqual(['run 1']);
    await handle.respond(0);
    await before;
    expect(await pending).toEqual([0]);
    expect(handle.log).toEqual(['run 1', 'read /from', 'write /to text']);
  });

  test('a routine waits for a promise that it is given', async () => {
    const { handle, queue } = openFiles();
    let go: () => void = () => undefined;
    const before = new Promise<void>((resolve) => {
      go = resolve;
    });
    const pending = queue.runRoutine('copy', copy(), '', before);
    await settled();
    expect(handle.log).toEqual([]);
    go();
    expect(await pending).toEqual([0]);
  });

  test('close() waits for the end of a routine', async () => {
    const { handle, queue } = open();
    const pending = queue.runRoutine('twice', sendTwice());
    const closing = queue.close();
    await settled();
    await handle.respond(0);
    await settled();
    await handle.respond(1);
    expect(await pending).toHaveLength(6);
    await closing;
    expect(handle.log).toEqual(['run 2', 'run 3', 'close']);
  });

  test('a routine does not begin on a closed handle', async () => {
    const { queue } = open();
    await queue.close();
    const body = vi.fn();
    const routine = function* (): TestRoutine<void> {
      body();
      yield* send([flush]);
    };
    const closed = { code: 'ERR_IPVS_CLOSED', operation: 'mine' };
    await expect(queue.runRoutine('mine', routine())).rejects.toMatchObject(closed);
    expect(() => queue.runRoutineSync('mine', routine())).toThrow(expect.objectContaining(closed));
    expect(body).not.toHaveBeenCalled();
  });

  test('a routine that throws rejects with the error, and does not delay close()', async () => {
    const { handle, queue } = open();
    const failing = function* (sends: boolean): TestRoutine<void> {
      if (sends) yield* send([flush]);
      throw new Error('mine');
    };
    await expect(queue.runRoutine('mine', failing(false))).rejects.toThrow('mine');
    expect(() => queue.runRoutineSync('mine', failing(false))).toThrow('mine');
    expect(() => queue.runRoutineSync('mine', failing(true))).toThrow('mine');
    const pending = expect(queue.runRoutine('mine', failing(true))).rejects.toThrow('mine');
    await settled();
    await handle.respond(0);
    await pending;
    await queue.close();
  });

  test('a routine whose files cannot be read rejects with the reason and its name', async () => {
    const { handle, queue } = openFiles();
    const error = Object.assign(new Error('open'), { errno: 24, syscall: 'open', text: '' });
    const refuse = () => {
      throw error;
    };
    Object.assign(handle, { readFiles: async () => refuse(), readFilesSync: refuse });
    const expected = { name: 'IpvsError', code: 'EMFILE', operation: 'copy', cause: error };
    await expect(queue.runRoutine('copy', copy())).rejects.toMatchObject(expected);
    expect(() => queue.runRoutineSync('copy', copy())).toThrow(expect.objectContaining(expected));
  });

  test('runRoutineSync() runs a routine at once, and sends its calls together', () => {
    const { handle, queue } = openFiles();
    expect(queue.runRoutineSync('copy', copy())).toEqual([0]);
    expect(handle.log).toEqual(['read /from', 'write /to text']);
    handle.log.length = 0;
    const routine = function* (): TestRoutine<readonly unknown[]> {
      const results = yield* send<IpvsTypes, unknown>([getInfo, flush]);
      return results.map(fulfilledValue);
    };
    handle.runSync = (_requests, count) => {
      handle.log.push(`runSync ${count}`);
      return nativeResponse({ results: [{ version: 0x010203 }, { status: 'refused', error: 1 }] });
    };
    expect(() => queue.runRoutineSync('mine', routine())).toThrow(
      expect.objectContaining({ code: 'EPERM', operation: 'flush' }),
    );
    expect(handle.log).toHaveLength(1);
  });
});
