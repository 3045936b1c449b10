import { describe, expect, test } from 'vitest';
import { isEstimating } from '../../lib/host/info.js';

describe('isEstimating', () => {
  const ENOENT = 2;
  test.each([
    { running: '1\n', processors: ENOENT, expected: true },
    { running: '0\n', processors: ENOENT, expected: false },
    { running: '1\n', processors: '0-3\n', expected: true },
    { running: '1\n', processors: '\n', expected: false },
    { running: '1\n', processors: '', expected: false },
    { running: '0\n', processors: '0-3\n', expected: false },
    { running: ENOENT, processors: '0-3\n', expected: null },
    { running: ENOENT, processors: ENOENT, expected: null },
    { running: undefined, processors: undefined, expected: null },
  ])(
    'returns $expected for run_estimation $running and est_cpulist $processors',
    ({ running, processors, expected }) => {
      expect(isEstimating(running, processors)).toBe(expected);
    },
  );
});
