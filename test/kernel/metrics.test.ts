/**
 * Metrics of a real table, judged by the programs of Prometheus and compared with node_exporter.
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Director } from 'ipvs';
import { type CONTENT_TYPES, Metrics, type MetricsOptions } from 'ipvs/metrics';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from './helpers/poll.js';
import { checkMetrics, type ParsedFamily, parseOpenMetrics } from './helpers/prometheus.js';
import { balance, furnish, PORT, SERVER, SERVER6, VIRTUAL, VIRTUAL6 } from './helpers/scene.js';
import { Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
let traffic: Traffic;

beforeAll(async () => {
  furnish(fixture.namespace);
  const server = { address: SERVER, port: PORT };
  const server6 = { address: SERVER6, port: PORT };
  await balance(fixture.ipvs, [
    [{ protocol: 'tcp', address: VIRTUAL, port: 80 }, server, { ...server, address: '10.0.0.3' }],
    [
      { protocol: 'udp', address: VIRTUAL, port: 80 },
      { ...server, weight: 0 },
    ],
    [
      { protocol: 'tcp', address: VIRTUAL6, port: 80 },
      { ...server6, upperThreshold: 9 },
    ],
    [{ fwmark: 7 }, server],
    [{ fwmark: 7, family: 'ipv6' }, server6, { ...server, forwarding: 'tunnel' }],
    [{ fwmark: 0xabcdef01 }, { ...server, weight: 5, port: 0 }],
    [{ protocol: 'tcp', address: VIRTUAL, port: 81 }],
  ]);
  traffic = new Traffic(fixture.namespace);
  await traffic.listen('tcp', [SERVER, PORT]);
  await traffic.listen('tcp', ['10.0.0.3', PORT]);
  await traffic.listen('tcp', [SERVER6, PORT]);
  for (const to of [VIRTUAL, VIRTUAL, VIRTUAL, VIRTUAL6]) {
    await traffic.connect({ protocol: 'tcp', to: [to, 80], data: 'x'.repeat(100) });
  }
  // The kernel refreshes counters every 2 seconds, at different times for each object.
  await until(
    async () => [await fixture.ipvs.getStats(), (await fixture.ipvs.snapshot()).services] as const,
    ([totals, services]) => {
      const counters = ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'] as const;
      const objects = [services, services.flatMap(({ destinations }) => destinations)];
      return (
        totals.connections === 4 &&
        objects.every((all) =>
          counters.every(
            (name) => all.reduce((sum, { stats }) => sum + stats[name], 0) === totals[name],
          ),
        )
      );
    },
  );
});
afterAll(() => traffic.stop());

const scrape = (options: MetricsOptions = {}, format: keyof typeof CONTENT_TYPES = 'openmetrics') =>
  new Metrics(fixture.ipvs, options).text({ format });

const all: MetricsOptions = {
  level: 'destination',
  nodeExporter: true,
  name: ({ port }) => (port === 80 ? 'a "web"\\server\nof ünïcode' : undefined),
};

/** Returns the value of a sample, by the values of some of its labels. */
function sampleOf(families: readonly ParsedFamily[], name: string, ...values: readonly string[]) {
  const found = families
    .flatMap(({ samples }) => samples)
    .filter(
      ([sample, labels]) =>
        sample === name && values.every((value) => Object.values(labels).includes(value)),
    );
  expect(found, `${name} ${values}`).toHaveLength(1);
  return found[0]?.[2];
}

