/**
 * The addon as it is built.
 * @module
 */
import { loadNative } from '../../../lib/native/load.js';

export const native = loadNative();
