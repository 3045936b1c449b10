/**
 * The internals of an open director: loaded by {@link Director.open}.
 * @module
 */
import { checkArguments } from './core/arguments.js';
import { internalsOf } from './internals.js';
import { beginToOpen } from './native/open.js';
import { DirectorLoop } from './state/director/loop.js';
import { checkDirectorOptions } from './state/director/options.js';

/** Opens a director, after the check of its options. */
export async function openDirector(args: readonly unknown[]): Promise<DirectorLoop> {
  const settings = checkArguments('open', args, 1, checkDirectorOptions);
  const { netns } = settings;
  const internals = await internalsOf(beginToOpen(netns, true), netns);
  return new DirectorLoop(internals.directorAccess(), settings);
}
