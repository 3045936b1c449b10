import { expect, test } from 'vitest';
import { parseStatus } from '../../lib/host/status.js';

test('parseStatus returns every line, and the numbers that have a name', () => {
  const text = [
    'Conns:\t12',
    'Conn buckets:\t4096 (12 bits, lfactor -4)',
    'Conn buckets empty:\t4090 (99%)',
    'Conn buckets len-1:\t6 (100%)',
    'Services:\t3',
    'Service buckets:\t16 (4 bits, lfactor -3)',
    'Stats thread slots:\t1 (max 50)',
    '',
  ].join('\n');
  expect(parseStatus(text)).toEqual({
    connections: 12,
    connectionBuckets: 4096,
    services: 3,
    serviceBuckets: 16,
    lines: {
      Conns: '12',
      'Conn buckets': '4096 (12 bits, lfactor -4)',
      'Conn buckets empty': '4090 (99%)',
      'Conn buckets len-1': '6 (100%)',
      Services: '3',
      'Service buckets': '16 (4 bits, lfactor -3)',
      'Stats thread slots': '1 (max 50)',
    },
  });
});

test.each(['', '\n', 'no line of it', '__proto__:\t1'])(
  'parseStatus returns zeros for %j',
  (text) => {
    expect(parseStatus(text)).toMatchObject({
      connections: 0,
      connectionBuckets: 0,
      services: 0,
      serviceBuckets: 0,
    });
  },
);