describe('OpenMetrics', () => {
  test('is read by the parser of the Python client, with all values', async () => {
    const metrics = new Metrics(fixture.ipvs, all);
    // They overlap, and so have the same values.
    const [collected, text] = await Promise.all([metrics.collect(), metrics.text()]);
    const parsed = parseOpenMetrics(text);
    expect(parsed.map(({ name, type, unit, help }) => [name, type, unit, help])).toEqual(
      collected.map(({ name, type, unit, help }) => [name, type, unit ?? '', help]),
    );
    expect(parsed.map(({ samples }) => samples)).toEqual(
      collected.map(({ sampleName, samples }) =>
        samples.map(({ labels, value }) => [sampleName, labels, value]),
      ),
    );
  });

  test('would be refused with a mistake', async () => {
    const text = await scrape(all);
    expect(() => parseOpenMetrics(text.replace('# EOF\n', ''))).toThrow(/Missing # EOF/);
    expect(() => parseOpenMetrics(text.replace('_total{', '{'))).toThrow();
    expect(() =>
      parseOpenMetrics(text.replace('incoming_bytes bytes', 'incoming_bytes seconds')),
    ).toThrow(/Unit/);
  });
});

test('the text format of Prometheus passes the check of promtool', async () => {
  expect(checkMetrics(await scrape({ ...all, nodeExporter: false }, 'prometheus'))).toBe('');
  const broken = (await scrape({}, 'prometheus')).replace('# TYPE ipvs_services gauge\n', '');
  expect(checkMetrics(broken.replaceAll('_total', ''))).not.toBe('');
});

describe('values', () => {
  test('are those that ipvsadm prints', async () => {
    const families = parseOpenMetrics(await scrape(all));
    const lines = fixture.namespace.ipvsadm('-Ln', '--stats', '--exact').split('\n');
    let service = '';
    let compared = 0;
    for (const line of lines) {
      const words = line.trim().split(/ +/);
      const [head = '', place = ''] = words;
      if (/^(TCP|UDP)$/.test(head)) service = `${head.toLowerCase()}://${place}`;
      else if (head === 'FWM') {
        // ipvsadm prints marks as signed numbers.
        service = `fwmark${words.includes('IPv6') ? '6' : ''}://${Number(place) >>> 0}`;
      } else if (head !== '->' || place.includes('Address')) continue;
      const counters = words.slice(-5).map(Number);
      const labels = head === '->' ? [service, place] : [service];
      const prefix = head === '->' ? 'ipvs_destination' : 'ipvs_service';
      const names = ['connections', 'incoming_packets', 'outgoing_packets'];
      names.push('incoming_bytes', 'outgoing_bytes');
      const own = names.map((name) => sampleOf(families, `${prefix}_${name}_total`, ...labels));
      expect(own, line).toEqual(counters);
      compared++;
    }
    expect(compared).toBe(7 + 8);
    expect(sampleOf(families, 'ipvs_service_connections_total', `tcp://${VIRTUAL}:80`)).toBe(3);
  });

  test('of a service have at most 20 series, and those of families and marks differ', async () => {
    const families = parseOpenMetrics(await scrape());
    const counts = new Map<string, number>();
    for (const [, { service }] of families.flatMap(({ samples }) => samples)) {
      if (service !== undefined) counts.set(service, (counts.get(service) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(
      [
        `tcp://${VIRTUAL}:80`,
        `tcp://${VIRTUAL}:81`,
        `udp://${VIRTUAL}:80`,
        `tcp://[${VIRTUAL6}]:80`,
        'fwmark://7',
        'fwmark6://7',
        'fwmark://2882400001',
      ].sort(),
    );
    for (const count of counts.values()) expect(count).toBeLessThanOrEqual(20);
    for (const { name, samples } of parseOpenMetrics(await scrape(all))) {
      const keys = samples.map(([, labels]) => JSON.stringify(labels));
      expect(new Set(keys).size, name).toBe(keys.length);
    }
  });
});

describe('the metrics of calls', () => {
  test('count operations, their time, and errors by code, of all handles and of directors', async () => {
    const { ipvs, namespace } = fixture;
    const metrics = new Metrics(ipvs, { calls: true });
    const service = { protocol: 'tcp', address: VIRTUAL, port: 8443 } as const;
    await ipvs.addService(service);
    await expect(ipvs.addService(service)).rejects.toMatchObject({ code: 'EEXIST' });
    ipvs.sync.deleteService(service);
    const director = await Director.open({ netns: namespace.path, owns: { ports: [8443, 8443] } });
    await director.apply({ services: [service] });
    await director.apply({ services: [] });
    await director.close();
    const families = parseOpenMetrics(await metrics.text());
    const value = (name: string, ...labels: readonly string[]) =>
      sampleOf(families, `ipvs_${name}_total`, ...labels);
    expect(value('calls', 'addService')).toBe(2);
    expect(value('calls', 'deleteService')).toBe(1);
    expect(value('calls', 'reconcile')).toBe(2);
    expect(value('call_errors', 'addService', 'EEXIST')).toBe(1);
    expect(value('call_seconds', 'reconcile')).toBeGreaterThan(0);
    expect(value('handle_calls')).toBe(ipvs.activity().calls);
    expect(value('handle_lost_replies')).toBe(0);
    metrics.close();
  });

  test('end with close()', async () => {
    const { ipvs } = fixture;
    const metrics = new Metrics(ipvs, { calls: true });
    await ipvs.getInfo();
    metrics.close();
    await ipvs.getInfo();
    const families = parseOpenMetrics(await metrics.text());
    expect(sampleOf(families, 'ipvs_calls_total', 'getInfo')).toBe(1);
  });
});

describe('the metrics of node_exporter', () => {
  /** Returns what a real node_exporter serves in the namespace. */
  async function realMetrics(): Promise<string> {
    const options = ['--collector.disable-defaults', '--collector.ipvs', '--log.level=error'];
    const command = ['prometheus-node-exporter', ...options, '--web.listen-address=127.0.0.1:9100'];
    const child = spawn('ip', ['netns', 'exec', fixture.namespace.name, ...command], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    try {
      return await until(
        () => {
          const url = 'http://127.0.0.1:9100/metrics';
          return fixture.namespace.run('sh', ['-c', `curl --silent --fail ${url} || true`]);
        },
        (text) => text.includes('node_ipvs'),
      );
    } finally {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
    }
  }

  /** Returns the lines about IPVS, sorted, with labels sorted and numbers in one form. */
  const linesOf = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('node_ipvs_'))
      .map((line) => {
        const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
        return `${name}{${labels.split(',').sort()}} ${Number(value)}`;
      })
      .sort();

  test('are those of a real node_exporter for the same table', async () => {
    const real = linesOf(await realMetrics());
    const own = linesOf(await scrape({ nodeExporter: true }, 'prometheus'));
    expect(own).toEqual(real);
    // Five counters, and three gauges of eight destinations, two of which have the same labels.
    expect(own).toHaveLength(5 + 3 * 7);
    expect(own.find((line) => line.startsWith('node_ipvs_connections_total'))).toMatch(/ 4$/);
  });
});
