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
    ['eth0', 'eth0'],
    ['äöü', 'äöü'],
    ['网卡0', '网卡0'],
    ['a\\b', 'a\\b'],
    ['a\\x41', 'a\\x5cx41'],
    ['a\u001b[0m', 'a\\x1b[0m'],
    ['a\u200eb', 'a\\xe2\\x80\\x8eb'],
    ['a\u3000b', 'a\\xe3\\x80\\x80b'],
    ['\ufeffa', '\\xef\\xbb\\xbfa'],
  ])('is text where it is UTF-8: %j', (name, expected) => {
    expect(decodeName(utf8(name))).toBe(expected);
    expect(encodeName(expected)).toEqual(utf8(name));
  });

  test.each([
    [[0xff], '\\xff'],
    [[0x61, 0xc3], 'a\\xc3'],
    [[0xc3, 0xa4, 0xff], '\\xc3\\xa4\\xff'],
    [[0x5c, 0x78, 0x66, 0x66, 0xff], '\\x5cxff\\xff'],
  ])('has its bytes where it is not: %j', (bytes, expected) => {
    expect(text(bytes)).toBe(expected);
    expect([...encodeName(expected)]).toEqual(bytes);
  });

  test('comes back as it was, whatever its bytes', () => {
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

  test('has at most 15 bytes, however it is written', () => {
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
