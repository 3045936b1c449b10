import { describe, expect, test } from 'vitest';
import { parseTotals } from '../../lib/host/totals.js';

/** /proc/net/ip_vs_stats, as the kernel prints it. */
const TOTALS = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
       A      1F4       FF             7D00 FFFFFFFFFFFFFFFF

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       0        1        2                3   20000000000001
`;

describe('totals', () => {
  test('are hexadecimal, and exact as BigInts', () => {
    expect(parseTotals(TOTALS, BigInt)).toStrictEqual({
      connections: 10n,
      inPackets: 500n,
      outPackets: 255n,
      inBytes: 32000n,
      outBytes: 2n ** 64n - 1n,
      connectionRate: 0n,
      inPacketRate: 1n,
      outPacketRate: 2n,
      inByteRate: 3n,
      outByteRate: 2n ** 53n + 1n,
    });
  });

  test('are numbers otherwise', () => {
    expect(parseTotals(TOTALS, Number)).toMatchObject({ inBytes: 32000, outBytes: 2 ** 64 });
  });

  test.each([
    ['nothing', ''],
    ['the titles alone', TOTALS.replace(/^ +[\dA-F].*$/gm, '')],
    ['one row', TOTALS.slice(0, TOTALS.indexOf('\n\n'))],
    ['three rows', `${TOTALS}1 2 3 4 5\n`],
    ['a row cut short', TOTALS.replace(/ +20000000000001/, '')],
    ['a row with a word in it', TOTALS.replace('7D00', 'many')],
    ['the file of each processor', TOTALS.replace(/^( +[\dA-F].*)$/gm, '  0 $1')],
  ])('are undefined in %s', (_, text) => {
    expect(parseTotals(text, BigInt)).toBeUndefined();
  });
});
