/**
 * The messages for the errnos of rtnetlink, by operation on links and addresses.
 * @module
 */
import type { LinkOperationName } from '../native/addon.js';
import type { AddressFlag } from './address-flags.js';

/** The settings of a request on which the meaning of an errno depends. */
export interface LinkRequestFacts {
  readonly setsMtu: boolean;
  readonly isIpv6: boolean;
  readonly prefixLength: number;
  readonly flags: readonly AddressFlag[];
}

/**
 * The meaning of an errno; a function, where it depends on the request. Undefined: the general
 * meaning.
 */
type Meaning = string | ((facts: LinkRequestFacts) => string | undefined);

/** The kernel command of an operation, and the messages for its errnos, by name. */
interface ErrnoMessages {
  /** The type of the rtnetlink message that fails. */
  readonly kernelCommand: string;
  /** The message type by which an ensure creates; default: the same. */
  readonly creation?: string;
  /** The meanings of errnos for this operation. Node.js calls EOPNOTSUPP ENOTSUP. */
  readonly meanings: Readonly<Record<string, Meaning>>;
  /** True if the operation changes nothing. */
  readonly isQuery?: true;
}

/** The meaning of EPERM for every operation. */
export const LINKS_NEED_ADMIN =
  'CAP_NET_ADMIN in the user namespace that owns the network namespace is needed';

const NO_LINK = 'there is no such link';

const SET_LINK = {
  ENODEV: NO_LINK,
  EINVAL: ({ setsMtu }: LinkRequestFacts) =>
    setsMtu ? 'the kernel does not accept the MTU for this link' : undefined,
};

const SET_ADDRESS = {
  ENODEV: NO_LINK,
  EACCES: 'IPv6 is switched off on the link (sysctl net.ipv6.conf.LINK.disable_ipv6)',
  EADDRNOTAVAIL: 'the kernel does not accept the address: IPv6 must be unicast and not ::1',
  EINVAL: addressNeeds,
  ENOBUFS: ({ isIpv6 }: LinkRequestFacts) =>
    isIpv6
      ? 'the kernel has no memory for the address, or for its routes'
      : 'IPv4 needs a link whose MTU is at least 68 bytes; ' +
        'or the kernel has no memory for the address',
  ENOTSUP: ({ isIpv6 }: LinkRequestFacts) =>
    isIpv6 ? 'the kernel has no IPv6: load its module on the host (modprobe ipv6)' : undefined,
};

/** Returns what the kernel demands of an address, as far as the address may lack it. */
function addressNeeds({ isIpv6, prefixLength, flags }: LinkRequestFacts): string {
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

/** The messages, by operation. */
export const LINK_ERRNO_MESSAGES: Readonly<Record<LinkOperationName, ErrnoMessages>> = {
  listLinks: { kernelCommand: 'RTM_GETLINK', meanings: {}, isQuery: true },
  getLink: { kernelCommand: 'RTM_GETLINK', meanings: { ENODEV: NO_LINK }, isQuery: true },
  ensureDummy: {
    kernelCommand: 'RTM_SETLINK',
    creation: 'RTM_NEWLINK',
    meanings: {
      ...SET_LINK,
      EEXIST: 'another program keeps adding and deleting the link',
      ENOTSUP:
        'the kernel has no dummy links: load the module on the host (modprobe dummy), ' +
        'or use a kernel with CONFIG_DUMMY',
    },
  },
  setLink: { kernelCommand: 'RTM_SETLINK', meanings: SET_LINK },
  deleteLink: {
    kernelCommand: 'RTM_DELLINK',
    meanings: { ENODEV: NO_LINK, ENOTSUP: 'a link of this kind cannot be deleted' },
  },
  listAddresses: { kernelCommand: 'RTM_GETADDR', meanings: { ENODEV: NO_LINK }, isQuery: true },
  addAddress: {
    kernelCommand: 'RTM_NEWADDR',
    meanings: { ...SET_ADDRESS, EEXIST: 'the link has the address already: use ensureAddress' },
  },
  ensureAddress: {
    kernelCommand: 'RTM_NEWADDR',
    meanings: { ...SET_ADDRESS, EEXIST: 'another program keeps adding and deleting the address' },
  },
  deleteAddress: {
    kernelCommand: 'RTM_DELADDR',
    meanings: {
      ENODEV: NO_LINK,
      EADDRNOTAVAIL: 'the link has no such address with this prefix length',
      ENXIO: 'the link has no IPv6 addresses: IPv6 needs an MTU of at least 1280 bytes',
    },
  },
  replaceAddress: {
    kernelCommand: 'RTM_NEWADDR',
    meanings: SET_ADDRESS,
  },
  planAddresses: {
    kernelCommand: 'RTM_GETADDR',
    meanings: { ENODEV: NO_LINK },
    isQuery: true,
  },
};
