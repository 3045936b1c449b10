/**
 * Hints in the errors of checks: what the caller probably meant.
 * @module
 */

/**
 * Names, and what other tools call them, as `plain()` leaves it. Where several names are meant, the
 * first that is allowed is proposed.
 */
const NAMES: Readonly<Record<string, readonly string[]>> = bySynonym({
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

/** Properties, and what other tools call them. */
const PROPERTIES: Readonly<Record<string, readonly string[]>> = bySynonym({
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
  ifExists: 'force missingok ignoremissing ifpresent',
  interface: 'iface dev device ifname mcastinterface mcastifn',
  syncId: 'id',
  maxLength: 'maxlen syncmaxlen',
  group: 'mcastgroup multicast multicastgroup',
  prefixLength: 'prefix prefixlen cidr mask netmask',
});

/** Properties of settings that are objects, by the name of the setting. */
const WITHIN: Readonly<Record<string, readonly string[]>> = {
  persistence: ['timeout', 'netmask', 'engine'],
  tunnel: ['type', 'checksum'],
};
/** Names of the port of a tunnel; `port` alone is the destination's. */
const TUNNEL_PORT = new Set(['tunport', 'tunnelport']);

/** Properties that only objects from the kernel have, and that are never proposed. */
const READ_ONLY: ReadonlySet<string> = new Set([
  'stats',
  'activeConnections',
  'inactiveConnections',
  'persistentConnections',
  'inactivePersistence',
  'destinations',
  'change',
  'peer',
  'broadcast',
  'label',
  'preferredLifetime',
  'validLifetime',
]);

/** Turns `{ meant: 'said said' }` into the lists of what is meant, by what is said. */
function bySynonym(table: Readonly<Record<string, string>>): Record<string, readonly string[]> {
  const meanings: Record<string, string[]> = Object.create(null);
  for (const [meant, words] of Object.entries(table)) {
    for (const said of words.split(' ')) meanings[said] = [...(meanings[said] ?? []), meant];
  }
  return meanings;
}

/** Longer text is not a typo. */
const MAX_TEXT = 80;
/** The most names that a hint lists. */
const MAX_LISTED = 20;
/** Returns the letters and digits of a text, in lower case. */
export const plain = (text: string) =>
  text
    .slice(0, MAX_TEXT)
    .toLowerCase()
    .replace(/[^a-z\d]/g, '');

/**
 * Returns the name that is meant: the same but for case and dashes, a synonym, or one with few typos;
 * undefined if there is none.
 */
export function meantName(
  said: string,
  names: readonly string[],
  maxEdits = MAX_EDITS,
): string | undefined {
  const word = plain(said);
  const same = word === '' ? undefined : names.find((name) => plain(name) === word);
  const synonym = NAMES[word]?.find((name) => names.includes(name));
  return same ?? synonym ?? nearest(said, names, maxEdits);
}

/** Returns a hint about a name that is not one of `names`, or ''. */
export function nameHint(said: unknown, names: readonly string[]): string {
  if (typeof said !== 'string' && typeof said !== 'number') return '';
  if (/^unknown-\d+$/.test(String(said))) {
    return ': only an object that was read, with its stats, may have what has no name';
  }
  const meant = meantName(String(said), names);
  return meant === undefined ? '' : `: did you mean ${meant}?`;
}

/** Returns a hint about a property that is not allowed. */
export function propertyHint(key: string, allowed: ReadonlySet<string>): string {
  if (key === 'destinations' && allowed.has('scheduler')) {
    return 'write its destinations with addDestination; leave it out';
  }
  const writable = [...allowed].filter((name) => !READ_ONLY.has(name));
  // The last part of a parameter's path is its name.
  const word = plain(key.slice(0, MAX_TEXT).replace(/^.*[./]/, ''));
  const same = writable.find((name) => plain(name) === word);
  const meanings = [...(PROPERTIES[word] ?? []), key];
  const synonym = meanings.find((name) => writable.includes(name));
  const within = meanings.flatMap((name) => placeWithin(name, word, writable)).at(0);
  const meant = same ?? synonym ?? within ?? nearest(key, writable, MAX_EDITS);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return writable.length <= MAX_LISTED
    ? `one of ${writable.join(', ')}`
    : `none of the ${writable.length} that there are is like it`;
}

function placeWithin(name: string, word: string, writable: readonly string[]): string[] {
  if (TUNNEL_PORT.has(word) && writable.includes('tunnel')) return ['tunnel: { type, port }'];
  return Object.entries(WITHIN)
    .filter(([holder, held]) => writable.includes(holder) && held.includes(name))
    .map(([holder]) => (holder === name ? holder : `${holder}: { ${name} }`));
}

/** Returns a hint about a number that was given as text, or ''. */
export function integerHint(value: unknown, min: number, max: number): string {
  if (typeof value !== 'string' || !/^ *\d{1,15} *$/.test(value)) return '';
  const number = Number(value);
  return number < min || number > max ? '' : `: did you mean ${number}, a number?`;
}

/** Returns a hint about a text that is not an address, or ''. */
export function addressHint(text: string): string {
  const said = text.slice(0, MAX_TEXT).trim();
  const [, bracketed, port] = /^\[([\da-f:.]+)\](?::(\d+))?$/i.exec(said) ?? [];
  if (bracketed !== undefined) {
    const rest = port === undefined ? '' : `, and port: ${port}`;
    return `: drop the brackets: '${bracketed}'${rest}`;
  }
  const [, dotted, behind] = /^([\d.]{7,15}):(\d+)$/.exec(said) ?? [];
  if (dotted !== undefined) return `: did you mean address: '${dotted}' and port: ${behind}?`;
  const [, network] = /^([\da-f:.]+)\/\d{1,3}$/i.exec(said) ?? [];
  if (network !== undefined) return `: drop the prefix: '${network}'`;
  return isHostName(said) ? NO_HOST_NAMES : '';
}

/** Returns a hint about a text that is neither an address nor a network, or ''. */
export function networkHint(text: string): string {
  const said = text.slice(0, MAX_TEXT).trim();
  const [, bracketed, prefix = '', behind = ''] =
    /^\[([\da-f:.]+)(\/\d{1,3})?\](\/\d{1,3})?$/i.exec(said) ?? [];
  return bracketed === undefined ? '' : `: drop the brackets: '${bracketed}${prefix || behind}'`;
}

/** The hint for the name of a host. */
export const NO_HOST_NAMES = ': names of hosts are not resolved; dns.promises.lookup() does that';

/** Returns true for text that may be the name of a host. */
export function isHostName(text: string): boolean {
  return /^[a-z\d][\w.-]*$/i.test(text) && /[g-z]/i.test(text) && !text.startsWith('unknown-');
}

const MAX_EDITS = 2;

/** Returns the name that is at most `maxEdits` edits away, and nearest. */
function nearest(word: string, names: readonly string[], maxEdits: number): string | undefined {
  let best: string | undefined;
  let bestDistance = maxEdits + 1;
  for (const name of names) {
    // It also limits the time for long words.
    if (Math.abs(word.length - name.length) > maxEdits) continue;
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Returns the distance of Levenshtein, with a swap of neighbours counted as one edit. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : changed;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, swapped));
    }
  }
  return at(a.length, b.length);
}
