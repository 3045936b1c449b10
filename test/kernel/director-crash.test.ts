/** An agent with a director that is killed between two of its requests, and another agent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Director, type DirectorOptions, type State } from 'ipvs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressesOn } from './helpers/iproute.js';
import { Peers } from './helpers/peers.js';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const LINK = 'vip0';
const PORT = 8080;
const SERVERS = ['127.0.0.2', '127.0.0.3'] as const;
const [OLD, NEW] = SERVERS;
const NETWORKS = { networks: ['10.96.0.0/16'] } as const;
const OPTIONS: DirectorOptions = { owns: NETWORKS, link: LINK, drain: { timeout: 600_000 } };

const vipOf = (last: number) => `10.96.0.${last}`;
const stateOf = (services: Readonly<Record<number, readonly string[]>>): State => ({
  services: Object.entries(services).map(([last, servers]) => ({
    protocol: 'tcp',
    address: vipOf(Number(last)),
    port: 80,
    scheduler: 'rr',
    destinations: servers.map((address) => ({ address, port: PORT, forwarding: 'masquerade' })),
  })),
});
const service = (last: number) => `-A -t ${vipOf(last)}:80 -s rr`;
const destination = (last: number, server: string, weight = 1) =>
  `-a -t ${vipOf(last)}:80 -r ${server}:${PORT} -m -w ${weight}`;

/** The services 1 and 2 have connections, and 3 has none. */
const BEFORE = stateOf({ 1: [OLD], 2: [OLD], 3: SERVERS });
const shown = (...lasts: readonly number[]) => lasts.map((last) => `${vipOf(last)}/32`);
/** One service changes its server, one goes with connections, one goes without, and one comes. */
const AFTER = stateOf({ 1: [NEW], 4: SERVERS });
const FOREIGN = ['-A -f 7 -s sh', '-a -f 7 -r 10.1.1.9:0 -g -w 9'];
const END = [
  ...FOREIGN,
  ...[service(1), destination(1, OLD, 0), destination(1, NEW)],
  ...[service(2), destination(2, OLD, 0)],
  ...[service(4), ...SERVERS.map((server) => destination(4, server))],
].sort();
/** The lines that are there at any time. */
const LASTING = [...FOREIGN, service(1), service(2)];

let peers: Peers;
beforeAll(async () => {
  const { namespace } = fixture;
  peers = new Peers(namespace, PORT, SERVERS);
  await peers.ready();
  namespace.restore(FOREIGN);
  namespace.ip('link', 'add', 'other', 'type', 'dummy');
  namespace.ip('address', 'add', '10.96.0.99/32', 'dev', 'other');
  await fill();
  for (const last of [1, 2]) await peers.count('hold', 1, vipOf(last), 80);
});
afterAll(() => peers.stop());

/** Leaves what is there already, so that connections last. */
async function fill(): Promise<void> {
  const { ipvs } = fixture;
  await ipvs.reconcile(BEFORE, { prune: NETWORKS });
  await ipvs.links.ensureDummy(LINK);
  await ipvs.links.reconcileAddresses(LINK, shown(1, 2, 3), { prune: true });
}

/** Runs a director that is killed after so many requests. Returns true if it had no more to do. */
async function runKilled(count: number): Promise<boolean> {
  const order = {
    netns: fixture.namespace.path,
    state: AFTER,
    options: OPTIONS,
    count,
    form: 'director',
  };
  const child = spawn(process.execPath, [
    programPath('reconcile-killed.mjs'),
    JSON.stringify(order),
  ]);
  const [code, signal] = await once(child, 'close');
  if (code !== 0) expect(signal).toBe('SIGKILL');
  return code === 0;
}

test('a director killed after any request of a step is followed by one that ends the same', async () => {
  const { namespace, ipvs } = fixture;
  const director = () => Director.open({ netns: namespace.path, ...OPTIONS });
  const seen = new Set<string>();
  for (let count = 1, isDone = false; !isDone; count++) {
    await fill();
    isDone = await runKilled(count);
    const left = namespace.saved();
    seen.add(left.join());
    expect(left).toEqual(expect.arrayContaining(LASTING));
    // An address is never there without a service that has servers.
    const addresses = addressesOn(namespace, LINK);
    for (const text of addresses) {
      expect(left.join('\n')).toContain(`-a -t ${text.replace('/32', '')}:80 `);
    }
    expect(addresses).toEqual(expect.arrayContaining(shown(1, 2)));

    await using next = await director();
    await next.apply(AFTER);
    expect(namespace.saved()).toEqual(END);
    expect(addressesOn(namespace, LINK)).toEqual(shown(1, 2, 4));
    expect(addressesOn(namespace, 'other')).toEqual(['10.96.0.99/32']);
    expect(next.state().draining).toHaveLength(2);
    expect(await peers.count('again', 2)).toEqual({ [OLD]: 2 });
  }
  // The table was left in many ways.
  expect(seen.size).toBeGreaterThan(5);
  const options = { prune: NETWORKS, drain: true, dryRun: true } as const;
  expect((await ipvs.reconcile(AFTER, options)).changes).toEqual([]);
});
