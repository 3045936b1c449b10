/**
 * The chains of the table: what kube-proxy's chains of iptables do for its IPVS mode.
 *
 * IPVS takes packets at the end of the hooks input and output, after the chains of this table. It
 * sends them on through output and postrouting.
 * @module
 */
import { IP_FAMILIES, type IPFamily } from './families.js';
import { dropSetOf } from './nftables-elements.js';
import { type SetName, setNameOf } from './sets.js';

/** The options of the rules. */
interface RuleOptions {
  /** The bit that marks packets to masquerade, as a number. */
  readonly mark: number;
  /** True: all traffic to cluster IPs is masqueraded. */
  readonly masqueradeAll: boolean;
  /** The networks of the pods, of which traffic to cluster IPs is not masqueraded. */
  readonly clusterCIDRs: Readonly<Record<IPFamily, readonly string[]>>;
}

/** The words of a family. */
const WORDS = {
  IPv4: { ip: 'ip', suffix: '', nfproto: 'ipv4' },
  IPv6: { ip: 'ip6', suffix: '-6', nfproto: 'ipv6' },
} as const;

/** Returns the lines of a chain. */
function chain(name: string, rules: readonly string[], hook?: string): string[] {
  const lines = hook === undefined ? rules : [hook, ...rules];
  return [`chain ${name} {`, ...lines.map((line) => `  ${line}`), '}'];
}

/** Returns the chains of the table. */
export function chainsOf(options: RuleOptions): string[] {
  const mark = hex(options.mark);
  return [
    ...chain('mark-masquerade', [`meta mark set meta mark or ${mark}`]),
    ...IP_FAMILIES.flatMap((family) => familyChains(family, options)),
    ...chain('prerouting', toFamilies('services'), 'type nat hook prerouting priority -100;'),
    // Local processes. Also before IPVS, which is at -99.
    ...chain('output-nat', toFamilies('services'), 'type nat hook output priority -100;'),
    ...chain(
      'postrouting',
      [
        ...IP_FAMILIES.map(loopBack),
        `meta mark and ${mark} != ${mark} return`,
        // The packet may pass again.
        `meta mark set meta mark xor ${mark}`,
        'masquerade fully-random',
      ],
      'type nat hook postrouting priority 100;',
    ),
    ...chain(
      'input',
      [...toFamilies('firewall'), ...toFamilies('virtual')],
      'type filter hook input priority 0;',
    ),
    ...chain('forward', toFamilies('firewall'), 'type filter hook forward priority 0;'),
    ...chain('output', IP_FAMILIES.map(nodeDrop), 'type filter hook output priority -150;'),
  ];
}

function toFamilies(name: string): string[] {
  return IP_FAMILIES.map((family) => {
    const { nfproto, suffix } = WORDS[family];
    return `meta nfproto ${nfproto} jump ${name}${suffix}`;
  });
}

/** A pod that reaches itself through a Service. */
function loopBack(family: IPFamily): string {
  const { ip } = WORDS[family];
  const set = setNameOf('KUBE-LOOP-BACK', family);
  return `${ip} daddr . meta l4proto . th dport . ${ip} saddr @${set} masquerade`;
}

function nodeDrop(family: IPFamily): string {
  return `${WORDS[family].ip} daddr . meta l4proto . th dport @${dropSetOf(family)} drop`;
}

function familyChains(family: IPFamily, options: RuleOptions): string[] {
  const { ip, suffix } = WORDS[family];
  const to = (name: SetName) => `${ip} daddr . meta l4proto . th dport @${setNameOf(name, family)}`;
  const toFrom = (name: SetName) =>
    `${ip} daddr . meta l4proto . th dport . ${ip} saddr @${setNameOf(name, family)}`;
  const nodePort = (protocol: string, name: SetName) =>
    `${protocol} dport @${setNameOf(name, family)}`;
  const named = (name: string) => `${name}${suffix}`;
  return [
    ...chain(named('load-balancer'), [
      `${to('KUBE-LOAD-BALANCER-LOCAL')} return`,
      'jump mark-masquerade',
    ]),
    ...chain(named('node-port'), [
      `${nodePort('tcp', 'KUBE-NODE-PORT-LOCAL-TCP')} return`,
      `${nodePort('tcp', 'KUBE-NODE-PORT-TCP')} goto mark-masquerade`,
      `${nodePort('udp', 'KUBE-NODE-PORT-LOCAL-UDP')} return`,
      `${nodePort('udp', 'KUBE-NODE-PORT-UDP')} goto mark-masquerade`,
      `${to('KUBE-NODE-PORT-LOCAL-SCTP-HASH')} return`,
      `${to('KUBE-NODE-PORT-SCTP-HASH')} goto mark-masquerade`,
    ]),
    ...chain(named('services'), [
      `${to('KUBE-LOAD-BALANCER')} jump ${named('load-balancer')}`,
      `${clusterMatch(family, options)} jump mark-masquerade`,
      `${to('KUBE-EXTERNAL-IP')} goto mark-masquerade`,
      `${to('KUBE-EXTERNAL-IP-LOCAL')} return`,
      `fib daddr type local jump ${named('node-port')}`,
    ]),
    ...chain(named('source-ranges'), [
      `${toFrom('KUBE-LOAD-BALANCER-SOURCE-CIDR')} return`,
      `${toFrom('KUBE-LOAD-BALANCER-SOURCE-IP')} return`,
      'drop',
    ]),
    ...chain(named('firewall'), [`${to('KUBE-LOAD-BALANCER-FW')} jump ${named('source-ranges')}`]),
    // Ports of the host must not be reached through virtual addresses.
    ...chain(named('virtual'), [
      `${to('KUBE-LOAD-BALANCER')} return`,
      `${to('KUBE-CLUSTER-IP')} return`,
      `${to('KUBE-EXTERNAL-IP')} return`,
      `${to('KUBE-EXTERNAL-IP-LOCAL')} return`,
      `${nodePort('tcp', 'KUBE-HEALTH-CHECK-NODE-PORT')} return`,
      `ct state new ${ip} daddr @${setNameOf('KUBE-IPVS-IPS', family)} reject`,
    ]),
  ];
}

/** Returns the match of the traffic to cluster IPs that is masqueraded. */
function clusterMatch(family: IPFamily, options: RuleOptions): string {
  const { ip } = WORDS[family];
  const set = setNameOf('KUBE-CLUSTER-IP', family);
  const toCluster = `${ip} daddr . meta l4proto . th dport @${set}`;
  if (options.masqueradeAll) return toCluster;
  const networks = options.clusterCIDRs[family];
  if (networks.length > 0) return `${ip} saddr != { ${networks.join(', ')} } ${toCluster}`;
  // A node that connects to a virtual address of its own link uses one as its source.
  return `${ip} saddr . meta l4proto . th dport @${set}`;
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}
