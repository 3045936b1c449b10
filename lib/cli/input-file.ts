/**
 * Reading of files that a command gets.
 * @module
 */
import { errorMessage } from '../core/errors.js';
import { InputFileError } from './failures.js';

/**
 * Returns the text of a file.
 * @param name its name in the error
 * @throws InputFileError it cannot be read
 */
export async function readInput(name: string, read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    const reason = errorMessage(error);
    throw new InputFileError(`${name}: cannot be read: ${reason}`, { cause: error });
  }
}
