/**
 * Polling for conditions that the kernel or another process brings about.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE = 20;
const PATIENCE = 20_000;

/** Calls `ask` until `wanted` accepts its value, and returns that. Throws after 20 seconds. */
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
