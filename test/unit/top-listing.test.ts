import { describe, expect, test } from 'vitest';
import { COLUMNS, fitColumns, SORT_COLUMNS, sortName, widthOf } from '../../lib/cli/top/columns.js';
import { Listing } from '../../lib/cli/top/listing.js';
import { scale } from '../../lib/cli/top/numbers.js';
import { nameOf, totalOf } from '../../lib/cli/top/rows.js';
import { destination, rates, service } from './helpers/top-rows.js';

const column = (name: string) => SORT_COLUMNS.find((each) => sortName(each) === name);

const WEB = 'tcp://10.96.0.10:80';
const DNS = 'udp://10.96.0.2:53';
const services = [
  service(WEB, { inBytes: 10, connections: 1 }, [
    destination('10.1.0.10:80', { inBytes: 1 }),
    destination('10.1.0.9:80', { inBytes: 9 }, { weight: 5, forwarding: 'tunnel' }),
    destination('10.1.0.1:80', { inBytes: 1 }),
  ]),
  service('fwmark://7', null),
  service(DNS, { inBytes: 30 }, [destination('[fd00::2]:53'), destination('[fd00::10]:53')]),
  service('tcp://10.96.0.9:80', { inBytes: 10 }),
];

const open = () => true;

/** The names of all rows. */
function namesOf(sort: string, { reversed = false, filter = '', isOpen = open } = {}): string[] {
  const listing = new Listing(services, { sort: column(sort), reversed }, filter);
  const rows = listing.rows(isOpen, 0, 100);
  expect(listing.count(isOpen)).toBe(rows.length);
  return rows.map(nameOf);
}

describe('rows are sorted', () => {
  test('by a number, the largest first, and equal ones by address', () => {
    expect(namesOf('inbps')).toEqual([
      DNS,
      '[fd00::2]:53',
      '[fd00::10]:53',
      'tcp://10.96.0.9:80',
      WEB,
      '10.1.0.9:80',
      '10.1.0.1:80',
      '10.1.0.10:80',
      'fwmark://7',
    ]);
  });

  test('in reverse, but not equal ones', () => {
    expect(namesOf('inbps', { reversed: true })).toEqual([
      'fwmark://7',
      'tcp://10.96.0.9:80',
      WEB,
      '10.1.0.1:80',
      '10.1.0.10:80',
      '10.1.0.9:80',
      DNS,
      '[fd00::2]:53',
      '[fd00::10]:53',
    ]);
  });

  test('by protocol and address, as numbers, and marks last', () => {
    const isOpen = () => false;
    const names = ['tcp://10.96.0.9:80', WEB, DNS, 'fwmark://7'];
    expect(namesOf('name', { isOpen })).toEqual(names);
    expect(namesOf('name', { isOpen, reversed: true })).toEqual(names.toReversed());
  });

  test('by every column', () => {
    const others = [
      service('tcp://10.0.0.1:1', rates({}), [destination('10.1.0.1:1')]),
      service(
        'tcp://10.0.0.2:1',
        { connections: 1, inPackets: 1, outPackets: 1, inBytes: 1, outBytes: 1 },
        [
          destination(
            '10.1.0.1:1',
            {},
            { weight: 2, activeConnections: 1, inactiveConnections: 1 },
          ),
        ],
      ),
    ];
    for (const sort of COLUMNS) {
      const [first] = new Listing(others, { sort, reversed: false }, '').services;
      expect([sort.title, first?.row.key]).toEqual([sort.title, 'tcp://10.0.0.2:1']);
    }
  });
});

describe('a filter', () => {
  test('shows the services that match with all destinations', () => {
    expect(namesOf('name', { filter: '10.96.0.2:' })).toEqual([
      DNS,
      '[fd00::2]:53',
      '[fd00::10]:53',
    ]);
    expect(namesOf('name', { filter: 'FWMARK' })).toEqual(['fwmark://7']);
  });

  test('shows the destinations that match with their service', () => {
    expect(namesOf('name', { filter: '10.1.0.1' })).toEqual([WEB, '10.1.0.1:80', '10.1.0.10:80']);
    expect(namesOf('name', { filter: 'tunnel' })).toEqual([WEB, '10.1.0.9:80']);
  });

  test('shows nothing if nothing matches', () => {
    expect(namesOf('name', { filter: 'nothing' })).toEqual([]);
  });
});

describe('a part of the rows', () => {
  const listing = new Listing(services, { sort: column('name'), reversed: false }, '');
  const isOpen = (key: string) => key !== WEB;

  test('is the same as in all of them', () => {
    for (const each of [open, isOpen]) {
      const all = listing.rows(each, 0, 100);
      for (let first = 0; first <= all.length; first++) {
        for (let count = 0; count <= 5; count++) {
          expect(listing.rows(each, first, count)).toEqual(all.slice(first, first + count));
        }
      }
    }
  });

  test('belongs to services with places', () => {
    for (const each of [open, isOpen]) {
      const all = listing.rows(each, 0, 100);
      for (const place of all.keys()) {
        const found = listing.serviceAt(each, place);
        const own = all.findLastIndex((row, at) => at <= place && row.kind === 'service');
        expect(found).toEqual({ key: all[own] && nameOf(all[own]), place: own });
      }
      expect(listing.serviceAt(each, all.length)).toBeUndefined();
    }
  });
});

test('the sums leave out what is not known', () => {
  expect(totalOf(services)).toEqual({
    weight: 9,
    activeConnections: 0,
    inactiveConnections: 0,
    rates: rates({ inBytes: 50, connections: 1 }),
  });
  expect(totalOf([service('fwmark://7', null)]).rates).toBeNull();
});

describe('columns', () => {
  test('fit into the room, and the one that rows are sorted by is among them', () => {
    for (const sort of SORT_COLUMNS) {
      for (let width = 0; width < 80; width++) {
        const columns = fitColumns(width, sort);
        const used = columns.reduce((sum, each) => sum + 1 + widthOf(each), 0);
        expect(used).toBeLessThanOrEqual(width);
        if (sort !== undefined && width > widthOf(sort)) expect(columns).toContain(sort);
      }
      expect(fitColumns(80, sort)).toEqual(COLUMNS);
    }
  });

  test('show rates of connections, bytes and packets first', () => {
    expect(fitColumns(25, undefined).map(sortName)).toEqual(['active', 'cps', 'inpps', 'inbps']);
  });
});

test.each([
  [0, '0'],
  [0.01, '<0.1'],
  [0.5, '0.5'],
  [2, '2'],
  [9.94, '9.9'],
  [9.96, '10'],
  [99_999, '99999'],
  [99_999.5, '100K'],
  [123_456, '123K'],
  [999_499, '999K'],
  [999_500, '1.00M'],
  [12_345_678, '12.3M'],
  [99_949_999, '99.9M'],
  [99_950_000, '100M'],
  [1.5e9, '1.50G'],
  [2 ** 53, '9.01P'],
  [2 ** 64, '18.4E'],
])('%d is written as %s', (value, text) => {
  expect(scale(value)).toBe(text);
});

test('numbers take five characters at most', () => {
  for (let value = 1e-4; value < 2 ** 64; value *= 1.003) {
    expect(scale(value).length).toBeLessThanOrEqual(5);
  }
});
