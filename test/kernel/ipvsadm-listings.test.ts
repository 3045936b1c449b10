import { isDeepStrictEqual } from 'node:util';
import { type DestinationConfig, Ipvs, type ServiceConfig } from 'ipvs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runInProcess, runWithIpvsadm, wordsOf } from './helpers/command-lines.js';
import { Namespace } from './helpers/namespace.js';
import { until } from './helpers/poll.js';
import { CLIENT6, furnish, PORT, SERVER, SERVER6, VIRTUAL, VIRTUAL6 } from './helpers/scene.js';
import { Traffic } from './helpers/traffic.js';

let namespace: Namespace;

beforeAll(() => {
  namespace = new Namespace();
  furnish(namespace);
});

afterAll(() => namespace.delete());

/** The rules of a table with all that listings show. */
const TABLE = `-A -t 10.96.0.1:80 -s rr
-a -t 10.96.0.1:80 -r 10.0.0.2:8080 -m -w 3 -x 100 -y 50
-a -t 10.96.0.1:80 -r 10.0.0.3:80 -m -w 0
-a -t 10.96.0.1:80 -r 10.0.0.12:80 -g -w 2147483647 -x 2147483647
-a -t 10.96.0.1:80 -r [fd00::5]:80 -i --tun-type gre --tun-csum
-A -u 10.96.0.1:53 -s wlc -o
-A -t 10.96.0.1:0 -p
-A -t 111.222.111.222:12345 -s sh -p 2678400 -M 255.255.0.0 -b sh-port,sh-fallback
-a -t 111.222.111.222:12345 -r 111.222.111.223:54321 -m
-A --sctp-service 10.96.0.1:65535 -s wrr -b flag-1,flag-3
-A -u [2001:db8::1]:5060 -s mh -b mh-port -p 300 -M 64 --pe sip
-a -u [2001:db8::1]:5060 -r [2001:db8::2]:5060
-A -t [1111:2222:3333:4444:5555:6666:7777:8888]:54321
-a -t [1111:2222:3333:4444:5555:6666:7777:8888]:54321 -r [1111:2222:3333:4444:5555:6666:7777:8889]:54321
-A -t [::1.2.3.4]:80
-A -t [::ffff:1.2.3.4]:80
-A -t [::1]:80
-A -f 1
-a -f 1 -r 10.0.0.9:0 -i
-a -f 1 -r 10.0.0.10:0 -i --tun-type gue --tun-port 6080 --tun-remcsum
-a -f 1 -r 10.0.0.11:0 -i --tun-type gue --tun-port 65535
-a -f 1 -r 127.0.0.1:80 -m
-A -f 2 -6 -s sh -b flag-3 -p 5 -M 1 --pe sip -o
-a -f 2 -6 -r ::1 -m
-A -f 2147483647
-A -t 10.96.0.2:80 --pe sip -M 255.0.0.0`;

/** Expects that both programs print the same, with the mistakes of ipvsadm. */
async function compare(lines: readonly string[], compat = true): Promise<void> {
  const commands = lines.map((line) => ({ words: wordsOf(line) }));
  const expected = runWithIpvsadm(namespace, commands);
  for (const [index, line] of lines.entries()) {
    const { table: _, ...effect } = expected[index] ?? { table: '' };
    const actual = await runInProcess(namespace, { words: wordsOf(line) }, compat);
    expect.soft({ line, ...actual }).toEqual({ line, ...effect });
  }
}

const COLUMNS = [
  '',
  '--stats',
  '--rate',
  '--stats --exact',
  '--rate --exact',
  '--thresholds',
  '--persistent-conn',
  '--tun-info',
];
const SELECTORS = ['', '-t 10.96.0.1:80', '-u [2001:db8::1]:5060', '-f 1', '-f 2 -6'];

const LISTINGS = [
  ...SELECTORS.flatMap((selector) => COLUMNS.map((columns) => `-L -n ${selector} ${columns}`)),
  ...COLUMNS.map((columns) => `-L ${columns}`),
  ...COLUMNS.map((columns) => `-L -n --nosort ${columns}`),
  '-L',
  '-S',
  '-S -n',
  '-L -t 10.96.0.1:http',
];

