/**
 * The folder of the package. This module is as deep in lib/ as the bundle is in dist/.
 * @module
 */

/**
 * Returns the folder of the package, where the addon is; undefined in a CommonJS bundle, in which
 * a module has no URL.
 */
export function packageRoot(): string | undefined {
  try {
    const { fileURLToPath } = process.getBuiltinModule('node:url');
    return fileURLToPath(new URL('..', import.meta.url));
  } catch {
    return undefined;
  }
}
