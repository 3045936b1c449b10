/**
 * What the kernel's errnos mean for links and addresses, operation by operation.
 * @module
 */
import { AF_INET6 } from '../core/address.js';
import { subjectOf } from '../core/arguments.js';
import type { IpvsError } from '../core/errors.js';
import { show } from '../core/show.js';
import type { LinkOperationName } from '../native/addon.js';
import { generalMeaning } from '../native/errno-meanings.js';
import { refusalError } from '../native/refusal.js';
import { type BareAddress, formatLinkAddress, readSettings } from './address.js';
import { type AddressFlag, flagsOf } from './flags.js';
import { formatLinkReference } from './link.js';
import type { LinkRequests, LinkVerdict } from './requests.js';
import { ANY_LINK } from './write-address.js';

const PERMISSION = 'CAP_NET_ADMIN in the user namespace that owns the network namespace is needed';
const NO_LINK = 'there is no such link';

/** What a request asks for, as far as an explanation needs it. */
interface Facts {
  readonly setsMtu: boolean;
  readonly isIpv6: boolean;
  readonly prefixLength: number;
  readonly flags: readonly AddressFlag[];
}
/** Undefined: what the errno means in general. */
type Explanation = string | ((facts: Facts) => string | undefined);

/** Node.js calls the kernel's EOPNOTSUPP by its other name, ENOTSUP. */
interface Row {
  /** The message that fails, as rtnetlink calls it. */
  readonly command: string;
  /** The message by which an ensure creates. */
  readonly creation?: string;
  /** By the names that Node.js gives: EOPNOTSUPP is ENOTSUP. */
  readonly errors: Readonly<Record<string, Explanation>>;
}

const LINK_ERRORS = {
  ENODEV: NO_LINK,
  EINVAL: ({ setsMtu }: Facts) =>
    setsMtu ? 'the kernel does not accept the MTU for this link' : undefined,
};
const SET_ADDRESS = {
  ENODEV: NO_LINK,
  EACCES: 'IPv6 is switched off on the link (sysctl net.ipv6.conf.LINK.disable_ipv6)',
  EADDRNOTAVAIL: 'the kernel does not accept the address: IPv6 must be unicast and not ::1',
  EINVAL: addressNeeds,
  ENOBUFS: ({ isIpv6 }: Facts) =>
    isIpv6
      ? 'the kernel has no memory for the address, or for its routes'
      : 'IPv4 needs a link whose MTU is at least 68 bytes; or the kernel has no memory for the address',
  ENOTSUP: ({ isIpv6 }: Facts) =>
    isIpv6 ? 'the kernel has no IPv6: load its module on the host (modprobe ipv6)' : undefined,
};
/** What the kernel demands of the address, as far as the address may lack it. */
function addressNeeds({ isIpv6, prefixLength, flags }: Facts): string {
  const needs = [
    isIpv6
      ? 'IPv6 needs a link whose MTU is at least 1280 bytes'
      : 'IPv4 needs the scope of the other addresses that the link has in the same network',
  ];
  if (isIpv6 && flags.includes('manage-temporary') && prefixLength !== 64) {
    needs.push("'manage-temporary' a prefix length of 64");
  }
  if (flags.includes('multicast-auto-join')) {
    needs.push("'multicast-auto-join' a multicast address");
  }
  return `the kernel does not accept the address: ${needs.join(', and ')}`;
}

const ROWS: Readonly<Record<LinkOperationName, Row>> = {
  listLinks: { command: 'RTM_GETLINK', errors: {} },
  getLink: { command: 'RTM_GETLINK', errors: { ENODEV: NO_LINK } },
  ensureDummy: {
    command: 'RTM_SETLINK',
    creation: 'RTM_NEWLINK',
    errors: {
      ...LINK_ERRORS,
      EEXIST: 'another program keeps adding and deleting the link',
      ENOTSUP:
        'the kernel has no dummy links: load the module on the host (modprobe dummy), or use a kernel with CONFIG_DUMMY',
    },
  },
  setLink: { command: 'RTM_SETLINK', errors: LINK_ERRORS },
  deleteLink: {
    command: 'RTM_DELLINK',
    errors: { ENODEV: NO_LINK, ENOTSUP: 'a link of this kind cannot be deleted' },
  },
  listAddresses: { command: 'RTM_GETADDR', errors: { ENODEV: NO_LINK } },
  addAddress: {
    command: 'RTM_NEWADDR',
    errors: { ...SET_ADDRESS, EEXIST: 'the link has the address already: use ensureAddress' },
  },
  ensureAddress: {
    command: 'RTM_NEWADDR',
    errors: { ...SET_ADDRESS, EEXIST: 'another program keeps adding and deleting the address' },
  },
  deleteAddress: {
    command: 'RTM_DELADDR',
    errors: {
      ENODEV: NO_LINK,
      EADDRNOTAVAIL: 'the link has no such address with this prefix length',
      ENXIO: 'the link has no IPv6 addresses: IPv6 needs an MTU of at least 1280 bytes',
    },
  },
  replaceAddress: { command: 'RTM_NEWADDR', errors: SET_ADDRESS },
  planAddresses: { command: 'RTM_GETADDR', errors: { ENODEV: NO_LINK } },
};
const READINGS: ReadonlySet<LinkOperationName> = new Set([
  'listLinks',
  'getLink',
  'listAddresses',
  'planAddresses',
]);
/** What users call the operations that are parts of another. */
const PARTS: Partial<Record<LinkOperationName, string>> = {
  replaceAddress: 'reconcileAddresses',
  planAddresses: 'reconcileAddresses',
};

