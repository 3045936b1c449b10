import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeName,
  encodeName,
  linkNameBytes,
  newLinkNameBytes,
} from '../../lib/core/link-name.js';

const text = (bytes: readonly number[]) => decodeName(Uint8Array.from(bytes));
const utf8 = (name: string) => new TextEncoder().encode(name);

describe('the name of a link', () => {
  test.each([
    { name: 'eth0', expected: 'eth0' },
    { name: 'äöü', expected: 'äöü' },
    { name: '网卡0', expected: '网卡0' },
    { name: 'a\\b', expected: 'a\\b' },
    { name: 'a\\x41', expected: 'a\\x5cx41' },
    { name: 'a\u001b[0m', expected: 'a\\x1b[0m' },
    { name: 'a\u200eb', expected: 'a\\xe2\\x80\\x8eb' },
    { name: 'a\u3000b', expected: 'a\\xe3\\x80\\x80b' },
    { name: '\ufeffa', expected: '\\xef\\xbb\\xbfa' },
  ])('is written as $expected if its bytes are UTF-8', ({ name, expected }) => {
    expect(decodeName(utf8(name))).toBe(expected);
    expect(encodeName(expected)).toEqual(utf8(name));
  });

  test.each([
    { bytes: [0xff], expected: '\\xff' },
    { bytes: [0x61, 0xc3], expected: 'a\\xc3' },
    { bytes: [0xc3, 0xa4, 0xff], expected: '\\xc3\\xa4\\xff' },
    { bytes: [0x5c, 0x78, 0x66, 0x66, 0xff], expected: '\\x5cxff\\xff' },
  ])('is written as $expected if its bytes are not UTF-8', ({ bytes, expected }) => {
    expect(text(bytes)).toBe(expected);
    expect([...encodeName(expected)]).toEqual(bytes);
  });

  test('is encoded to the bytes from which it was decoded', () => {
    const byte = fc.oneof(
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom(0x5c, 0x78, 0x66, 0xc3, 0xa4),
    );
    fc.assert(
      fc.property(fc.uint8Array({ min: 1, max: 255, maxLength: 15 }), (bytes) => {
        expect(encodeName(decodeName(bytes))).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 15 }), (bytes) => {
        expect([...encodeName(text(bytes))]).toEqual(bytes);
      }),
    );
  });

  test('has at most 15 bytes in any notation', () => {
    expect(linkNameBytes('name', 'äääääää')).toHaveLength(14);
    expect(linkNameBytes('name', '\\xff'.repeat(15))).toHaveLength(15);
    expect(() => linkNameBytes('name', '\\xff'.repeat(16))).toThrow(/1 to 15 bytes/);
    expect(() => linkNameBytes('name', 'a\ud800')).toThrow(/1 to 15 bytes/); // half a character
    expect(() => linkNameBytes('name', 'ääääääää')).toThrow(/1 to 15 bytes/);
  });

  test('may contain a percent sign unless the link is new', () => {
    expect(linkNameBytes('name', 'a%d')).toEqual(utf8('a%d'));
    expect(() => newLinkNameBytes('name', 'a%d')).toThrow(/without blanks, '\/', ':' and '%'/);
  });
});
