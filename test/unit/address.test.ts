import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AF_INET,
  AF_INET6,
  formatAddress,
  formatIpv4Number,
  parseAddress,
  parseMask,
} from '../../lib/core/address.js';
import { canonicalIpv6, groupsOf, ipv4Bytes, ipv6Bytes } from './helpers/arbitraries.js';

const GUARD = 0xa5;

/** Parses into the middle of a guarded buffer. */
function parse(text: string): { family: number; bytes: number[]; around: number[] } {
  const buffer = new Uint8Array(24).fill(GUARD).fill(0, 4, 20);
  const family = parseAddress(text, buffer, 4);
  return {
    family,
    bytes: [...buffer.subarray(4, 20)],
    around: [...buffer.subarray(0, 4), ...buffer.subarray(20)],
  };
}

const untouched = (length: number) => Array.from({ length }, () => GUARD);
const padded = (bytes: readonly number[]) => [...bytes, ...Array(16 - bytes.length).fill(0)];
const hex = (digits: string) => [...Buffer.from(digits, 'hex')];
const format = (bytes: readonly number[]) =>
  formatAddress(Uint8Array.from([GUARD, ...bytes]), 1, bytes.length === 4 ? AF_INET : AF_INET6);

describe('IPv4', () => {
  test.each([
    ['0.0.0.0', [0, 0, 0, 0]],
    ['127.0.0.1', [127, 0, 0, 1]],
    ['10.96.0.1', [10, 96, 0, 1]],
    ['1.20.100.199', [1, 20, 100, 199]],
    ['249.250.254.255', [249, 250, 254, 255]],
    ['255.255.255.255', [255, 255, 255, 255]],
  ])('%s is parsed and formatted', (text, bytes) => {
    expect(parse(text)).toEqual({ family: AF_INET, bytes: padded(bytes), around: untouched(8) });
    expect(format(bytes)).toBe(text);
  });

  test('any four bytes survive formatting and parsing', () => {
    fc.assert(
      fc.property(ipv4Bytes, (bytes) => {
        expect(format(bytes)).toBe(bytes.join('.'));
        expect(parse(format(bytes)).bytes).toEqual(padded(bytes));
      }),
    );
  });
});

