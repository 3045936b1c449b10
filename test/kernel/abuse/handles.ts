import { closeSync, openSync } from 'node:fs';
import { Ipvs } from 'ipvs';
import type { Scenario } from './scenario.js';

type Use = (ipvs: Ipvs) => Promise<unknown>;

let made = 0;

const uses: readonly [Use, ...Use[]] = [
  async () => undefined,
  (ipvs) => ipvs.listServices(),
  (ipvs) => Promise.all([ipvs.addService({ fwmark: 1 }), ipvs.deleteService({ fwmark: 1 })]),
  (ipvs) => ipvs.links.listLinks(),
  (ipvs) => ipvs.getInfo(),
  async (ipvs) => {
    for await (const connection of ipvs.connections()) return connection;
    return undefined;
  },
  async (ipvs) => {
    const watching = ipvs.links.watch().ref();
    const link = `soak${made++}`;
    await Promise.all([watching.next(), ipvs.links.ensureDummy(link)]);
    await ipvs.links.deleteLink(link);
    await watching.return();
  },
];
/** The number of handles that are opened at once. */
const MANY = 10;

export const handles: Scenario = {
  name: 'handles',
  about: 'handles opened, used and closed, or left to the garbage collector, ten at a time',
  length: { full: 1000, quick: 40 },
  room: 8,
  async run(context) {
    const { namespace, random, tally } = context;
    const openOne = async () => {
      if (random.below(2) === 0) return Ipvs.open({ netns: namespace.path });
      const fd = openSync(namespace.path, 'r');
      try {
        return await Ipvs.open({ netns: { fd } });
      } finally {
        closeSync(fd);
      }
    };
    const live = async () => {
      const ipvs = await tally.settle(openOne());
      if (ipvs === undefined) return;
      // Another handle may add the same service at the same time.
      await tally.settle(random.pick(uses)(ipvs), ['EEXIST', 'ESRCH']);
      if (random.below(10) > 0) await tally.settle(ipvs.close());
    };
    for await (const _ of context.rounds()) await Promise.all(Array.from({ length: MANY }, live));
    const ipvs = await Ipvs.open({ netns: namespace.path });
    await ipvs.flush();
    await ipvs.close();
    tally.same(namespace.saved(), [], 'after all of them');
  },
};
