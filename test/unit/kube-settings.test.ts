import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseArguments, readValues } from '../../lib/cli/arguments.js';
import { kubernetes, options } from '../../lib/cli/kubernetes/command.js';
import { READ } from '../../lib/cli/kubernetes/configuration.js';
import { settingsOf } from '../../lib/cli/kubernetes/settings.js';

const settings = (args: readonly string[], file?: string, env = {}) => {
  const { texts } = parseArguments(kubernetes, args);
  return settingsOf(readValues(options, texts), file, env);
};

const FILE = `
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
clientConnection:
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  burst: 10
clusterCIDR: 10.244.0.0/16,fd01::/48
hostnameOverride: node-b
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: ""
nodePortAddresses: [primary]
conntrack: { maxPerCore: 32768 }
iptables: { masqueradeAll: true, masqueradeBit: 15, syncPeriod: 30s }
ipvs:
  scheduler: wlc
  excludeCIDRs: [203.0.113.0/24]
  strictARP: true
  syncPeriod: 1m30s
  tcpTimeout: 15m0s
  tcpFinTimeout: 0s
  udpTimeout: 300s
`;

test('defaults are those of kube-proxy', () => {
  expect(settings([], undefined, { NODE_NAME: 'node-a' })).toEqual({
    nodeName: 'node-a',
    kubeconfig: undefined,
    compile: { link: 'kube-ipvs0' },
    nftables: { masqueradeAll: false, clusterCIDRs: [] },
    strictARP: false,
    timeouts: { tcp: 0, tcpFin: 0, udp: 0 },
    resync: 30_000,
    drainTimeout: 900_000,
    healthz: { host: '0.0.0.0', port: 10256 },
    metrics: { host: '127.0.0.1', port: 10249 },
  });
});

test("kube-proxy's configuration is read, as far as it concerns IPVS", () => {
  expect(settings([], FILE)).toEqual({
    nodeName: 'node-b',
    kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf',
    compile: {
      scheduler: 'wlc',
      excludeCIDRs: ['203.0.113.0/24'],
      nodePortAddresses: ['primary'],
      link: 'kube-ipvs0',
    },
    nftables: {
      masqueradeAll: true,
      masqueradeBit: 15,
      clusterCIDRs: ['10.244.0.0/16', 'fd01::/48'],
    },
    strictARP: true,
    timeouts: { tcp: 900, tcpFin: 0, udp: 300 },
    resync: 90_000,
    drainTimeout: 900_000,
    healthz: { host: '127.0.0.1', port: 10256 },
    metrics: { host: '127.0.0.1', port: 10249 },
  });
});

test.each([
  ['nothing', [], '', { host: '0.0.0.0', port: 10256 }],
  ['an empty text in the file', [], '""', { host: '0.0.0.0', port: 10256 }],
  ['null in the file', [], 'null', { host: '0.0.0.0', port: 10256 }],
  ['an address in the file', [], '10.0.0.1', { host: '10.0.0.1', port: 10256 }],
  ['an IPv6 address in the file', [], '"::"', { host: '::', port: 10256 }],
  ['an address and a port in the file', [], '"[::1]:7"', { host: '::1', port: 7 }],
  ['an empty option', ['--healthz-bind-address', ''], '10.0.0.1', undefined],
  ['an address as option', ['--healthz-bind-address', '::1'], '', { host: '::1', port: 10256 }],
])('the health port is where kube-proxy has it: %s', (_, args, value, expected) => {
  const file = value === '' ? undefined : `healthzBindAddress: ${value}`;
  expect(settings(args, file).healthz).toEqual(expected);
});

test('options prevail over the file', () => {
  const args = ['--hostname-override', 'node-c', '--ipvs-scheduler', 'sh', '--drain-timeout', '5s'];
  const more = ['--ipvs-exclude-cidrs', '', '--nodeport-addresses', '10.0.0.0/8, fd00::/8'];
  expect(settings([...args, ...more, '--iptables-masquerade-bit', '3'], FILE)).toMatchObject({
    nodeName: 'node-c',
    compile: {
      scheduler: 'sh',
      excludeCIDRs: [],
      nodePortAddresses: ['10.0.0.0/8', 'fd00::/8'],
    },
    nftables: { masqueradeBit: 3 },
    drainTimeout: 5000,
  });
});

