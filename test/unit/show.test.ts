import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { cut, show } from '../../lib/core/show.js';

test('cut shortens a long text', () => {
  expect(cut('x'.repeat(200))).toBe('x'.repeat(200));
  expect(cut('x'.repeat(201))).toBe(`${'x'.repeat(197)}...`);
});

describe('show', () => {
  test.each([
    ['a string', 'text', "'text'"],
    ['a string with blanks', ' a  b ', "' a  b '"],
    ['a string with control characters', 'a\n\u001b\0', "'a\\n\\x1B\\x00'"],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['NaN', Number.NaN, 'NaN'],
    ['a BigInt', 5n, '5n'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object in an object', { a: { b: 1 } }, '{ a: [Object] }'],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
    ['an instance', new (class Config {})(), 'Config {}'],
  ])('formats %s', (_, value, expected) => {
    expect(show(value)).toBe(expected);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  test.each<[string, unknown]>([
    ['a long string', 'x'.repeat(1_000_000)],
    ['a long array', Array.from({ length: 1000 }, (_, index) => index)],
    ['a short array of many', [1, 2, 3, 4, 5, 6, 7, 8]],
    [
      'an object with many keys',
      Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i])),
    ],
    ['a Buffer', Buffer.alloc(1000)],
    ['a map', new Map(Array.from({ length: 100 }, (_, index) => [index, index]))],
    ['an error', new Error('with a stack')],
    ['a long function', Object.defineProperty(() => 0, 'name', { value: 'f'.repeat(1000) })],
    ['an object in a circle', cyclic],
    ['a huge BigInt', 10n ** 500n],
    ['a BigInt that takes long to be written', 1n << 50_000_000n],
    ['a string of 20 MB', 'x'.repeat(20_000_000)],
    ['an object with a string of 20 MB', { a: 'x'.repeat(20_000_000) }],
    ['a long symbol', Symbol('s'.repeat(1_000_000))],
    ['a long key', { ['k'.repeat(1_000_000)]: 1 }],
  ])('shortens %s to one line', (_, value) => {
    expect(show(value).length).toBeLessThanOrEqual(80);
    expect(show(value)).not.toContain('\n');
  });

  test('calls no getter', () => {
    const object = {
      get secret() {
        throw new Error('asked');
      },
    };
    expect(show(object)).toBe('{ secret: [Getter] }');
  });

  test('runs no code of the value', () => {
    const fail = (): never => expect.unreachable('asked');
    const custom = { [inspect.custom]: fail, toString: fail, toJSON: fail };
    expect(show(custom)).toMatch(/^\{/);
    const tagged = {
      get [Symbol.toStringTag](): string {
        throw new Error('asked');
      },
    };
    expect(show(tagged)).not.toBe('');
    // Node.js 26 shows that it is a proxy.
    const shown = show(new Proxy({ a: 1 }, { get: fail, ownKeys: fail }));
    expect(['{ a: 1 }', 'Proxy({ a: 1 })']).toContain(shown);
  });
});
