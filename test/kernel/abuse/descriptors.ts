import { closeSync, openSync } from 'node:fs';
import { Ipvs } from 'ipvs';
import { run } from '../helpers/namespace.js';
import type { Scenario } from './scenario.js';
import { countDescriptors } from './vitals.js';

/** The number of descriptors that the process may still open. */
const SPARE = 60;
const noRoom = ['EMFILE'];

function limit(descriptors: number | string): void {
  run('prlimit', ['--pid', String(process.pid), `--nofile=${descriptors}:`]);
}

export const descriptors: Scenario = {
  name: 'descriptors',
  about: 'no file descriptors left: nothing opens, what is open works, and so does all afterwards',
  length: { full: 100, quick: 4 },
  room: 16,
  async run(context) {
    const { namespace, random, tally } = context;
    const netns = namespace.path;
    const first = await Ipvs.open({ netns });
    const before = run('prlimit', [
      '--pid',
      String(process.pid),
      '--nofile',
      '--output=SOFT',
      '--noheadings',
    ]).trim();

    /** Opens handles until opening fails. */
    const exhaust = async (): Promise<Ipvs[]> => {
      const opened: Ipvs[] = [];
      for (;;) {
        const ipvs = await tally.settle(Ipvs.open({ netns }), noRoom);
        if (ipvs === undefined) return opened;
        opened.push(ipvs);
      }
    };

    for await (const round of context.rounds()) {
      limit(countDescriptors() + SPARE);
      const opened = await exhaust();
      const fillers: number[] = [];
      for (;;) {
        try {
          fillers.push(openSync('/dev/null', 'r'));
        } catch {
          break;
        }
      }
      // With each number of free descriptors, another step of the operation fails.
      for (let left = 0; left <= 6; left++) {
        const ipvs = random.pick([first, ...opened]);
        const fwmark = 1 + round;
        await tally.settle(ipvs.addService({ fwmark }));
        await tally.settle(ipvs.addDestination({ fwmark }, { address: '10.0.0.1' }));
        const found = await tally.settle(ipvs.listDestinations({ fwmark }));
        tally.same(found?.length, 1, 'destinations that an open handle lists');
        await tally.settle(ipvs.deleteService({ fwmark }));
        await tally.settle(ipvs.getStats(), noRoom);
        await tally.settle(ipvs.countConnections({ by: ['state'] }), noRoom);
        await tally.settle(ipvs.sysctls.get(), noRoom);
        await tally.settle(ipvs.getInfo());
        await tally.settle(ipvs.links.listLinks(), noRoom);
        const another = await tally.settle(Ipvs.open({ netns }), noRoom);
        await another?.close();
        const filler = fillers.pop();
        if (filler !== undefined) closeSync(filler);
      }
      for (const filler of fillers) closeSync(filler);
      for (const ipvs of opened) await tally.settle(ipvs.close());
      // Descriptors are available again.
      const again = await tally.settle(Ipvs.open({ netns }));
      await tally.settle(again?.getStats() ?? Promise.reject(new Error('no handle')));
      await again?.close();
    }
    limit(before);
    tally.same(namespace.saved(), [], 'at the end');
    await first.close();
  },
};