test.each([
  ['a path in the file', [], '/a', '/a'],
  ['an empty text in the file', [], '""', undefined],
  ['an option', ['--kubeconfig', '/b'], '/a', '/b'],
  ['an empty option', ['--kubeconfig', ''], '/a', undefined],
])('the kubeconfig is where kube-proxy has it: %s', (_, args, value, expected) => {
  const file = `clientConnection: { kubeconfig: ${value} }`;
  expect(settings(args, file).kubeconfig).toBe(expected);
});

test('a duration of 0 needs no unit', () => {
  const file = 'ipvs: { tcpTimeout: 0, udpTimeout: 0s, syncPeriod: 0 }';
  expect(settings(['--drain-timeout', '0'], file)).toMatchObject({
    timeouts: { tcp: 0, udp: 0 },
    resync: 30_000,
    drainTimeout: 0,
  });
});

test.each([
  ['4.1m', 246_000, 246],
  ['16.1m', 966_000, 966],
  ['1.0005s', 1001, 2],
  ['0.1ms', 1, 1],
  ['0.0001ms0.1s', 100, 1],
])('a duration of %s is a whole number of milliseconds, and of seconds', (text, all, seconds) => {
  const file = `ipvs: { tcpTimeout: ${text}, syncPeriod: ${text} }`;
  expect(settings(['--drain-timeout', text], file)).toMatchObject({
    timeouts: { tcp: seconds },
    resync: all,
    drainTimeout: all,
  });
});

test.each([
  ['the default', [], ''],
  ['an empty text', [], 'detectLocalMode: ""'],
  ['networks', [], 'detectLocalMode: ClusterCIDR'],
  [
    'another way, with networks in the file',
    [],
    'detectLocalMode: NodeCIDR\nclusterCIDR: 10.0.0.0/8',
  ],
  ['another way, with an option', ['--cluster-cidr', '10.0.0.0/8'], 'detectLocalMode: NodeCIDR'],
])('pods are found by their networks: %s', (_, args, text) => {
  const { clusterCIDRs } = settings(args, text === '' ? undefined : text).nftables;
  expect(clusterCIDRs?.length).toBe(/10.0.0.0/.test(text + args.join()) ? 1 : 0);
});

