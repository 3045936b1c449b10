/**
 * Missing objects: a result if the options permit them, otherwise an error that names the object.
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
const SERVICES = FOUND.map((found, row) => [found, row] as const);

beforeAll(async () => {
  await fixture.ipvs.addService({ protocol: 'tcp', address: '10.9.0.1', port: 80 });
  await fixture.ipvs.addService({ protocol: 'udp', address: 'fd00::1', port: 53 });
  await fixture.ipvs.addService({ fwmark: 7 });
  await fixture.ipvs.addService({ fwmark: 7, family: 'ipv6' });
  for (const [found, row] of SERVICES)
    await fixture.ipvs.addDestination(found, { address: HERE[row] ?? '' });
});

type Ways = Pick<Ipvs, 'updateService' | 'updateDestination'> & Ipvs['sync'] & Batch;
type Action = (ways: Ways) => unknown;

/** Returns the results of an operation: asynchronous, synchronous and in a batch. */
async function outcomesOf(action: Action): Promise<PromiseSettledResult<unknown>[]> {
  // Each way has the methods of the others.
  const run = (ways: unknown) => action(ways as Ways);
  const [promised] = await Promise.allSettled([run(fixture.ipvs)]);
  const [thrown] = await Promise.allSettled([(async () => run(fixture.ipvs.sync))()]);
  const [batched] = await fixture.ipvs.batch((b) => void run(b));
  return [promised, thrown, batched ?? expect.unreachable('no result')];
}

describe.each(SERVICES)('beside %s,', (found, row) => {
  const lost = LOST[row] ?? '';
  const here = HERE[row] ?? '';
  const gone = GONE[row] ?? '';
  const ifExists = { ifExists: true };

  test.each<{ readonly call: string; readonly value: unknown; readonly action: Action }>([
    { call: 'updateService', value: undefined, action: (ways) => ways.updateService(found, {}) },
    {
      call: 'updateService with options',
      value: true,
      action: (ways) => ways.updateService(found, {}, {}),
    },
    {
      call: 'updateService if it exists',
      value: true,
      action: (ways) => ways.updateService(found, {}, ifExists),
    },
    {
      call: 'updateService of none',
      value: false,
      action: (ways) => ways.updateService(lost, {}, ifExists),
    },
    {
      call: 'updateDestination',
      value: undefined,
      action: (ways) => ways.updateDestination(found, here, {}),
    },
    {
      call: 'updateDestination with options',
      value: true,
      action: (ways) => ways.updateDestination(found, here, {}, {}),
    },
    {
      call: 'updateDestination if it exists',
      value: true,
      action: (ways) => ways.updateDestination(found, here, { weight: 5 }, ifExists),
    },
    {
      call: 'updateDestination of none',
      value: false,
      action: (ways) => ways.updateDestination(found, gone, { weight: 5 }, ifExists),
    },
    {
      call: 'updateDestination of no service',
      value: false,
      action: (ways) => ways.updateDestination(lost, here, { weight: 5 }, ifExists),
    },
    {
      call: 'getDestination of none',
      value: undefined,
      action: (ways) => ways.getDestination(found, gone),
    },
    {
      call: 'getDestination of no service',
      value: undefined,
      action: (ways) => ways.getDestination(lost, here),
    },
    { call: 'getService of none', value: undefined, action: (ways) => ways.getService(lost) },
  ])('$call returns $value', async ({ value, action }) => {
    const fulfilled = { status: 'fulfilled', value };
    expect(await outcomesOf(action)).toEqual([fulfilled, fulfilled, fulfilled]);
  });

  test.each<{
    readonly operation: string;
    readonly missing: 'service' | 'destination';
    readonly code: string;
    readonly action: Action;
  }>([
    {
      operation: 'updateService',
      missing: 'service',
      code: 'ESRCH',
      action: (ways) => ways.updateService(lost, {}),
    },
    {
      operation: 'deleteService',
      missing: 'service',
      code: 'ESRCH',
      action: (ways) => ways.deleteService(lost),
    },
    { operation: 'zero', missing: 'service', code: 'ESRCH', action: (ways) => ways.zero(lost) },
    {
      operation: 'addDestination',
      missing: 'service',
      code: 'ESRCH',
      action: (ways) => ways.addDestination(lost, { address: here }),
    },
    {
      operation: 'ensureDestination',
      missing: 'service',
      code: 'ESRCH',
      action: (ways) => ways.ensureDestination(lost, { address: here }),
    },
    {
      operation: 'updateDestination',
      missing: 'service',
      code: 'ESRCH',
      action: (ways) => ways.updateDestination(lost, here, {}),
    },
    {
      operation: 'deleteDestination',
      missing: 'service',
      code: 'ESRCH',
      action: (ways) => ways.deleteDestination(lost, here),
    },
    {
      operation: 'listDestinations',
      missing: 'service',
      code: 'ESRCH',
      action: (ways) => ways.listDestinations(lost),
    },
    {
      operation: 'updateDestination',
      missing: 'destination',
      code: 'ENOENT',
      action: (ways) => ways.updateDestination(found, gone, { weight: 1 }, { ifExists: false }),
    },
    {
      operation: 'deleteDestination',
      missing: 'destination',
      code: 'ENOENT',
      action: (ways) => ways.deleteDestination(found, gone),
    },
  ])(
    '$operation rejects with $code and names the missing $missing',
    async ({ operation, missing, code, action }) => {
      const rejected = { status: 'rejected', reason: { operation, missing, code } };
      expect(await outcomesOf(action)).toMatchObject([rejected, rejected, rejected]);
    },
  );

  test('does not report an absent scheduler as an absent service', async () => {
    const action: Action = (ways) => ways.updateService(found, { scheduler: 'no-such' }, ifExists);
    for (const outcome of await outcomesOf(action)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ENOENT' } });
      expect(outcome).not.toHaveProperty('reason.missing');
    }
  });
});