describe('with a table of all kinds', () => {
  beforeAll(() => namespace.restore(['-C', ...TABLE.split('\n')]));

  test('listings are those of ipvsadm', () => compare(LISTINGS));
});

test('listings are those of ipvsadm where that makes no mistake', async () => {
  // Addresses whose difference wraps are in the wrong order there.
  const rules = TABLE.split('\n').filter((line) => !/111|2001:|fd00:/.test(line));
  namespace.restore(['-C', ...rules]);
  // Thresholds are saved here.
  const lines = LISTINGS.filter((line) => !/^-S|111|2001:/.test(line));
  await compare(lines, false);
});

test('names are cut and printed as in ipvsadm', async () => {
  namespace.restore([
    '-C',
    '-A -t 127.0.0.1:80',
    '-a -t 127.0.0.1:80 -r 127.0.0.1:8080 -m',
    '-A -u [::1]:53',
    '-a -u [::1]:53 -r [::1]:5353 -m',
    '-A -f 1',
    '-a -f 1 -r 127.0.0.1:80 -m',
  ]);
  await compare(['-L', '-L --stats', '-L --thresholds', '-S', '-L -t localhost:http']);
});

/** Addresses whose differences wrap, and their neighbours. */
const FAR = ['1.0.0.1', '127.0.0.1', '128.0.0.1', '129.0.0.1', '200.0.0.1', '10.0.0.1'];
const FAR6 = ['::1', 'fd00::1', 'fd00::2', '8000::1', '7fff::1', '1::1', '1::8000:0', '1::7000:0'];

test('the order is that of ipvsadm, also where its comparison wraps', async () => {
  const ports = [80, 443, 65535, 1];
  const marks = [1, 2, 4294967295, 2147483648, 2147483647, 3000000000];
  const services = [
    ...FAR.flatMap((address) => ports.map((port) => `-t ${address}:${port}`)),
    ...FAR.flatMap((address) => ports.map((port) => `-u ${address}:${port}`)),
    ...FAR6.flatMap((address) => [`-t [${address}]:80`, `-t [${address}]:443`]),
    ...marks.flatMap((mark) => [`-f ${mark}`, `-f ${mark} -6`]),
  ];
  const servers = [
    ...FAR.flatMap((address) => ports.map((port) => `-r ${address}:${port}`)),
    ...FAR6.map((address) => `-r [${address}]:80`),
  ];
  namespace.restore([
    '-C',
    ...services.map((service) => `-A ${service}`),
    ...servers.map((server) => `-a -f 1 ${server} -i`),
    ...servers.map((server) => `-a -f 2 -6 ${server} -i`),
  ]);
  await compare(['-S -n', '-L -n', '-L -n --nosort', '-L -n --stats', '-L -n -f 1']);
});

test('what only other programs set is printed as by ipvsadm', async () => {
  const ipvs = await Ipvs.open({ netns: namespace.path });
  await ipvs.flush();
  const stats = {};
  // Objects that look like the kernel's are written as they are.
  const add = (service: object, ...destinations: readonly object[]) => {
    const config = { protocol: 'tcp', port: 80, stats, ...service } as unknown as ServiceConfig;
    ipvs.sync.addService(config);
    for (const each of destinations) {
      const destination = { port: 80, stats, ...each } as unknown as DestinationConfig;
      ipvs.sync.addDestination(config, destination);
    }
  };
  add(
    { address: '10.96.0.1', schedulerFlags: ['unknown-64'] },
    { address: '10.0.0.1', forwarding: 'local' },
    { address: '10.0.0.2', forwarding: 'bypass' },
    { address: '10.0.0.3', forwarding: 'tunnel', tunnel: { type: 'ipip', port: 7 } },
    {
      address: '10.0.0.4',
      forwarding: 'tunnel',
      tunnel: { type: 'gre', checksum: 'checksum', port: 9 },
    },
    { address: '10.0.0.5', forwarding: 'direct', tunnel: { type: 'gue', port: 7 }, port: 8080 },
    { address: '10.0.0.7', upperThreshold: 9, lowerThreshold: 9 },
  );
  add({
    address: '10.96.0.2',
    scheduler: 'sh',
    schedulerFlags: ['flag-3', 'sh-port', 'unknown-64'],
  });
  add({ address: '10.96.0.3', scheduler: 'mh', schedulerFlags: ['flag-3'], onePacket: true });
  add({ address: '10.96.0.4', schedulerFlags: ['flag-1', 'flag-2', 'flag-3'], port: 0 });
  add({ address: '10.96.0.5', persistence: { timeout: 0, netmask: '255.0.0.0' } });
  const inactivePersistence = { timeout: 7, netmask: '255.0.0.0', engine: 'sip' };
  add({ address: '10.96.0.6', inactivePersistence });
  add({ address: '10.96.0.7', scheduler: 'none' });
  await ipvs.close();
  await compare([
    ...COLUMNS.map((columns) => `-L -n ${columns}`),
    '-L -n --tun-info --exact',
    '-S -n',
    '-S',
  ]);
});

