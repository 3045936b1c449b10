import { expect, test } from 'vitest';
import type { IpvsOperation } from '../../lib/ipvs/operations.js';
import { IpvsResponse } from '../../lib/ipvs/response.js';
import { EncodedBatch } from '../../lib/queue/encoded-batch.js';
import { open, operationsOf } from './helpers/fake-handle.js';
import { calls } from './helpers/requests.js';
import { destinationRecord, nativeResponse } from './helpers/responses.js';

test.each([
  { lists: 100, items: 2, yields: 1 },
  { lists: 20, items: 100, yields: 6 },
  { lists: 3, items: 256, yields: 3 },
])('$lists lists of $items objects are decoded with $yields yields', (given) => {
  const batch = new EncodedBatch(open().client);
  const list = calls.listDestinations('fwmark://7');
  for (let count = 0; count < given.lists; count++) batch.add(list, []);
  const destination = destinationRecord({ family: 2 });
  const native = nativeResponse({
    results: Array.from({ length: given.lists }, () => ({ destinations: given.items })),
    destinations: Array.from({ length: given.items }, () => destination),
  });
  const value = new IpvsResponse(native);
  let taken = 0;
  const work = batch.results({ status: 'fulfilled', value }, 0, batch.count, () => {
    taken++;
  });
  expect([...work]).toHaveLength(given.yields);
  expect(taken).toBe(given.lists);
});

test('errors, which take longer than values, are decoded with more yields', () => {
  const batch = new EncodedBatch(open().client);
  for (let count = 0; count < 256; count++) batch.add(calls.flush(), []);
  const results = Array.from({ length: 256 }, () => ({ status: 'refused', error: 2 }) as const);
  const value = new IpvsResponse(nativeResponse({ results }));
  const errors: unknown[] = [];
  const work = batch.results({ status: 'fulfilled', value }, 0, batch.count, (result) => {
    errors.push(result.status === 'rejected' && result.reason);
  });
  expect([...work]).toHaveLength(32);
  expect(errors).toHaveLength(256);
  expect(errors).not.toContain(false);
});

test('a call of several requests that is refused after the first ones leaves none of them', () => {
  const { client } = open();
  const batch = new EncodedBatch(client);
  const several = (fails: boolean): IpvsOperation<undefined> => ({
    name: 'snapshot',
    request: 'flush',
    arity: 0,
    requests: 3,
    encode: (requests) => {
      for (let each = 1; each < 3; each++) requests.next('flush');
      if (fails) throw new RangeError('out of memory');
    },
    decode: () => undefined,
  });
  batch.add(several(false), []);
  expect(() => batch.add(several(true), [])).toThrow('out of memory');
  batch.add(calls.getTimeouts(), []);
  expect(operationsOf(batch.requests.bytes())).toEqual(['flush', 'flush', 'flush', 'getTimeouts']);
});
