/** Traffic while servers are replaced: nothing is lost. */
import { spawn } from 'node:child_process';
import type { State } from 'ipvs';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { answerOf } from './helpers/answer.js';
import { Peers } from './helpers/peers.js';
import { until } from './helpers/poll.js';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

/** `IPVS_HELD_CONNECTIONS=1000 npm test -- reconcile-traffic` replaces servers 100 times. */
const HELD = Number(process.env['IPVS_HELD_CONNECTIONS'] ?? 100);
const REPLACEMENTS = HELD / 10;
const ROUNDS = 30;

const fixture = useNamespace();
const VIRTUAL = '10.96.0.1';
const PORT = 8080;
const SERVERS = Array.from({ length: 6 }, (_, index) => `127.0.0.${index + 2}`);

beforeAll(() => {
  const { namespace } = fixture;
  namespace.ip('link', 'add', 'virtual', 'type', 'dummy');
  namespace.ip('link', 'set', 'virtual', 'up');
  namespace.ip('address', 'add', `${VIRTUAL}/32`, 'dev', 'virtual');
});
beforeEach(() => fixture.ipvs.flush());

const stateOf = (port: number, servers: readonly string[]): State => ({
  services: [
    {
      protocol: 'tcp',
      address: VIRTUAL,
      port,
      scheduler: 'rr',
      destinations: servers.map((address) => ({ address, port: PORT, forwarding: 'masquerade' })),
    },
  ],
});

/** What has become of the load: see programs/load.mjs. */
interface Load {
  /** The number of requests that were answered, by kind of client. */
  readonly answered: Record<string, number>;
  readonly failures: readonly string[];
  /** The number of requests that each server has answered. */
  readonly served: Record<string, number>;
}

/** Half of the servers, another half in each round. */
const halfOf = (round: number) => SERVERS.filter((_, index) => (index + round) % 6 < 3);

const reconcile = (state: State) => fixture.ipvs.reconcile(state, { prune: true, drain: true });

test('no request fails while half of the servers are replaced again and again', async () => {
  const port = 80;
  const args = [String(PORT), SERVERS.join(','), VIRTUAL, String(port)];
  const load = spawn(
    'ip',
    ['netns', 'exec', fixture.namespace.name, process.execPath, programPath('load.mjs'), ...args],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const send = async (action: 'start' | 'count' | 'stop'): Promise<Load> => {
    const answer = answerOf<Load>(load);
    load.send(action);
    return answer;
  };
  try {
    await reconcile(stateOf(port, halfOf(0)));
    let { served: before } = await send('start');
    const hasAnswered = (address: string, served: Load['served']) =>
      Number(served[address]) > Number(before[address]);
    for (let round = 1; round <= ROUNDS; round++) {
      // Each server of the round before has got some of the load since.
      before = await until(
        async () => (await send('count')).served,
        (served) => halfOf(round - 1).every((address) => hasAnswered(address, served)),
      );
      await reconcile(stateOf(port, halfOf(round)));
      const listed = await fixture.ipvs.listDestinations(`tcp://${VIRTUAL}:${port}`);
      const weighted = listed.filter(({ weight }) => weight > 0).map(({ address }) => address);
      expect(weighted.sort()).toEqual(halfOf(round));
    }
    const { answered, failures } = await send('stop');
    expect(failures).toEqual([]);
    for (const count of Object.values(answered)) expect(count).toBeGreaterThan(0);
  } finally {
    load.kill();
  }
});

test(
  'held connections stay while servers are replaced',
  async () => {
    const port = 81;
    const peers = new Peers(fixture.namespace, PORT, SERVERS);
    try {
      await peers.ready();
      const held: Record<string, number> = {};
      for (let round = 0; round < REPLACEMENTS; round++) {
        const wanted = halfOf(round);
        const { draining } = await reconcile(stateOf(port, wanted));
        for (const { destination } of draining) {
          expect(wanted).not.toContain(destination.split(':')[0]);
        }
        const added = await peers.count('hold', 10, VIRTUAL, port);
        expect(wanted).toEqual(expect.arrayContaining(Object.keys(added)));
        for (const [address, count] of Object.entries(added)) {
          held[address] = (held[address] ?? 0) + count;
        }
      }
      expect(await peers.count('again', HELD)).toEqual(held);
      const counts = await fixture.ipvs.listDestinations(`tcp://${VIRTUAL}:${port}`);
      const active = Object.fromEntries(
        counts.map(({ address, activeConnections }) => [address, activeConnections]),
      );
      expect(active).toEqual(held);
    } finally {
      peers.stop();
    }
  },
  600_000 + 1000 * HELD,
);
