import { describe, expect, test } from 'vitest';
import { SORT_COLUMNS, sortName } from '../../lib/cli/top/columns.js';
import { contentOf, frameOf, rowsIn, type Size } from '../../lib/cli/top/frame.js';
import { indented, nameWidth } from '../../lib/cli/top/lines.js';
import { Listing } from '../../lib/cli/top/listing.js';
import { nameOf, type ServiceRow } from '../../lib/cli/top/rows.js';
import { fitView, isExpanded, type View } from '../../lib/cli/top/view.js';
import { destination, service } from './helpers/top-rows.js';

const view: View = {
  sort: SORT_COLUMNS.find((each) => sortName(each) === 'inbps'),
  reversed: false,
  filter: '',
  isTyping: false,
  isExpanded: true,
  exceptions: new Set(),
  isPaused: false,
  cursor: 0,
  top: 0,
};

const SIZE: Size = { columns: 80, rows: 12 };

function frame(
  services: readonly ServiceRow[],
  changes: Partial<View> = {},
  size = SIZE,
  notes: readonly string[] = [],
) {
  const changed = { ...view, ...changes };
  const listing = new Listing(services, changed, changed.filter);
  const count = listing.count((key) => isExpanded(changed, key));
  const fitted = fitView(changed, count, rowsIn(size));
  return frameOf(contentOf(services, '19:05:12'), listing, fitted, size, notes);
}

const textsOf = (...args: Parameters<typeof frame>) =>
  frame(...args).map(({ text }) => text.trimEnd());

const WEB = 'tcp://10.96.0.1:443';
/** No address is longer. */
const IPV6 = 'fd00:1111:2222:3333:4444:5555:6666:7777';
const web = service(WEB, { connections: 20.5, inPackets: 1200, inBytes: 123_456, outBytes: 9e9 }, [
  destination(
    '10.1.0.1:8443',
    { connections: 20.5, inPackets: 1200, inBytes: 123_456, outBytes: 9e9 },
    { weight: 3, activeConnections: 4100, inactiveConnections: 200_000 },
  ),
  destination('10.1.0.2:8443', null, { weight: 0, activeConnections: 7 }),
]);
const dns = service(`sctp://[${IPV6}]:65535`, {}, [
  destination(`[${IPV6}]:65535`, { connections: 1 }),
]);

