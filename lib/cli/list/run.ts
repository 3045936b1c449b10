/**
 * `ipvs list`.
 * @module
 */

import { faultOf } from '../../core/input-errors.js';
import { type Ipvs, parseServiceReference, type ServiceWithDestinations } from '../../index.js';
import { sortServices } from '../../ipvs/order.js';
import { UsageError } from '../arguments.js';
import type { Run } from '../command.js';
import { CommandError } from '../failures.js';
import { withIpvs } from '../netns.js';
import { printJson, printLines } from '../output.js';
import type { options } from './command.js';
import { tableOfServices } from './services-table.js';

/** Lists the services. */
export const run: Run<typeof options> = async ({ values, operands: [name] }, { stdout }) => {
  const { stats, rate, json, netns } = values;
  if (stats && rate) throw new UsageError('--stats does not go with --rate: give one of them');
  if (name !== undefined) checkService(name);
  const services = await withIpvs(netns, (ipvs) => readServices(ipvs, name));
  const sorted = sortServices(services);
  if (json) await printJson(stdout, { services: sorted });
  else await printLines(stdout, tableOfServices(sorted, stats ? 'stats' : rate ? 'rate' : 'state'));
  return 0;
};

/** @throws UsageError it is no reference of a service */
function checkService(name: string): void {
  try {
    parseServiceReference(name);
  } catch (error) {
    throw new UsageError(`SERVICE: ${faultOf(error)?.fault}`);
  }
}

async function readServices(
  ipvs: Ipvs,
  name: string | undefined,
): Promise<readonly ServiceWithDestinations[]> {
  if (name === undefined) return (await ipvs.snapshot()).services;
  const [service, destinations] = await Promise.all([
    ipvs.getService(name),
    ipvs.listDestinations(name),
  ]);
  if (service === undefined) throw new CommandError(`there is no service ${name}`);
  return [{ ...service, destinations }];
}
