/**
 * What the kernel's errnos mean for links and addresses, operation by operation.
 * @module
 */
import { AF_INET6 } from '../address.js';
import { subjectOf } from '../caller.js';
import type { IpvsError } from '../errors.js';
import { generalMeaning, sayRefusal, type Verdict } from '../explain.js';
import type { LinkOperationName } from '../native.js';
import { formatLinkAddress } from './address.js';
import { formatLinkReference } from './link.js';
import type { LinkRequests } from './requests.js';

const PERMISSION = 'CAP_NET_ADMIN in the user namespace that owns the network namespace is needed';
const NO_LINK = 'there is no such link';
const OTHER_LINK = 'the address was listed on another link';
const OTHER_SETTINGS =
  'the link has the address with another scope, label, broadcast address or prefix route, or it is ' +
  'that of loopback, and the kernel does not change these: delete it first';

/** What a request asks for, as far as an explanation needs it. */
interface Facts {
  readonly isIpv6: boolean;
  readonly setsMtu: boolean;
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
  EINVAL: ({ isIpv6 }: Facts) =>
    isIpv6
      ? 'the kernel does not accept the address: IPv6 needs a link whose MTU is at least 1280 bytes, ' +
        "and 'manage-temporary' a prefix length of 64"
      : undefined,
  ENOBUFS: ({ isIpv6 }: Facts) =>
    isIpv6
      ? 'the kernel has no memory for the address, or for its routes'
      : 'IPv4 needs a link whose MTU is at least 68 bytes; or the kernel has no memory for the address',
  ENOTSUP: ({ isIpv6 }: Facts) =>
    isIpv6 ? 'the kernel has no IPv6: load its module on the host (modprobe ipv6)' : undefined,
};
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
  verdict: Verdict<string>,
): IpvsError {
  const { command, creation = command, errors } = ROWS[operation];
  const own = ownRefusal(verdict);
  return sayRefusal({
    operation: PARTS[operation] ?? operation,
    target: targetOf(operation, requests, index),
    syscall: verdict.creating ? creation : command,
    verdict: own === undefined ? verdict : { ...verdict, text: '' },
    isReading: READINGS.has(operation),
    general: (code) => (code === 'EPERM' ? PERMISSION : generalMeaning(code)),
    refused: (code) => {
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
function ownRefusal({ status, text }: Verdict<string>): string | undefined {
  switch (status) {
    case 'otherKind': {
      const kind = text === '' ? 'no dummy' : `of kind ${text}`;
      return `there is a link of this name, but it is ${kind}: it is left as it is`;
    }
    case 'otherSettings':
      return OTHER_SETTINGS;
    case 'otherLink':
      return text === '' ? OTHER_LINK : `wanted[${text}]: ${OTHER_LINK}`;
    default:
      return undefined;
  }
}

function factsOf(requests: LinkRequests, index: number): Facts {
  const { linkRequest, linkSettings, addressSettings } = requests.layout;
  const at = requests.base(index);
  const settings = requests.records.number(at, linkRequest.fields.settings);
  const hasAddress = requests.records.number(at, linkRequest.fields.addresses) > 0;
  const { records, base } = requests.firstAddress(index);
  return {
    isIpv6: hasAddress && records.number(base, addressSettings.fields.family) === AF_INET6,
    setsMtu: (settings & linkSettings.mtu) !== 0,
  };
}

function targetOf(operation: LinkOperationName, requests: LinkRequests, index: number): string {
  const link = formatLinkReference(requests, index);
  if (!operation.endsWith('Address')) return link;
  const { records, base } = requests.firstAddress(index);
  return `${formatLinkAddress(records, base, requests.layout)} of ${link}`;
}
