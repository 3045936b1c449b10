import { describe, expect, test } from 'vitest';
import { checkSignal } from '../../lib/core/signals.js';
import { thrownBy } from './requests.js';

/** As another realm, or a polyfill, has it. */
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
  ['none', undefined],
  ['one of a controller', new AbortController().signal],
  ['one that is aborted', AbortSignal.abort()],
  ['one with a time', AbortSignal.timeout(10_000)],
  ['one of several', AbortSignal.any([new AbortController().signal])],
  ['one of another realm', new OtherSignal()],
])('a signal may be %s', (_, value) => {
  expect(check(value)).toBe(value);
});

describe('what only looks like a signal is refused', () => {
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
  ])('%s', (_, value) => {
    expect(thrownBy(() => check(value))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/^options\.signal: .* is not an AbortSignal$/),
    });
  });
});
