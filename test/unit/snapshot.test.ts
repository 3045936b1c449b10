import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../../lib/index.js';
import { readTable } from '../../lib/ipvs/snapshot.js';
import type { NativeIpvsResponse } from '../../lib/native/addon.js';
import { type FakeHandle, open, settled } from './helpers/fake-handle.js';
import { calls, decode, layout } from './helpers/requests.js';
import {
  destinationRecord,
  nativeResponse,
  type ResultValues,
  serviceRecord,
} from './helpers/responses.js';

/**
 * The number of destinations of each service, by mark. Undefined: the service is deleted before
 * they are listed.
 */
type Table = ReadonlyMap<number, number | undefined>;

const DESTINATIONS = Array.from({ length: 3000 }, (_, index) =>
  destinationRecord({ family: 2, port: index + 1 }),
);

/** Returns the marks of the services that requests name. */
function marksOf(bytes: Uint8Array): number[] {
  const { size, fields } = layout.request;
  return Array.from(
    { length: bytes.length / size },
    (_, index) =>
      decode(bytes, index * size + fields.service.offset, layout.service).fwmark as number,
  );
}

/** Returns the response of a kernel with this table to requests that read it. */
function responseOf(table: Table, bytes: Uint8Array, isList: boolean): NativeIpvsResponse {
  if (isList) {
    const services = [...table.keys()].map((fwmark) => serviceRecord({ family: 2, fwmark }));
    return nativeResponse({ results: [{ services: services.length }], services });
  }
  const destinations: Uint8Array[] = [];
  const results = marksOf(bytes).map((mark): ResultValues => {
    const count = table.get(mark);
    if (count === undefined) return { status: 'refused', error: 3 };
    const firstDestination = destinations.length;
    destinations.push(...DESTINATIONS.slice(0, count));
    return { firstDestination, destinations: count };
  });
  return nativeResponse({ results, destinations });
}

/** Responds to the jobs of a snapshot from `first` on. Returns the snapshot. */
async function finish(
  table: Table,
  handle: FakeHandle,
  pending: Promise<unknown>,
  first: number,
): Promise<Snapshot> {
  let isOver = false;
  void pending.finally(() => {
    isOver = true;
  });
  for (let job = first; ; job++) {
    // Destinations are decoded in slices, in any number of turns.
    while (!isOver && job === handle.jobs.length) await settled();
    if (isOver) return (await pending) as Snapshot;
    const { bytes, operations, respond } = handle.job(job);
    respond(responseOf(table, bytes, operations[0] === 'listServices'));
  }
}

/** Takes a snapshot of a table. Returns its services, and the number of requests of each chunk. */
async function take(table: Table) {
  const { handle, queue } = open();
  const pending = queue.runRoutine('snapshot', readTable('snapshot'));
  const { services } = await finish(table, handle, pending, 0);
  const [, ...chunks] = handle.jobs.map(({ operations }) => operations.length);
  return { services, chunks };
}

const tableOf = (services: number, count: (mark: number) => number | undefined): Table =>
  new Map(Array.from({ length: services }, (_, index) => [index + 1, count(index + 1)]));

