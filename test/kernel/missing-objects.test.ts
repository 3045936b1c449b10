/**
 * What is not there: an answer where it is forgiven, and otherwise an error that says what is missing.
 * @module
 */
import type { Batch, Ipvs } from 'ipvs';
import { beforeAll, describe, expect, test } from 'vitest';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const FOUND = ['tcp://10.9.0.1:80', 'udp://[fd00::1]:53', 'fwmark://7', 'fwmark6://7'] as const;
const LOST = ['tcp://10.9.0.2:80', 'udp://[fd00::2]:53', 'fwmark://8', 'fwmark6://8'] as const;
const HERE = ['10.8.0.1', 'fd00::9', '10.8.0.1', 'fd00::9'] as const;
const GONE = ['10.8.0.2', 'fd00::8', '10.8.0.2', 'fd00::8'] as const;
const ROWS = FOUND.map((found, row) => [found, row] as const);

beforeAll(async () => {
  await fixture.ipvs.addService({ protocol: 'tcp', address: '10.9.0.1', port: 80 });
  await fixture.ipvs.addService({ protocol: 'udp', address: 'fd00::1', port: 53 });
  await fixture.ipvs.addService({ fwmark: 7 });
  await fixture.ipvs.addService({ fwmark: 7, family: 'ipv6' });
  for (const [found, row] of ROWS)
    await fixture.ipvs.addDestination(found, { address: HERE[row] ?? '' });
});

type Ways = Pick<Ipvs, 'updateService' | 'updateDestination'> & Ipvs['sync'] & Batch;
type Action = (ways: Ways) => unknown;

/** What comes of an operation with a promise, at once and in a batch. */
async function outcomesOf(action: Action): Promise<PromiseSettledResult<unknown>[]> {
  // Each way has the methods of the others.
  const run = (ways: unknown) => action(ways as Ways);
  const [promised] = await Promise.allSettled([run(fixture.ipvs)]);
  const [thrown] = await Promise.allSettled([(async () => run(fixture.ipvs.sync))()]);
  const [batched] = await fixture.ipvs.batch((b) => void run(b));
  return [promised, thrown, batched ?? expect.unreachable('no result')];
}

describe.each(ROWS)('%s', (found, row) => {
  const lost = LOST[row] ?? '';
  const here = HERE[row] ?? '';
  const gone = GONE[row] ?? '';
  const ifExists = { ifExists: true };

  test.each<readonly [string, unknown, Action]>([
    ['updateService', undefined, (ways) => ways.updateService(found, {})],
    ['updateService with options', true, (ways) => ways.updateService(found, {}, {})],
    ['updateService if it exists', true, (ways) => ways.updateService(found, {}, ifExists)],
    ['updateService of none', false, (ways) => ways.updateService(lost, {}, ifExists)],
    ['updateDestination', undefined, (ways) => ways.updateDestination(found, here, {})],
    ['updateDestination with options', true, (ways) => ways.updateDestination(found, here, {}, {})],
    [
      'updateDestination if it exists',
      true,
      (ways) => ways.updateDestination(found, here, { weight: 5 }, ifExists),
    ],
    [
      'updateDestination of none',
      false,
      (ways) => ways.updateDestination(found, gone, { weight: 5 }, ifExists),
    ],
    [
      'updateDestination of no service',
      false,
      (ways) => ways.updateDestination(lost, here, { weight: 5 }, ifExists),
    ],
    ['getDestination of none', undefined, (ways) => ways.getDestination(found, gone)],
    ['getDestination of no service', undefined, (ways) => ways.getDestination(lost, here)],
    ['getService of none', undefined, (ways) => ways.getService(lost)],
  ])('%s gives %j', async (_, value, action) => {
    const fulfilled = { status: 'fulfilled', value };
    expect(await outcomesOf(action)).toEqual([fulfilled, fulfilled, fulfilled]);
  });

  test.each<readonly [string, 'service' | 'destination', string, Action]>([
    ['updateService', 'service', 'ESRCH', (ways) => ways.updateService(lost, {})],
    ['deleteService', 'service', 'ESRCH', (ways) => ways.deleteService(lost)],
    ['zero', 'service', 'ESRCH', (ways) => ways.zero(lost)],
    ['addDestination', 'service', 'ESRCH', (ways) => ways.addDestination(lost, { address: here })],
    [
      'ensureDestination',
      'service',
      'ESRCH',
      (ways) => ways.ensureDestination(lost, { address: here }),
    ],
    ['updateDestination', 'service', 'ESRCH', (ways) => ways.updateDestination(lost, here, {})],
    ['deleteDestination', 'service', 'ESRCH', (ways) => ways.deleteDestination(lost, here)],
    ['listDestinations', 'service', 'ESRCH', (ways) => ways.listDestinations(lost)],
    [
      'updateDestination',
      'destination',
      'ENOENT',
      (ways) => ways.updateDestination(found, gone, { weight: 1 }, { ifExists: false }),
    ],
    ['deleteDestination', 'destination', 'ENOENT', (ways) => ways.deleteDestination(found, gone)],
  ])('%s misses the %s', async (operation, missing, code, action) => {
    const rejected = { status: 'rejected', reason: { operation, missing, code } };
    expect(await outcomesOf(action)).toMatchObject([rejected, rejected, rejected]);
  });

  test('an absent scheduler is no absent service', async () => {
    const action: Action = (ways) => ways.updateService(found, { scheduler: 'no-such' }, ifExists);
    for (const outcome of await outcomesOf(action)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ENOENT' } });
      expect(outcome).not.toHaveProperty('reason.missing');
    }
  });
});
