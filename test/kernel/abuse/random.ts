import { Ipvs } from 'ipvs';
import { Table } from '../helpers/model/table.js';
import type { Scenario } from './scenario.js';
import { batches, look, step } from './walk.js';

/** ipvsadm, which is slow to start, is compared after so many batches. */
const LOOK = 50;

export const random: Scenario = {
  name: 'random',
  about: 'random operations in random batches, on handles that come and go, beside a model',
  length: { share: 0.6 },
  room: 16,
  async run(context) {
    const { namespace, random, tally } = context;
    const table = new Table();
    const calls = batches(context);
    const open = () => Ipvs.open({ netns: namespace.path });
    const handles = [await open(), await open(), await open()] as const;
    const all: [Ipvs, ...Ipvs[]] = [...handles];
    for await (const round of context.rounds()) {
      const batch = calls.next().value;
      if (batch === undefined) break;
      await step(tally, random.pick(all), table, batch);
      if (round % LOOK === 0) look(context, table);
      if (random.below(20) === 0) {
        const place = random.below(all.length);
        await all[place]?.close();
        all[place] = await open();
      }
    }
    look(context, table);
    await Promise.all(all.map((ipvs) => ipvs.close()));
  },
};
