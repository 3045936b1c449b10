/**
 * What users would take instead: programs, started and read by Node.js.
 * @module
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commands, LINK, linkAddresses } from './model.js';
import { type Load, main } from './program.js';

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

const spawning: Load = async (size) => {
  const all = commands(size);
  return async () => {
    for (const args of all) await start('ipvsadm', args);
    return all.length;
  };
};

const restoring: Load = async (size) => {
  const lines = commands(size).map((args) => args.join(' '));
  return async () => {
    await feed(lines, 'ipvsadm', '-R');
    return lines.length;
  };
};

/** Reads the table as `ipvsadm -Ln` prints it; with no more in it than names, weights and counts of connections. */
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

const listing: Load = async () => async () => {
  const services = parse(await read('ipvsadm', '-Ln'));
  return services.reduce((sum, { destinations }) => sum + 1 + destinations.length, 0);
};

/** Counts the connections by destination and state, as `ipvsadm -Lcn` prints them. */
const counting: Load = async () => async () => {
  const counts = new Map<string, number>();
  for (const line of (await read('ipvsadm', '-Lcn')).split('\n').slice(2)) {
    const [, , state, , , destination] = line.split(/ +/);
    if (destination === undefined) continue;
    const key = `${destination} ${state}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
};

const addressing: Load = async ({ services: count }) => {
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
  'ip-batch': addressing,
});
