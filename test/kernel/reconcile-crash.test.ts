/** An agent that is killed between two of its requests, and another run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Ipvs, type ReconcileOptions, type State } from 'ipvs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCounted } from './helpers/count-requests.js';
import { sortServices } from './helpers/model/objects.js';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
let counted: Awaited<ReturnType<typeof openCounted>>;

beforeAll(async () => {
  counted = await openCounted(() => Ipvs.open({ netns: fixture.namespace.path }));
});
afterAll(() => counted.ipvs.close());

const service = (last: number, rest: object) => ({
  protocol: 'tcp' as const,
  address: `10.96.0.${last}`,
  port: 80,
  scheduler: 'rr',
  ...rest,
});
const servers = (first: number, end: number, weight = 1) =>
  Array.from({ length: end - first }, (_, index) => ({
    address: `10.0.0.${first + index}`,
    weight,
  }));

const FOREIGN = { fwmark: 7, scheduler: 'sh', destinations: servers(1, 4, 9) };
const BEFORE: State = {
  services: [
    FOREIGN,
    service(1, { destinations: servers(1, 5) }),
    service(2, { scheduler: 'wlc', destinations: servers(1, 3) }),
    service(3, { destinations: servers(1, 4) }),
  ],
};
/** Every kind of change, and a new service with a table of mh, which has no scheduler meanwhile. */
const AFTER: State = {
  services: [
    service(4, { scheduler: 'mh', destinations: servers(1, 18) }),
    service(1, { destinations: servers(3, 7) }),
    service(2, { scheduler: 'wrr', destinations: servers(1, 3, 5) }),
    service(5, { destinations: servers(1, 2) }),
  ],
};
const OPTIONS: ReconcileOptions = { prune: { networks: ['10.96.0.0/16'] } };

async function fill(): Promise<void> {
  await fixture.ipvs.flush();
  await fixture.ipvs.reconcile(BEFORE);
}

async function table() {
  const { services } = await fixture.ipvs.snapshot();
  return sortServices(services);
}

/** The lines of `ipvsadm -Sn` for what is there before and after, and is not changed. */
const LASTING = [
  '-A -f 7 -s sh',
  ...[1, 2, 3].map((last) => `-a -f 7 -r 10.0.0.${last}:0 -g -w 9`),
  '-A -t 10.96.0.1:80 -s rr',
  ...[3, 4].map((last) => `-a -t 10.96.0.1:80 -r 10.0.0.${last}:80 -g -w 1`),
];

test.each(['async', 'sync'] as const)(
  'a process killed after any request of a %s reconciliation is followed by one that ends the same',
  async (form) => {
    await fill();
    const sent = counted.requests();
    await counted.ipvs.reconcile(AFTER, OPTIONS);
    const requests = counted.requests() - sent;
    expect(requests).toBe(30);
    const expected = await table();

    // Each form in half of the places, since a process takes long to start.
    for (let count = form === 'async' ? 0 : 1; count <= requests; count += 2) {
      await fill();
      const order = { netns: fixture.namespace.path, state: AFTER, options: OPTIONS, count, form };
      const child = spawn(process.execPath, [
        programPath('reconcile-killed.mjs'),
        JSON.stringify(order),
      ]);
      expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
      expect(fixture.namespace.saved()).toEqual(expect.arrayContaining(LASTING));

      // It does the rest, and nothing again: but for the scheduler that mh has not got yet.
      const before = counted.requests();
      await counted.ipvs.reconcile(AFTER, OPTIONS);
      expect(counted.requests() - before).toBeLessThanOrEqual(requests - count);
      expect(await table()).toEqual(expected);
      expect((await counted.ipvs.reconcile(AFTER, OPTIONS)).changes).toEqual([]);
    }
  },
);
