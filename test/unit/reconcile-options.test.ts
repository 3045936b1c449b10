import { describe, expect, test } from 'vitest';
import { layout } from '../../lib/native/layout.js';
import { checkReconcileOptions } from '../../lib/state/options.js';

const { changes: BITS, drainedProtocols: DRAINED } = layout;
const ALL = Object.values(BITS).reduce((bits, bit) => bits | bit, 0);

test('options that are left out change nothing but what differs', () => {
  const none = {
    prune: false,
    draining: undefined,
    compared: ALL,
    dryRun: false,
    maxDeletions: Number.POSITIVE_INFINITY,
    signal: undefined,
  };
  expect(checkReconcileOptions(undefined)).toEqual(none);
  expect(checkReconcileOptions({})).toEqual(none);
  const undefinedOnes = { prune: undefined, drain: undefined, keep: undefined, dryRun: undefined };
  expect(checkReconcileOptions({ ...undefinedOnes, maxDeletions: undefined })).toEqual(none);
  expect(checkReconcileOptions({ drain: false, prune: false, keep: [] })).toEqual(none);
});

test('prune is a boolean, scopes or a function', () => {
  const isUnwanted = () => true;
  expect(checkReconcileOptions({ prune: true }).prune).toBe(true);
  expect(checkReconcileOptions({ prune: isUnwanted }).prune).toBe(isUnwanted);
  expect(checkReconcileOptions({ prune: [] }).prune).toEqual([]);
  expect(checkReconcileOptions({ prune: { link: 'vip0' } }).prune).toMatchObject([
    { link: 'vip0' },
  ]);
  const both = [{ link: 'vip0' }, { fwmarks: [1, 2] }];
  expect(checkReconcileOptions({ prune: both }).prune).toMatchObject([
    { link: 'vip0' },
    { link: undefined },
  ]);
});

test('drain names protocols, by default those with connections that end', () => {
  const drainingOf = (drain: unknown) => checkReconcileOptions({ drain }).draining;
  const usual = { protocols: DRAINED.tcp | DRAINED.sctp, ignoresInactive: false };
  expect(drainingOf(true)).toEqual(usual);
  expect(drainingOf({})).toEqual(usual);
  expect(drainingOf({ protocols: ['udp'] })).toEqual({ ...usual, protocols: DRAINED.udp });
  expect(drainingOf({ protocols: [] })).toEqual({ ...usual, protocols: 0 });
  expect(drainingOf({ ignoreInactive: true })).toEqual({ ...usual, ignoresInactive: true });
});

test.each([
  { keep: ['weight'], kept: BITS.weight },
  { keep: ['weight', 'weight'], kept: BITS.weight },
  { keep: ['scheduler'], kept: BITS.scheduler | BITS.schedulerFlags },
  { keep: ['schedulerFlags'], kept: BITS.schedulerFlags },
  {
    keep: ['persistence'],
    kept: BITS.persistence | BITS.timeout | BITS.netmask | BITS.engine,
  },
  { keep: ['onePacket'], kept: BITS.onePacket },
  { keep: ['forwarding'], kept: BITS.forwarding | BITS.tunnel | BITS.tunnelReset },
  { keep: ['tunnel'], kept: BITS.tunnel | BITS.tunnelReset },
  {
    keep: ['upperThreshold', 'lowerThreshold'],
    kept: BITS.upperThreshold | BITS.lowerThreshold,
  },
])('keep: $keep leaves these settings out of the comparison', ({ keep, kept }) => {
  expect(checkReconcileOptions({ keep }).compared).toBe(ALL & ~kept);
});

describe('a bad option is refused', () => {
  test.each<readonly [unknown, string, string]>([
    [5, 'ERR_INVALID_ARG_TYPE', 'options: 5 is not an object'],
    [null, 'ERR_INVALID_ARG_TYPE', 'options: null is not an object'],
    [
      { pruned: true },
      'ERR_INVALID_ARG_VALUE',
      "options.pruned: 'pruned' is not a known property: did you mean prune?",
    ],
    [
      { prune: 'tcp' },
      'ERR_INVALID_ARG_TYPE',
      "options.prune: 'tcp' is not a boolean, a scope, an array of scopes or a function",
    ],
    [
      { prune: null },
      'ERR_INVALID_ARG_TYPE',
      'options.prune: null is not a boolean, a scope, an array of scopes or a function',
    ],
    [
      { prune: [{ link: 'vip0' }, { ports: [9, 8] }] },
      'ERR_INVALID_ARG_VALUE',
      'options.prune[1].ports: [ 9, 8 ] ends before it begins',
    ],
    [{ prune: [true] }, 'ERR_INVALID_ARG_TYPE', 'options.prune[0]: true is not an object'],
    [
      { drain: 'tcp' },
      'ERR_INVALID_ARG_TYPE',
      "options.drain: 'tcp' is not an object or a boolean",
    ],
    [
      { drain: { timeout: 5 } },
      'ERR_INVALID_ARG_VALUE',
      "options.drain.timeout: 'timeout' is not a known property: one of protocols, ignoreInactive",
    ],
    [
      { drain: { protocols: ['TCP'] } },
      'ERR_INVALID_ARG_VALUE',
      "options.drain.protocols[0]: 'TCP' is not one of tcp, udp, sctp: did you mean tcp?",
    ],
    [
      { drain: { ignoreInactive: 1 } },
      'ERR_INVALID_ARG_TYPE',
      'options.drain.ignoreInactive: 1 is not a boolean',
    ],
    [
      { keep: 'weight' },
      'ERR_INVALID_ARG_TYPE',
      "options.keep: 'weight' is not an array such as ['weight']",
    ],
    [
      { keep: ['weights'] },
      'ERR_INVALID_ARG_VALUE',
      "options.keep[0]: 'weights' is not one of scheduler, schedulerFlags, persistence, " +
        'onePacket, forwarding, weight, upperThreshold, lowerThreshold, tunnel: did you mean weight?',
    ],
    [{ dryRun: 'yes' }, 'ERR_INVALID_ARG_TYPE', "options.dryRun: 'yes' is not a boolean"],
    [
      { maxDeletions: -1 },
      'ERR_OUT_OF_RANGE',
      'options.maxDeletions: -1 is not an integer from 0 to 9007199254740991',
    ],
    [
      { maxDeletions: Number.POSITIVE_INFINITY },
      'ERR_OUT_OF_RANGE',
      'options.maxDeletions: Infinity is not an integer from 0 to 9007199254740991',
    ],
    [
      { maxDeletions: '5' },
      'ERR_INVALID_ARG_TYPE',
      "options.maxDeletions: '5' is not an integer from 0 to 9007199254740991: did you mean 5, " +
        'a number?',
    ],
    [{ signal: {} }, 'ERR_INVALID_ARG_TYPE', 'options.signal: {} is not an AbortSignal'],
  ])('%j', (options, code, message) => {
    expect(() => checkReconcileOptions(options)).toThrow(
      expect.objectContaining({ code, message }),
    );
  });
});

test('each option is read once', () => {
  const reads: string[] = [];
  const values = { prune: true, drain: true, keep: ['weight'], dryRun: true, maxDeletions: 3 };
  const options = Object.freeze(
    Object.defineProperties(
      {},
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [
          name,
          {
            enumerable: true,
            get: () => {
              reads.push(name);
              return value;
            },
          },
        ]),
      ),
    ),
  );
  expect(checkReconcileOptions(options)).toMatchObject({
    prune: true,
    dryRun: true,
    maxDeletions: 3,
  });
  expect(reads.sort()).toEqual(Object.keys(values).sort());
});
