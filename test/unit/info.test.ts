import { describe, expect, test } from 'vitest';
import { isEstimating } from '../../lib/host/info.js';

describe('whether counters are refreshed', () => {
  const ENOENT = 2;
  test.each([
    ['1\n', ENOENT, true],
    ['0\n', ENOENT, false],
    ['1\n', '0-3\n', true],
    ['1\n', '\n', false],
    ['1\n', '', false],
    ['0\n', '0-3\n', false],
    [ENOENT, '0-3\n', null],
    [ENOENT, ENOENT, null],
    [undefined, undefined, null],
  ])('run_estimation %j and est_cpulist %j: %j', (running, processors, expected) => {
    expect(isEstimating(running, processors)).toBe(expected);
  });
});
