import { describe, expect, test } from 'vitest';
import { DESTINATION_PROPERTIES, SERVICE_PROPERTIES } from '../../lib/ipvs/properties.js';
import { checkSettings } from '../../lib/ipvs/settings.js';
import { polluted } from './helpers/polluted.js';

/** Properties of objects from the kernel that no operation reads. */
const IGNORED: ReadonlySet<string> = new Set([
  'activeConnections',
  'inactiveConnections',
  'persistentConnections',
  'destinations',
  'change',
]);
const READ = [...new Set([...SERVICE_PROPERTIES, ...DESTINATION_PROPERTIES])].filter(
  (key) => !IGNORED.has(key),
);

describe('checkSettings', () => {
  test.each(READ)('hides the property %s of Object.prototype, enumerable or not', (key) => {
    const keys = new Set([key]);
    const own = { [key]: 3 };
    for (const enumerable of [true, false]) {
      const found = polluted({ [key]: { value: 5, enumerable } }, () => [
        checkSettings('changes', {}, keys)[key],
        checkSettings('changes', own, keys)[key],
      ]);
      expect(found).toEqual([undefined, 3]);
    }
  });

  test('returns a plain object itself, and a copy of an instance', () => {
    const keys = new Set(['weight']);
    class Changes {
      weight = 3;
    }
    const plain = { weight: 3 };
    expect(checkSettings('changes', plain, keys)).toBe(plain);
    expect({ ...checkSettings('changes', new Changes(), keys) }).toEqual(plain);
  });
});
