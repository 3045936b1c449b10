/**
 * Three HTTP servers behind one virtual address, in a network of their own:
 *
 *   client 10.0.0.2 ── 10.0.0.1 director 10.1.N.1 ── 10.1.N.2 server N
 *                      10.96.0.1 (the service)
 *
 * The director balances 60 requests by weighted round-robin. `npm run demo` runs this program on a
 * kernel with IPVS.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Ipvs, type ServiceWithDestinations } from 'ipvs';
import { connect, type Host, Lab } from './lab.js';

const VIP = '10.96.0.1';
const WEIGHTS = [3, 2, 1];
const REQUESTS = 60;
const SERVICE = `tcp://${VIP}:80`;

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const address = (server: number) => `10.1.${server}.2`;

/** Builds the network: a director, its servers and a client. */
async function build({ host }: Lab): Promise<{ director: Host; client: Host }> {
  const director = host('director');
  director.sysctl('net.ipv4.ip_forward', '1');

  const client = host('client');
  connect(director, '10.0.0.1/24', client, '10.0.0.2/24');
  client.ip('route', 'add', 'default', 'via', '10.0.0.1');

  await Promise.all(
    WEIGHTS.map(async (_weight, index) => {
      const number = index + 1;
      const server = host(`server${number}`);
      connect(director, `10.1.${number}.1/24`, server, `${address(number)}/24`);
      // With masquerading, the replies must pass the director.
      server.ip('route', 'add', 'default', 'via', `10.1.${number}.1`);
      const running = server.spawn(program('server.js'), `server ${number}`, '8080');
      await once(running.stdout, 'data');
    }),
  );
  return { director, client };
}

/** Adds the virtual address, the service and its destinations. No more is needed. */
async function balance(ipvs: Ipvs): Promise<void> {
  await ipvs.links.ensureDummy('vip');
  await ipvs.links.ensureAddress('vip', `${VIP}/32`);
  await ipvs.addService({ protocol: 'tcp', address: VIP, port: 80, scheduler: 'wrr' });
  await Promise.all(
    WEIGHTS.map((weight, index) =>
      ipvs.addDestination(SERVICE, {
        address: address(index + 1),
        port: 8080,
        forwarding: 'masquerade',
        weight,
      }),
    ),
  );
}

function printTable(services: readonly ServiceWithDestinations[]): void {
  console.log('\nThe table');
  for (const service of services) {
    const name = 'fwmark' in service ? service.fwmark : `${service.address}:${service.port}`;
    console.log(`  ${SERVICE.slice(0, 3)} ${name}  scheduler ${service.scheduler}`);
    for (const { address, port, forwarding, weight } of service.destinations.toReversed()) {
      console.log(`    -> ${address}:${port}  ${forwarding}  weight ${weight}`);
    }
  }
}

function printSpread(counts: Readonly<Record<string, number>>): void {
  const total = WEIGHTS.reduce((sum, weight) => sum + weight);
  console.log(`\nThe servers that answered the ${REQUESTS} requests`);
  WEIGHTS.forEach((weight, index) => {
    const count = counts[`server ${index + 1}`] ?? 0;
    const bar = '█'.repeat(count).padEnd(REQUESTS / 2);
    const expected = (REQUESTS * weight) / total;
    console.log(`  server ${index + 1}  ${bar} ${count}  (weight ${weight}: ${expected} expected)`);
  });
}

function printCounters(services: readonly ServiceWithDestinations[]): void {
  console.log('\nThe counters');
  const columns = ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'] as const;
  const row = (name: string, cells: readonly (string | number)[]) =>
    console.log(`  ${name.padEnd(16)}${cells.map((cell) => String(cell).padStart(12)).join('')}`);
  row('', columns);
  for (const service of services) {
    row(
      SERVICE.slice(6),
      columns.map((column) => service.stats[column]),
    );
    for (const { address, port, stats } of service.destinations.toReversed()) {
      row(
        `${address}:${port}`,
        columns.map((column) => stats[column]),
      );
    }
  }
}

/**
 * Returns the table when its counters show all requests: the kernel refreshes them every two
 * seconds.
 */
async function waitForCounters(ipvs: Ipvs): Promise<readonly ServiceWithDestinations[]> {
  for (let tries = 0; ; tries++) {
    const { services } = await ipvs.snapshot();
    if (tries === 20 || services.every(({ stats }) => stats.connections >= REQUESTS))
      return services;
    await sleep(500);
  }
}

const lab = new Lab();
process.once('SIGINT', () => {
  lab.delete();
  process.exit(130);
});
try {
  console.log('Building a network of five hosts ...');
  const { director, client } = await build(lab);
  await using ipvs = await Ipvs.open({ netns: director.netns });
  await balance(ipvs);
  printTable((await ipvs.snapshot()).services);
  console.log(`\nThe client requests http://${VIP}/ ${REQUESTS} times ...`);
  const output = await client.run(program('client.js'), `http://${VIP}/`, String(REQUESTS));
  // The output of client.ts.
  printSpread(JSON.parse(output) as Record<string, number>);
  printCounters(await waitForCounters(ipvs));
} finally {
  lab.delete();
}
