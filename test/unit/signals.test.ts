import { describe, expect, test } from 'vitest';
import { checkSignal } from '../../lib/core/check-signal.js';
import { thrownBy } from './helpers/requests.js';

/** A signal as another realm or a polyfill implements it. */
class OtherSignal extends EventTarget {
  readonly aborted = false;
  readonly reason = undefined;
  throwIfAborted(): void {}
  get [Symbol.toStringTag]() {
    return 'AbortSignal';
  }
}

const check = (value: unknown) => checkSignal('options.signal', value);

test.each<readonly [string, unknown]>([
  ['undefined', undefined],
  ['the signal of a controller', new AbortController().signal],
  ['an aborted signal', AbortSignal.abort()],
  ['a signal with a timeout', AbortSignal.timeout(10_000)],
  ['a combined signal', AbortSignal.any([new AbortController().signal])],
  ['a signal of another realm', new OtherSignal()],
])('checkSignal accepts %s', (_, value) => {
  expect(check(value)).toBe(value);
});

describe('checkSignal', () => {
  const methods = { addEventListener() {}, removeEventListener() {}, throwIfAborted() {} };
  test.each<readonly [string, unknown]>([
    ['null', null],
    ['an empty object', {}],
    ['an object with aborted', { aborted: false }],
    ['an object with aborted and throwIfAborted', { aborted: false, throwIfAborted() {} }],
    ['an object with all methods', { aborted: false, ...methods }],
    ['an EventTarget', Object.assign(new EventTarget(), { aborted: false, throwIfAborted() {} })],
    ['a controller', new AbortController()],
    ['an object with the prototype of signals', Object.create(AbortSignal.prototype)],
    ['a tagged object without methods', { [Symbol.toStringTag]: 'AbortSignal', aborted: false }],
    [
      'a tagged object whose aborted is no boolean',
      { [Symbol.toStringTag]: 'AbortSignal', aborted: 0, ...methods },
    ],
  ])('refuses %s', (_, value) => {
    expect(thrownBy(() => check(value))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/^options\.signal: .* is not an AbortSignal$/),
    });
  });
});
