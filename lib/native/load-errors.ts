/**
 * The errors of loading the addon: why it cannot be loaded, and what to do.
 * @module
 */
import { isDeniedByDeno } from '../core/denied.js';
import { errorMessage, IpvsError } from '../core/errors.js';

/** Returns the error for an addon that cannot be loaded from `root`, the folder of the package. */
export function loadError(operation: string, cause: unknown, root: string | undefined): IpvsError {
  return noAddon(operation, reasonOf(cause, root), cause);
}

/**
 * Returns the error for an addon with other methods or another layout than this JavaScript expects.
 */
export const versionError = (operation: string): IpvsError => noAddon(operation, OTHER_VERSION);

function noAddon(operation: string, reason: string, cause?: unknown): IpvsError {
  return new IpvsError(`the native addon of ipvs cannot be loaded: ${reason}`, {
    code: 'ERR_IPVS_NO_ADDON',
    operation,
    cause,
  });
}

/** The command that compiles the addon, as a user runs it in the folder of the project. */
const BUILD = `"${process.versions['pnp'] === undefined ? 'npx' : 'yarn'} ipvs build-addon"`;

const OTHER_VERSION = `it is of another version of ipvs: build it again with ${BUILD}`;

const MISSING =
  `there is none for ${process.platform}-${process.arch} in the package: compile it with ` +
  `${BUILD} in the folder of your project (needs python3, make and a C++20 compiler)`;

const BUNDLED =
  'ipvs was bundled, or moved out of its package, where the addon is: mark ipvs as external ' +
  "(esbuild --external:ipvs; external: ['ipvs'] of rollup, rolldown and vite; externals of " +
  'webpack), and install it where the bundle runs';

/** The permissions that Deno must give. An addon is not restricted once it is loaded. */
const DENO_FLAGS = '--allow-env --allow-read --allow-ffi';

/** Returns true if this module is still in its package. */
function isInPackage(root: string): boolean {
  try {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    const { name } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
    return name === 'ipvs';
  } catch {
    return false;
  }
}

/** Returns the reason of a failed load, and what to do. */
function reasonOf(error: unknown, root: string | undefined): string {
  if (root === undefined) return BUNDLED;
  if (isDeniedByDeno(error)) return `Deno refuses it (${error.message}): add ${DENO_FLAGS}`;
  const { code, resource }: { code?: unknown; resource?: unknown } = Object(error);
  if (code === 'ERR_DLOPEN_DISABLED') {
    return process.permission === undefined
      ? 'Node.js runs with --no-addons: remove that option'
      : 'Node.js runs with --permission, which forbids addons: add --allow-addons';
  }
  // The loader takes a folder that it may not read for one that is empty.
  const unreadable = process.permission?.has('fs.read', root) === false;
  if (code === 'ERR_ACCESS_DENIED' || unreadable) {
    const file = typeof resource === 'string' && resource !== '' ? resource : root;
    const addons = process.execArgv.includes('--allow-addons') ? '' : ' and --allow-addons';
    const what = `Node.js runs with --permission and may not read ${file}`;
    return `${what}: add --allow-fs-read=${file}${addons}`;
  }
  if (code === 'ERR_DLOPEN_FAILED') {
    const why = errorMessage(error);
    return `${why}; compiled for this system it may load: ${BUILD}`;
  }
  return isInPackage(root) ? MISSING : BUNDLED;
}
