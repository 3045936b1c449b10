import { describe, expect, test } from 'vitest';
import { IpvsError } from '../../lib/core/errors.js';
import {
  describeInput,
  describePlace,
  outOfRange,
  wrongType,
  wrongValue,
} from '../../lib/core/input-errors.js';

test.each([
  [wrongType('a.b', 5, 'a string'), TypeError, 'ERR_INVALID_ARG_TYPE', 'a.b: 5 is not a string'],
  [wrongValue('a.b', 5, 'is odd'), TypeError, 'ERR_INVALID_ARG_VALUE', 'a.b: 5 is odd'],
  [outOfRange('a.b', 5, 'below 5'), RangeError, 'ERR_OUT_OF_RANGE', 'a.b: 5 is not below 5'],
])('%s has a class and a code', (error, kind, code, message) => {
  expect(error).toBeInstanceOf(kind);
  expect(error).not.toBeInstanceOf(IpvsError);
  expect(error).toMatchObject({ code, message });
});

describe('the message of an input error', () => {
  test('begins with the last call that it was described with', () => {
    const error = wrongType('service.port', 'x', 'a number');
    describeInput(error, 'addService', 'tcp://10.0.0.1:80');
    describeInput(error, 'snapshot', '');
    expect(error).toMatchObject({
      operation: 'snapshot',
      target: '',
      message: "snapshot: service.port: 'x' is not a number",
    });
    describePlace(error, 5);
    expect(error).toMatchObject({
      index: 5,
      message: "batch operation 5: snapshot: service.port: 'x' is not a number",
    });
    expect(Object.keys(error).sort()).toEqual(['code', 'index', 'operation', 'target']);
  });
});
