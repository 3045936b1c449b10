/**
 * The node, apart from its services: scheduler, kernel parameters and addresses.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { codeOf, errorMessage } from '../../core/errors.js';
import { schedulerName } from '../../host/diagnose/modules.js';
import type { Ipvs } from '../../index.js';
import { schedulerHint } from '../../ipvs/schedulers.js';
import { kernelParameters, type NodeDescription } from '../../kubernetes/index.js';
import { CommandError } from '../failures.js';

/**
 * Makes sure that the kernel has a scheduler, as kube-proxy does: without it, every service would
 * be refused. May load its module.
 * @throws CommandError it has none of this name
 */
export async function checkScheduler(ipvs: Ipvs, scheduler: string): Promise<void> {
  const checks = await ipvs.diagnose({ schedulers: [scheduler] });
  const missing = checks.find(
    ({ name, status }) => name === schedulerName(scheduler) && status === 'missing',
  );
  if (missing === undefined) return;
  const hint = schedulerHint(scheduler) || '; or choose another one with --ipvs-scheduler';
  throw new CommandError(`there is no scheduler ${scheduler}: ${missing.detail}${hint}`);
}

/**
 * Sets the kernel parameters that are not as they should be. Returns the changes
 * ('net/ipv4/ip_forward: 0 → 1').
 * @throws CommandError a parameter cannot be set, as in a container that is not privileged
 */
export async function setParameters(strictARP: boolean): Promise<string[]> {
  const changes: string[] = [];
  for (const [name, value] of Object.entries(kernelParameters({ strictARP, kernel: release() }))) {
    const path = `/proc/sys/${name}`;
    try {
      const before = (await readFile(path, 'latin1')).trim();
      if (before === String(value)) continue;
      await writeFile(path, String(value));
      changes.push(`${name}: ${before} → ${value}`);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        throw new CommandError(`the kernel has no parameter ${path}`, { cause: error });
      }
      const setting = `${name.replaceAll('/', '.')}=${value}`;
      const text = `a kernel parameter cannot be set: ${errorMessage(error)}`;
      throw new CommandError(`${text}: run as root 'sysctl -w ${setting}'`, { cause: error });
    }
  }
  return changes;
}

/** Returns the addresses of each link. */
export async function addressesOf(ipvs: Ipvs): Promise<NonNullable<NodeDescription['addresses']>> {
  const links = new Map<string, string[]>();
  for (const { link, address } of await ipvs.links.listAddresses()) {
    const addresses = links.get(link);
    if (addresses === undefined) links.set(link, [address]);
    else addresses.push(address);
  }
  return Object.fromEntries(links);
}
