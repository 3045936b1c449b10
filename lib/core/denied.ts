/**
 * Refusals of the runtime itself: of Node.js with `--permission`, and of Deno.
 * @module
 */

/** Returns true if Node.js or Deno refused access, not the system. */
export const isDenied = (error: unknown): boolean =>
  isDeniedByDeno(error) ||
  (error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED');

/** Returns the flag that Deno misses, by the message of its refusal; undefined if it names none. */
export const missingDenoFlag = ({ message }: Error): string | undefined =>
  /--allow-[a-z]+/.exec(message)?.[0];

/** Returns true if Deno refused access; its message names the missing flag. */
export const isDeniedByDeno = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'NotCapable';
