// The checks of the addon itself: lib/ only passes whole records.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AF_INET, AF_INET6 } from '../../lib/core/address.js';
import { layout as published } from '../../lib/native/layout.js';
import { native } from './helpers/native.js';
import { layout } from './helpers/requests.js';

const { size } = layout.addressSettings;

describe.each(['findContradiction', 'keepAddresses'] as const)('%s of the addon', (name) => {
  const call: (records: Uint8Array) => unknown = native[name];

  test('accepts whole, aligned records', () => {
    expect(() => call(new Uint8Array(0))).not.toThrow();
    expect(() => call(new Uint8Array(size))).not.toThrow();
  });

  test.each([1, 4, size - 1, size + 1, size + 4])('refuses records of %i bytes', (bytes) => {
    expect(() => call(new Uint8Array(bytes))).toThrow(RangeError);
  });

  test.each([1, 2, 3])('refuses records whose address is off by %i', (offset) => {
    const memory = new ArrayBuffer(size + 8);
    expect(() => call(new Uint8Array(memory, offset, size))).toThrow(RangeError);
  });

  test('refuses anything but a Uint8Array', () => {
    const untyped = call as (records: unknown) => unknown;
    for (const value of [undefined, null, 0, '', [], {}, new ArrayBuffer(size)]) {
      expect(() => untyped(value)).toThrow(TypeError);
    }
  });
});

test('a few addresses contradict none, and no plan has no changes', () => {
  expect(native.findContradiction(new Uint8Array(size))).toBeUndefined();
  expect(native.keepAddresses(new Uint8Array(0)).byteLength).toBe(0);
});

test('keeping addresses reads no further than its records, whatever they are', () => {
  const anyRecords = fc.array(fc.uint8Array({ minLength: size, maxLength: size }), {
    maxLength: 20,
  });
  const anyChange = fc.constantFrom(...Object.values(layout.addressChanges), 9, 0xffff);
  fc.assert(
    fc.property(anyRecords, fc.infiniteStream(anyChange), (plan, changes) => {
      const records = new Uint8Array(plan.length * size);
      const { change, family } = layout.addressSettings.fields;
      const view = new DataView(records.buffer);
      for (const [place, bytes] of plan.entries()) {
        records.set(bytes, place * size);
        const kind = changes.next().value;
        view.setUint16(place * size + change.offset, kind, true);
        view.setUint16(place * size + family.offset, place % 2 ? AF_INET : AF_INET6, true);
      }
      expect(native.keepAddresses(records).byteLength % size).toBe(0);
    }),
  );
});

test('lib/core has the same address families as the addon', () => {
  expect(published.families).toEqual({ ipv4: AF_INET, ipv6: AF_INET6 });
});
