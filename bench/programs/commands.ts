/**
 * The workloads of the alternatives that are commands: ipvsadm and ip, started by Node.js.
 * @module
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ipvsadmArguments, LINK, linkAddresses } from '../objects.js';
import { main, type Workload } from './workload.js';

const MAX_OUTPUT = 2 ** 30;
const start = promisify(execFile);

async function read(program: string, ...args: string[]): Promise<string> {
  return (await start(program, args, { maxBuffer: MAX_OUTPUT })).stdout;
}

async function feed(lines: readonly string[], program: string, ...args: string[]): Promise<void> {
  const running = start(program, args);
  running.child.stdin?.end(`${lines.join('\n')}\n`);
  await running;
}

const spawning: Workload = async (size) => {
  const all = ipvsadmArguments(size);
  return async () => {
    for (const args of all) await start('ipvsadm', args);
    return all.length;
  };
};

const restoring: Workload = async (size) => {
  const lines = ipvsadmArguments(size).map((args) => args.join(' '));
  return async () => {
    await feed(lines, 'ipvsadm', '-R');
    return lines.length;
  };
};

/** Parses the output of `ipvsadm -Ln`: names, weights and numbers of connections. */
function parse(output: string) {
  const services: { name: string; scheduler: string; destinations: object[] }[] = [];
  for (const line of output.split('\n').slice(3)) {
    const [first = '', second = '', third = '', weight, active, inactive] = line.trim().split(/ +/);
    if (first === '->') {
      const counts = [weight, active, inactive].map(Number);
      services.at(-1)?.destinations.push({ name: second, forwarding: third, counts });
    } else if (first !== '') {
      services.push({ name: `${first} ${second}`, scheduler: third, destinations: [] });
    }
  }
  return services;
}

const listing: Workload = async () => async () => {
  const services = parse(await read('ipvsadm', '-Ln'));
  return services.reduce((sum, { destinations }) => sum + 1 + destinations.length, 0);
};

/** Counts the connections in the output of `ipvsadm -Lcn` by destination and state. */
const counting: Workload = async () => async () => {
  const counts = new Map<string, number>();
  for (const line of (await read('ipvsadm', '-Lcn')).split('\n').slice(2)) {
    const [, , state, , , destination] = line.split(/ +/);
    if (destination === undefined) continue;
    const key = `${destination} ${state}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
};

const addingAddresses: Workload = async ({ services: count }) => {
  const lines = linkAddresses(count).map((address) => `address add ${address} dev ${LINK}`);
  return async () => {
    await feed(lines, 'ip', '-batch', '-');
    return count;
  };
};

await main({
  execFile: spawning,
  restore: restoring,
  list: listing,
  'count-connections': counting,
  'ip-batch': addingAddresses,
});
