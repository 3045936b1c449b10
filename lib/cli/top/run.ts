/**
 * `ipvs top`.
 * @module
 */
import type { Ipvs } from '../../index.js';
import type { Context, Run } from '../command.js';
import { withIpvs } from '../netns.js';
import { printLines } from '../output.js';
import type { options } from './command.js';
import { showLive } from './live.js';
import { periodsOf } from './periods.js';
import { jsonOf, textOf } from './plain.js';
import { type Settings, settingsOf } from './settings.js';
import { isTerminal } from './terminal.js';

const NOT_REFRESHED =
  'the kernel does not refresh its counters (sysctl net.ipv4.vs.run_estimation, est_cpulist)';

/** Shows the rates of services and destinations. */
export const run: Run<typeof options> = async ({ values }, context) => {
  const { netns, json } = values;
  const settings = settingsOf(values);
  await withIpvs(netns, async (ipvs) => {
    const isRefreshed = (await ipvs.getInfo()).estimation !== false;
    if (isTerminal(context) && !json) {
      const notes = [
        ...(isRefreshed ? [] : ['counters are off']),
        ...(netns === undefined ? [] : [`netns ${netns}`]),
      ];
      await showLive(ipvs, settings, notes, context);
    } else {
      if (!isRefreshed) await printLines(context.stderr, [`ipvs top: ${NOT_REFRESHED}`]);
      await printPeriods(ipvs, settings, json ? jsonOf : textOf, context);
    }
  });
  return 0;
};

/** Prints the table at the end of each interval. */
async function printPeriods(
  ipvs: Ipvs,
  settings: Settings,
  format: typeof textOf,
  { stdout }: Context,
): Promise<void> {
  const { interval, count = 1 } = settings;
  for await (const period of periodsOf(ipvs, { interval, count })) {
    // The first sample has no rates.
    if (period.elapsed > 0) await printLines(stdout, format(period, settings));
  }
}
