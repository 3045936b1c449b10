/**
 * Names of schedulers and persistence engines: the kernel finds each in a module of its own.
 * @module
 */
import { wrongType, wrongValue } from '../core/input-errors.js';

/** The characters of a name. @internal */
export const NAME = /^[\w.-]+$/;

/**
 * Checks the name of a scheduler or a persistence engine.
 * @param hintFor returns a hint about a bad name
 * @internal
 */
export function checkModuleName(
  property: string,
  value: unknown,
  max: number,
  hintFor: (name: string) => string = () => '',
): string {
  if (typeof value === 'string' && value.length <= max && NAME.test(value)) return value;
  const rule = `a name of 1 to ${max} letters, digits, dots, dashes and underscores`;
  if (typeof value !== 'string') throw wrongType(property, value, rule);
  throw wrongValue(property, value, `is not ${rule}${hintFor(value)}`);
}
