/**
 * Executes operations while allocations of the addon fail, one at a time: `NETNS FIRST STEP`. It has
 * failing-new.cc preloaded, which uses process.umask(). Ends when no allocation is left to fail, and
 * prints the results.
 * @module
 */
import { Ipvs } from 'ipvs';
import { codeOf, Tally } from './tally.js';

const [, , netns = '', first, step] = process.argv;
const tally = new Tally();
const service = { fwmark: 5 };
const server = { address: '10.0.0.9' };
const link = 'failing0';
const ifExists = { ifExists: true };
/** Errors of failed allocations, and of other operations in a batch whose results are unknown. */
const codes = [
  'ENOMEM',
  'ERR_IPVS_OUTCOME_UNKNOWN',
  'EEXIST',
  'ESRCH',
  'ENOENT',
  'ENODEV',
] as const;

const settle = (operation: Promise<unknown>) => tally.settle(operation, codes);

/** Makes the Nth allocation from now on fail. Returns true if the previous one has failed. */
const failAt = (number: number) => process.umask(number) === 1;

async function readOne(ipvs: Ipvs): Promise<void> {
  for await (const _ of ipvs.connections()) break;
}

async function work(ipvs: Ipvs): Promise<void> {
  await Promise.all([
    settle(ipvs.addService(service)),
    settle(ipvs.addDestination(service, server)),
    settle(ipvs.snapshot()),
    settle(ipvs.updateService(service, { scheduler: 'rr' })),
    settle(ipvs.updateDestination(service, server, { weight: 3 })),
    settle(ipvs.getDestination(service, server)),
    settle(ipvs.ensureService(service)),
  ]);
  await settle(ipvs.listDestinations(service));
  await settle(ipvs.getStats());
  await settle(ipvs.sysctls.get());
  await settle(ipvs.countConnections({ by: ['state'] }));
  await settle(readOne(ipvs));
  await settle(ipvs.links.listLinks());
  await settle(ipvs.links.ensureDummy(link));
  await settle(ipvs.links.reconcileAddresses(link, ['10.9.0.1/32']));
  await settle((async () => ipvs.links.watch().return())());
  const another = await tally.settle(Ipvs.open({ netns }), codes);
  await another?.close();
}

const ipvs = await Ipvs.open({ netns });
/** Large enough for a response that is transferred without a copy. */
const many = Array.from({ length: 300 }, (_, index) => ({
  address: `10.4.${index >> 8}.${index & 255}`,
}));
await ipvs.addService({ fwmark: 6 });
await Promise.all(many.map((each) => ipvs.addDestination({ fwmark: 6 }, each)));

for (let number = Number(first); ; number += Number(step)) {
  failAt(number);
  await work(ipvs);
  const failed = failAt(0);
  // Everything works again, whichever allocation failed.
  try {
    await ipvs.deleteService(service, ifExists);
    await ipvs.links.deleteLink(link, ifExists);
    tally.same((await ipvs.listServices()).length, 1, `services after allocation ${number} failed`);
    tally.same((await ipvs.listDestinations({ fwmark: 6 })).length, many.length, 'destinations');
  } catch (error) {
    tally.fault(`after allocation ${number} failed: ${codeOf(error)}`);
  }
  if (!failed) break;
  tally.count('allocation failed');
}
await ipvs.close();
process.send?.(tally.take());
process.disconnect();
