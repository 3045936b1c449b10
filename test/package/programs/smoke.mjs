// Uses each part of the package in an empty network namespace, and prints the results.
import { tracingChannel } from 'node:diagnostics_channel';
import { connect, createServer } from 'node:net';
import { Director, diagnose, Ipvs, Namespace } from 'ipvs';
import { formatRules, parseRules } from 'ipvs/ipvsadm';
import { Metrics } from 'ipvs/metrics';

const web = 'tcp://192.0.2.1:80';
const service = { protocol: 'tcp', address: '192.0.2.1', port: 80, scheduler: 'wrr' };
const ipvs = await Ipvs.open();

const destinations = async () =>
  (await ipvs.listDestinations(web)).map(({ address, weight }) => `${address} ${weight}`);

/** A connection through the service to a server on this host. */
async function greeting() {
  const server = createServer((socket) => socket.end('hello')).listen(0, '0.0.0.0');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await ipvs.addDestination(web, { address: '127.0.0.1', port, forwarding: 'masquerade' });
  try {
    return await new Promise((resolve, reject) => {
      const socket = connect({ host: '192.0.2.1', port: 80 });
      socket.once('data', (data) => resolve(String(data))).once('error', reject);
    });
  } finally {
    server.close();
  }
}

/** What is done, in order. */
const STEPS = {
  async add() {
    await ipvs.links.setLink('lo', { up: true });
    await ipvs.addService(service);
    await ipvs.addDestination(web, { address: '192.0.2.2', port: 80, weight: 3 });
    return destinations();
  },
  async atOnce() {
    const names = Array.from({ length: 200 }, (_, at) => `198.51.100.${at + 1}`);
    await Promise.all(names.map((address) => ipvs.addDestination(web, { address, port: 80 })));
    const { length } = await destinations();
    await Promise.all(names.map((address) => ipvs.deleteDestination(web, `${address}:80`)));
    return [length, (await destinations()).length];
  },
  async errors() {
    const refused = await ipvs.addService(service).catch((error) => error);
    const bad = await ipvs.addService({ ...service, port: 'http' }).catch((error) => error);
    return [refused.name, refused.code, refused.target, bad.name, bad.code, bad.target];
  },
  async batch() {
    const results = await ipvs.batch((b) => {
      b.updateDestination(web, '192.0.2.2:80', { weight: 5 });
      b.deleteDestination(web, '192.0.2.3:80');
    });
    return results.map(({ status, reason }) => reason?.missing ?? status);
  },
  async reconcile() {
    const wanted = { ...service, destinations: [{ address: '192.0.2.4', port: 80, weight: 2 }] };
    return String(await ipvs.reconcile({ services: [wanted] }, { prune: true })).split('\n');
  },
  async snapshot() {
    const { services } = await ipvs.snapshot();
    return services.map((one) => `${one.address} ${one.scheduler} ${one.destinations.length}`);
  },
  sync() {
    ipvs.sync.updateDestination(web, '192.0.2.4:80', { weight: 0 });
    return ipvs.sync.listDestinations(web).map(({ weight }) => weight);
  },
  async links() {
    const events = ipvs.links.watch({ signal: AbortSignal.timeout(120_000) });
    await ipvs.links.ensureDummy('vip0');
    for await (const { link } of events) if (link?.name === 'vip0') break;
    await ipvs.links.ensureAddress('vip0', '192.0.2.1/32');
    const addresses = await ipvs.links.listAddresses('vip0', { family: 'ipv4' });
    return addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`);
  },
  async connections() {
    const received = await greeting();
    const found = [];
    for await (const { protocol, virtual } of ipvs.connections()) {
      found.push(`${protocol} ${virtual.address}:${virtual.port}`);
    }
    return [received, ...found];
  },
  async tracing() {
    const events = [];
    const names = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];
    const listeners = Object.fromEntries(
      names.map((name) => [name, ({ operation }) => events.push(`${name} ${operation}`)]),
    );
    const channel = tracingChannel('ipvs:call');
    channel.subscribe(listeners);
    await ipvs.getInfo();
    await ipvs.addService(service).catch(() => {});
    ipvs.sync.getInfo();
    channel.unsubscribe(listeners);
    return events;
  },
  async watch() {
    for await (const { services } of ipvs.watch({ interval: 50 })) return services.length;
  },
  async sysctls() {
    await ipvs.sysctls.set({ conntrack: true });
    return (await ipvs.sysctls.get()).conntrack;
  },
  async metrics() {
    const text = await new Metrics(ipvs).text();
    return text.match(/^ipvs_service_connections_total\{.*\}/gm);
  },
  rules: () => formatRules(parseRules('-A -t 192.0.2.1:80 -s rr\n')).text,
  async diagnose() {
    const checks = await diagnose({ schedulers: ['wrr'] });
    return checks.filter(({ name }) => /ip_vs|wrr/.test(name)).map(({ status }) => status);
  },
  async director() {
    const director = await Director.open({ owns: { link: 'vip0' }, link: 'vip0' });
    await director.apply({ services: [] });
    await director.close();
    return (await ipvs.listServices()).length;
  },
  async namespace() {
    const namespace = await Namespace.create();
    const inside = await Ipvs.open({ netns: namespace });
    await inside.addService(service);
    const counts = [inside, ipvs].map((handle) => handle.sync.listServices().length);
    await inside.close();
    await namespace.close();
    return counts;
  },
  async close() {
    await ipvs.close();
    return (await ipvs.listServices().catch((error) => error)).code;
  },
};

const { bun, deno, node } = process.versions;
const results = {};
for (const [name, step] of Object.entries(STEPS)) results[name] = await step();
// A handle that is open does not keep the process alive.
globalThis.open = await Ipvs.open();
console.log(JSON.stringify({ version: `v${bun ?? deno ?? node}`, results }));
