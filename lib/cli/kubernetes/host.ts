/**
 * The node, apart from IPVS: kernel parameters, addresses, connection tracking.
 * @module
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { promisify } from 'node:util';
import { errorMessage } from '../../core/errors.js';
import type { Ipvs } from '../../index.js';
import {
  kernelParameters,
  type NodeDescription,
  staleFlows,
  type TrackedFlow,
  type UdpFrontend,
} from '../../kubernetes/index.js';
import { CommandError } from '../failures.js';

const run = promisify(execFile);

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

/** A flow, and the arguments of `conntrack -D` that name it. */
interface Flow extends TrackedFlow {
  readonly selector: readonly string[];
}

const MAX_OUTPUT = 256 * 1024 * 1024;

/**
 * Deletes the flows of UDP that no endpoint answers any more, with `conntrack`. Returns their
 * number; undefined if there is no such program.
 */
export async function deleteStaleFlows(udp: readonly UdpFrontend[]): Promise<number | undefined> {
  if (udp.length === 0) return 0;
  const flows: Flow[] = [];
  for (const family of ['ipv4', 'ipv6']) {
    try {
      const args = ['-L', '-p', 'udp', '-f', family];
      const { stdout } = await run('conntrack', args, { maxBuffer: MAX_OUTPUT });
      flows.push(...stdout.split('\n').flatMap(parseFlow));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
  const stale = staleFlows(udp, flows);
  for (const { selector } of stale) {
    // A flow that has just ended is no failure.
    await run('conntrack', ['-D', ...selector]).catch(() => undefined);
  }
  return stale.length;
}

/**
 * Parses a line such as `udp 17 29 src=10.0.0.7 dst=10.96.0.10 sport=4000 dport=53 src=10.244.1.5
 * dst=10.0.0.7 sport=5353 dport=4000 mark=0 use=1`: the original direction, then the reply.
 */
function parseFlow(line: string): Flow[] {
  const [protocol = ''] = line.split(/\s/, 1);
  const values = (key: string) =>
    [...line.matchAll(new RegExp(`\\b${key}=(\\S+)`, 'g'))].map(([, value = '']) => value);
  const [source = '', server] = values('src');
  const [virtual = ''] = values('dst');
  const [clientPort = '', serverPort] = values('sport');
  const [virtualPort = ''] = values('dport');
  if (server === undefined || serverPort === undefined) return [];
  return [
    {
      protocol,
      virtual: { address: virtual, port: Number(virtualPort) },
      server: { address: server, port: Number(serverPort) },
      selector: [
        ...['-p', 'udp', '-f', source.includes(':') ? 'ipv6' : 'ipv4'],
        ...['--orig-src', source, '--orig-dst', virtual],
        ...['--sport', clientPort, '--dport', virtualPort],
        ...['--reply-src', server],
      ],
    },
  ];
}
