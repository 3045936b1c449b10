import { describe, expect, test } from 'vitest';
import { parseTotals } from '../../lib/host/totals.js';

/** /proc/net/ip_vs_stats, as the kernel prints it. */
const TOTALS = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
       A      1F4       FF             7D00 FFFFFFFFFFFFFFFF

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       0        1        2                3   20000000000001
`;

describe('parseTotals', () => {
  test('reads hexadecimal numbers, exactly as BigInts', () => {
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

  test('reads numbers', () => {
    expect(parseTotals(TOTALS, Number)).toMatchObject({ inBytes: 32000, outBytes: 2 ** 64 });
  });

  test.each([
    { name: 'nothing', text: '' },
    { name: 'the titles alone', text: TOTALS.replace(/^ +[\dA-F].*$/gm, '') },
    { name: 'one row', text: TOTALS.slice(0, TOTALS.indexOf('\n\n')) },
    { name: 'three rows', text: `${TOTALS}1 2 3 4 5\n` },
    { name: 'a row cut short', text: TOTALS.replace(/ +20000000000001/, '') },
    { name: 'a row with a word in it', text: TOTALS.replace('7D00', 'many') },
    { name: 'the file of each processor', text: TOTALS.replace(/^( +[\dA-F].*)$/gm, '  0 $1') },
  ])('returns undefined for $name', ({ text }) => {
    expect(parseTotals(text, BigInt)).toBeUndefined();
  });
});
