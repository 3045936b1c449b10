/**
 * Synonyms: what ipvsadm, other load balancers and other words call values and properties.
 * @module
 */
import { once } from './once.js';

/**
 * Values as other tools name them, normalized, and the values of this package that they may mean.
 * The first that is allowed is proposed.
 */
export const valueSynonyms = bySynonym({
  masquerade: 'm masq masqerade masquerading nat dnat vsnat',
  direct: 'g gate gateway gatewaying route routing droute dr dsr vsdr',
  tunnel: 'i ipip ipipencap tun tunl tunneling tunnelling vstun gue gre',
  local: 'localnode l',
  tcp: '6 t tcp4 tcp6 tcpservice http https',
  udp: '17 u udp4 udp6 udpservice dns',
  sctp: '132 sctpservice',
  ipv4: '2 4 v4 ip4 inet inet4 afinet',
  ipv6: '6 10 v6 ip6 inet6 afinet6',
  none: 'nocsum nochecksum',
  checksum: 'csum',
  'remote-checksum': 'remcsum remotecsum',
  rr: 'roundrobin',
  wrr: 'weightedroundrobin weightedrr',
  lc: 'leastconn leastconnection leastconnections',
  wlc: 'weightedleastconn weightedleastconnection weightedleastconnections',
  lblc: 'localitybasedleastconnection localitybasedleastconnections',
  sh: 'sourcehash sourcehashing srchash iphash',
  dh: 'destinationhash destinationhashing desthash',
  mh: 'maglev maglevhash maglevhashing',
  sed: 'shortestexpecteddelay',
  nq: 'neverqueue',
  fo: 'failover weightedfailover',
  ovf: 'overflow weightedoverflow',
  twos: 'poweroftwo poweroftwochoices',
  'sh-fallback': 'fallback',
  'sh-port': 'port',
  'mh-fallback': 'fallback',
  'mh-port': 'port',
});

/** Properties as other tools name them, and the properties of this package that they may mean. */
export const propertySynonyms = bySynonym({
  // Only of a list or an object: the `destination` of a text is an address.
  destinations: 'destination dest servers realservers backends members endpoints',
  address: 'server ip ipaddress host hostname addr vip rip realserver destination dest',
  protocol: 'proto transport',
  port: 'dport vport rport serverport serviceport',
  fwmark: 'mark fwm firewallmark',
  family: 'af addressfamily ipversion version',
  scheduler: 'sched schedname schedulername algorithm algo method lbmethod lbalgo strategy policy',
  schedulerFlags: 'flags schedflags',
  forwarding: 'fwd fwdmethod forward forwardmethod forwardingmethod method mode kind lbkind',
  persistence: 'persist persistent sticky affinity sessionaffinity',
  onePacket: 'ops onepacketscheduling',
  upperThreshold: 'uthresh upper uthreshold maxconn maxconnections',
  lowerThreshold: 'lthresh lower lthreshold minconn minconnections',
  weight: 'w',
  tunnel: 'tun encap encapsulation',
  type: 'tuntype tunneltype',
  checksum: 'csum tunflags tunnelflags tunnelchecksum',
  timeout: 'seconds persistencetimeout persisttimeout ttl',
  netmask: 'mask prefix granularity persistencegranularity',
  engine: 'pe pename persistenceengine',
  netns: 'namespace ns net netnamespace networknamespace',
  loopback: 'lo loopbackup',
  ifExists: 'force missingok ignoremissing ifpresent',
  interface: 'iface dev device ifname mcastinterface mcastifn',
  syncId: 'id',
  maxLength: 'maxlen syncmaxlen',
  group: 'mcastgroup multicast multicastgroup',
  prefixLength: 'prefix prefixlen cidr mask netmask',
});

/** Properties of nested objects, by the property that holds the object. */
export const NESTED_PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  persistence: ['timeout', 'netmask', 'engine'],
  tunnel: ['type', 'checksum'],
};
/** Names for the port of a tunnel, whose property is called `port` as the destination's is. */
export const TUNNEL_PORTS: ReadonlySet<string> = new Set(['tunport', 'tunnelport']);

/** What a state lacks, by property: the method that sets it. */
export const BESIDE_STATE: Readonly<Record<string, string>> = {
  timeouts: 'setTimeouts',
  syncDaemons: 'startSyncDaemon',
  daemons: 'startSyncDaemon',
  sysctls: 'sysctls.set',
};

/** Properties that only services and destinations from the kernel have. They are not proposed. */
export const READ_ONLY: ReadonlySet<string> = new Set([
  'stats',
  'activeConnections',
  'inactiveConnections',
  'persistentConnections',
  'inactivePersistence',
  'change',
]);

/** Turns `{ name: 'synonym synonym' }` into a function that returns the names for a synonym. */
function bySynonym(table: Readonly<Record<string, string>>): (word: string) => readonly string[] {
  const names = once(() => {
    const lists = new Map<string, string[]>();
    for (const [name, synonyms] of Object.entries(table)) {
      for (const word of synonyms.split(' ')) lists.set(word, [...(lists.get(word) ?? []), name]);
    }
    return lists;
  });
  return (word) => names().get(word) ?? [];
}
