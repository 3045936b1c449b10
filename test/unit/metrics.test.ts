import { describe, expect, expectTypeOf, test } from 'vitest';
import { Ipvs, isInputError } from '../../lib/index.js';
import {
  type MetricFamily,
  Metrics,
  type MetricsOptions,
  type MetricsSource,
} from '../../lib/metrics/index.js';
import { tableColumns } from '../../lib/metrics/table-metrics.js';
import { format } from '../../lib/metrics/text.js';
import { TextWriter } from '../../lib/metrics/text-writer.js';
import {
  largeTable,
  mark,
  server,
  sourceOf,
  stats,
  web,
  withServers,
} from './helpers/metrics-fixture.js';

const counted = stats({
  connections: 1,
  inPackets: 2,
  outPackets: 3,
  inBytes: 4,
  outBytes: 2 ** 53,
});

/** The samples of families as lines, without those of the namespace. */
function linesOf(families: readonly MetricFamily[], prefix: string): string[] {
  return families
    .filter(({ sampleName }) => sampleName.startsWith(prefix))
    .flatMap(({ sampleName, samples }) =>
      samples.map(({ labels, value }) => `${sampleName} ${JSON.stringify(labels)} ${value}`),
    );
}

describe('families', () => {
  test('of services have their counters and the sums over their destinations', async () => {
    const { source } = sourceOf([
      withServers(
        { ...web, stats: counted },
        server({ weight: 3, activeConnections: 5, inactiveConnections: 6 }),
        server({ address: '10.1.2.2', weight: 0, activeConnections: 1, persistentConnections: 7 }),
      ),
    ]);
    const families = await new Metrics(source).collect();
    const labels = JSON.stringify({ service: 'tcp://10.96.0.1:80' });
    expect(linesOf(families, 'ipvs_service_')).toEqual([
      `ipvs_service_info ${JSON.stringify({
        service: 'tcp://10.96.0.1:80',
        protocol: 'tcp',
        address: '10.96.0.1',
        port: '80',
        family: 'ipv4',
        scheduler: 'rr',
      })} 1`,
      `ipvs_service_connections_total ${labels} 1`,
      `ipvs_service_incoming_packets_total ${labels} 2`,
      `ipvs_service_outgoing_packets_total ${labels} 3`,
      `ipvs_service_incoming_bytes_total ${labels} 4`,
      `ipvs_service_outgoing_bytes_total ${labels} 9007199254740992`,
      `ipvs_service_active_connections ${labels} 6`,
      `ipvs_service_inactive_connections ${labels} 6`,
      `ipvs_service_persistent_connections ${labels} 7`,
      `ipvs_service_destinations ${labels} 2`,
      `ipvs_service_available_destinations ${labels} 1`,
      `ipvs_service_weight ${labels} 3`,
    ]);
    expect(linesOf(families, 'ipvs_destination_')).toEqual([]);
  });

  test('of destinations are there by choice', async () => {
    const tunnel = { type: 'gue', port: 6080, checksum: 'none' } as const;
    const { source } = sourceOf([
      withServers(
        web,
        server({ stats: counted, activeConnections: 5, inactiveConnections: 6, weight: 9 }),
        server({ address: 'fd00::2', family: 'ipv6', forwarding: 'tunnel', tunnel, port: 80 }),
        server({ address: '10.1.2.2', upperThreshold: 100, persistentConnections: 4 }),
      ),
    ]);
    const families = await new Metrics(source, { level: 'destination' }).collect();
    const lines = linesOf(families, 'ipvs_destination_');
    const labels = '{"service":"tcp://10.96.0.1:80","destination":"10.1.1.2:8080"}';
    expect(lines.filter((line) => line.includes('10.1.1.2:8080'))).toEqual([
      `ipvs_destination_info ${labels.slice(0, -1)},"address":"10.1.1.2","port":"8080",` +
        '"family":"ipv4","forwarding":"masquerade"} 1',
      `ipvs_destination_connections_total ${labels} 1`,
      `ipvs_destination_incoming_packets_total ${labels} 2`,
      `ipvs_destination_outgoing_packets_total ${labels} 3`,
      `ipvs_destination_incoming_bytes_total ${labels} 4`,
      `ipvs_destination_outgoing_bytes_total ${labels} 9007199254740992`,
      `ipvs_destination_active_connections ${labels} 5`,
      `ipvs_destination_inactive_connections ${labels} 6`,
      `ipvs_destination_persistent_connections ${labels} 0`,
      `ipvs_destination_weight ${labels} 9`,
    ]);
    expect(lines.filter((line) => line.includes('"[fd00::2]:80"'))[0]).toContain('"tunnel":"gue"');
    expect(lines.filter((line) => line.includes('threshold'))).toEqual([
      'ipvs_destination_upper_threshold_connections ' +
        '{"service":"tcp://10.96.0.1:80","destination":"10.1.2.2:8080"} 100',
    ]);
  });

  test('of the namespace have its totals, which outlive services', async () => {
    const { source } = sourceOf(
      [withServers(web, server()), withServers(mark(7, 'ipv4'))],
      counted,
    );
    const families = await new Metrics(source).collect();
    const others = /^ipvs_(service|handle)_/;
    expect(linesOf(families, 'ipvs_').filter((line) => !others.test(line))).toEqual([
      'ipvs_connections_total {} 1',
      'ipvs_incoming_packets_total {} 2',
      'ipvs_outgoing_packets_total {} 3',
      'ipvs_incoming_bytes_total {} 4',
      'ipvs_outgoing_bytes_total {} 9007199254740992',
      'ipvs_services {} 2',
      'ipvs_destinations {} 1',
    ]);
  });

  test('of the handle have its own work, if it counts that', async () => {
    const { fake, source } = sourceOf([]);
    expect(linesOf(await new Metrics(source).collect(), 'ipvs_handle_')).toEqual([
      'ipvs_handle_calls_total {} 1',
      'ipvs_handle_exchanges_total {} 2',
      'ipvs_handle_requests_total {} 3',
      'ipvs_handle_in_flight_requests {} 4',
      'ipvs_handle_waiting_requests {} 5',
      'ipvs_handle_repeated_requests_total {} 6',
      'ipvs_handle_lost_replies_total {} 7',
      'ipvs_handle_repeated_lists_total {} 8',
    ]);
    const bare = {
      snapshot: () => fake.snapshot(),
      getStats: () => fake.getStats(),
    } as unknown as MetricsSource;
    expect(linesOf(await new Metrics(bare).collect(), 'ipvs_handle_')).toEqual([]);
  });

  test('tell marks, families and protocols apart', async () => {
    const { source } = sourceOf(
      [
        web,
        { ...web, protocol: 'udp' as const },
        { ...web, protocol: 'sctp' as const },
        { ...web, port: 81 },
        { ...web, address: 'fd00::1', family: 'ipv6' as const },
        mark(7, 'ipv4'),
        mark(7, 'ipv6'),
        mark(8, 'ipv4'),
      ].map((service) => withServers(service, server())),
    );
    for (const { samples } of await new Metrics(source, { level: 'destination' }).collect()) {
      const keys = samples.map(({ labels }) => JSON.stringify(labels));
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  test('are declared with the labels that their samples have, and the unit of their name', async () => {
    const { source } = sourceOf([withServers(web, server({ upperThreshold: 1 }))]);
    const options = { level: 'destination', name: () => 'web', nodeExporter: true } as const;
    for (const family of await new Metrics(source, options).collect()) {
      const { name, sampleName, type, unit, help, labelNames, samples } = family;
      expect(samples.length, name).toBeGreaterThan(0);
      for (const { labels } of samples) {
        expect(labelNames).toEqual(expect.arrayContaining(Object.keys(labels)));
      }
      expect(sampleName).toBe(`${name}${{ counter: '_total', gauge: '', info: '_info' }[type]}`);
      if (unit !== undefined) expect(name).toMatch(new RegExp(`_${unit}$`));
      expect(help).toMatch(/^[A-Z].*\.$/);
    }
  });

  test('have at most 20 series for a service, and 31 with one destination', async () => {
    const { source } = sourceOf([withServers(web, server({ upperThreshold: 1 }))]);
    const count = async (options: MetricsOptions) =>
      (await new Metrics(source, options).collect())
        .flatMap(({ samples }) => samples)
        .filter(({ labels }) => 'service' in labels).length;
    expect(await count({})).toBe(12);
    expect(await count({ level: 'destination' })).toBe(12 + 11);
  });
});

describe('names', () => {
  const two = [withServers(web, server()), withServers(mark(7, 'ipv4'))];

  test('are a label of a service and of its destinations', async () => {
    const { source } = sourceOf(two);
    const name: MetricsOptions['name'] = ({ port }) => (port === 80 ? 'shop/web' : undefined);
    const families = await new Metrics(source, { level: 'destination', name }).collect();
    const labels = families.flatMap(({ samples }) => samples.map((sample) => sample.labels));
    for (const each of labels.filter(({ service }) => service !== undefined)) {
      expect(each['name']).toBe(each['service'] === 'fwmark://7' ? undefined : 'shop/web');
    }
    expect(labels.filter(({ name }) => name !== undefined)).toHaveLength(12 + 10);
  });

  test('are asked for once for each service in each scrape', async () => {
    const { source } = sourceOf(two);
    const asked: unknown[] = [];
    const metrics = new Metrics(source, {
      level: 'destination',
      name: (service) => {
        asked.push(service.fwmark ?? service.address);
        return '';
      },
    });
    await metrics.text();
    expect(asked).toEqual(['10.96.0.1', 7]);
    await metrics.text();
    expect(asked).toHaveLength(4);
  });

  test('that are no text reject, and name the service', async () => {
    const { source } = sourceOf(two);
    // JavaScript can return anything.
    const name = (() => Promise.resolve('web')) as unknown as () => string;
    const error = await new Metrics(source, { name }).collect().catch((each: unknown) => each);
    expect(isInputError(error)).toBe(true);
    expect(error).toMatchObject({
      operation: 'collect',
      target: 'tcp://10.96.0.1:80',
      code: 'ERR_INVALID_ARG_TYPE',
    });
    expect(String(error)).toMatch(
      /options\.name\(\): Promise .* is not a string, and not undefined/,
    );
  });

  test('that throw reject with that error', async () => {
    const { source } = sourceOf(two);
    const failure = new Error('no name');
    const name = () => {
      throw failure;
    };
    await expect(new Metrics(source, { name }).text()).rejects.toBe(failure);
  });
});

describe('a scrape', () => {
  test('is shared by scrapes that overlap, and by no later one', async () => {
    const { fake, source } = sourceOf([withServers(web)]);
    const metrics = new Metrics(source);
    const [families, same, text, sameText, other] = await Promise.all([
      metrics.collect(),
      metrics.collect(),
      metrics.text(),
      metrics.text(),
      metrics.text({ format: 'prometheus' }),
    ]);
    expect(fake.reads).toBe(1);
    expect(same).toBe(families);
    expect(sameText).toBe(text);
    expect(other).not.toBe(text);
    await metrics.collect();
    await metrics.text();
    expect(fake.reads).toBe(3);
  });

  test('that fails rejects for all that share it, and the next one reads again', async () => {
    const { fake, source } = sourceOf([withServers(web)]);
    const metrics = new Metrics(source);
    fake.failure = new Error('closed');
    const results = await Promise.allSettled([metrics.collect(), metrics.text()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(fake.reads).toBe(1);
    fake.failure = undefined;
    await expect(metrics.text()).resolves.toContain('ipvs_services 1\n');
  });

  test('is cut into steps of a few samples', () => {
    const table = { stats: stats(), services: largeTable(500, 10) };
    const samples = 5500 * 12;
    const work = tableColumns(table, { level: 'destination', nameOf: () => undefined });
    let steps = 1;
    let step = work.next();
    for (; step.done !== true; step = work.next()) steps++;
    expect(steps).toBeGreaterThan(samples / 1000);
    const writing = format(step.value, 'openmetrics', new TextWriter());
    for (steps = 1; writing.next().done !== true; ) steps++;
    expect(steps).toBeGreaterThan(samples / 1000);
  });

  test('lets the event loop run', async () => {
    const { source } = sourceOf(largeTable(2000, 10));
    let turns = 0;
    let isScraping = true;
    const turn = () => {
      turns++;
      if (isScraping) setImmediate(turn);
    };
    setImmediate(turn);
    await new Metrics(source, { level: 'destination' }).text();
    isScraping = false;
    expect(turns).toBeGreaterThan(5);
  });
});

describe('arguments', () => {
  const { source } = sourceOf([]);
  test.each<{ readonly args: readonly unknown[]; readonly message: string }>([
    { args: [], message: 'Metrics: ipvs: undefined is not an Ipvs' },
    {
      args: [new Promise(() => undefined)],
      message: 'Metrics: ipvs: Promise { <pending> } is not an Ipvs: await the promise first',
    },
    {
      args: [source, { levl: 'service' }],
      message: "Metrics: options.levl: 'levl' is not a known property: did you mean level?",
    },
    {
      args: [source, { level: 'destinations' }],
      message:
        "Metrics: options.level: 'destinations' is not one of service, destination: did you mean " +
        'destination?',
    },
    {
      args: [source, { name: 'web' }],
      message: "Metrics: options.name: 'web' is not a function",
    },
    {
      args: [source, { nodeExporter: 1 }],
      message: 'Metrics: options.nodeExporter: 1 is not a boolean',
    },
    {
      args: [source, { calls: 'all' }],
      message: "Metrics: options.calls: 'all' is not a boolean",
    },
    {
      args: [source, { director: {} }],
      message: 'Metrics: options.director: {} is not a Director',
    },
    {
      args: [source, {}, 1],
      message: 'Metrics: argument 3: 1 is one too many: this operation takes at most 2 arguments',
    },
  ])('of the constructor that are bad are refused: $message', ({ args, message }) => {
    // JavaScript can pass anything.
    const Untyped = Metrics as unknown as new (...args: readonly unknown[]) => Metrics;
    expect(() => new Untyped(...args)).toThrow(message);
  });

  test('of methods that are bad are refused', async () => {
    const metrics = new Metrics(source);
    // JavaScript can pass anything.
    const untyped = metrics as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    await expect(untyped['collect']?.({})).rejects.toThrow(
      'collect: argument 1: {} is one too many',
    );
    await expect(untyped['text']?.('openmetrics')).rejects.toThrow(
      "text: options: 'openmetrics' is not an object",
    );
    await expect(untyped['text']?.({ format: 'json' })).rejects.toThrow(
      "text: options.format: 'json' is not one of openmetrics, prometheus",
    );
    expect(() => untyped['close']?.(1)).toThrow('close: argument 1: 1 is one too many');
  });

  test('may be a handle', () => {
    expectTypeOf<Ipvs>().toExtend<MetricsSource>();
    expectTypeOf<Metrics>().toExtend<Disposable>();
    expect(Ipvs.prototype.snapshot).toBeTypeOf('function');
  });
});
