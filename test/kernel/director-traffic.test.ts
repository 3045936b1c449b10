/** Connections that are held while a director replaces servers: each lasts until its deadline. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Director, type State } from 'ipvs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerOf } from './helpers/answer.js';
import { until } from './helpers/poll.js';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

/** `IPVS_HELD_CONNECTIONS=1000 npm test -- director-traffic` replaces servers 100 times. */
const HELD = Number(process.env['IPVS_HELD_CONNECTIONS'] ?? 80);
const EACH = 10;
const REPLACEMENTS = HELD / EACH;
/** Milliseconds that a destination drains: about as long as all replacements take. */
const TIMEOUT = 400 * REPLACEMENTS;
/** Milliseconds between replacements. */
const PAUSE = 250;
/** Milliseconds between two requests on a connection: a thousand requests a second in all. */
const INTERVAL = HELD;

const fixture = useNamespace();
const VIP = '10.96.0.1';
const PORT = 8080;

/** What has become of a connection: see programs/held.mjs. */
interface Connection {
  readonly server: string;
  readonly answered: number;
  readonly ended?: number;
}

let held: ChildProcess;
let director: Director;

beforeAll(async () => {
  const { namespace, ipvs } = fixture;
  // The kernel then resets a connection whose destination is gone, instead of ignoring its packets.
  await ipvs.sysctls.set({ expireNodestConn: true });
  const args = [PORT, VIP, 80, INTERVAL].map(String);
  held = spawn(
    'ip',
    ['netns', 'exec', namespace.name, process.execPath, programPath('held.mjs'), ...args],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  await answerOf(held);
  director = await Director.open({
    netns: namespace.path,
    owns: { networks: ['10.96.0.0/16'] },
    link: 'vip0',
    drain: { timeout: TIMEOUT },
  });
});
afterAll(async () => {
  held.kill();
  await director.close();
});

/** The servers of a round, of which the next round keeps one half. None ever comes again. */
const serversOf = (round: number) =>
  Array.from({ length: 4 }, (_, index) => 2 * round + index).map(
    (number) => `127.0.${1 + (number >> 7)}.${1 + (number & 127)}`,
  );

const stateOf = (servers: readonly string[]): State => ({
  services: [
    {
      protocol: 'tcp',
      address: VIP,
      port: 80,
      scheduler: 'rr',
      destinations: servers.map((address) => ({ address, port: PORT, forwarding: 'masquerade' })),
    },
  ],
});

async function look(hold = 0): Promise<readonly Connection[]> {
  const answer = answerOf<readonly Connection[]>(held);
  held.send({ hold });
  return answer;
}

/** Keeps the deadlines of servers, and the reasons why their draining ended. */
function follow() {
  const deadlines = new Map<string, number>();
  const reasons: string[] = [];
  const serverOf = (destination: string) => destination.split(':')[0] ?? '';
  void (async () => {
    for await (const event of director.events()) {
      if (event.type === 'drained') reasons.push(...event.destinations.map((each) => each.reason));
      if (event.type !== 'draining') continue;
      for (const { destination, deadline } of event.destinations) {
        deadlines.set(serverOf(destination), deadline.getTime());
      }
    }
  })();
  return { deadlines, reasons };
}

test(
  'a held connection lasts until the deadline of its destination, and ends after it',
  async () => {
    const { deadlines, reasons } = follow();
    await director.apply(stateOf(serversOf(0)));
    for (let round = 1; round <= REPLACEMENTS; round++) {
      const added = (await look(EACH)).slice(-EACH).map(({ server }) => server);
      expect([...new Set(added)].sort()).toEqual(serversOf(round - 1).sort());
      await sleep(PAUSE);
      await director.apply(stateOf(serversOf(round)));
    }
    await until(
      () => director.state().draining.length,
      (count) => count === 0,
    );
    expect(deadlines.size).toBe(2 * REPLACEMENTS);
    const drained = Date.now();
    const connections = await until(
      () => look(),
      (all) =>
        all.every(({ server, answered, ended }) =>
          deadlines.has(server) ? ended !== undefined : answered > drained,
        ),
    );
    expect(connections).toHaveLength(HELD);
    const early = connections.filter(({ server, ended = Infinity }) => {
      const deadline = deadlines.get(server);
      return deadline !== undefined && ended < deadline;
    });
    expect(early).toEqual([]);
    expect(reasons).toEqual(Array.from(deadlines, () => 'timeout'));

    // Servers of the last round that also served the round before still answer.
    const lasting = connections.filter((each) => !deadlines.has(each.server));
    expect(new Set(lasting.map(({ server }) => server))).toEqual(
      new Set(serversOf(REPLACEMENTS).slice(0, 2)),
    );
    expect(lasting.filter(({ ended }) => ended !== undefined)).toEqual([]);
    expect(fixture.namespace.saved()).toEqual(
      [
        `-A -t ${VIP}:80 -s rr`,
        ...serversOf(REPLACEMENTS).map((each) => `-a -t ${VIP}:80 -r ${each}:${PORT} -m -w 1`),
      ].sort(),
    );
  },
  600_000 + 1000 * HELD,
);
