/**
 * Short programs, whose whole process is measured. Each prints the number of its operations as a
 * {@link Run}:
 *
 *     process.js WORKLOAD SERVICES DESTINATIONS NETNS
 *
 * @module
 */
import { Ipvs } from 'ipvs';
import type { Run } from '../measurements.js';
import { serviceTable } from '../objects.js';
import { addBatch, addConcurrently, type Load } from './loads.js';

const loads: Readonly<Record<string, Load>> = { 'promise-all': addConcurrently, batch: addBatch };

const [name = '', services, destinations, netns = ''] = process.argv.slice(2);
const size = { services: Number(services), destinations: Number(destinations) };
const load = loads[name];
const ipvs = await Ipvs.open({ netns });
let operations = 0;
if (load !== undefined) {
  await load(ipvs, serviceTable(size));
  operations = size.services * (1 + size.destinations);
} else if (name === 'snapshot') {
  for (const service of (await ipvs.snapshot()).services) {
    operations += 1 + service.destinations.length;
  }
} else {
  throw new Error(`no such workload: ${name}`);
}
await ipvs.close();
const run: Run = { operations, milliseconds: Number.NaN };
console.log(JSON.stringify(run));