describe('with traffic', () => {
  let traffic: Traffic;

  beforeAll(async () => {
    namespace.restore([
      '-C',
      `-A -t ${VIRTUAL}:80 -p 100`,
      `-a -t ${VIRTUAL}:80 -r ${SERVER}:${PORT} -m`,
      `-A -t [${VIRTUAL6}]:80`,
      `-a -t [${VIRTUAL6}]:80 -r [${SERVER6}]:${PORT} -m`,
      `-A -u ${VIRTUAL}:5060 -p 100 --pe sip -o`,
      `-a -u ${VIRTUAL}:5060 -r ${SERVER}:${PORT} -m`,
    ]);
    traffic = new Traffic(namespace);
    await traffic.listen('tcp', [SERVER, PORT]);
    await traffic.listen('tcp', [SERVER6, PORT]);
    await traffic.listen('udp', [SERVER, PORT]);
    await traffic.connect({ protocol: 'tcp', to: [VIRTUAL, 80], data: 'hello' });
    await traffic.connect({ protocol: 'tcp', to: [VIRTUAL, 80], data: 'bye', end: true });
    const source: readonly [string, number] = [CLIENT6, 50000];
    await traffic.connect({ protocol: 'tcp', to: [VIRTUAL6, 80], source, data: 'hello' });
    const calls = ['a1b2@host', 'with\xe9bytes@host'];
    for (const call of calls) {
      const data = `INVITE sip:x SIP/2.0\r\nCall-ID: ${call}\r\nContent-Length: 0\r\n\r\n`;
      await traffic.connect({ protocol: 'udp', to: [VIRTUAL, 5060], data, wait: false });
    }
  });

  afterAll(() => traffic.stop());

  /** Hides the seconds that are left, and orders the rows: the table has no order. */
  const steady = (text: string) =>
    text
      .replace(/\b\d\d:\d\d /g, 'MM:SS ')
      .split('\n')
      .sort()
      .join('\n');

  test.each(['-L -c -n', '-L -c', '-L -c -n --persistent-conn', '-L -c --persistent-conn'])(
    'connections are those of ipvsadm: %s',
    async (line) => {
      const [expected] = runWithIpvsadm(namespace, [{ words: wordsOf(line) }]);
      const actual = await runInProcess(namespace, { words: wordsOf(line) }, true);
      expect(actual.stdout.split('\n').length).toBeGreaterThan(5);
      expect(steady(actual.stdout)).toBe(steady(expected?.stdout ?? ''));
      expect(actual.status).toBe(expected?.status);
    },
  );

  test.each(['-L -n', '-L -n --stats', '-L -n --stats --exact', '-L -n --persistent-conn'])(
    'counters are those of ipvsadm: %s',
    async (line) => {
      const command = { words: wordsOf(line) };
      const look = async () => {
        const [before] = runWithIpvsadm(namespace, [command]);
        const actual = await runInProcess(namespace, command, true);
        const [after] = runWithIpvsadm(namespace, [command]);
        return { before, actual, after };
      };
      // The kernel brings each object's counters up to date every two seconds.
      const { before, actual } = await until(
        look,
        ({ before, after }) =>
          isDeepStrictEqual(before, after) && !/\d +0 +0 +0 +0 +0\n/.test(before?.stdout ?? ''),
      );
      const { table: _, ...effect } = before ?? { table: '' };
      expect(actual).toEqual(effect);
    },
  );
});
