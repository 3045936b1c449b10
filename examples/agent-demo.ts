/**
 * The agent of agent.ts at work, under load:
 *
 *   client 10.0.0.2 ── 10.0.0.1 director 10.1.N.1 ── 10.1.N.2 server N
 *                      10.96.0.1, on the dummy link vip0
 *
 * While the client sends requests, servers come and go, and another program damages the table. No
 * request fails. `npm run demo -- agent` runs this program on a kernel with IPVS.
 */
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Ipvs, type State } from 'ipvs';
import { connect, Lab } from './lab.js';

const VIP = '10.96.0.1';
const REQUESTS = 60;
const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'agent-'));
const file = join(folder, 'state.json');

/** Writes the file of the agent: a service with these servers. */
function write(...servers: readonly number[]): void {
  const destinations = servers.map((server) => ({
    address: `10.1.${server}.2`,
    port: 8080,
    forwarding: 'masquerade' as const,
  }));
  const service = { protocol: 'tcp', address: VIP, port: 80, scheduler: 'rr' } as const;
  const state: State = {
    services: servers.length > 0 ? [{ ...service, destinations }] : [],
  };
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

const lab = new Lab();
try {
  console.log('Building a network of four hosts ...');
  const [director, client] = [lab.host('director'), lab.host('client')];
  director.sysctl('net.ipv4.ip_forward', '1');
  connect(director, '10.0.0.1/24', client, '10.0.0.2/24');
  client.ip('route', 'add', 'default', 'via', '10.0.0.1');
  for (const number of [1, 2]) {
    const server = lab.host(`server${number}`);
    connect(director, `10.1.${number}.1/24`, server, `10.1.${number}.2/24`);
    server.ip('route', 'add', 'default', 'via', `10.1.${number}.1`);
    const running = server.spawn(program('server.js'), `server ${number}`, '8080');
    await once(running.stdout, 'data');
  }

  write(1);
  const options = ['--drain', '3000', '--resync', '500'];
  const agent = director.spawn(program('agent.js'), ...options, file);
  const lines = createInterface({ input: agent.stdout });
  lines.on('line', (line) => console.log(`    ${line}`));
  /** Waits until the agent logs a line. */
  const logged = (text: string) =>
    new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => line === text && resolve());
      lines.once('close', () => reject(new Error(`the agent ended before '${text}'`)));
    });
  await logged('in sync');

  /** Does something while the client sends requests, and waits for a line of the agent. */
  const underLoad = async (title: string, act: () => unknown, line: string) => {
    console.log(`\n${title}, while the client sends ${REQUESTS} requests`);
    // Exits with an error if a request fails.
    const output = client.run(program('client.js'), `http://${VIP}/`, String(REQUESTS));
    await Promise.all([logged(line), act()]);
    console.log(`  The servers that answered: ${(await output).trim()}`);
  };
  await underLoad('Server 2 comes', () => write(1, 2), 'in sync');
  await underLoad('Server 1 goes', () => write(2), 'drained');
  await using ipvs = await Ipvs.open({ netns: director.netns });
  const forwarding = 'masquerade';
  const unwanted = { address: '10.1.9.2', port: 8080, forwarding, weight: 0 } as const;
  const addUnwanted = () => ipvs.addDestination(`tcp://${VIP}:80`, unwanted);
  await underLoad('Another program adds a destination', addUnwanted, 'drifted');

  console.log('\nThe service goes, and then its address');
  const gone = logged('drained');
  write();
  await gone;
  const ended = once(agent, 'close');
  agent.kill('SIGTERM');
  await ended;
} finally {
  lab.delete();
  rmSync(folder, { recursive: true });
}
