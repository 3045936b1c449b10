import type { State, WantedService } from 'ipvs';
import { formatRules, parseRules } from 'ipvs/ipvsadm';
import { expect, test } from 'vitest';

const web = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const;

/** Services and their lines. */
const lines: readonly (readonly [WantedService, string])[] = [
  [web, '-A -t 10.0.0.1:80 -s wlc'],
  [
    { ...web, scheduler: 'sh', schedulerFlags: ['sh-port', 'sh-fallback'], persistence: {} },
    '-A -t 10.0.0.1:80 -s sh -p 300 -b sh-fallback,sh-port',
  ],
  [
    {
      protocol: 'udp',
      address: 'FD00:0::1',
      port: 5060,
      persistence: { netmask: 64, engine: 'sip' },
      onePacket: true,
    },
    '-A -u [fd00::1]:5060 -s wlc -p 300 -M 64 --pe sip -o',
  ],
  [{ protocol: 'sctp', address: '::1.2.3.4', port: 9 }, '-A --sctp-service [::1.2.3.4]:9 -s wlc'],
  [
    { fwmark: 4294967295, family: 'ipv6', persistence: { timeout: 5 } },
    '-A -f 4294967295 -6 -s wlc -p 5',
  ],
  [
    {
      ...web,
      destinations: [
        { address: '10.1.0.10', weight: 0 },
        { address: '10.1.0.9', port: 8080, forwarding: 'masquerade', weight: 7 },
        { address: 'fd00::9', port: 80, forwarding: 'tunnel' },
        {
          address: '10.1.0.3',
          forwarding: 'tunnel',
          tunnel: { type: 'gue', port: 6080, checksum: 'remote-checksum' },
        },
        { address: '10.1.0.2', forwarding: 'tunnel', tunnel: { type: 'gre' } },
      ],
    },
    `-A -t 10.0.0.1:80 -s wlc
-a -t 10.0.0.1:80 -r 10.1.0.2:80 -i -w 1 --tun-type gre --tun-nocsum
-a -t 10.0.0.1:80 -r 10.1.0.3:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum
-a -t 10.0.0.1:80 -r 10.1.0.9:8080 -m -w 7
-a -t 10.0.0.1:80 -r 10.1.0.10:80 -g -w 0
-a -t 10.0.0.1:80 -r [fd00::9]:80 -i -w 1 --tun-type ipip`,
  ],
];

test.each(lines)('formatRules writes %j', (service, expected) => {
  const rules = formatRules({ services: [service] });
  expect(rules.text).toBe(`${expected}\n`);
  expect(String(rules)).toBe(rules.text);
  const omitted = service.destinations === undefined ? ['destinations'] : [];
  expect(rules.omitted.map(({ property }) => property)).toEqual(omitted);
});

const limited: State = {
  services: [
    {
      ...web,
      destinations: [
        { address: '10.1.0.2', upperThreshold: 9, lowerThreshold: 3 },
        { address: '10.1.0.1', forwarding: 'local' },
      ],
    },
  ],
};

test('formatRules reports what the format cannot express', () => {
  const { text, omitted } = formatRules(limited);
  expect(text).not.toContain('-x');
  const service = 'tcp://10.0.0.1:80';
  expect(omitted).toEqual([
    { service, destination: '10.1.0.1:80', property: 'forwarding', value: 'local' },
    { service, destination: '10.1.0.2:80', property: 'upperThreshold', value: 9 },
    { service, destination: '10.1.0.2:80', property: 'lowerThreshold', value: 3 },
  ]);
});

test('formatRules writes thresholds for ipvsadm -R if that is wanted', () => {
  const { text, omitted } = formatRules(limited, { thresholds: true });
  expect(text).toContain('-r 10.1.0.2:80 -g -w 1 -x 9 -y 3\n');
  expect(omitted.map(({ property }) => property)).toEqual(['forwarding']);
});

test('formatRules adds what the format cannot express in comments, in the order of the state', () => {
  const { text, omitted } = formatRules(limited, { exact: true });
  expect(text).toBe(`-A -t 10.0.0.1:80 -s wlc
-a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 1
#ipvs with {"upperThreshold":9,"lowerThreshold":3}
-a -t 10.0.0.1:80 -r 10.1.0.1:80 -g -w 1
#ipvs with {"forwarding":"local"}
`);
  expect(omitted).toEqual([]);
  expect(formatRules(parseRules(text), { exact: true }).text).toBe(text);
});