describe('IPv6', () => {
  test.each([
    // RFC 4291 §2.2: the preferred form, the compressed one, and the one with a dotted tail.
    [
      '2001:DB8:0:0:8:800:200C:417A',
      '20010db80000000000080800200c417a',
      '2001:db8::8:800:200c:417a',
    ],
    [
      'ABCD:EF01:2345:6789:ABCD:EF01:2345:6789',
      'abcdef0123456789abcdef0123456789',
      'abcd:ef01:2345:6789:abcd:ef01:2345:6789',
    ],
    ['0:0:0:0:0:0:0:0', '00000000000000000000000000000000', '::'],
    ['::', '00000000000000000000000000000000', '::'],
    ['::1', '00000000000000000000000000000001', '::1'],
    ['0:0:0:0:0:0:0:1', '00000000000000000000000000000001', '::1'],
    ['FF01::101', 'ff010000000000000000000000000101', 'ff01::101'],
    ['0:0:0:0:0:0:13.1.68.3', '0000000000000000000000000d014403', '::d01:4403'],
    ['::13.1.68.3', '0000000000000000000000000d014403', '::d01:4403'],
    ['0:0:0:0:0:FFFF:129.144.52.38', '00000000000000000000ffff81903426', '::ffff:129.144.52.38'],
    ['::FFFF:129.144.52.38', '00000000000000000000ffff81903426', '::ffff:129.144.52.38'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:7.8.9.10', '0001000200030004000500060708090a', '1:2:3:4:5:6:708:90a'],
    ['::2:3:4:5:6:7.8.9.10', '0000000200030004000500060708090a', '0:2:3:4:5:6:708:90a'],
    ['1:2:3:4:5::7.8.9.10', '0001000200030004000500000708090a', '1:2:3:4:5:0:708:90a'],
    // '::' at each place, also for a single group.
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008', '0:2:3:4:5:6:7:8'],
    ['1::3:4:5:6:7:8', '00010000000300040005000600070008', '1:0:3:4:5:6:7:8'],
    ['1:2::4:5:6:7:8', '00010002000000040005000600070008', '1:2:0:4:5:6:7:8'],
    ['1:2:3::5:6:7:8', '00010002000300000005000600070008', '1:2:3:0:5:6:7:8'],
    ['1:2:3:4::6:7:8', '00010002000300040000000600070008', '1:2:3:4:0:6:7:8'],
    ['1:2:3:4:5::7:8', '00010002000300040005000000070008', '1:2:3:4:5:0:7:8'],
    ['1:2:3:4:5:6::8', '00010002000300040005000600000008', '1:2:3:4:5:6:0:8'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000', '1:2:3:4:5:6:7:0'],
    ['1::', '00010000000000000000000000000000', '1::'],
    ['1::8', '00010000000000000000000000000008', '1::8'],
    ['1:2::', '00010002000000000000000000000000', '1:2::'],
    ['::7:8', '00000000000000000000000000070008', '::7:8'],
    // RFC 5952 §4: no leading zeros, the longest run, the first of equals, never a single group.
    ['2001:0db8::0001', '20010db8000000000000000000000001', '2001:db8::1'],
    ['2001:0:0:1:0:0:0:1', '20010000000000010000000000000001', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['0:0:1::', '00000000000100000000000000000000', '0:0:1::'],
    ['Fe80::aBcD', 'fe80000000000000000000000000abcd', 'fe80::abcd'],
    ['::ffff:0:1.2.3.4', '0000000000000000ffff000001020304', '::ffff:0:102:304'],
  ])('%s is parsed, and formatted as in RFC 5952', (text, digits, canonical) => {
    const bytes = hex(digits);
    expect(parse(text)).toEqual({ family: AF_INET6, bytes, around: untouched(8) });
    expect(format(bytes)).toBe(canonical);
  });

  test('any sixteen bytes survive formatting and parsing', () => {
    fc.assert(
      fc.property(ipv6Bytes, (bytes) => {
        expect(parse(format(bytes))).toMatchObject({ family: AF_INET6, bytes });
      }),
    );
  });

  test('an address is formatted as in the URL standard, but for mapped addresses', () => {
    fc.assert(
      fc.property(ipv6Bytes, (bytes) => {
        expect(format(bytes)).toBe(canonicalIpv6(bytes));
      }),
    );
    const mapped = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(mapped, (tail) => {
        const bytes = [...Array(10).fill(0), 255, 255, ...tail];
        expect(format(bytes)).toBe(`::ffff:${tail.join('.')}`);
      }),
    );
  });

  test('every spelling of an address is parsed as the same address', () => {
    /** Returns a spelling: with or without '::', in any case, padded or not, with a dotted end. */
    const spelling = fc
      .tuple(ipv6Bytes, fc.nat(), fc.nat(), fc.boolean(), fc.boolean(), fc.boolean())
      .map(([bytes, run, length, upper, wide, dotted]) => {
        const groups = groupsOf(bytes).map((group) =>
          group.toString(16).padStart(wide ? 4 : 1, '0'),
        );
        if (dotted) groups.splice(6, 2, bytes.slice(12).join('.'));
        const zeros = groups.flatMap((group, index) => (/^0+$/.test(group) ? [index] : []));
        let text = groups.join(':');
        const from = zeros[run % (zeros.length + 1)];
        if (from !== undefined) {
          let to = from + 1;
          while (zeros.includes(to) && to - from <= length % 8) to++;
          text = `${groups.slice(0, from).join(':')}::${groups.slice(to).join(':')}`;
        }
        return { bytes, text: upper ? text.toUpperCase() : text };
      });
    fc.assert(
      fc.property(spelling, ({ bytes, text }) => {
        expect(parse(text), text).toMatchObject({ family: AF_INET6, bytes });
      }),
      { numRuns: 1000 },
    );
  });
});

const NO_ADDRESSES = [
  '',
  ' ',
  'localhost',
  'example.org',
  // IPv4 that inet_aton() takes, or that is cut or too long.
  '10',
  '10.1',
  '10.0.1',
  '1.2.3.4.5',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  '1.2.3.4.',
  '256.0.0.1',
  '1.2.3.256',
  '1.2.3.999',
  '1.2.3.1000',
  '01.2.3.4',
  '1.2.3.04',
  '00.0.0.0',
  '1.2.3.4 ',
  ' 1.2.3.4',
  '1.2.3.4\n',
  '1.2.3.4\0',
  '1.2. 3.4',
  '1,2,3,4',
  '-1.2.3.4',
  '+1.2.3.4',
  '0x7f.0.0.1',
  '1e1.0.0.1',
  '1.2.3.4/24',
  '1.2.3.4:80',
  '١.2.3.4',
  '１.2.3.4',
  '3232235521',
  // IPv6 with too much, too little, or something around it.
  ':',
  ':::',
  '::::',
  '1:::2',
  '1::2::3',
  '::1::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  ':2:3:4:5:6:7:8',
  ':1',
  '1:',
  '1:2:3:4:5:6:7:8:',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '::1:2:3:4:5:6:7:8',
  '1:2:3:4::5:6:7:8',
  '12345::',
  '::00001',
  '1:2:3:4:5:6:7:00008',
  'g::',
  '::g',
  '::-1',
  '::1 ',
  ' ::1',
  ':: 1',
  '::1\n',
  '[::1]',
  '[::1]:80',
  '::1]',
  '::1/128',
  'fe80::1%eth0',
  'fe80::1%',
  '::%1',
  '::.',
  '::1.2.3',
  '::1.2.3.4.5',
  '::1.2.3.4:5',
  '::1.2.3.256',
  '::01.2.3.4',
  '::a.1.2.3',
  '1.2.3.4::',
  '1.2.3.4::1',
  '::1.2.3.4/96',
  '1:2:3:4:5:6:7:1.2.3.4',
  '1:2:3:4:5:1.2.3.4',
  '1::3:4:5:6:7:1.2.3.4',
  '::ffff:1.2.3.4:',
  '１::',
];

test.each(NO_ADDRESSES)('%j is not an address', (text) => {
  // The sixteen bytes themselves are undefined then.
  expect(parse(text)).toMatchObject({ family: 0, around: untouched(8) });
});

describe('parseAddress', () => {
  const expected = (text: string) => (isIPv4(text) ? AF_INET : isIPv6(text) ? AF_INET6 : 0);
  const agrees = (text: string) => {
    // node:net accepts zones, which IPVS does not have.
    expect(parse(text).family, text).toBe(text.includes('%') ? 0 : expected(text));
  };
  const piece = fc.constantFrom(
    ...'0123456789abfABFgx:::...%/[] '.split(''),
    '::',
    '0',
    '255',
    '256',
    'ffff',
  );

  test('agrees with node:net on strings of characters that addresses have', () => {
    const soup = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''));
    fc.assert(fc.property(soup, agrees), { numRuns: 5000 });
  });

  test('agrees with node:net on joined groups', () => {
    const group = fc.oneof(
      fc.nat(0xffff).map((number) => number.toString(16)),
      fc.constantFrom('', '0', '1.2.3.4', '00', '0000', '00000'),
    );
    const groups = fc.array(group, { minLength: 1, maxLength: 10 }).map((each) => each.join(':'));
    fc.assert(fc.property(groups, agrees), { numRuns: 5000 });
  });

  test('agrees with node:net on addresses with one or two edited characters', () => {
    const address = fc.oneof(ipv4Bytes, ipv6Bytes).map(format);
    const edit = fc.tuple(fc.nat(), fc.nat(2), piece);
    const mutated = fc.tuple(address, fc.array(edit, { minLength: 1, maxLength: 2 }));
    fc.assert(
      fc.property(mutated, ([start, edits]) => {
        let text = start;
        for (const [place, removed, added] of edits) {
          const at = place % (text.length + 1);
          text = text.slice(0, at) + added + text.slice(at + removed);
        }
        agrees(text);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('masks', () => {
  test.each([
    ['0.0.0.0', 0],
    ['128.0.0.0', 0x80000000],
    ['255.255.255.0', 0xffffff00],
    ['255.255.255.254', 0xfffffffe],
    ['255.255.255.255', 0xffffffff],
    ['0.0.0.1', 1],
  ])('the mask %s is a number in host byte order', (text, number) => {
    expect(parseMask(text)).toBe(number);
    expect(formatIpv4Number(number)).toBe(text);
  });

  test('any mask survives formatting and parsing', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (mask) => {
        expect(parseMask(formatIpv4Number(mask))).toBe(mask);
      }),
    );
  });

  test.each(['', '24', '/24', '255.255.255', '255.255.255.256', '::', 'ffff::', '0xffffff00'])(
    '%j is not a mask',
    (text) => {
      expect(parseMask(text)).toBeUndefined();
    },
  );
});
