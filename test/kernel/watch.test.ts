import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CounterName,
  Ipvs,
  type Sample,
  type WatchedDestination,
  type WatchedService,
} from 'ipvs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { balance, furnish, PORT, SERVER, VIRTUAL } from './helpers/scene.js';
import { Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const service = `udp://${VIRTUAL}:53`;
const counters: readonly CounterName[] = [
  'connections',
  'inPackets',
  'outPackets',
  'inBytes',
  'outBytes',
];
const servers = [SERVER, '10.0.0.3'];
const add = () =>
  balance(fixture.ipvs, [
    [
      { protocol: 'udp', address: VIRTUAL, port: 53 },
      ...servers.map((address) => ({ address, port: PORT })),
    ],
  ]);

let traffic: Traffic;

beforeAll(async () => {
  furnish(fixture.namespace);
  traffic = new Traffic(fixture.namespace);
  for (const address of servers) await traffic.listen('udp', [address, PORT]);
});
afterAll(() => traffic.stop());
beforeEach(async () => {
  await fixture.ipvs.flush();
  await add();
  await fixture.ipvs.zero();
});

/** Sends so many packets of 128 bytes, which are echoed. */
async function send(times: number): Promise<void> {
  for (let index = 0; index < times; index++) {
    await traffic.connect({ protocol: 'udp', to: [VIRTUAL, 53], data: 'x'.repeat(100) });
  }
}

/** Samples until one is as wished; that one and those before it. */
async function samplesUntil(
  wished: (sample: Sample, index: number) => boolean | Promise<boolean>,
  interval = 20,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const signal = AbortSignal.timeout(240_000);
  for await (const sample of fixture.ipvs.watch({ interval, signal })) {
    samples.push(sample);
    if (await wished(sample, samples.length - 1)) return samples;
  }
  throw new Error('it ended by itself');
}

/** The service and its destinations in a sample. */
const partsOf = ({ services }: Sample) =>
  services.flatMap((each): (WatchedService | WatchedDestination)[] => [each, ...each.destinations]);
const changesOf = (samples: readonly Sample[]) =>
  samples.flatMap(partsOf).flatMap(({ change }) => (change === null ? [] : [change]));
const counted = (connections: number) => (sample: Sample) =>
  partsOf(sample).reduce((sum, { stats }) => sum + stats.connections, 0) === 2 * connections;

/** Adds up a counter's changes in all samples. */
function gained(samples: readonly Sample[], name: CounterName, destinations = false): number {
  const parts = samples.flatMap(({ services }): readonly (WatchedService | WatchedDestination)[] =>
    destinations ? services.flatMap((each) => each.destinations) : services,
  );
  return parts.reduce((sum, { change }) => sum + (change?.delta[name] ?? 0), 0);
}

test('differences between samples add up to the sent packets', async () => {
  const samples = await samplesUntil(async (sample, index) => {
    if (index === 0) await send(8);
    return counted(8)(sample);
  });
  const last = samples.at(-1)?.services[0];
  expect(last?.stats).toMatchObject({ connections: 8, inPackets: 8, inBytes: 8 * 128 });
  for (const name of counters) {
    expect(gained(samples, name)).toBe(last?.stats[name]);
    expect(gained(samples, name, true)).toBe(last?.stats[name]);
  }
});

test('the first sample has no changes', async () => {
  const [first, second] = await samplesUntil((_, index) => index === 1);
  expect(first?.elapsed).toBe(0);
  expect(partsOf(first as Sample).map(({ change }) => change)).toEqual([null, null, null]);
  expect(second?.elapsed).toBeGreaterThan(0);
  const none = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
  for (const { change } of partsOf(second as Sample)) {
    expect(change).toEqual({ delta: none, rate: none });
  }
});

test('rates are differences divided by the elapsed time', async () => {
  const samples = await samplesUntil(async (sample, index) => {
    if (index === 0) await send(4);
    return counted(4)(sample);
  });
  samples.reduce((before, now) => {
    expect(now.time.getTime()).toBeGreaterThanOrEqual(before.time.getTime());
    expect(now.elapsed).toBeGreaterThan(0);
    for (const { change } of partsOf(now)) {
      for (const name of counters) {
        const { delta, rate } = change ?? {};
        expect(rate?.[name]).toBeCloseTo((delta?.[name] ?? Number.NaN) / now.elapsed, 6);
      }
    }
    return now;
  });
  expect(changesOf(samples).some(({ rate }) => rate.inBytes > 0)).toBe(true);
});

test('a sample has the content of a snapshot', async () => {
  const [sample] = await samplesUntil(() => true);
  const { services } = await fixture.ipvs.snapshot();
  const compared = services.map((each) => ({
    ...each,
    change: null,
    destinations: each.destinations.map((destination) => ({ ...destination, change: null })),
  }));
  expect(sample?.services).toEqual(compared);
  expect(sample?.gone).toEqual([]);
});

describe('counters that restart are counted correctly', () => {
  /** Sends packets, calls `action`, and sends again; a sample reports each before the next. */
  async function around(action: () => Promise<unknown>): Promise<Sample[]> {
    let step = 0;
    const samples = await samplesUntil(async (sample) => {
      if (step === 0) await send(6);
      if (step === 1 && !counted(6)(sample)) return false;
      if (step === 1) await action();
      if (step === 2) await send(2);
      if (step === 3 && !counted(2)(sample)) return false;
      step++;
      return step === 4;
    });
    for (const { delta, rate } of changesOf(samples)) {
      for (const name of counters) {
        expect(delta[name]).toBeGreaterThanOrEqual(0);
        expect(rate[name]).toBeGreaterThanOrEqual(0);
      }
    }
    return samples;
  }

  test('after zero() for all services', async () => {
    const samples = await around(() => fixture.ipvs.zero());
    expect(gained(samples, 'inPackets')).toBe(8);
    expect(gained(samples, 'inBytes', true)).toBe(8 * 128);
  });

  test('after zero() for one service', async () => {
    expect(gained(await around(() => fixture.ipvs.zero(service)), 'connections')).toBe(8);
  });

  test('after the service is added again', async () => {
    const samples = await around(async () => {
      await fixture.ipvs.deleteService(service);
      await add();
    });
    expect(gained(samples, 'connections')).toBe(8);
  });

  test('after a destination is restored with its counters', async () => {
    const destination = `${SERVER}:${PORT}`;
    let step = 0;
    const samples = await samplesUntil(async (sample) => {
      const [own] = sample.services;
      if (step === 0) await send(4);
      if (step === 1 && !counted(4)(sample)) return false;
      if (step === 1) await fixture.ipvs.deleteDestination(service, destination);
      if (step === 2) {
        expect(own?.destinations.map(({ address }) => address)).toEqual(['10.0.0.3']);
        await fixture.ipvs.addDestination(service, {
          address: SERVER,
          port: PORT,
          forwarding: 'masquerade',
        });
      }
      if (step === 3) {
        const revived = own?.destinations.find(({ address }) => address === SERVER);
        // It was not in the sample before: what it has is nothing that it gained.
        expect(revived?.change).toBeNull();
        expect(revived?.stats.connections).toBe(2);
      }
      return ++step === 5;
    });
    for (const { delta } of changesOf(samples)) {
      for (const name of counters) expect(delta[name]).toBeGreaterThanOrEqual(0);
    }
    expect(gained(samples, 'connections', true)).toBe(4);
  });
});

test('samples report services that are added and deleted', async () => {
  const seen = await samplesUntil(async (_, index) => {
    if (index === 0) await fixture.ipvs.addService({ fwmark: 9 });
    if (index === 1) await fixture.ipvs.deleteService(service);
    if (index === 2) await fixture.ipvs.flush();
    return index === 4;
  });
  const summary = seen.map(({ services, gone }) => ({
    services: services
      .map(({ fwmark, change }) => [fwmark ?? 'udp', change === null ? 'new' : 'known'])
      .sort(),
    gone,
  }));
  expect(summary).toEqual([
    { services: [['udp', 'new']], gone: [] },
    {
      services: [
        [9, 'new'],
        ['udp', 'known'],
      ],
      gone: [],
    },
    { services: [[9, 'known']], gone: [service] },
    { services: [], gone: ['fwmark://9'] },
    { services: [], gone: [] },
  ]);
});

describe('the interval of samples', () => {
  test('is observed', async () => {
    const begin = performance.now();
    const samples = await samplesUntil((_, index) => index === 4, 200);
    const total = performance.now() - begin;
    // Timers may be late, but not early; the rounding of a timer is a millisecond.
    expect(total).toBeGreaterThanOrEqual(4 * 199);
    const elapsed = samples.map((sample) => sample.elapsed * 1000);
    expect(elapsed[0]).toBe(0);
    for (const each of elapsed.slice(1)) expect(each).toBeGreaterThan(0);
    expect(elapsed.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(total);
  });

  test('follows a slow consumer without a backlog', async () => {
    let slow = 0;
    let resumed = 0;
    const samples = await samplesUntil(async (_, index) => {
      if (index === 1) {
        const begin = performance.now();
        await sleep(1000);
        resumed = performance.now();
        slow = resumed - begin;
      }
      return index === 6;
    }, 100);
    // Sample 2 is taken at once, and sample 3 may come sooner than the interval, to keep to the
    // schedule. Missed samples in a burst would take no time. The rounding of a timer is a
    // millisecond.
    expect(performance.now() - resumed).toBeGreaterThanOrEqual(3 * 99);
    expect((samples[2]?.elapsed ?? 0) * 1000).toBeGreaterThanOrEqual(slow);
  });
});

describe('watch() ends', () => {
  const reason = new Error('mine');

  test('if its signal was aborted before', async () => {
    const samples = fixture.ipvs.watch({ signal: AbortSignal.abort(reason) });
    await expect(samples.next()).rejects.toBe(reason);
    expect(await samples.next()).toEqual({ value: undefined, done: true });
  });

  test('at once if its signal is aborted between two samples', async () => {
    const controller = new AbortController();
    const samples = fixture.ipvs.watch({ interval: 2 ** 31 - 1, signal: controller.signal });
    await samples.next();
    const next = samples.next();
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
  });

  test('if the consumer aborts its signal', async () => {
    const controller = new AbortController();
    const loop = async () => {
      for await (const _ of fixture.ipvs.watch({ interval: 1, signal: controller.signal })) {
        controller.abort(reason);
      }
    };
    await expect(loop()).rejects.toBe(reason);
  });

  test('if the handle is closed before the first sample', async () => {
    const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
    const samples = ipvs.watch();
    await ipvs.close();
    expect(await samples.next()).toEqual({ value: undefined, done: true });
  });
});

test('a service and its destinations in a sample can be written back', async () => {
  const service = { protocol: 'tcp', address: '10.96.7.7', port: 80 } as const;
  await fixture.ipvs.ensureService(service);
  await fixture.ipvs.ensureDestination(service, { address: '10.1.0.7' });
  const { value } = await fixture.ipvs.watch({ interval: 1 }).next();
  const sampled = value?.services.find((each) => each.address === service.address);
  if (sampled === undefined) return expect.unreachable('it is in the sample');
  const { destinations, ...rest } = sampled;
  expect(rest).toHaveProperty('change', null);
  expect(await fixture.ipvs.ensureService(rest)).toBe('updated');
  for (const each of destinations) {
    expect(await fixture.ipvs.ensureDestination(service, each)).toBe('updated');
  }
  await expect(fixture.ipvs.ensureService(sampled)).rejects.toMatchObject({
    target: 'tcp://10.96.7.7:80',
    message: expect.stringContaining('leave it out, and add the destinations with addDestination'),
  });
  await fixture.ipvs.deleteService(service);
});
