import { describe, expect, test } from 'vitest';
import { checkReadOptions } from '../../lib/ipvs/stats.js';
import { expectInputError, type Kind, thrownBy } from './requests.js';

describe('options of reading', () => {
  test.each([
    [undefined, false],
    [{}, false],
    [{ bigint: undefined }, false],
    [{ bigint: false }, false],
    [{ bigint: true }, true],
  ])('%j: %j', (options, expected) => {
    expect(checkReadOptions(options)).toBe(expected);
  });

  type Row = readonly [unknown, Kind, string, string, string];
  test.each<Row>([
    [null, 'type', 'options', 'null', 'is not an object'],
    [true, 'type', 'options', 'true', 'is not an object'],
    [{ bigint: 1 }, 'type', 'options.bigint', '1', 'is not a boolean'],
    [{ bigint: null }, 'type', 'options.bigint', 'null', 'is not a boolean'],
    [{ bigInt: true }, 'value', 'options.bigInt', "'bigInt'", 'did you mean bigint?'],
  ])('%j is refused', (options, kind, property, value, rule) => {
    const error = thrownBy(() => checkReadOptions(options));
    expectInputError(error, { kind, property, value, rule });
  });
});
