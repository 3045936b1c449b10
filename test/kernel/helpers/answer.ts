/**
 * Answers of programs that are spoken to by messages.
 * @module
 */
import type { ChildProcess } from 'node:child_process';
import { on } from 'node:events';

/** Returns the next message of a program, for which it may be asked after this call. */
export async function answerOf<Answer>(program: ChildProcess): Promise<Answer> {
  for await (const [answer] of on(program, 'message', { close: ['exit'] })) return answer;
  throw new Error('the program ended before it answered');
}