/** The error for the request at `index` of a batch that came to `verdict`. */
export function explainLink(
  operation: LinkOperationName,
  requests: LinkRequests,
  index: number,
  verdict: LinkVerdict,
): IpvsError {
  const { command, creation = command, errors } = ROWS[operation];
  const own = ownRefusal(requests, index, verdict);
  return refusalError({
    operation: PARTS[operation] ?? operation,
    target: targetOf(operation, requests, index),
    syscall: verdict.creating ? creation : command,
    result: own === undefined ? verdict : { ...verdict, text: '' },
    isQuery: READINGS.has(operation),
    generalMeaning: (code) => (code === 'EPERM' ? PERMISSION : generalMeaning(code)),
    meaning: (code) => {
      if (own !== undefined) return own;
      const meaning = code === 'EPERM' ? PERMISSION : errors[code];
      const said = typeof meaning === 'function' ? meaning(factsOf(requests, index)) : meaning;
      return said ?? generalMeaning(code);
    },
  });
}

/**
 * What the request that is being written is about, as far as it is written, and otherwise by its
 * arguments.
 */
export function linkTarget(
  operation: LinkOperationName,
  requests: LinkRequests,
  [first, second]: readonly unknown[],
): string {
  const index = requests.count;
  const link = formatLinkReference(requests, index) || subjectOf(first);
  if (operation === 'listLinks') return '';
  if (!operation.endsWith('Address')) return link;
  const { fields } = requests.layout.linkRequest;
  const isWritten = requests.records.number(requests.base(index), fields.addresses) > 0;
  const { records, base } = requests.firstAddress(index);
  const address = isWritten ? formatLinkAddress(records, base, requests.layout) : subjectOf(second);
  return [address, link].filter((part) => part !== '').join(' of ');
}

/** Why the library itself refuses a request, rather than the kernel. */
function ownRefusal(
  requests: LinkRequests,
  index: number,
  { status, text, present }: LinkVerdict,
): string | undefined {
  switch (status) {
    case 'otherKind': {
      const kind = text === '' ? 'no dummy' : `of kind ${text}`;
      return `there is a link of this name, but it is ${kind}: it is left as it is`;
    }
    case 'otherSettings':
      return otherSettings(requests, index, present);
    case 'otherLink': {
      const listed = requests.listedOn(index, Number(text));
      const link = formatLinkReference(requests, index);
      const why = `the address was listed on ${listed}, not on ${link}: ${ANY_LINK}`;
      return text === '' ? why : `wanted[${text}]: ${why}`;
    }
    default:
      return undefined;
  }
}

type Setting = 'scope' | 'broadcast' | 'label' | 'prefixRoute';
/** What the kernel does not change of an IPv4 address, in the words of AddressSettings. */
const FIXED: Readonly<Record<Setting, (address: BareAddress) => unknown>> = {
  scope: ({ scope }) => scope,
  broadcast: ({ broadcast }) => broadcast,
  label: ({ label }) => label,
  prefixRoute: ({ flags }) => !flags.includes('no-prefix-route'),
};

/** Why an address cannot be had as it is wanted, where the link has it already. */
function otherSettings(
  requests: LinkRequests,
  index: number,
  present: BareAddress | undefined,
): string {
  const { layout } = requests;
  const { records, base } = requests.firstAddress(index);
  const wanted = readSettings(records, base, layout);
  if (present === undefined) return 'the link has the address with other settings';
  if (present.family === 'ipv6') {
    const { address, prefixLength } = present;
    return (
      `the link has the address with prefix length ${prefixLength} instead of ` +
      `${wanted.prefixLength}, and the kernel makes no other ${address}: ask for ` +
      `${address}/${prefixLength}`
    );
  }
  const given = records.number(base, layout.addressSettings.fields.given);
  // The keys of a Record<Setting, ...>.
  const differences = (Object.keys(FIXED) as Setting[]).flatMap((setting) => {
    const [is, asked] = [present, wanted].map(FIXED[setting]);
    if ((given & layout.addressGiven[setting]) === 0 || is === asked) return [];
    return [`${setting} ${show(is)} instead of ${show(asked)}`];
  });
  return (
    `the link has the address with ${differences.join(' and ')}, ` +
    'and the kernel does not change that: delete the address first'
  );
}

function factsOf(requests: LinkRequests, index: number): Facts {
  const { linkRequest, linkSettings, addressSettings } = requests.layout;
  const at = requests.base(index);
  const settings = requests.records.number(at, linkRequest.fields.settings);
  const hasAddress = requests.records.number(at, linkRequest.fields.addresses) > 0;
  const { records, base } = requests.firstAddress(index);
  const ofAddress = (field: 'family' | 'prefixLength' | 'flags') =>
    hasAddress ? records.number(base, addressSettings.fields[field]) : 0;
  return {
    setsMtu: (settings & linkSettings.mtu) !== 0,
    isIpv6: ofAddress('family') === AF_INET6,
    prefixLength: ofAddress('prefixLength'),
    flags: flagsOf(ofAddress('flags')),
  };
}

function targetOf(operation: LinkOperationName, requests: LinkRequests, index: number): string {
  const link = formatLinkReference(requests, index);
  if (!operation.endsWith('Address')) return link;
  const { records, base } = requests.firstAddress(index);
  return `${formatLinkAddress(records, base, requests.layout)} of ${link}`;
}
