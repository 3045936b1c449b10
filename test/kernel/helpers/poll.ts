/**
 * Polling for conditions that the kernel or another process brings about.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE = 20;
/** Far more than anything takes, even on a busy machine. */
const PATIENCE = 240_000;

/** Calls `ask` until `wanted` accepts its value, and returns that. Throws after four minutes. */
export async function until<Answer>(
  ask: () => Answer | Promise<Answer>,
  wanted: (answer: Answer) => boolean,
): Promise<Answer> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`waited in vain, at last for ${JSON.stringify(answer)}`);
    await sleep(PAUSE);
  }
}
