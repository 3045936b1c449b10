import { describe, expect, test, vi } from 'vitest';
import type { IpvsTypes } from '../../lib/ipvs/client.js';
import { call } from '../../lib/queue/operation.js';
import type { Routine } from '../../lib/queue/routine.js';
import { readFiles, send, writeFiles } from '../../lib/queue/routine.js';
import { fulfilledValue } from '../../lib/queue/shared-promise.js';
import { nativeResults } from './answers.js';
import { bad, open, settled } from './fake-handle.js';
import { calls } from './requests.js';

const flush = call(calls.flush());
const getInfo = call(calls.getInfo());

type Told<Value> = Routine<IpvsTypes, Value>;

/** Asks twice, the second time for as many as the first has told. */
function* askTwice(): Told<readonly string[]> {
  const first = yield* send([getInfo, call(bad()), flush]);
  const second = yield* send(first.map(() => call(calls.getTimeouts())));
  return [...first, ...second].map(({ status }) => status);
}

/** Reads a file, and writes what is in it to another. */
function* copy(): Told<readonly number[]> {
  const [text] = yield* readFiles(['/from']);
  return yield* writeFiles([{ path: '/to', text: String(text) }]);
}

/** A handle that has a file, and says what is done with it. */
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

describe('a procedure', () => {
  test('has its calls among those of its turn, and the next behind them', async () => {
    const { handle, queue } = open();
    const before = queue.run(calls.flush());
    const pending = queue.runRoutine('twice', askTwice());
    const after = queue.run(calls.listServices());
    await settled();
    expect(handle.job(0).operations).toEqual(['flush', 'getInfo', 'flush', 'listServices']);
    await handle.answer(0);
    await Promise.all([before, after]);
    await settled();
    expect(handle.job(1).operations).toEqual(['getTimeouts', 'getTimeouts', 'getTimeouts']);
    await handle.answer(1);
    expect(await pending).toEqual([
      ...['fulfilled', 'rejected', 'fulfilled'],
      ...['fulfilled', 'fulfilled', 'fulfilled'],
    ]);
  });

  test('touches files when what was called before is done, and not before', async () => {
    const { handle, queue } = openFiles();
    const before = queue.run(calls.flush());
    const pending = queue.runRoutine('copy', copy());
    await settled();
    expect(handle.log).toEqual(['run 1']);
    await handle.answer(0);
    await before;
    expect(await pending).toEqual([0]);
    expect(handle.log).toEqual(['run 1', 'read /from', 'write /to text']);
  });

  test('waits for another that is given', async () => {
    const { handle, queue } = openFiles();
    let go: () => void = () => undefined;
    const before = new Promise<void>((resolve) => {
      go = resolve;
    });
    const pending = queue.runRoutine('copy', copy(), before);
    await settled();
    expect(handle.log).toEqual([]);
    go();
    expect(await pending).toEqual([0]);
  });

  test('is carried out to its end before the handle is closed', async () => {
    const { handle, queue } = open();
    const pending = queue.runRoutine('twice', askTwice());
    const closing = queue.close();
    await settled();
    await handle.answer(0);
    await settled();
    await handle.answer(1);
    expect(await pending).toHaveLength(6);
    await closing;
    expect(handle.log).toEqual(['run 2', 'run 3', 'close']);
  });

  test('does not begin on a handle that is closed', async () => {
    const { queue } = open();
    await queue.close();
    const body = vi.fn();
    const procedure = function* (): Told<void> {
      body();
      yield* send([flush]);
    };
    const closed = { code: 'ERR_IPVS_CLOSED', operation: 'mine' };
    await expect(queue.runRoutine('mine', procedure())).rejects.toMatchObject(closed);
    expect(() => queue.runRoutineSync('mine', procedure())).toThrow(
      expect.objectContaining(closed),
    );
    expect(body).not.toHaveBeenCalled();
  });

  test('that throws rejects with what it throws, and holds up nothing', async () => {
    const { handle, queue } = open();
    const failing = function* (asks: boolean): Told<void> {
      if (asks) yield* send([flush]);
      throw new Error('mine');
    };
    await expect(queue.runRoutine('mine', failing(false))).rejects.toThrow('mine');
    expect(() => queue.runRoutineSync('mine', failing(false))).toThrow('mine');
    expect(() => queue.runRoutineSync('mine', failing(true))).toThrow('mine');
    const pending = expect(queue.runRoutine('mine', failing(true))).rejects.toThrow('mine');
    await settled();
    await handle.answer(0);
    await pending;
    await queue.close();
  });

  test('whose files cannot be touched says why, and in what', async () => {
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

  test('at once does the same, and everything in one go', () => {
    const { handle, queue } = openFiles();
    expect(queue.runRoutineSync('copy', copy())).toEqual([0]);
    expect(handle.log).toEqual(['read /from', 'write /to text']);
    handle.log.length = 0;
    const procedure = function* (): Told<readonly unknown[]> {
      const told = yield* send<IpvsTypes, unknown>([getInfo, flush]);
      return told.map(fulfilledValue);
    };
    handle.runSync = (requests) => {
      handle.log.push(`runSync ${requests.length}`);
      return nativeResults({ outcomes: [{ version: 0x010203 }, { status: 'refused', error: 1 }] });
    };
    expect(() => queue.runRoutineSync('mine', procedure())).toThrow(
      expect.objectContaining({ code: 'EPERM', operation: 'flush' }),
    );
    expect(handle.log).toHaveLength(1);
  });
});
