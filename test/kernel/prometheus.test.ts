/**
 * A real Prometheus that scrapes metrics: counters over resets, and the queries of the dashboard.
 * @module
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { Director, type Service } from 'ipvs';
import { Metrics } from 'ipvs/metrics';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricsPages } from '../../lib/cli/server/pages.js';
import { until } from './helpers/poll.js';
import { root } from './helpers/programs.js';
import { freePort, Prometheus, type Series } from './helpers/prometheus.js';
import { balance, furnish, PORT, SERVER, VIRTUAL } from './helpers/scene.js';
import { Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const WEB = { protocol: 'tcp', address: VIRTUAL, port: 80 } as const;
const service = `tcp://${VIRTUAL}:80`;
let traffic: Traffic;
let prometheus: Prometheus;
let director: Director;
let server: Server;
let metrics: Metrics;

beforeAll(async () => {
  furnish(fixture.namespace);
  await balance(fixture.ipvs, [[WEB, { address: SERVER, port: PORT }]]);
  traffic = new Traffic(fixture.namespace);
  await traffic.listen('tcp', [SERVER, PORT]);
  const { path: netns } = fixture.namespace;
  director = await Director.open({ netns, owns: { fwmarks: [100, 199] }, resync: 500 });
  await director.apply({
    services: [{ fwmark: 100, destinations: [{ address: SERVER, upperThreshold: 1000 }] }],
  });
  const name = ({ port }: Service) => (port === 80 ? 'shop/web' : undefined);
  metrics = new Metrics(fixture.ipvs, { level: 'destination', name, director, calls: true });
  // A call that fails: for the queries of errors.
  await fixture.ipvs.addService(WEB).catch(() => undefined);
  server = createServer(metricsPages({ metrics, checkHealth: () => fixture.ipvs.getInfo() }));
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  prometheus = await Prometheus.start({ ipvs: port });
});
afterAll(async () => {
  await prometheus?.stop();
  server.close();
  metrics.close();
  await director.close();
  traffic.stop();
});

const CONNECTIONS = `ipvs_service_connections_total{service="${service}"}`;

async function connect(times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    await traffic.connect({ protocol: 'tcp', to: [VIRTUAL, 80], data: 'x', end: true });
  }
}

/** Waits until Prometheus has stored a value of the counter. */
const stored = (value: number) =>
  prometheus.queryUntil(CONNECTIONS, ([series]) => Number(series?.value?.[1]) === value);

const numberOf = ([series]: readonly Series[]) => Number(series?.value?.[1]);

describe('Prometheus', () => {
  test('scrapes OpenMetrics without errors', async () => {
    // On a busy machine, a scrape may take longer than it is given.
    await until(
      () => prometheus.targets(),
      ([target]) => target?.health === 'up' && target.lastError === '',
    );
    // Without OpenMetrics, Prometheus would not know the type of an info.
    await prometheus.queryUntil(`ipvs_service_info{service="${service}"}`);
    expect(await prometheus.metadata('ipvs_service_incoming_bytes')).toMatchObject([
      { type: 'counter', unit: 'bytes', help: 'Bytes from clients of the service.' },
    ]);
    const dropped = 'scrape_samples_scraped - scrape_samples_post_metric_relabeling';
    await prometheus.queryUntil(`${dropped} == 0 and scrape_samples_scraped > 20`);
  });

  test('computes the increase over zeroed counters, and over a service that was added anew', async () => {
    await stored(0);
    await connect(5);
    await stored(5);
    await fixture.ipvs.zero();
    await stored(0);
    await connect(3);
    await stored(3);
    await fixture.ipvs.deleteService(WEB);
    await balance(fixture.ipvs, [[WEB, { address: SERVER, port: PORT }]]);
    await connect(2);
    await stored(2);
    const over = `(${CONNECTIONS}[10m])`;
    expect(numberOf(await prometheus.query(`resets${over}`))).toBe(2);
    // Prometheus extrapolates to the whole range, by about one pause between two scrapes at each end.
    const increase = numberOf(await prometheus.query(`increase${over}`));
    expect(increase).toBeGreaterThanOrEqual(10);
    expect(increase).toBeLessThan(20);
    const share = numberOf(await prometheus.query(`rate${over} * 600 / increase${over}`));
    expect(share).toBeCloseTo(1, 6);
  });
});

describe('the dashboard', () => {
  const dashboard: {
    readonly panels: readonly Panel[];
    readonly templating: { readonly list: readonly { readonly definition?: string }[] };
  } = JSON.parse(readFileSync(join(root, 'docs/grafana/ipvs.json'), 'utf8'));
  interface Panel {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }

  /** Puts values in the place of Grafana's variables. */
  const filled = (expression: string) =>
    expression
      .replaceAll('$__rate_interval', '1m')
      .replaceAll('$instance', '.*')
      .replaceAll('$service', '.*');

  const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [title, filled(expr)] as const),
  );

  test.each(queries)('has series with values in the panel %s: %s', async (_, expression) => {
    expect(expression).not.toContain('$');
    await prometheus.queryUntil(expression, (series) =>
      series.some(({ value }) => Number.isFinite(Number(value?.[1]))),
    );
  });

  test('has panels, and variables with values', async () => {
    expect(queries.length).toBeGreaterThan(20);
    const variables = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(variables).toHaveLength(2);
    for (const variable of variables) {
      const [, metric = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(variable) ?? [];
      const series = await prometheus.queryUntil(filled(metric));
      expect(
        series.map((each) => each.metric[label]),
        variable,
      ).not.toContain(undefined);
      expect(series.length, variable).toBeGreaterThan(0);
    }
  });
});

describe('the document', () => {
  const document = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
  const queries = [...document.matchAll(/```promql\n(.*?)```/gs)].map(([, text = '']) => text);

  test('has queries that name metrics and labels that exist', async () => {
    expect(queries.length).toBeGreaterThan(4);
    for (const query of queries) {
      // Without the limit of an alert, which no series reaches here.
      const measure = query.trim().replace(/ (>|==) [\d.]+$/, '');
      await prometheus.queryUntil(measure);
    }
  });
});
