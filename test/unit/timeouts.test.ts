import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IpvsResponse } from '../../lib/ipvs/response.js';
import {
  bytesOf,
  calls,
  expectRefused,
  type InvalidArgument,
  requestOf,
  untyped,
} from './helpers/requests.js';
import { nativeResponse, timeoutsRecord } from './helpers/responses.js';

const NAMES = ['tcp', 'tcpFin', 'udp'] as const;
const SECONDS = 'is not an integer from 1 to 2147483647 seconds';

describe('setTimeouts', () => {
  const seconds = fc.oneof(fc.integer({ min: 1, max: 2147483647 }), fc.constantFrom(1, 2147483647));
  const changes = fc
    .record({ tcp: seconds, tcpFin: seconds, udp: seconds }, { requiredKeys: [] })
    .filter((given) => Object.keys(given).length > 0);

  test('encodes the timeouts that are named, and 0 for the rest, which stay as they are', () => {
    fc.assert(
      fc.property(changes, (given) => {
        const expected = { tcp: 0, tcpFin: 0, udp: 0, ...given };
        expect(requestOf(calls.setTimeouts(given)).timeouts).toEqual(expected);
        const explicit = { tcp: undefined, tcpFin: undefined, udp: undefined, ...given };
        expect(bytesOf(calls.setTimeouts(explicit))).toEqual(bytesOf(calls.setTimeouts(given)));
      }),
    );
  });

  interface Row extends Omit<InvalidArgument, 'call'> {
    readonly title: string;
    readonly changes: unknown;
  }
  test.each<Row>([
    {
      title: 'undefined',
      changes: undefined,
      kind: 'type',
      property: 'timeouts',
      value: 'undefined',
      rule: 'is not an object',
    },
    {
      title: 'null',
      changes: null,
      kind: 'type',
      property: 'timeouts',
      value: 'null',
      rule: 'is not an object',
    },
    {
      title: 'a number',
      changes: 900,
      kind: 'type',
      property: 'timeouts',
      value: '900',
      rule: 'is not an object',
    },
    {
      title: 'ipvsadm --set',
      changes: [900, 120, 300],
      kind: 'type',
      property: 'timeouts',
      value: '[ 900, 120, 300 ]',
      rule: 'is not an object',
    },
    {
      title: 'nothing',
      changes: {},
      kind: 'value',
      property: 'timeouts',
      value: '{}',
      rule: 'names none of tcp, tcpFin, udp',
    },
    {
      title: 'undefined alone',
      changes: { tcp: undefined },
      kind: 'value',
      property: 'timeouts',
      value: '{ tcp: undefined }',
      rule: 'names none',
    },
    {
      title: 'a typo',
      changes: { tcpfin: 5 },
      kind: 'value',
      property: 'timeouts.tcpfin',
      value: "'tcpfin'",
      rule: 'did you mean tcpFin?',
    },
    {
      title: 'sctp',
      changes: { sctp: 5 },
      kind: 'value',
      property: 'timeouts.sctp',
      value: "'sctp'",
      rule: 'is not a known property',
    },
    ...NAMES.flatMap((name): Row[] => [
      {
        title: `${name} 0`,
        changes: { [name]: 0 },
        kind: 'range',
        property: `timeouts.${name}`,
        value: '0',
        rule: SECONDS,
      },
      {
        title: `${name} -1`,
        changes: { [name]: -1 },
        kind: 'range',
        property: `timeouts.${name}`,
        value: '-1',
        rule: SECONDS,
      },
      {
        title: `${name} of 2^31`,
        changes: { [name]: 2147483648 },
        kind: 'range',
        property: `timeouts.${name}`,
        value: '2147483648',
        rule: SECONDS,
      },
      {
        title: `${name} 1.5`,
        changes: { [name]: 1.5 },
        kind: 'range',
        property: `timeouts.${name}`,
        value: '1.5',
        rule: SECONDS,
      },
      {
        title: `${name} NaN`,
        changes: { [name]: Number.NaN },
        kind: 'range',
        property: `timeouts.${name}`,
        value: 'NaN',
        rule: SECONDS,
      },
      {
        title: `${name} in text`,
        changes: { [name]: '900' },
        kind: 'type',
        property: `timeouts.${name}`,
        value: "'900'",
        rule: SECONDS,
      },
      {
        title: `${name} null`,
        changes: { [name]: null },
        kind: 'type',
        property: `timeouts.${name}`,
        value: 'null',
        rule: SECONDS,
      },
    ]),
    {
      title: 'a bad one behind a good one',
      changes: { tcp: 5, udp: 0 },
      kind: 'range',
      property: 'timeouts.udp',
      value: '0',
      rule: SECONDS,
    },
  ])('refuses $title', ({ changes, ...row }) => {
    expectRefused({ call: () => untyped.setTimeouts(changes), ...row });
  });
});

test('getTimeouts decodes the timeouts of the response', () => {
  const word = fc.nat(2 ** 32 - 1);
  fc.assert(
    fc.property(fc.record({ tcp: word, tcpFin: word, udp: word }), (timeouts) => {
      const outcome = { timeouts: [...timeoutsRecord(timeouts)] };
      const results = new IpvsResponse(nativeResponse({ results: [{}, outcome] }));
      const call = calls.getTimeouts();
      expect(call.decode(results, 1)).toStrictEqual({ ...timeouts });
      expect(call.decode(results, 0)).toStrictEqual({ tcp: 0, tcpFin: 0, udp: 0 });
    }),
  );
});
