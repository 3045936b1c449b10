// The checks of the addon itself: lib/ only passes whole records.
import { describe, expect, test } from 'vitest';
import { AF_INET, AF_INET6 } from '../../lib/core/address.js';
import { layout as published } from '../../lib/native/layout.js';
import { native } from './native.js';
import { layout } from './requests.js';

const { size } = layout.addressSettings;

describe('the addon', () => {
  test('accepts whole, aligned records', () => {
    expect(native.findContradiction(new Uint8Array(0))).toBeUndefined();
    expect(native.findContradiction(new Uint8Array(size))).toBeUndefined();
  });

  test.each([1, 4, size - 1, size + 1, size + 4])('refuses records of %i bytes', (bytes) => {
    expect(() => native.findContradiction(new Uint8Array(bytes))).toThrow(RangeError);
  });

  test.each([1, 2, 3])('refuses records whose address is off by %i', (offset) => {
    const memory = new ArrayBuffer(size + 8);
    expect(() => native.findContradiction(new Uint8Array(memory, offset, size))).toThrow(
      RangeError,
    );
  });

  test('refuses anything but a Uint8Array', () => {
    const untyped: { findContradiction(records: unknown): unknown } = native;
    for (const value of [undefined, null, 0, '', [], {}, new ArrayBuffer(size)]) {
      expect(() => untyped.findContradiction(value)).toThrow(TypeError);
    }
  });
});

test('lib/core has the same address families as the addon', () => {
  expect(published.families).toEqual({ ipv4: AF_INET, ipv6: AF_INET6 });
});
