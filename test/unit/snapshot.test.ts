import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../../lib/index.js';
import { readTable } from '../../lib/ipvs/snapshot.js';
import type { NativeResults } from '../../lib/native/addon.js';
import { destinationRecord, nativeResults, type OutcomeValues, serviceRecord } from './answers.js';
import { open, settled } from './fake-handle.js';
import { calls, decode, layout } from './requests.js';

/** How many destinations each service has, by mark; undefined: it is gone when they are asked for. */
type Table = ReadonlyMap<number, number | undefined>;

const DESTINATIONS = Array.from({ length: 3000 }, (_, index) =>
  destinationRecord({ family: 2, port: index + 1 }),
);

/** The marks of the services that requests name. */
function marksOf(bytes: Uint8Array): number[] {
  const { size, fields } = layout.request;
  return Array.from(
    { length: bytes.length / size },
    (_, index) =>
      decode(bytes, index * size + fields.service.offset, layout.service).fwmark as number,
  );
}

/** What a kernel with that table answers to readings of it. */
function answerOf(table: Table, bytes: Uint8Array, isList: boolean): NativeResults {
  if (isList) {
    const services = [...table.keys()].map((fwmark) => serviceRecord({ family: 2, fwmark }));
    return nativeResults({ outcomes: [{ services: services.length }], services });
  }
  const destinations: Uint8Array[] = [];
  const outcomes = marksOf(bytes).map((mark): OutcomeValues => {
    const count = table.get(mark);
    if (count === undefined) return { status: 'refused', error: 3 };
    const firstDestination = destinations.length;
    destinations.push(...DESTINATIONS.slice(0, count));
    return { firstDestination, destinations: count };
  });
  return nativeResults({ outcomes, destinations });
}

/** Takes a snapshot of a table; with how many services each job was about. */
async function take(table: Table) {
  const { handle, queue } = open();
  const pending = queue.runRoutine('snapshot', readTable('snapshot'));
  let isOver = false;
  void pending.finally(() => {
    isOver = true;
  });
  for (let job = 0; ; job++) {
    while (!isOver && job === handle.jobs.length) await settled();
    if (isOver) break;
    const { bytes, operations, answer } = handle.job(job);
    answer(answerOf(table, bytes, operations[0] === 'listServices'));
  }
  const { services } = (await pending) as Snapshot;
  const [, ...parts] = handle.jobs.map(({ operations }) => operations.length);
  return { services, parts };
}

const tableOf = (services: number, count: (mark: number) => number | undefined): Table =>
  new Map(Array.from({ length: services }, (_, index) => [index + 1, count(index + 1)]));

describe('a snapshot', () => {
  test.each<readonly [string, Table]>([
    ['nothing', new Map()],
    ['a service without destinations', new Map([[7, 0]])],
    ['services of every size', tableOf(100, (mark) => (mark * 7) % 50)],
    ['a service with very many', tableOf(3, (mark) => (mark === 2 ? 3000 : 1))],
  ])('has all of %s', async (_, table) => {
    const { services } = await take(table);
    expect(services.map(({ fwmark }) => fwmark)).toEqual([...table.keys()]);
    for (const { fwmark = 0, destinations } of services) {
      expect(destinations.map(({ port }) => port)).toEqual(
        Array.from({ length: table.get(fwmark) ?? 0 }, (_, index) => index + 1),
      );
    }
  });

  test('has nothing of a service that is deleted meanwhile', async () => {
    const { services } = await take(tableOf(40, (mark) => (mark % 3 === 0 ? undefined : 2)));
    const marks = Array.from({ length: 40 }, (_, index) => index + 1);
    expect(services.map(({ fwmark }) => fwmark)).toEqual(marks.filter((mark) => mark % 3 !== 0));
  });

  test.each<readonly [string, number, readonly number[]]>([
    ['without destinations', 0, [32, 256, 12]],
    ['with ten each', 10, [32, 128, 128, 12]],
    ['with forty each', 40, [...Array.from({ length: 9 }, () => 32), 12]],
  ])('asks for 300 services %s in parts of the same effort', async (_, count, expected) => {
    const { parts } = await take(tableOf(300, () => count));
    expect(parts).toEqual(expected);
  });

  test('of services that are huge asks for one at a time, and for more behind them', async () => {
    const { parts } = await take(tableOf(300, (mark) => (mark <= 33 ? 1500 : 1)));
    expect(parts.slice(0, 4)).toEqual([32, 1, 1, 256]);
  });

  test('lets other calls have their turn between two parts', async () => {
    const { handle, queue } = open();
    const table = tableOf(40, () => 40);
    const pending = queue.runRoutine('snapshot', readTable('snapshot'));
    await settled();
    handle.job(0).answer(answerOf(table, handle.job(0).bytes, true));
    await settled();
    const other = queue.run(calls.flush());
    handle.job(1).answer(answerOf(table, handle.job(1).bytes, false));
    await settled();
    expect(handle.job(2).operations[0]).toBe('flush');
    await handle.answer(2);
    await other;
    for (let job = 3; job < handle.jobs.length; job++) {
      handle.job(job).answer(answerOf(table, handle.job(job).bytes, false));
      await settled();
      await settled();
    }
    expect(await pending).toMatchObject({ services: { length: 40 } });
  });

  test.each([
    ['the services', 0],
    ['destinations', 1],
  ])('fails where the kernel refuses %s', async (_, refused) => {
    const { handle, queue } = open();
    const pending = queue.runRoutine('snapshot', readTable('snapshot'));
    const expected = expect(pending).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'EPERM',
      operation: 'snapshot',
      message: expect.stringMatching(/^snapshot( fwmark:\/\/1)?: CAP_NET_ADMIN/),
    });
    await settled();
    const table = tableOf(2, () => 1);
    if (refused === 1) handle.job(0).answer(answerOf(table, handle.job(0).bytes, true));
    await settled();
    await handle.answer(refused, [{ status: 'refused', error: 1 }]);
    await expected;
    await queue.close();
  });

  test('is finished before the handle is closed', async () => {
    const { handle, queue } = open();
    const table = tableOf(40, () => 40);
    const pending = queue.runRoutine('snapshot', readTable('snapshot'));
    const closing = queue.close();
    for (let job = 0; job === 0 || job < handle.jobs.length; job++) {
      await settled();
      handle.job(job).answer(answerOf(table, handle.job(job).bytes, job === 0));
      await settled();
      await settled();
    }
    await closing;
    expect(await pending).toMatchObject({ services: { length: 40 } });
    expect(handle.log.at(-1)).toBe('close');
  });
});
