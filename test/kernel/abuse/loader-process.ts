/**
 * Brings a table into a wanted state with ensures: `NETNS SERVICES DESTINATIONS WEIGHT`. Prints when
 * it begins and how many milliseconds it took.
 * @module
 */
import { performance } from 'node:perf_hooks';
import { Ipvs } from 'ipvs';
import { wantedTable } from './wanted.js';

const [, , netns = '', services, destinations, weight] = process.argv;
const wanted = wantedTable(Number(services), Number(destinations), Number(weight));
const ipvs = await Ipvs.open({ netns });
process.send?.('loading');
const begin = performance.now();
for (const { config, destinations } of wanted) {
  await Promise.all([
    ipvs.ensureService(config),
    ...destinations.map((each) => ipvs.ensureDestination(config, each)),
  ]);
}
process.send?.(performance.now() - begin);
process.disconnect();
