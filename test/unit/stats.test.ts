import { describe, expect, test } from 'vitest';
import { checkReadOptions } from '../../lib/ipvs/stats.js';
import { expectInputError, type InvalidArgument, thrownBy } from './helpers/requests.js';

describe('checkReadOptions', () => {
  test.each([
    { options: undefined, expected: false },
    { options: {}, expected: false },
    { options: { bigint: undefined }, expected: false },
    { options: { bigint: false }, expected: false },
    { options: { bigint: true }, expected: true },
  ])('returns $expected for $options', ({ options, expected }) => {
    expect(checkReadOptions(options)).toBe(expected);
  });

  interface Row extends Omit<InvalidArgument, 'call'> {
    readonly options: unknown;
  }
  test.each<Row>([
    { options: null, kind: 'type', property: 'options', value: 'null', rule: 'is not an object' },
    { options: true, kind: 'type', property: 'options', value: 'true', rule: 'is not an object' },
    {
      options: { bigint: 1 },
      kind: 'type',
      property: 'options.bigint',
      value: '1',
      rule: 'is not a boolean',
    },
    {
      options: { bigint: null },
      kind: 'type',
      property: 'options.bigint',
      value: 'null',
      rule: 'is not a boolean',
    },
    {
      options: { bigInt: true },
      kind: 'value',
      property: 'options.bigInt',
      value: "'bigInt'",
      rule: 'did you mean bigint?',
    },
  ])('refuses $options', ({ options, kind, property, value, rule }) => {
    const error = thrownBy(() => checkReadOptions(options));
    expectInputError(error, { kind, property, value, rule });
  });
});
