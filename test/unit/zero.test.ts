import { describe, expect, test } from 'vitest';
import { expectRow, mark, TCP, tcp6 } from './helpers/argument-tables.js';
import { requestOf, untyped } from './helpers/requests.js';

describe('zero', () => {
  test.each([TCP, mark, tcp6])('encodes the key of %j', (reference) => {
    const { service, destination } = requestOf(untyped.getService(reference));
    expect(requestOf(untyped.zero(reference))).toMatchObject({ service, destination });
  });

  test('has no key if no service is given', () => {
    expect(requestOf(untyped.zero()).service).toMatchObject({ family: 0, fwmark: 0 });
  });

  test('refuses a service that is not one', () => {
    // As from a find() that found nothing: that must not zero everything.
    expectRow(() => untyped.zero(undefined), {
      kind: 'type',
      property: 'service',
      value: 'undefined',
      rule: 'an object',
    });
    expectRow(() => untyped.zero(null), {
      kind: 'type',
      property: 'service',
      value: 'null',
      rule: 'an object',
    });
    expectRow(() => untyped.zero(''), {
      kind: 'value',
      property: 'service',
      value: "''",
      rule: 'is not a service',
    });
    expectRow(() => untyped.zero({}), {
      kind: 'value',
      property: 'service',
      value: '{}',
      rule: 'needs protocol',
    });
  });
});
