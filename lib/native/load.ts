/**
 * Loading the addon: a build of this checkout, or the prebuild for this platform.
 * @module
 */
import { packageRoot } from '../package-root.js';
import type { Native } from './addon.js';
import { INTERFACE_HASH } from './layout.js';
import { loadError, versionError } from './load-errors.js';

let loaded: Native | undefined;

/**
 * Returns the addon, and loads it at the first call.
 * @param operation the method that needs it, for the error
 * @throws IpvsError ERR_IPVS_NO_ADDON if there is none, it is of another version, or Node.js may
 *   not load it; the message says what to do
 */
export function loadNative(operation = 'open'): Native {
  loaded ??= checkVersion(operation, load(operation));
  return loaded;
}

function load(operation: string): Native {
  const root = packageRoot();
  try {
    if (root === undefined) throw new TypeError('a module of a CommonJS bundle has no URL');
    // node-gyp-build has no types: it takes the folder of a package and returns its addon.
    const { createRequire } = process.getBuiltinModule('node:module');
    const load = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => Native;
    return load(root);
  } catch (error) {
    throw loadError(operation, error, root);
  }
}

function checkVersion(operation: string, native: Native): Native {
  if (native.interfaceHash !== INTERFACE_HASH) throw versionError(operation);
  return native;
}
