/**
 * `ipvs save`.
 * @module
 */
import type { Run } from '../command.js';
import { withIpvs } from '../netns.js';
import { printLines } from '../output.js';
import { formatState } from '../state-file/write.js';
import type { options } from './command.js';

/** Prints the table. */
export const run: Run<typeof options> = async ({ values: { format, netns } }, { stdout }) => {
  const snapshot = await withIpvs(netns, (ipvs) => ipvs.snapshot());
  await printLines(stdout, [formatState(snapshot, format === 'json' ? 'json' : 'yaml')]);
  return 0;
};
