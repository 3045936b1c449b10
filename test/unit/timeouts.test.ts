import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IpvsResponse } from '../../lib/ipvs/response.js';
import { nativeResults, timeoutsRecord } from './answers.js';
import { bytesOf, calls, expectRefused, type Kind, requestOf, untyped } from './requests.js';

const NAMES = ['tcp', 'tcpFin', 'udp'] as const;
const SECONDS = 'is not an integer from 1 to 2678400 seconds';

describe('setting', () => {
  const seconds = fc.oneof(fc.integer({ min: 1, max: 2678400 }), fc.constantFrom(1, 2678400));
  const changes = fc
    .record({ tcp: seconds, tcpFin: seconds, udp: seconds }, { requiredKeys: [] })
    .filter((given) => Object.keys(given).length > 0);

  test('writes what is named, and 0 for the rest, which leaves it', () => {
    fc.assert(
      fc.property(changes, (given) => {
        const expected = { tcp: 0, tcpFin: 0, udp: 0, ...given };
        expect(requestOf(calls.setTimeouts(given)).timeouts).toEqual(expected);
        const explicit = { tcp: undefined, tcpFin: undefined, udp: undefined, ...given };
        expect(bytesOf(calls.setTimeouts(explicit))).toEqual(bytesOf(calls.setTimeouts(given)));
      }),
    );
  });

  type Row = readonly [string, unknown, Kind, string, string, string];
  test.each<Row>([
    ['undefined', undefined, 'type', 'timeouts', 'undefined', 'is not an object'],
    ['null', null, 'type', 'timeouts', 'null', 'is not an object'],
    ['a number', 900, 'type', 'timeouts', '900', 'is not an object'],
    ['ipvsadm --set', [900, 120, 300], 'type', 'timeouts', '[ 900, 120, 300 ]', 'is not an object'],
    ['nothing', {}, 'value', 'timeouts', '{}', 'names none of tcp, tcpFin, udp'],
    [
      'undefined alone',
      { tcp: undefined },
      'value',
      'timeouts',
      '{ tcp: undefined }',
      'names none',
    ],
    ['a typo', { tcpfin: 5 }, 'value', 'timeouts.tcpfin', "'tcpfin'", 'did you mean tcpFin?'],
    ['sctp', { sctp: 5 }, 'value', 'timeouts.sctp', "'sctp'", 'is not a known property'],
    ...NAMES.flatMap((name): Row[] => [
      [`${name} 0`, { [name]: 0 }, 'range', `timeouts.${name}`, '0', SECONDS],
      [`${name} -1`, { [name]: -1 }, 'range', `timeouts.${name}`, '-1', SECONDS],
      [
        `${name} of 31 days and a second`,
        { [name]: 2678401 },
        'range',
        `timeouts.${name}`,
        '2678401',
        SECONDS,
      ],
      [`${name} 1.5`, { [name]: 1.5 }, 'range', `timeouts.${name}`, '1.5', SECONDS],
      [`${name} NaN`, { [name]: Number.NaN }, 'range', `timeouts.${name}`, 'NaN', SECONDS],
      [`${name} in text`, { [name]: '900' }, 'type', `timeouts.${name}`, "'900'", SECONDS],
      [`${name} null`, { [name]: null }, 'type', `timeouts.${name}`, 'null', SECONDS],
    ]),
    ['a bad one behind a good one', { tcp: 5, udp: 0 }, 'range', 'timeouts.udp', '0', SECONDS],
  ])('refuses %s', (_, given, kind, property, value, rule) => {
    expectRefused({ call: () => untyped.setTimeouts(given), kind, property, value, rule });
  });
});

test('reading gives what the kernel says', () => {
  const word = fc.nat(2 ** 32 - 1);
  fc.assert(
    fc.property(fc.record({ tcp: word, tcpFin: word, udp: word }), (timeouts) => {
      const outcome = { timeouts: [...timeoutsRecord(timeouts)] };
      const results = new IpvsResponse(nativeResults({ outcomes: [{}, outcome] }));
      const call = calls.getTimeouts();
      expect(call.decode(results, 1)).toStrictEqual({ ...timeouts });
      expect(call.decode(results, 0)).toStrictEqual({ tcp: 0, tcpFin: 0, udp: 0 });
    }),
  );
});
