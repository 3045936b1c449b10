/**
 * The chains of the table: what kube-proxy's chains of iptables do for its IPVS mode.
 *
 * IPVS takes packets at the end of the hooks input and output, after the chains of this table. It
 * sends them on through output and postrouting.
 * @module
 */
import { IP_FAMILIES, type IPFamily } from './families.js';
import { formatNetwork } from './networks.js';
import { DROP_SET } from './nftables-elements.js';
import type { NftablesSettings } from './nftables-options.js';
import { type SetName, setNameOf } from './sets.js';

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
export function chainsOf(settings: NftablesSettings): string[] {
  const mark = `0x${settings.mark.toString(16)}`;
  return [
    ...chain('mark-masquerade', [`meta mark set meta mark or ${mark}`]),
    ...IP_FAMILIES.flatMap((family) => familyChains(family, settings)),
    ...chain('prerouting', toFamilies('services'), 'type nat hook prerouting priority -100;'),
    // Local processes. Also before IPVS, which is at -99.
    ...chain('output-nat', toFamilies('services'), 'type nat hook output priority -100;'),
    ...chain(
      'postrouting',
      [
        // Pods that reach themselves through a Service.
        ...IP_FAMILIES.map(
          (family) => `${sourceMatchOf(family, setNameOf('KUBE-LOOP-BACK', family))} masquerade`,
        ),
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
    ...chain(
      'output',
      IP_FAMILIES.map((family) => `${matchOf(family, DROP_SET[family])} drop`),
      'type filter hook output priority -150;',
    ),
  ];
}

function toFamilies(name: string): string[] {
  return IP_FAMILIES.map((family) => {
    const { nfproto, suffix } = WORDS[family];
    return `meta nfproto ${nfproto} jump ${name}${suffix}`;
  });
}

/** Returns the match of the packets to the addresses and ports of a set. */
function matchOf(family: IPFamily, set: string): string {
  return `${WORDS[family].ip} daddr . meta l4proto . th dport @${set}`;
}

/** Returns the match of the packets to the addresses and ports of a set, from its sources. */
function sourceMatchOf(family: IPFamily, set: string): string {
  const { ip } = WORDS[family];
  return `${ip} daddr . meta l4proto . th dport . ${ip} saddr @${set}`;
}

function familyChains(family: IPFamily, settings: NftablesSettings): string[] {
  const { ip, suffix } = WORDS[family];
  const to = (name: SetName) => matchOf(family, setNameOf(name, family));
  const toFrom = (name: SetName) => sourceMatchOf(family, setNameOf(name, family));
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
      `${clusterMatch(family, settings)} jump mark-masquerade`,
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
function clusterMatch(family: IPFamily, { masqueradeAll, clusterCIDRs }: NftablesSettings): string {
  const { ip } = WORDS[family];
  const set = setNameOf('KUBE-CLUSTER-IP', family);
  const toCluster = matchOf(family, set);
  if (masqueradeAll) return toCluster;
  const networks = clusterCIDRs.filter((each) => each.family === family).map(formatNetwork);
  if (networks.length > 0) return `${ip} saddr != { ${networks.join(', ')} } ${toCluster}`;
  // A node that connects to a virtual address of its own link uses one as its source.
  return `${ip} saddr . meta l4proto . th dport @${set}`;
}
