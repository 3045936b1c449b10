/**
 * The functions of node:util that this package uses. An import would read every export of
 * node:util, also the lazy ones, for which Node.js loads its modules of streams and workers.
 * @module
 */

/** See node:util. */
export const { debuglog, getSystemErrorMap, inspect, isDeepStrictEqual, types } =
  process.getBuiltinModule('node:util');