describe('what cannot be used is refused', () => {
  test.each([
    [['--drain-timeout', '5'], undefined, "--drain-timeout: '5' is not a duration such as 30s"],
    [['--ipvs-udp-timeout', '-1s'], undefined, "--ipvs-udp-timeout: '-1s' is not a duration"],
    [['--iptables-masquerade-bit', '32'], undefined, "--iptables-masquerade-bit: '32' is not an"],
    [['--healthz-bind-address', '10256'], undefined, "--healthz-bind-address: '10256' is not"],
    [
      ['--healthz-bind-address', 'fe80::1%eth0'],
      undefined,
      "--healthz-bind-address: 'fe80::1%eth0' is not",
    ],
    [[], 'mode: iptables', "--config: mode: 'iptables' is not 'ipvs'"],
    [
      [],
      'detectLocalMode: NodeCIDR',
      "--config: detectLocalMode: 'NodeCIDR' is not 'ClusterCIDR': give --cluster-cidr with",
    ],
    [[], 'kind: Pod', "--config: kind: 'Pod' is not KubeProxyConfiguration"],
    [[], 'kind: 0', '--config: kind: 0 is not a text'],
    [[], 'null', '--config: the document: null is not an object'],
    [[], '', '--config: the text is empty'],
    [[], 'ipvs: rr', "--config: ipvs: 'rr' is not an object"],
    [[], 'iptables: []', '--config: iptables: [] is not an object'],
    [[], 'ipvs: { scheduler: 0 }', '--config: ipvs.scheduler: 0 is not a text'],
    [[], 'ipvs: { scheduler: "a b" }', "--config: ipvs.scheduler: 'a b' is not the name of a sch"],
    [['--ipvs-scheduler', 'a b'], undefined, "--ipvs-scheduler: 'a b' is not the name of a sch"],
    [[], 'ipvs: { sheduler: rr }', 'ipvs.sheduler is not a known property: did you mean ipvs.sch'],
    [[], 'nodePortAddress: []', 'nodePortAddress is not a known property: did you mean nodePortA'],
    [[], 'hostnameOverride: a_b', "--config: hostnameOverride: 'a_b' is not the name of a Node"],
    [['--hostname-override', 'a/b'], undefined, "--hostname-override: 'a/b' is not the name of"],
    [[], 'healthzBindAddress: "10256"', "--config: healthzBindAddress: '10256' is not [ADDRESS]"],
    [[], 'clusterCIDR: pods', "--config: clusterCIDR: 'pods' is not a network"],
    [[], 'nodePortAddresses: [primary, 10]', "--config: nodePortAddresses: [ 'primary', 10 ] is"],
    [[], 'nodePortAddresses: [primary, eth0]', "--config: nodePortAddresses: 'primary' is not a"],
    [[], 'ipvs: { excludeCIDRs: [10.0/8] }', "--config: ipvs.excludeCIDRs: '10.0/8' is not a net"],
    [['--ipvs-exclude-cidrs', 'x'], undefined, "--ipvs-exclude-cidrs: 'x' is not a network such"],
    [[], 'iptables: { masqueradeBit: 32 }', '--config: iptables.masqueradeBit: 32 is not an int'],
    [[], 'iptables: { masqueradeBit: "3" }', "--config: iptables.masqueradeBit: '3' is not an i"],
    [[], 'ipvs: { udpTimeout: "5" }', "--config: ipvs.udpTimeout: '5' is not a duration such as"],
    [[], 'ipvs: { syncPeriod: "" }', "--config: ipvs.syncPeriod: '' is not a duration such as"],
    [[], 'ipvs: { strictARP: yes please }', "--config: ipvs.strictARP: 'yes please' is not true"],
    [[], 'ipvs: { excludeCIDRs: 10.0.0.0/8 }', "--config: ipvs.excludeCIDRs: '10.0.0.0/8' is not"],
    [[], 'ipvs: { tcpTimeout: 15 }', '--config: ipvs.tcpTimeout: 15 is not a duration'],
    [[], 'ipvs: { udpTimeout: 1d }', "--config: ipvs.udpTimeout: '1d' is not a duration such as"],
    [[], 'ipvs: { syncPeriod: 999h }', "--config: ipvs.syncPeriod: '999h' is not a duration"],
    [[], 'ipvs: { tcpTimeout: false }', '--config: ipvs.tcpTimeout: false is not a duration'],
    [[], 'hostnameOverride: 0', '--config: hostnameOverride: 0 is not a text'],
    [[], 'metricsBindAddress: 0', '--config: metricsBindAddress: 0 is not a text'],
    [
      [],
      'metricsBindAddress: "::1]"',
      "--config: metricsBindAddress: '::1]' is not [ADDRESS]:PORT",
    ],
    [[], 'a: [', '--config:1:'],
  ])('%j %j', (args, file, message) => {
    expect(() => settings(args, file)).toThrow(message);
  });
});

/** Returns a document in which a property has a value. */
function documentOf(path: string, value: unknown): string {
  const [key = '', section] = path.split('.').reverse();
  return JSON.stringify(section === undefined ? { [key]: value } : { [section]: { [key]: value } });
}

/** A value of JSON, by its type, and a property whose value may not be of that type. */
const ofWrongType = fc.constantFrom(...Object.entries(READ)).chain(([path, kind]) =>
  fc
    .oneof(
      fc.string(),
      fc.boolean(),
      fc.integer({ min: -9, max: 99 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null))),
      fc.dictionary(fc.string(), fc.integer()),
    )
    .filter((value) => !kind.is(value))
    .map((value) => [path, kind.rule, value] as const),
);

test('a value of a wrong type is refused by every property, with path, value and rule', () => {
  fc.assert(
    fc.property(ofWrongType, ([path, rule, value]) => {
      expect(() => settings([], documentOf(path, value))).toThrow(
        new RegExp(`^--config: ${path.replace('.', '\\.')}: .* is not ${rule}`, 's'),
      );
    }),
    { numRuns: 500 },
  );
});

test('a property that is null counts as left out, and one of a newer kube-proxy is ignored', () => {
  const defaults = settings([], '{}');
  for (const path of Object.keys(READ)) {
    expect(settings([], documentOf(path, null))).toEqual(defaults);
  }
  expect(settings([], 'ipvs: { shinyNewThing: 7 }\nnftables: { masqueradeAll: 3 }')).toEqual(
    defaults,
  );
  expect(settings([], 'ipvs: { tcpTimeout: 0, minSyncPeriod: 7 }')).toEqual(defaults);
});

test('capitals in the name of the host become small letters, as with kube-proxy', () => {
  expect(settings(['--hostname-override', ' Node-A.Example '])).toMatchObject({
    nodeName: 'node-a.example',
  });
  expect(settings(['--hostname-override', ''], '{}', { NODE_NAME: 'B' })).toMatchObject({
    nodeName: 'b',
  });
});
