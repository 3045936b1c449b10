import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Ipvs } from '../../lib/index.js';
import { Metrics } from '../../lib/metrics/index.js';
import { resetAddon } from './helpers/fake-addon.js';
import { sourceOf } from './helpers/metrics-fixture.js';

vi.mock('../../lib/native/load.js', () => import('./helpers/fake-addon.js'));

let ipvs: Ipvs;
beforeEach(async () => {
  resetAddon();
  ipvs = await Ipvs.open();
});
afterEach(() => ipvs.close());

/** Returns the samples of calls as text: the name, the labels, and the value of counts. */
async function linesOf(metrics: Metrics): Promise<string[]> {
  return (await metrics.collect())
    .filter(({ sampleName }) => /^ipvs_call(s|_)/.test(sampleName))
    .flatMap(({ sampleName, samples }) =>
      samples.map(({ labels, value }) => {
        const count = sampleName.includes('seconds') ? typeof value : value;
        return [sampleName.replace('ipvs_', ''), ...Object.values(labels), count].join(' ');
      }),
    );
}

test('calls are counted when they have ended, with their time and their errors', async () => {
  const metrics = new Metrics(sourceOf([]).source, { calls: true });
  const { port: _, ...incomplete } = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const;
  await Promise.all([ipvs.flush(), ipvs.flush()]);
  await expect(Reflect.apply(ipvs.addService, ipvs, [incomplete])).rejects.toThrow(TypeError);
  ipvs.sync.flush();
  expect(await linesOf(metrics)).toEqual([
    'calls_total flush 3',
    'calls_total addService 1',
    'call_seconds_total flush number',
    'call_seconds_total addService number',
    'call_errors_total addService ERR_INVALID_ARG_TYPE 1',
  ]);
  metrics.close();
});

test('calls are not counted without the option, nor after close()', async () => {
  const without = new Metrics(sourceOf([]).source);
  const closed = new Metrics(sourceOf([]).source, { calls: true });
  await ipvs.flush();
  closed.close();
  await ipvs.flush();
  expect(await linesOf(without)).toEqual([]);
  expect((await linesOf(closed))[0]).toBe('calls_total flush 1');
});
