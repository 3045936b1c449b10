/**
 * The numbers that the kernel gives to links.
 * @module
 */
import { checkInteger } from '../core/check.js';

const MAX_INDEX = 2 ** 31 - 1;

/** Checks the index of a link. @internal */
export const checkLinkIndex = (property: string, index: unknown): number =>
  checkInteger(property, index, 1, MAX_INDEX);
