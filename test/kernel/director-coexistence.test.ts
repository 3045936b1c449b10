/** Directors beside one another, beside ipvsadm and beside keepalived: each keeps its services. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Director, type State } from 'ipvs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressesOn } from './helpers/iproute.js';
import { Keepalived } from './helpers/keepalived.js';
import { Peers } from './helpers/peers.js';
import { until } from './helpers/poll.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const PORT = 8080;
const SERVERS = ['127.0.0.2', '127.0.0.3'] as const;

/** The networks of all: the services of the first are 10.96.0.1 and so on. */
const OWNERS = { first: '10.96', second: '10.97', keepalived: '10.98', writer: '10.99' } as const;
const linesOf = (owner: string, lines = fixture.namespace.saved()) =>
  lines.filter((line) => line.includes(` -t ${owner}.`));

/** The services of another program that it does not change. */
const FOREIGN = [
  `-A -t ${OWNERS.writer}.0.1:80 -s sh -b sh-port`,
  `-a -t ${OWNERS.writer}.0.1:80 -r 10.1.1.9:80 -m -w 0`,
  `-a -t ${OWNERS.writer}.0.1:80 -r 10.1.1.8:81 -m -w 5`,
].sort();

/** Changes a service of its own for some seconds. Fails when somebody else changes it. */
const WRITER = `
set -e
service=${OWNERS.writer}.0.2:80
for round in $(seq 50); do
  ipvsadm -A -t $service -s rr
  ipvsadm -a -t $service -r 10.1.1.1:80 -m -w 1
  ipvsadm -e -t $service -r 10.1.1.1:80 -m -w 2
  ipvsadm -D -t $service
done`;

const realServer = (address: string, weight: number) => `
  real_server ${address} ${PORT} {
    weight ${weight}
    TCP_CHECK {
      connect_timeout 30
    }
  }`;
const configurationOf = (weight: number) => `
virtual_server ${OWNERS.keepalived}.0.1 80 {
  lvs_sched wrr
  lvs_method NAT
  protocol TCP
  delay_loop 1
  ${SERVERS.map((address) => realServer(address, weight)).join('')}
}
`;
const keepalivedLines = (weight: number) => {
  const service = `-t ${OWNERS.keepalived}.0.1:80`;
  return [
    `-A ${service} -s wrr`,
    ...SERVERS.map((address) => `-a ${service} -r ${address}:${PORT} -m -w ${weight}`),
  ];
};

/** The lines of other programs that are there all the time. keepalived only changes weights. */
const LASTING = [...FOREIGN, ...keepalivedLines(1).slice(0, 1)];

/** Services of an owner, all with the same servers. */
interface Wanted {
  readonly addresses: readonly string[];
  readonly servers: readonly string[];
}
const stateOf = ({ addresses, servers }: Wanted): State => ({
  services: addresses.map((address) => ({
    protocol: 'tcp',
    address,
    port: 80,
    scheduler: 'rr',
    destinations: servers.map((server) => ({
      address: server,
      port: PORT,
      forwarding: 'masquerade',
    })),
  })),
});
const wantedLines = ({ addresses, servers }: Wanted) =>
  addresses
    .flatMap((address) => [
      `-A -t ${address}:80 -s rr`,
      ...servers.map((server) => `-a -t ${address}:80 -r ${server}:${PORT} -m -w 1`),
    ])
    .sort();

let peers: Peers;
let keepalived: Keepalived;
const directors: Director[] = [];
beforeAll(async () => {
  peers = new Peers(fixture.namespace, PORT, SERVERS);
  await peers.ready();
  keepalived = new Keepalived(fixture.namespace, configurationOf(1));
});
afterAll(async () => {
  await Promise.all(directors.map((director) => director.close()));
  await keepalived.stop();
  peers.stop();
});

const waitForKeepalived = (weight: number) => {
  const wanted = keepalivedLines(weight).join();
  return until(
    () => linesOf(OWNERS.keepalived),
    (lines) => lines.join() === wanted,
  );
};

/** A director that looks often, and the changes of others that it has repaired. */
async function open(owner: string, link: string) {
  const director = await Director.open({
    netns: fixture.namespace.path,
    owns: { networks: [`${owner}.0.0/16`] },
    link,
    drain: true,
    resync: 50,
  });
  directors.push(director);
  const drift: string[] = [];
  void (async () => {
    for await (const event of director.events()) {
      if (event.type === 'drifted') drift.push(event.diff);
    }
  })();
  const last: Wanted = {
    addresses: [2, 3, 4].map((byte) => `${owner}.0.${byte}`),
    servers: [SERVERS[1]],
  };
  const turns: readonly Wanted[] = [
    { addresses: [1, 2].map((byte) => `${owner}.0.${byte}`), servers: SERVERS },
    last,
  ];
  /** Takes turns until the process has ended, and looks after each change. Returns their number. */
  const changeDuring = async (process: ChildProcess) => {
    let changes = 0;
    while (process.exitCode === null) {
      for (const wanted of turns) {
        await director.apply(stateOf(wanted));
        // While others change the table, a list of it may lack services, or have some twice. What
        // another has really changed is drift, which is none in the end.
        await until(
          () => fixture.namespace.saved(),
          (lines) =>
            isDeepStrictEqual(linesOf(owner, lines), wantedLines(wanted)) &&
            LASTING.every((line) => lines.includes(line)),
        );
        const addresses = wanted.addresses.map((address) => `${address}/32`);
        expect(addressesOn(fixture.namespace, link)).toEqual(addresses);
        changes++;
        await sleep(20);
      }
    }
    return changes;
  };
  return { drift, changeDuring, last: wantedLines(last) };
}

test('directors, ipvsadm and keepalived never touch the services of another', async () => {
  const { namespace } = fixture;
  namespace.restore(FOREIGN);
  const foreign = linesOf(OWNERS.writer);
  expect(foreign).toEqual(FOREIGN);
  await waitForKeepalived(1);
  const [first, second] = [await open(OWNERS.first, 'vip0'), await open(OWNERS.second, 'vip1')];

  const writer = spawn('ip', ['netns', 'exec', namespace.name, 'sh', '-c', WRITER], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const runs = [first, second].map(({ changeDuring }) => changeDuring(writer));
  const reload = async () => {
    for (const weight of [2, 1]) {
      keepalived.reload(configurationOf(weight));
      await waitForKeepalived(weight);
    }
  };
  const [changes] = await Promise.all([Promise.all(runs), reload()]);
  expect(writer.exitCode).toBe(0);
  for (const count of changes) expect(count).toBeGreaterThan(2);
  const own = [...first.last, ...second.last];
  expect(namespace.saved()).toEqual([...own, ...keepalivedLines(1), ...foreign].sort());

  await keepalived.stop();
  expect(namespace.saved()).toEqual([...own, ...foreign].sort());
  expect([...first.drift, ...second.drift]).toEqual([]);
});
