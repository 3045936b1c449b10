/**
 * The errors for failed requests about links.
 * @module
 */
import { AF_INET6 } from '../core/address.js';
import type { IpvsError } from '../core/errors.js';
import { show } from '../core/show.js';
import type { LinkOperationName } from '../native/addon.js';
import { generalMeaning } from '../native/errno-messages.js';
import { layout } from '../native/layout.js';
import { failedRequestError } from '../native/request-error.js';
import { type BareAddress, decodeSettings } from './address.js';
import { flagsOf } from './address-flags.js';
import { LINK_ERRNO_MESSAGES, LINKS_NEED_ADMIN, type LinkRequestFacts } from './errno-messages.js';
import { formatLinkReference } from './link-reference.js';
import { ANY_LINK } from './listed-link.js';
import type { LinkRequestBuffer } from './request-buffer.js';
import type { FailedLinkResult } from './response.js';
import { targetOf } from './targets.js';

const { fields: requestFields } = layout.linkRequest;
const { fields: settingsFields } = layout.addressSettings;

/** Returns the error for the request at `index` of a buffer, which failed with `result`. */
export function linkRequestError(
  { name: operation, request }: { readonly name: string; readonly request: LinkOperationName },
  requests: LinkRequestBuffer,
  index: number,
  result: FailedLinkResult,
): IpvsError {
  const {
    kernelCommand,
    creation = kernelCommand,
    meanings,
    isQuery = false,
  } = LINK_ERRNO_MESSAGES[request];
  const ownReason = reasonOfLibrary(requests, index, result);
  return failedRequestError({
    operation,
    target: targetOf(request, requests, index),
    syscall: result.creating ? creation : kernelCommand,
    // The kernel has sent no text if the library itself refuses the request.
    result: ownReason === undefined ? result : { ...result, text: '' },
    isQuery,
    generalMeaning: (code) => (code === 'EPERM' ? LINKS_NEED_ADMIN : generalMeaning(code)),
    meaning: (code) => {
      if (ownReason !== undefined) return ownReason;
      const meaning = code === 'EPERM' ? LINKS_NEED_ADMIN : meanings[code];
      const words = typeof meaning === 'function' ? meaning(factsIn(requests, index)) : meaning;
      return words ?? generalMeaning(code);
    },
  });
}

/** Returns the reason why the library itself refuses a request, rather than the kernel. */
function reasonOfLibrary(
  requests: LinkRequestBuffer,
  index: number,
  { status, text, present }: FailedLinkResult,
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

/** The settings of an IPv4 address that the kernel does not change, as in AddressSettings. */
const FIXED = [
  { setting: 'peer', of: ({ peer }: BareAddress) => peer },
  { setting: 'scope', of: ({ scope }: BareAddress) => scope },
  { setting: 'broadcast', of: ({ broadcast }: BareAddress) => broadcast },
  { setting: 'label', of: ({ label }: BareAddress) => label },
  {
    setting: 'prefixRoute',
    of: ({ flags }: BareAddress) => !flags.includes('no-prefix-route'),
  },
] as const;

/** Returns the reason why an address of the link cannot get the wanted settings. */
function otherSettings(
  requests: LinkRequestBuffer,
  index: number,
  present: BareAddress | undefined,
): string {
  const { records, base } = requests.firstAddress(index);
  const wanted = decodeSettings(records, base);
  if (present === undefined) return 'the link has the address with other settings';
  if (present.family === 'ipv6') {
    const { address, prefixLength } = present;
    return (
      `the link has the address with prefix length ${prefixLength} instead of ` +
      `${wanted.prefixLength}, and the kernel makes no other ${address}: ask for ` +
      `${address}/${prefixLength}`
    );
  }
  const given = records.number(base, settingsFields.given);
  const differences = FIXED.flatMap(({ setting, of }) => {
    const isGiven = (given & layout.addressGiven[setting]) !== 0;
    if (!isGiven || of(present) === of(wanted)) return [];
    return [`${setting} ${show(of(present))} instead of ${show(of(wanted))}`];
  });
  return (
    `the link has the address with ${differences.join(' and ')}, ` +
    'and the kernel does not change that: delete the address first'
  );
}

function factsIn(requests: LinkRequestBuffer, index: number): LinkRequestFacts {
  const at = requests.base(index);
  const settings = requests.records.number(at, requestFields.settings);
  const hasAddress = requests.records.number(at, requestFields.addresses) > 0;
  const { records, base } = requests.firstAddress(index);
  const ofAddress = (field: 'family' | 'prefixLength' | 'flags') =>
    hasAddress ? records.number(base, settingsFields[field]) : 0;
  return {
    setsMtu: (settings & layout.linkSettings.mtu) !== 0,
    isIpv6: ofAddress('family') === AF_INET6,
    prefixLength: ofAddress('prefixLength'),
    flags: flagsOf(ofAddress('flags')),
  };
}
