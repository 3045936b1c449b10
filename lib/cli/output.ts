/**
 * Output of commands.
 * @module
 */
import { once } from 'node:events';

/** Writes lines. Resolves when the stream takes more, so that a long output needs little memory. */
export async function printLines(
  stream: NodeJS.WriteStream,
  lines: readonly string[],
): Promise<void> {
  if (lines.length === 0 || stream.write(`${lines.join('\n')}\n`)) return;
  await once(stream, 'drain');
}

/** Resolves when the stream takes more, or the signal is aborted. */
export async function whenDrained(stream: NodeJS.WriteStream, signal: AbortSignal): Promise<void> {
  if (!stream.writableNeedDrain || signal.aborted) return;
  await once(stream, 'drain', { signal }).catch(() => undefined);
}

/** Writes a value as JSON for people and programs, over several lines. */
export async function printJson(stream: NodeJS.WriteStream, value: unknown): Promise<void> {
  await printLines(stream, [JSON.stringify(value, null, 2)]);
}
