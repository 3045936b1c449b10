/**
 * Reading of files that a command gets.
 * @module
 */
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
    const { message } = Object(error) as Error;
    throw new InputFileError(`${name}: cannot be read: ${message}`, { cause: error });
  }
}
