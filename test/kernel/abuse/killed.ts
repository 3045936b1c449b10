import { setTimeout as sleep } from 'node:timers/promises';
import { Ipvs } from 'ipvs';
import { Child } from './children.js';
import type { Scenario } from './scenario.js';
import { linesOf, wantedTable } from './wanted.js';

const SERVICES = 20;
const DESTINATIONS = 250;

export const killed: Scenario = {
  name: 'killed',
  about: 'a load of 5,000 destinations killed by SIGKILL in the middle, and run again',
  length: { full: 30, quick: 3 },
  room: 16,
  async run(context) {
    const { namespace, random, tally } = context;
    const lines = (weight: number) => linesOf(wantedTable(SERVICES, DESTINATIONS, weight));
    /** Runs the process to its end, and returns the milliseconds that the load took. */
    const load = async (weight: number): Promise<number> => {
      const child = new Child('loader', [namespace.path, SERVICES, DESTINATIONS, weight]);
      await child.hear();
      const milliseconds = await child.hear<number>();
      const { code, said } = await child.ended;
      tally.same(code, 0, `a load that nobody disturbs: ${said}`);
      tally.count();
      return milliseconds ?? 0;
    };
    const ipvs = await Ipvs.open({ netns: namespace.path });
    const usual = await load(1);
    let midst = 0;

    for await (const round of context.rounds()) {
      // Into an empty table, or over one in which everything differs.
      if (random.below(2) === 0) await ipvs.flush();
      const before = new Set(namespace.saved());
      const weight = 2 + round;
      const child = new Child('loader', [namespace.path, SERVICES, DESTINATIONS, weight]);
      await child.hear();
      await sleep(usual * (0.05 + 0.008 * random.below(100)));
      child.process.kill('SIGKILL');
      const { signal } = await child.ended;
      tally.count(signal ?? 'ended before');

      const after = new Set(lines(weight));
      const seen = namespace.saved();
      const foreign = seen.filter((line) => !before.has(line) && !after.has(line));
      tally.same(foreign, [], 'lines that are neither of before nor of after');
      const done = seen.filter((line) => after.has(line)).length;
      if (done > SERVICES && done < after.size) midst++;
      await load(weight);
      tally.same(namespace.saved(), lines(weight), 'after another run');
    }
    tally.same(midst > 0, true, 'a load was killed in the middle');
    await ipvs.flush();
    await ipvs.close();
  },
};
