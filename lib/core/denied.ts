/**
 * Refusals of the runtime itself: of Node.js with `--permission`, and of Deno.
 * @module
 */
import { codeOf } from './errors.js';

/** Returns true if Node.js or Deno refused access, not the system. */
export const isDenied = (error: unknown): boolean =>
  isDeniedByDeno(error) || codeOf(error) === 'ERR_ACCESS_DENIED';

/** Returns true if Deno refused access; its message names the missing flag. */
export const isDeniedByDeno = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'NotCapable';

/**
 * Returns what the runtime refuses, and the flags that allow it.
 * @param error the refusal
 * @param action what was tried: 'read /proc'
 * @param nodeFlags the flags that Node.js needs
 * @param denoFlag the flag that Deno needs, if its message names none
 */
export function describeRefusal(
  error: unknown,
  action: string,
  nodeFlags: string,
  denoFlag: string,
): string {
  if (!isDeniedByDeno(error)) {
    return `Node.js runs with --permission and may not ${action}: add ${nodeFlags}`;
  }
  const [flag = denoFlag] = /--allow-[a-z]+/.exec(error.message) ?? [];
  return `Deno may not ${action}: add ${flag}`;
}
