/**
 * `ipvs save`.
 * @module
 */
import type { Snapshot } from '../../index.js';
import { UsageError } from '../arguments.js';
import type { Context, Run } from '../command.js';
import { withIpvs } from '../netns.js';
import { printLines } from '../output.js';
import { formatState } from '../state-file/write.js';
import type { options } from './command.js';

/** Prints the table. */
export const run: Run<typeof options> = async ({ values }, context) => {
  const { json, exact, netns } = values;
  if (json && values.format !== undefined) {
    throw new UsageError('--json does not go with --format: give one of them');
  }
  const format = json ? 'json' : (values.format ?? 'yaml');
  if (exact && format !== 'rules') throw new UsageError('--exact goes with --format rules only');
  const snapshot = await withIpvs(netns, (ipvs) => ipvs.snapshot());
  if (format === 'rules') return printRules(snapshot, exact, context);
  await printLines(context.stdout, [formatState(snapshot, format === 'json' ? 'json' : 'yaml')]);
  return 0;
};

/** Prints rules, and reports what they lack. Resolves to 1 if they lack anything. */
async function printRules(
  snapshot: Snapshot,
  exact: boolean,
  { stdout, stderr }: Context,
): Promise<number> {
  const { formatRules } = await import('../../ipvsadm/index.js');
  const { text, omitted } = formatRules(snapshot, { exact });
  stdout.write(text);
  const lines = omitted.map(({ service = '', destination = '', property = 'all', value }) => {
    const names = [service, destination, property].filter((name) => name !== '');
    return `ipvs save: not saved: ${names.join(' ')} ${JSON.stringify(value)}`;
  });
  await printLines(stderr, lines);
  return omitted.length === 0 ? 0 : 1;
}
