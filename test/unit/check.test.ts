import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { readArray, readObject, readOptions } from '../../lib/core/check.js';
import { polluted } from './helpers/polluted.js';
import { thrownBy } from './helpers/requests.js';

const KEYS = new Set(['weight', 'port'] as const);
const read = (value: unknown) => ({ ...readObject('changes', value, KEYS) });
const errorFor = (value: unknown) => thrownBy(() => readObject('changes', value, KEYS));

/** An object that answers `key` with one value the first time, and with another from there on. */
function changing(key: string, first: unknown, then: unknown) {
  let reads = 0;
  const get = () => (reads++ === 0 ? first : then);
  return {
    object: Object.defineProperty({}, key, { enumerable: true, get }),
    reads: () => reads,
  };
}

describe('readObject', () => {
  test('copies the own properties, and sets the others to undefined', () => {
    expect(read({ weight: 3 })).toEqual({ weight: 3, port: undefined });
    expect(read({})).toEqual({ weight: undefined, port: undefined });
  });

  test('accepts plain objects of every kind, and instances with own properties', () => {
    class Changes {
      weight = 3;
      toString() {
        return 'a method is no setting';
      }
    }
    class More extends Changes {
      port = 80;
    }
    const hidden = Object.defineProperty({}, 'weight', { value: 3 });
    for (const value of [
      { weight: 3 },
      Object.freeze({ weight: 3 }),
      Object.assign(Object.create(null), { weight: 3 }),
      new Changes(),
      new More(),
      hidden,
      new Proxy({ weight: 3 }, {}),
      runInNewContext('({ weight: 3 })'),
    ]) {
      expect(read(value)).toMatchObject({ weight: 3 });
    }
    for (const value of [{}, Object.create(null), runInNewContext('({})')]) {
      expect(read(value)).toEqual({ weight: undefined, port: undefined });
    }
  });

  test('reads each property once, in the order of the keys', () => {
    const { object, reads } = changing('weight', 3, 70000);
    expect(read(object)).toMatchObject({ weight: 3 });
    expect(reads()).toBe(1);

    const order: PropertyKey[] = [];
    const get = (target: object, key: PropertyKey) => {
      order.push(key);
      return Reflect.get(target, key);
    };
    expect(read(new Proxy({ port: 80, weight: 3 }, { get }))).toEqual({ weight: 3, port: 80 });
    expect(order).toEqual(['weight', 'port']);
  });

  test.each<readonly [string, unknown]>([
    ['a Map', new Map([['weight', 3]])],
    ['a Set', new Set(['weight'])],
    ['a Date', new Date()],
    ['a RegExp', /weight/],
    ['a Map with a property', Object.assign(new Map(), { weight: 3 })],
    ['a Date with a property', Object.assign(new Date(), { weight: 3 })],
    ['a WeakMap', new WeakMap()],
    ['a WeakSet', new WeakSet()],
    ['an Error', new Error('weight')],
    ['a Number', Object(3)],
    ['a Boolean', Object(false)],
    ['a URL', new URL('tcp://10.0.0.1:80')],
    ['search parameters', new URLSearchParams('weight=3')],
    ['an AbortSignal', new AbortController().signal],
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['bytes', new Uint8Array(8)],
    ['many bytes', Buffer.alloc(50_000_000)],
    ['a generator', (function* () {})()],
    ['a Map of another realm', runInNewContext('new Map()')],
    ['a Date of another realm', runInNewContext('new Date()')],
    ['an instance without properties of its own', new (class Changes {})()],
    [
      'an instance with a private field',
      new (class Changes {
        readonly #weight = 3;
        get weight() {
          return this.#weight;
        }
      })(),
    ],
  ])('refuses %s, which would look empty', (_, value) => {
    expect(errorFor(value)).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/^changes: .* is not an object with properties of its own$/),
    });
  });

  test('refuses inherited properties', () => {
    class Changes {
      port = 80;
      get weight() {
        return 3;
      }
    }
    for (const value of [
      new Changes(),
      Object.assign(Object.create({ weight: 3 }), { port: 80 }),
      Object.assign(Object.create(Object.create({ weight: 3 })), { port: 80 }),
      Object.assign(Object.create(Object.assign(Object.create(null), { weight: 3 })), { port: 80 }),
    ]) {
      expect(errorFor(value)).toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
        message: "changes.weight: 'weight' is inherited: only own properties are read",
      });
    }
    // An own one hides it.
    expect(read(Object.assign(Object.create({ weight: 3 }), { weight: 5 }))).toMatchObject({
      weight: 5,
    });
  });

  test('inspects a class once for all of its instances', () => {
    class Changes {
      constructor(readonly weight: number) {}
      save() {}
    }
    read(new Changes(1));
    const descriptors = vi.spyOn(Object, 'getOwnPropertyDescriptors');
    try {
      for (const weight of [2, 3]) expect(read(new Changes(weight)).weight).toBe(weight);
      const looks = descriptors.mock.calls.filter(([object]) => object === Changes.prototype);
      expect(looks).toEqual([]);
    } finally {
      descriptors.mockRestore();
    }
  });

  test('refuses a promise with the advice to await it', () => {
    expect(errorFor(Promise.resolve({ weight: 3 }))).toMatchObject({
      message: expect.stringMatching(/is not an object: await the promise first$/),
    });
  });

  test.each([true, false])(
    'ignores properties of Object.prototype (enumerable: %s)',
    (enumerable) => {
      const descriptor = { value: 5, enumerable };
      const found = polluted({ weight: descriptor, unheard: descriptor }, () => [
        readObject('changes', { port: 80 }, KEYS).weight,
        readObject('changes', { port: 80, weight: 3 }, KEYS).weight,
        readOptions(undefined, KEYS).weight,
      ]);
      expect(found).toEqual([undefined, 3, undefined]);
    },
  );

  test('calls no setter of Object.prototype', () => {
    const taken: unknown[] = [];
    const own = Object.defineProperty({}, 'weight', { value: 3, enumerable: true });
    const descriptor = { get: () => 5, set: (value: unknown) => taken.push(value) };
    const found = polluted({ weight: descriptor }, () => readObject('changes', own, KEYS).weight);
    expect(found).toBe(3);
    expect(taken).toEqual([]);
  });
});

describe('readArray', () => {
  const items = (value: unknown) =>
    readArray('names', value, 'an array of names', (item, index) => [item, index]);

  test('reads each item once, whatever its iterator does', () => {
    const { object, reads } = changing('0', 'a', 'b');
    const array = Object.defineProperties([1, 2], Object.getOwnPropertyDescriptors(object));
    array[Symbol.iterator] = () => [][Symbol.iterator]();
    expect(items(array)).toEqual([
      ['a', 0],
      [2, 1],
    ]);
    expect(reads()).toBe(1);
  });

  test.each(['a', 5, null, undefined, {}, new Set(['a']), new Uint8Array(3)])(
    'refuses %o, which is no array',
    (value) => {
      expect(thrownBy(() => items(value))).toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringMatching(/^names: .* is not an array of names$/),
      });
    },
  );
});
