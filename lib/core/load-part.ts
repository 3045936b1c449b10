/**
 * Loading parts of this package when they are needed.
 * @module
 */
import { errnoName, type IpvsError, operationError } from './errors.js';

/**
 * Returns what `load` imports.
 * @param operation the method that needs it, for the error
 * @throws IpvsError the errno of reading the file, such as EMFILE; ERR_IPVS_NO_ADDON: it is not
 *   where this file is
 */
export async function loadPart<Part>(operation: string, load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (error) {
    throw partError(operation, error);
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
