/**
 * Waiting for what takes the kernel, or another process, a while.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE = 20;
const PATIENCE = 20_000;

/** Asks until the answer is the one that is `wanted`, and returns it. After 20 seconds it throws, with the last one. */
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
