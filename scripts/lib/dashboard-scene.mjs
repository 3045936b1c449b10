// Runs a scene of services, servers, clients and a director, which a Prometheus scrapes, and writes
// what the queries of the dashboard return. Called by scripts/dashboard, as root in a network
// namespace without services:
//
//     node dashboard-scene.mjs SECONDS FILE
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Director, Ipvs } from 'ipvs';
import { CONTENT_TYPES, Metrics, negotiateFormat } from 'ipvs/metrics';

const [, , seconds, file] = process.argv;
const SCRAPE = 1;
const PROMETHEUS = 9090;
const EXPORTER = 9784;
const SERVER_PORT = 8080;
const SERVERS = ['10.1.1.2', '10.1.2.2', '10.1.3.2'];
/** The connections that the clients of a service open in a second, by the share of the scene. */
const SERVICES = [
  {
    name: 'shop/web',
    address: '10.96.0.1',
    port: 80,
    rate: (share) => 12 + 8 * Math.sin(share * 9),
  },
  { name: 'shop/api', address: '10.96.0.2', port: 443, rate: (share) => (share < 0.5 ? 4 : 9) },
];
const names = new Map(SERVICES.map(({ address, name }) => [address, name]));

const ip = (...args) => execFileSync('ip', args);
// All addresses are this host's own.
ip('route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo');

/** Answers each connection with some kilobytes, and keeps it open for a while. */
for (const address of SERVERS) {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write('x'.repeat(4000 + 8000 * Math.random())));
  });
  server.listen(SERVER_PORT, address);
  await once(server, 'listening');
}

function openConnection(address, port) {
  const socket = connect(port, address, () => socket.write('x'.repeat(300)));
  socket.on('error', () => socket.destroy());
  socket.resume();
  setTimeout(() => socket.destroy(), 2000 + 4000 * Math.random());
}

const ipvs = await Ipvs.open();
const director = await Director.open({
  owns: { networks: ['10.96.0.0/16'] },
  link: 'vip0',
  drain: { timeout: 10_000 },
  resync: 2000,
});

const destinationsOf = (weights) =>
  SERVERS.map((address, index) => ({
    address,
    port: SERVER_PORT,
    forwarding: 'masquerade',
    weight: weights[index],
    upperThreshold: 1500,
  })).filter(({ weight }) => weight !== undefined);

/** Wants the servers with these weights; undefined: not this server. */
const apply = (...weights) =>
  director.apply({
    services: SERVICES.map(({ address, port }) => ({
      protocol: 'tcp',
      address,
      port,
      scheduler: 'wrr',
      destinations: destinationsOf(weights),
    })),
  });
await apply(3, 2);

const metrics = new Metrics(ipvs, {
  level: 'destination',
  name: ({ address }) => names.get(address),
  director,
  calls: true,
});
const exporter = createHttpServer(async (request, response) => {
  const format = negotiateFormat(request.headers.accept);
  response.setHeader('content-type', CONTENT_TYPES[format]).end(await metrics.text({ format }));
});
exporter.listen(EXPORTER, '127.0.0.1');

const folder = mkdtempSync(join(tmpdir(), 'ipvs-dashboard-'));
const config = {
  global: { scrape_interval: `${SCRAPE}s` },
  scrape_configs: [
    {
      job_name: 'ipvs',
      static_configs: [{ targets: [`127.0.0.1:${EXPORTER}`], labels: { instance: 'node-1' } }],
    },
  ],
};
writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
const prometheus = spawn(
  'prometheus',
  [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${PROMETHEUS}`,
    '--log.level=error',
  ],
  { stdio: 'inherit' },
);

async function ask(path, parameters) {
  const url = `http://127.0.0.1:${PROMETHEUS}/api/v1/${path}?${new URLSearchParams(parameters)}`;
  const { status, data, error } = await (await fetch(url)).json();
  if (status !== 'success') throw new Error(`${parameters.query}: ${error}`);
  return data;
}

/** What happens, by the share of the scene at which it does. */
const events = [
  // A third server comes; another program changes the table; a server is taken out, and goes.
  { at: 0.25, act: () => apply(3, 2, 3) },
  { at: 0.5, act: () => execFileSync('ipvsadm', ['-A', '-t', '10.96.0.9:80']) },
  { at: 0.6, act: () => apply(3, 0, 3) },
  { at: 0.75, act: () => apply(3, undefined, 3) },
];

const begin = Date.now();
for (let share = 0; share < 1; share = (Date.now() - begin) / 1000 / Number(seconds)) {
  if (events[0]?.at <= share) await events.shift().act();
  for (const { address, port, rate } of SERVICES) {
    const count = rate(share) / 5;
    for (let each = 0; each < count; each++) openConnection(address, port);
  }
  await sleep(200);
}

const end = Date.now() / 1000;
const dashboard = JSON.parse(readFileSync('docs/grafana/ipvs.json', 'utf8'));
const results = {};
for (const { id, targets = [] } of dashboard.panels) {
  results[id] = [];
  for (const { expr, instant, legendFormat } of targets) {
    const query = expr
      .replaceAll('$__rate_interval', `${10 * SCRAPE}s`)
      .replaceAll(/\$(instance|service)/g, '.*');
    const { result } = instant
      ? await ask('query', { query, time: end })
      : await ask('query_range', {
          query,
          start: end - Number(seconds) + 10,
          end,
          step: Math.ceil(Number(seconds) / 120),
        });
    results[id].push({ legendFormat, result });
  }
}
const { version } = await ask('status/buildinfo', {});
writeFileSync(file, JSON.stringify({ version, results }));
prometheus.kill();
await once(prometheus, 'exit');
rmSync(folder, { recursive: true });
// The connections of clients and servers would keep the process alive.
process.exit();
