/** README's save and restore, as it stands there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DestinationConfig, Ipvs, ServiceConfig, Snapshot } from 'ipvs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { blocks } from '../documents.js';
import { Peers } from './helpers/peers.js';
import { root } from './helpers/programs.js';
import { balance, SILENT, VIRTUAL } from './helpers/scene.js';
import { Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

type Restore = (ipvs: Ipvs, snapshot: Snapshot) => Promise<void>;

/** The function of README. */
async function loadRestore(): Promise<Restore> {
  const block = blocks.find(({ text }) => text.includes('async function restore('));
  const [, text] = /^(.*?\n}\n)/s.exec(block?.text ?? '') ?? [];
  if (text === undefined) throw new Error('README has no function restore');
  // Vitest compiles what it imports.
  const file = join(root, 'build/restore.mts');
  writeFileSync(file, `${text}export { restore };\n`);
  // README declares this type, and the documents' tests compile it.
  const { restore } = (await import(file)) as { readonly restore: Restore };
  return restore;
}

const fixture = useNamespace();
const servers = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
const REQUESTS = 1600;
const web = { protocol: 'tcp', address: VIRTUAL, port: 80, scheduler: 'rr' } as const;
const failover = { ...web, port: 81, scheduler: 'fo' } as const;
const hashed = { protocol: 'udp', address: VIRTUAL, port: 53, scheduler: 'sh' } as const;
const silent = [2, 3, 4, 5].map((last) => SILENT.replace(/\d+$/, String(last)));
const at = (address: string): DestinationConfig => ({
  address,
  port: 8080,
  forwarding: 'masquerade',
});
const direct = (address: string): DestinationConfig => ({ address, forwarding: 'direct' });

let restore: Restore;
let peers: Peers;

beforeAll(async () => {
  const { namespace } = fixture;
  restore = await loadRestore();
  namespace.ip('link', 'add', 'virtual', 'type', 'dummy');
  namespace.ip('link', 'set', 'virtual', 'up');
  namespace.ip('address', 'add', `${VIRTUAL}/32`, 'dev', 'virtual');
  namespace.ip('address', 'add', '192.168.255.1/24', 'dev', 'virtual');
  namespace.ip('route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo');
  peers = new Peers(namespace, 8080, servers);
  await peers.ready();
});
afterAll(() => peers.stop());

beforeEach(async () => {
  await fixture.ipvs.flush();
  await balance(fixture.ipvs, [
    [web, ...servers.map(at)],
    [failover, ...servers.map(at)],
    [hashed, ...silent.map(direct)],
    [{ fwmark: 7, family: 'ipv6', persistence: { timeout: 60, netmask: 64 } }, direct('fd00::2')],
  ]);
});

/** Returns the configuration: services by name, destinations in the order of the kernel. */
async function configured() {
  const { services } = await fixture.ipvs.snapshot();
  return services
    .map(({ stats: _, destinations, ...service }) => ({
      ...service,
      destinations: destinations.map(({ address, port, weight, forwarding }) => [
        ...[address, port, weight, forwarding],
      ]),
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const save = async (): Promise<string> => JSON.stringify(await fixture.ipvs.snapshot());

/** The port of the next clients, which makes their connections new: the kernel remembers old ones. */
let port = 20_000;

/** The server to which each of 40 clients is sent when it is new. */
async function mapping(): Promise<Readonly<Record<string, string>>> {
  const traffic = new Traffic(fixture.namespace);
  const seen = new Set<string>();
  const key = (client: { address: string; port: number }) => `${client.address}:${client.port}`;
  for await (const { client } of fixture.ipvs.connections({ service: hashed }))
    seen.add(key(client));
  await traffic.flood([VIRTUAL, hashed.port], 40, { port: port++ });
  const servers: Record<string, string> = {};
  for await (const { client, destination } of fixture.ipvs.connections({ service: hashed })) {
    if (!seen.has(key(client))) servers[client.address] = destination.address;
  }
  traffic.stop();
  expect(Object.keys(servers)).toHaveLength(40);
  return servers;
}

test('restore() fills an empty table with each destination in its place and its clients', async () => {
  const [before, saved, clients] = [await configured(), await save(), await mapping()];
  const active = await peers.count('fetch', 3, VIRTUAL, failover.port);
  expect(new Set(Object.values(clients)).size).toBe(silent.length);
  expect(Object.keys(active)).toHaveLength(1);
  for (let round = 0; round < 2; round++) {
    await fixture.ipvs.flush();
    await restore(fixture.ipvs, JSON.parse(saved));
    expect(await configured()).toEqual(before);
    expect(await mapping()).toEqual(clients);
    expect(await peers.count('fetch', 3, VIRTUAL, failover.port)).toEqual(active);
  }
});

test('restore() repairs a table in use without a failed HTTP request', async () => {
  const [before, saved, clients] = [await configured(), await save(), await mapping()];
  const { ipvs } = fixture;
  let done = false;
  const answered = peers.count('fetch', REQUESTS, VIRTUAL, web.port);
  const end = () => {
    done = true;
  };
  answered.then(end, end);
  let restored = 0;
  do {
    await Promise.all([
      ipvs.addService({ ...web, port: 99 } satisfies ServiceConfig),
      ipvs.addDestination(web, { ...at('127.0.0.9'), weight: 0 }),
      ipvs.updateDestination(web, `${servers[0]}:8080`, { weight: 7 }),
      ipvs.updateService(hashed, { schedulerFlags: ['sh-port'] }),
    ]);
    await restore(ipvs, JSON.parse(saved));
    expect(await configured()).toEqual(before);
    restored++;
    // The clients and the servers need the core too.
    await sleep(50);
  } while (!done);
  const answers = Object.values(await answered);
  expect(answers.reduce((sum, count) => sum + count, 0)).toBe(REQUESTS);
  expect(answers).toHaveLength(servers.length);
  expect(restored).toBeGreaterThan(1);
  expect(await mapping()).toEqual(clients);
});

test('restore() sends nothing if a value is invalid and deletes no service if the kernel refuses', async () => {
  const { ipvs } = fixture;
  const { services }: Snapshot = JSON.parse(await save());
  const before = await configured();
  const changed = (change: object) =>
    services.filter(({ port }) => port !== web.port).map((each) => ({ ...each, ...change }));

  await expect(restore(ipvs, { services: changed({ scheduler: 7 }) })).rejects.toThrow(TypeError);
  expect(await configured()).toEqual(before);
  const refused = restore(ipvs, { services: changed({ scheduler: 'absent' }) });
  await expect(refused).rejects.toMatchObject({
    errors: expect.arrayContaining([expect.objectContaining({ code: 'ENOENT' })]),
  });
  expect(await configured()).toEqual(before);
});
