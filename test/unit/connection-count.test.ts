import { describe, expect, test } from 'vitest';
import { checkCountOptions, countMask, decodeCounts } from '../../lib/connections/count.js';
import { encodeFilter } from '../../lib/connections/filter.js';
import { expectInputError, layout, thrownBy } from './helpers/requests.js';
import { countRecord } from './helpers/responses.js';

const COLUMNS = 'is not an array of service, destination, state, protocol';

describe('the options of counting', () => {
  test.each([
    { options: undefined, columns: [] },
    { options: { by: undefined }, columns: [] },
    { options: { by: [] }, columns: [] },
    { options: { by: ['state'] }, columns: ['state'] },
    {
      options: { by: ['service', 'destination', 'state', 'protocol', 'state'] },
      columns: ['service', 'destination', 'state', 'protocol'],
    },
  ] as const)('$options gives the columns $columns', ({ options, columns }) => {
    const { by } = checkCountOptions(options);
    expect([...by]).toEqual(columns);
    const mask = columns.reduce((sum, column) => sum | layout.countBy[column], 0);
    expect(countMask(by)).toBe(mask);
  });

  test.each([
    { options: { by: 'state' }, kind: 'type', value: "'state'", rule: COLUMNS },
    { options: { by: null }, kind: 'type', value: 'null', rule: COLUMNS },
    { options: { by: ['client'] }, kind: 'value', value: "[ 'client' ]", rule: COLUMNS },
    { options: { by: Array(1) }, kind: 'value', value: '[ <1 empty item> ]', rule: COLUMNS },
  ] as const)('by: $options.by is refused', ({ options, ...expected }) => {
    expectInputError(
      thrownBy(() => checkCountOptions(options)),
      { property: 'options.by', ...expected },
    );
  });

  test('do not include origin', () => {
    expectInputError(
      thrownBy(() => checkCountOptions({ origin: true })),
      {
        kind: 'value',
        property: 'options.origin',
        value: "'origin'",
        rule: 'is not a known property',
      },
    );
  });
});

const IPV4 = { family: 2, destinationFamily: 2, protocol: 6 };
/** Joins records, as the addon does. */
const joined = (...records: readonly Uint8Array[]) =>
  Uint8Array.from(Buffer.concat(records)).buffer;

describe('counts', () => {
  test('have the columns of the option by', () => {
    const group = { ...IPV4, virtualPort: 443, destinationPort: 80, state: 1 };
    const counts = joined(countRecord(group, 2n ** 40n), countRecord({ ...group, state: 2 }, 1n));
    const native = { counts, texts: ['ESTABLISHED', 'FIN_WAIT'] };
    const endpoint = { address: '0.0.0.0', port: 443 };
    expect(decodeCounts(native, new Set(['state']))).toStrictEqual([
      { count: 2 ** 40, state: 'ESTABLISHED' },
      { count: 1, state: 'FIN_WAIT' },
    ]);
    expect(decodeCounts(native, new Set(['service', 'destination', 'protocol']))[0]).toStrictEqual({
      count: 2 ** 40,
      service: { protocol: 'tcp', ...endpoint },
      destination: { address: '0.0.0.0', port: 80 },
      protocol: 'tcp',
    });
  });

  test('name a service by a reference', () => {
    const template = layout.connectionFlags.template;
    const rows = [
      { ...IPV4, virtualAddress: [10, 96, 0, 1], virtualPort: 443 },
      { family: 2, virtualAddress: [0, 0, 0, 8], flags: template },
      { family: 10, virtualAddress: [0xff, 0, 0, 7, ...Array(12).fill(0)], flags: template },
      { ...IPV4, protocol: 1 },
    ];
    const counts = joined(...rows.map((row) => countRecord(row, 1n)));
    const services = decodeCounts({ counts, texts: [] }, new Set(['service'])).map(
      ({ service }) => service,
    );
    expect(services).toStrictEqual([
      { protocol: 'tcp', address: '10.96.0.1', port: 443 },
      { fwmark: 8, family: 'ipv4' },
      { fwmark: 0xff000007, family: 'ipv6' },
      { protocol: 'unknown-1', address: '0.0.0.0', port: 0 },
    ]);
    for (const service of services) expect(() => encodeFilter({ service })).not.toThrow();
  });

  test('of an empty table are none with columns, and 0 without', () => {
    const native = { counts: new ArrayBuffer(0), texts: [] };
    expect(decodeCounts(native, new Set(['state']))).toEqual([]);
    expect(decodeCounts(native, new Set())).toEqual([{ count: 0 }]);
  });
});