describe('a frame', () => {
  test('has services with their destinations, rates and sums', () => {
    expect(textsOf([web])).toEqual([
      'ipvs top  19:05:12  1 service, 2 destinations  by inbps',
      '  Service, destination       Weight Active InAct   CPS InPPS OutPPS InBPS OutBPS',
      '  all services                    3   4107  200K    21  1200      0  123K  9.00G',
      '- tcp://10.96.0.1:443 wrr         3   4107  200K    21  1200      0  123K  9.00G',
      '    10.1.0.1:8443 masquerade      3   4100  200K    21  1200      0  123K  9.00G',
      '    10.1.0.2:8443 masquerade      0      7     0     -     -      -     -      -',
      '',
      '',
      '',
      '',
      '',
      'q quit  / filter  < > sort  r reverse  Enter expand  a all  p pause',
    ]);
  });

  test('shows the longest IPv6 addresses in 80 columns, and fewer numbers', () => {
    expect(textsOf([dns]).slice(1, 5)).toEqual([
      '  Service, destination                                           CPS InPPS InBPS',
      '  all services                                                     0     0     0',
      `- sctp://[${IPV6}]:65535 wrr       0     0     0`,
      `    [${IPV6}]:65535 masquerade     1     0     0`,
    ]);
  });

  test('always shows the number that rows are sorted by', () => {
    for (const sort of SORT_COLUMNS) {
      if (sort !== undefined) expect(textsOf([dns], { sort })[1]).toContain(` ${sort.title}`);
    }
  });

  test('shows all numbers of IPv6 services in a wide terminal', () => {
    const [, titles] = textsOf([dns], {}, { columns: 132, rows: 12 });
    expect(titles).toMatch(/Weight Active InAct {3}CPS InPPS OutPPS InBPS OutBPS$/);
  });

  test('says how rows are sorted, whether it is paused, and the notes', () => {
    const changes = { reversed: true, isPaused: true, sort: undefined };
    expect(textsOf([web], changes, { columns: 200, rows: 12 }, ['netns b\x1blue'])[0]).toBe(
      'ipvs top  19:05:12  PAUSED  1 service, 2 destinations  by name, reversed  netns b?lue',
    );
  });

  test('shows the filter while it is typed, and when it is kept', () => {
    expect(textsOf([web], { isTyping: true, filter: '10.' }).at(-1)).toBe(
      'Filter: 10._  (Enter keep  Escape clear)',
    );
    expect(textsOf([web], { filter: '10.' }).at(-1)).toBe('Filter: 10.  (/ change  Escape clear)');
  });

  test('says why it is empty', () => {
    expect(textsOf([])[3]).toBe('  No services.');
    expect(textsOf([web], { filter: 'x' })[3]).toBe('  No service or destination matches.');
  });

  test('hides the destinations of services that are not expanded', () => {
    expect(textsOf([web], { isExpanded: false }).slice(3, 5)).toEqual([
      expect.stringMatching(/^\+ tcp/),
      '',
    ]);
    expect(textsOf([web], { exceptions: new Set([WEB]) })[4]).toBe('');
    const both = textsOf([web, service('fwmark://1')], {
      isExpanded: false,
      exceptions: new Set([WEB]),
    });
    expect(both.slice(3, 7).map((text) => text.slice(0, 14))).toEqual([
      '- tcp://10.96.',
      '    10.1.0.1:8',
      '    10.1.0.2:8',
      // Has no destinations to show.
      '  fwmark://1 w',
    ]);
  });

  test('marks the row under the cursor, services and destinations of weight 0', () => {
    expect(frame([web], { cursor: 1 }).map(({ style }) => style)).toEqual([
      'plain',
      'title',
      'plain',
      'service',
      'cursor',
      'drained',
      ...Array(6).fill('plain'),
    ]);
  });

  test('shows the rows around the cursor, and where they are', () => {
    const services = Array.from({ length: 300 }, (_, index) => service(`fwmark://${index + 1}`));
    const lines = textsOf(services, { cursor: 150, sort: undefined });
    expect(lines.slice(3, 11).map((text) => text.trim().split(' ')[0])).toEqual(
      Array.from({ length: 8 }, (_, index) => `fwmark://${144 + index}`),
    );
    expect(lines[11]).toMatch(/ 144-151\/300$/);
  });

  test('fits into every terminal', () => {
    for (const columns of [1, 10, 25, 40, 79, 80, 81, 100, 200]) {
      for (const rows of [1, 2, 4, 5, 24]) {
        const lines = frame([web, dns], {}, { columns, rows });
        expect(lines).toHaveLength(rows);
        for (const { text, style } of lines) {
          expect(text.length).toBeLessThanOrEqual(columns);
          if (style === 'cursor' || style === 'title') expect(text).toHaveLength(columns);
        }
      }
    }
  });

  test('has only characters that a terminal does not execute', () => {
    const hostile = service('tcp://10.96.0.1:80');
    const renamed = { ...hostile, service: { ...hostile.service, scheduler: 'a\x1b[2J\u00e9' } };
    expect(
      frame([renamed])
        .map(({ text }) => text)
        .join('\n'),
    ).toMatch(/ a\?\[2J\? /);
  });
});

test('the width of names is that of the longest one', () => {
  for (const each of [
    service('fwmark6://4294967295'),
    service('udp://10.0.0.1:1', {}, [destination('10.100.100.100:9999')]),
    service('udp://10.0.0.1:1', {}, [destination('10.100.100.100:10000')]),
    service('udp://10.0.0.1:1', {}, [destination('[2001:db8:1::aaaa:bbbb]:9')]),
    dns,
  ]) {
    const names = [each, ...each.destinations].map((row) => indented(row, nameOf(row)).length);
    expect(nameWidth([each])).toBe(Math.max('  Service, destination'.length, ...names));
  }
});