describe('snapshots', () => {
  test.each<readonly [string, Table]>([
    ['an empty table', new Map()],
    ['a service without destinations', new Map([[7, 0]])],
    ['services of many sizes', tableOf(100, (mark) => (mark * 7) % 50)],
    ['a service with thousands of destinations', tableOf(3, (mark) => (mark === 2 ? 3000 : 1))],
  ])('a snapshot has all of %s', async (_, table) => {
    const { services } = await take(table);
    expect(services.map(({ fwmark }) => fwmark)).toEqual([...table.keys()]);
    for (const { fwmark = 0, destinations } of services) {
      expect(destinations.map(({ port }) => port)).toEqual(
        Array.from({ length: table.get(fwmark) ?? 0 }, (_, index) => index + 1),
      );
    }
  });

  test('a snapshot leaves out services that are deleted meanwhile', async () => {
    const { services } = await take(tableOf(40, (mark) => (mark % 3 === 0 ? undefined : 2)));
    const marks = Array.from({ length: 40 }, (_, index) => index + 1);
    expect(services.map(({ fwmark }) => fwmark)).toEqual(marks.filter((mark) => mark % 3 !== 0));
  });

  test.each<readonly [string, number, readonly number[]]>([
    ['without destinations', 0, [32, 256, 12]],
    ['with ten destinations each', 10, [32, 128, 128, 12]],
    ['with forty destinations each', 40, [...Array.from({ length: 9 }, () => 32), 12]],
  ])('300 services %s are read in chunks of about the same cost', async (_, count, expected) => {
    const { chunks } = await take(tableOf(300, () => count));
    expect(chunks).toEqual(expected);
  });

  test('huge services are read one at a time, small ones after them together', async () => {
    const { chunks } = await take(tableOf(300, (mark) => (mark <= 33 ? 1500 : 1)));
    expect(chunks.slice(0, 4)).toEqual([32, 1, 1, 256]);
  });

  test('other calls are sent between two chunks of a snapshot', async () => {
    const { handle, queue } = open();
    const table = tableOf(40, () => 40);
    const pending = queue.runRoutine('snapshot', readTable('snapshot'));
    await settled();
    handle.job(0).respond(responseOf(table, handle.job(0).bytes, true));
    await settled();
    const other = queue.run(calls.flush());
    handle.job(1).respond(responseOf(table, handle.job(1).bytes, false));
    await settled();
    expect(handle.job(2).operations[0]).toBe('flush');
    await handle.respond(2);
    await other;
    expect(await finish(table, handle, pending, 3)).toMatchObject({ services: { length: 40 } });
  });

  test('each call that shares an exchange with a chunk of a snapshot has its own result', async () => {
    const { handle, queue } = open();
    const table = new Map([
      [1, 2],
      [2, undefined],
      [3, 300],
    ]);
    const pending = queue.runRoutine('snapshot', readTable('snapshot'));
    await settled();
    handle.job(0).respond(responseOf(table, handle.job(0).bytes, true));
    const first = queue.run(calls.flush());
    await settled();
    const others = [queue.run(calls.flush()), queue.run(calls.getInfo())];
    await handle.respond(1);
    await first;

    const { bytes, operations, respond } = handle.job(2);
    const lists = ['listDestinations', 'listDestinations', 'listDestinations'];
    expect(operations).toEqual([...lists, 'flush', 'getInfo']);
    const { size } = layout.request;
    const { destinations } = responseOf(table, bytes.subarray(0, 3 * size), false);
    const results: ResultValues[] = [
      { destinations: 2 },
      { status: 'refused', error: 3 },
      { firstDestination: 2, destinations: 300 },
      {},
      { status: 'refused', error: 1 },
    ];
    respond({ ...nativeResponse({ results }), ...(destinations && { destinations }) });
    expect(await Promise.allSettled(others)).toMatchObject([
      { status: 'fulfilled', value: undefined },
      { status: 'rejected', reason: { operation: 'getInfo', code: 'EPERM' } },
    ]);
    const { services } = (await pending) as Snapshot;
    expect(services.map(({ fwmark, destinations }) => [fwmark, destinations.length])).toEqual([
      [1, 2],
      [3, 300],
    ]);
  });

  test.each([
    ['services', 0],
    ['destinations', 1],
  ])('a snapshot rejects if the kernel refuses to list %s', async (_, refused) => {
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
    if (refused === 1) handle.job(0).respond(responseOf(table, handle.job(0).bytes, true));
    await settled();
    await handle.respond(refused, [{ status: 'refused', error: 1 }]);
    await expected;
    await queue.close();
  });

  test('close() waits for the end of a snapshot', async () => {
    const { handle, queue } = open();
    const table = tableOf(40, () => 40);
    const pending = queue.runRoutine('snapshot', readTable('snapshot'));
    const closing = queue.close();
    const snapshot = await finish(table, handle, pending, 0);
    await closing;
    expect(snapshot).toMatchObject({ services: { length: 40 } });
    expect(handle.log.at(-1)).toBe('close');
  });
});
