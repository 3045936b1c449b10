/**
 * Loading parts of this package when they are needed.
 * @module
 */
import { errnoName, type IpvsError, operationError } from './errors.js';

/** More than the files of any part, which Node.js opens at the same time. */
const PART_FILES = 16;

/**
 * Returns a function that returns what `load` imports, which is imported once. The function takes
 * the method that needs it, for the error, and rejects with an IpvsError: the errno of reading the
 * file, such as EMFILE, or ERR_IPVS_NO_ADDON if it is not where this file is.
 */
export function lazyPart<Part>(load: () => Promise<Part>): (operation: string) => Promise<Part> {
  let loaded: Part | undefined;
  return async (operation) => {
    if (loaded !== undefined) return loaded;
    try {
      checkDescriptors();
      loaded = await load();
      return loaded;
    } catch (error) {
      throw partError(operation, error);
    }
  };
}

/**
 * Checks that so many descriptors are free as a part may need. Node.js before version 24 never
 * imports a file again that it could not open, so that a lack which passes would last.
 * @throws Error EMFILE or ENFILE
 */
function checkDescriptors(): void {
  const { closeSync, openSync } = process.getBuiltinModule('node:fs');
  const opened: number[] = [];
  try {
    while (opened.length < PART_FILES) opened.push(openSync(new URL(import.meta.url), 'r'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Whatever else is wrong, as in a CommonJS bundle, is the import's matter.
    if (code === 'EMFILE' || code === 'ENFILE') throw error;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

function partError(operation: string, cause: unknown): IpvsError {
  const { errno = 0, syscall = '', message = cause } = Object(cause) as NodeJS.ErrnoException;
  return operationError(`a file of the package cannot be loaded: ${message}`, {
    code: errno < 0 ? errnoName(-errno) : 'ERR_IPVS_NO_ADDON',
    errno,
    syscall,
    operation,
    cause,
  });
}