test('formatRules carries timeouts and sync daemons', () => {
  const host = {
    timeouts: { tcp: 100 },
    syncDaemons: [{ role: 'master', interface: 'eth1', syncId: 3 }],
  } as const;
  const state = { services: [], ...host };
  expect(formatRules(state).omitted).toEqual([
    { property: 'timeouts', value: host.timeouts },
    { property: 'syncDaemons', value: host.syncDaemons },
  ]);
  expect(parseRules(formatRules(state, { exact: true }).text)).toEqual(state);
});

test('formatRules reads each property of a state once', () => {
  const reads: string[] = [];
  const state = {
    get services() {
      reads.push('services');
      return [];
    },
    get timeouts() {
      reads.push('timeouts');
      return { tcp: 100 };
    },
    get syncDaemons() {
      reads.push('syncDaemons');
      return [];
    },
  };
  expect(formatRules(state).omitted).toHaveLength(2);
  expect(reads.sort()).toEqual(['services', 'syncDaemons', 'timeouts']);
});

test('formatRules takes what parseRules returns, also without settings of the host', () => {
  const { services, timeouts, syncDaemons } = parseRules('-A -t 10.0.0.1:80 -s rr\n');
  expect(timeouts).toBe(undefined);
  expect(formatRules({ services, timeouts, syncDaemons }).text).toBe('-A -t 10.0.0.1:80 -s rr\n');
  expect(formatRules({ services, timeouts }).omitted).toEqual([]);
});

test('formatRules reports an object whose line ipvsadm refuses', () => {
  const stats = {};
  // As the kernel has it from another program.
  const service = { ...web, port: 0, stats, destinations: [] } as WantedService;
  const { text, omitted } = formatRules({ services: [service] });
  expect(text).toBe('-A -t 10.0.0.1:0 -s wlc\n');
  expect(omitted).toMatchObject([{ service: 'tcp://10.0.0.1:0', value: { port: 0 } }]);
  expect(omitted[0]).not.toHaveProperty('property');
  const exact = formatRules({ services: [service] }, { exact: true });
  expect(exact.text).toMatch(/^#ipvs service \{"protocol":"tcp"/);
  expect(parseRules(exact.text).services).toMatchObject([{ port: 0, persistence: null }]);
});

const server = { address: '10.1.0.1', port: 80, forwarding: 'masquerade' } as const;
const long = { address: 'fd00:0::0001', port: 80 };

test.each([
  [[], /^formatRules: state: undefined is not an object/],
  [[null], /^formatRules: state: null is not an object/],
  [[{}], /^formatRules: state.services: undefined is not an array/],
  [[{ services: [3] }], /^formatRules: state.services\[0\]: 3 is not/],
  [[{ services: [], foo: 1 }], /^formatRules: state.foo: 'foo' is not a known property/],
  [[{ services: [] }, { exact: 1 }], /options.exact: 1 is not a boolean/],
  [[{ services: [] }, { exakt: true }], /did you mean exact\?/],
  [[{ services: [web, web] }], /state.services\[1\]: 'tcp:\/\/10.0.0.1:80' is there twice/],
  [
    [{ services: [{ ...web, destinations: [server, { address: '10.1.0.2' }, server] }] }],
    /^formatRules: state.services\[0\].destinations\[2\]: 'tcp:\/\/10.0.0.1:80 10.1.0.1:80' is there twice: it is state.services\[0\].destinations\[0\] already$/,
  ],
  [
    [
      {
        services: [
          { fwmark: 7, family: 'ipv6', destinations: [long, { ...long, address: 'fd00::1' }] },
        ],
      },
      { exact: true },
    ],
    /destinations\[1\]: 'fwmark6:\/\/7 \[fd00::1\]:80' is there twice/,
  ],
  [[{ services: [{ ...web, port: 70000 }] }], /formatRules state.services\[0\].*70000/],
  [[{ services: [], timeouts: { tcp: 0 } }], /^formatRules: .*timeouts.tcp: 0 is not/],
  [[{ services: [], syncDaemons: 5 }], /^formatRules: .*syncDaemons: 5 is not an array/],
])('formatRules refuses %j', (args, message) => {
  const call = formatRules as (...args: readonly unknown[]) => unknown;
  expect(() => call(...args)).toThrow(message);
  expect(() => call(...args)).toThrow(expect.objectContaining({ operation: 'formatRules' }));
});
