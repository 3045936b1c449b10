/**
 * Hints in the errors of references: what the caller probably meant.
 * @module
 */
import { AF_INET6, parseAddress } from '../core/address.js';
import { isHostName, NO_HOST_NAMES } from '../core/hints.js';

/** Longer text is not a typo. */
const MAX_TEXT = 80;
const NO_PROTOCOL = ': it has no protocol';

/** Schemes of other programs: the protocol, and the usual port. */
const SCHEMES: Readonly<Record<string, readonly [protocol: string, port?: string]>> = {
  http: ['tcp', '80'],
  https: ['tcp', '443'],
  dns: ['udp', '53'],
  tcp4: ['tcp'],
  tcp6: ['tcp'],
  udp4: ['udp'],
  udp6: ['udp'],
  mark: ['fwmark'],
  fwm: ['fwmark'],
};

/** Returns the parts of a reference in any form, without a prefix length. */
function partsOf(text: string) {
  const said = text
    .slice(0, MAX_TEXT)
    .trim()
    .toLowerCase()
    .replace(/(?<=[\da-f.:\]])\/\d{1,3}(?=(:\d{1,5})?\/*$)/, '')
    .replace(/\/+$/, '');
  const [, scheme, rest = ''] =
    /^(?:([a-z][a-z\d]*):(?:\/\/|(?!\d*$|[\da-f]*:)))?(.*)$/.exec(said) ?? [];
  const colons = rest.split(':').length - 1;
  // Several colons without brackets are an IPv6 address, which may end with a port.
  const [, host = '', port] =
    /^\[([^\]]*)\](?::(\d+))?$/.exec(rest) ??
    (colons < 2 ? /^([^:]*)(?::(\d+))?$/.exec(rest) : [rest, rest]) ??
    [];
  return {
    scheme,
    host,
    port,
    join: (of: string) => (host.includes(':') ? `[${host}]${of}` : host + of),
  };
}

/**
 * Returns a hint about a text that is not a service, or ''.
 * @param isService returns true for the text of a service
 */
export function serviceHint(text: string, isService: (text: string) => boolean): string {
  const { scheme: said, host, port, join } = partsOf(text);
  const scheme = said ?? 'tcp';
  const mark = SCHEMES[scheme]?.[0] ?? scheme;
  if (mark === 'fwmark' || mark === 'fwmark6') return markHint(text, mark, host, isService);
  if (isHostName(host)) return said === undefined ? NO_PROTOCOL : NO_HOST_NAMES;
  const [, front, last] = port === undefined ? (/^([\da-f:.]+):(\d+)$/.exec(host) ?? []) : [];
  const bracketed = `${mark}://[${front}]:${last}`;
  if (front?.includes(':') && isService(bracketed)) return `: did you mean '${bracketed}'?`;
  const [protocol, usual] = SCHEMES[scheme] ?? [scheme];
  const behind = port ?? usual;
  const end = behind === undefined ? '' : `:${behind}`;
  const meant = `${protocol}://${protocol.startsWith('fwmark') ? host : join(end)}`;
  if (meant !== text && isService(meant)) return `: did you mean '${meant}'?`;
  return behind === undefined && isService(`${meant}:1`) ? ': it has no port' : '';
}

/** Returns a hint about a text that is meant as a firewall mark, or ''. */
function markHint(
  text: string,
  scheme: string,
  host: string,
  isService: (text: string) => boolean,
): string {
  const number = /^(0x[\da-f]{1,8}|\d{1,10})$/.test(host) ? Number(host) : Number.NaN;
  const meant = `${scheme}://${number}`;
  const proposal = meant !== text && isService(meant) ? `: did you mean '${meant}'?` : '';
  const isDecimal = /^[1-9]\d*$/.test(host);
  return isDecimal ? proposal : `: a mark is a decimal number, from 1 on${proposal}`;
}

/**
 * Returns a hint about a text that is not a destination, or ''.
 * @param isDestination returns true for the text of a destination
 */
export function destinationHint(text: string, isDestination: (text: string) => boolean): string {
  const { scheme = '', host, port, join } = partsOf(text);
  if (isHostName(host)) return NO_HOST_NAMES;
  const behind = port ?? SCHEMES[scheme]?.[1];
  const meant = join(behind === undefined ? '' : `:${behind}`);
  return meant !== text && isDestination(meant) ? `: did you mean '${meant}'?` : '';
}

/** Returns a hint about an IPv6 address that may have been meant to end with a port, or ''. */
export function portHint(destination: unknown): string {
  const [, address = '', port] = /^([\da-f:]{2,39}):(\d{1,5})$/i.exec(String(destination)) ?? [];
  const isIpv6 = parseAddress(address, new Uint8Array(16), 0) === AF_INET6;
  return isIpv6 ? `: did you mean '[${address}]:${port}'?` : '';
}

/** Returns a hint about a text in place of the configuration of a service. */
export function serviceObjectHint(text: string): string {
  const [, protocol, ipv6, ipv4, port] =
    /^(tcp|udp|sctp):\/\/(?:\[([\da-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(text) ?? [];
  const [, family, mark] = /^fwmark(6?):\/\/(\d{1,10})$/.exec(text) ?? [];
  if (protocol !== undefined) {
    return `: write { protocol: '${protocol}', address: '${ipv6 ?? ipv4}', port: ${port} }`;
  }
  if (mark !== undefined) {
    return `: write { fwmark: ${mark}${family === '' ? '' : ", family: 'ipv6'"} }`;
  }
  return ' such as { protocol, address, port, scheduler }';
}

/** Returns a hint about a text in place of the configuration of a destination. */
export function destinationObjectHint(text: string): string {
  const [, ipv6, ipv4, port] =
    /^(?:\[([\da-f:.]{2,45})\]|([\d.]{7,15}))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const address = ipv6 ?? ipv4;
  if (address === undefined) return ' such as { address, port, weight }';
  return `: write { address: '${address}'${port === undefined ? '' : `, port: ${port}`} }`;
}
