/**
 * Executes operations with little memory: `NETNS OPERATIONS SEED SERVICES DESTINATIONS WARM-UPS`, on a
 * table with so many services and destinations of each. Reports when it is warm, executes on request,
 * reports the results, and on a second request, with enough memory, shows that everything works.
 * @module
 */
import { once } from 'node:events';
import { Ipvs } from 'ipvs';
import { Random } from './seeded.js';
import { Tally } from './tally.js';

const [, , netns = '', operations, seed, services, destinations, warmUps] = process.argv;
const random = new Random(Number(seed));
const tally = new Tally();
const own = { fwmark: 1 };
/** Without memory, the result of a change may be unknown. */
const noMemory = ['ENOMEM', 'ENOBUFS', 'EAGAIN', 'ERR_IPVS_OUTCOME_UNKNOWN'];
const ifExists = { ifExists: true };

async function list(ipvs: Ipvs, codes: readonly string[]): Promise<void> {
  const snapshot = await tally.settle(ipvs.snapshot(), codes);
  const counts = snapshot?.services
    .filter((service) => !('fwmark' in service))
    .map((service) => service.destinations.length);
  if (counts === undefined) return;
  const expected = Array.from({ length: Number(services) }, () => Number(destinations));
  tally.same(counts, expected, 'destinations in a snapshot');
}

async function add(ipvs: Ipvs, codes: readonly string[]): Promise<void> {
  const made = tally.settle(ipvs.ensureService(own), codes);
  // A service that could not be added has no destinations either.
  const withoutService = codes.length > 0 ? [...codes, 'ESRCH'] : codes;
  const added = Array.from({ length: 300 }, (_, index) =>
    tally.settle(
      ipvs.ensureDestination(own, { address: `10.3.${index >> 8}.${index & 255}` }),
      withoutService,
    ),
  );
  await Promise.all([made, ...added, tally.settle(ipvs.deleteService(own, ifExists), codes)]);
}

async function openAnother(_: Ipvs, codes: readonly string[]): Promise<void> {
  const another = await tally.settle(Ipvs.open({ netns }), codes);
  if (another === undefined) return;
  await tally.settle(another.links.listLinks(), codes);
  await tally.settle(another.countConnections({ by: ['state'] }), codes);
  await another.close();
}

const works = [list, add, openAnother] as const;

const ipvs = await Ipvs.open({ netns });
for (let time = 0; time < Number(warmUps); time++) for (const work of works) await work(ipvs, []);
process.send?.('warm');
await once(process, 'message');
for (let time = 0; time < Number(operations); time++) await random.pick(works)(ipvs, noMemory);
process.send?.(tally.take());
await once(process, 'message');
for (const work of works) await work(ipvs, []);
await ipvs.close();
process.send?.(tally.take());
process.disconnect();
