/**
 * The addresses of services and real servers as ipvsadm reads them: `host`, `host:port`,
 * `[v6]:port`.
 * @module
 */
import type { Family } from '../../core/address.js';
import { MAX_PORT } from '../../ipvs/keys.js';
import type { Protocol } from '../../ipvs/names.js';
import { readIpv4, readIpv6, readNumber } from './numbers.js';

/**
 * Finds what a name stands for: the address of a host ('10.0.0.1'), or the port of a service of
 * /etc/services (80). Returns undefined if there is no such name.
 * @param kind 'host', or the protocol of the service
 * @param family 'ipv6' for a host in brackets ('[web1]:80'), whose address must be of IPv6; else
 *   undefined
 */
export type Resolve = (
  name: string,
  kind: 'host' | Protocol,
  family?: 'ipv6',
) => string | number | undefined;

/** The settings by which command lines are read. */
export interface Reading {
  readonly resolve: Resolve;
  /**
   * If true, lines are read exactly as by ipvsadm. It looks up only IPv4 addresses, takes IPv4 in
   * brackets, whose port it ignores, and refuses `-b` at the end of a line, which it prints for
   * flags that it does not know.
   */
  readonly quirks: boolean;
}

/** The address of a service or of a real server. */
export interface Endpoint {
  readonly family: Family;
  readonly address: string;
  /** Undefined if none is given. */
  readonly port: number | undefined;
}

/**
 * Returns the address of a service or of a real server; undefined for a text that is none.
 * @param protocol the protocol of service names; undefined: they have none yet
 */
export function readEndpoint(
  text: string,
  protocol: Protocol | undefined,
  reading: Reading,
): Endpoint | undefined {
  if (text === '' || readNumber(text, 0, Number.POSITIVE_INFINITY) !== undefined) return undefined;
  if (text.startsWith('[')) return readBracketed(text, protocol, reading);
  const colon = text.indexOf(':');
  // An IPv6 address has two colons or more.
  const ipv6 = text.includes(':', colon + 1) ? readIpv6(text) : undefined;
  if (ipv6 !== undefined) return { family: 'ipv6', address: ipv6, port: undefined };
  const address = readHost(colon < 0 ? text : text.slice(0, colon), reading.resolve);
  return address === undefined
    ? undefined
    : withPort(address, colon < 0 ? undefined : text.slice(colon + 1), protocol, reading);
}

function readBracketed(
  text: string,
  protocol: Protocol | undefined,
  reading: Reading,
): Endpoint | undefined {
  const end = text.indexOf(']:');
  if (end < 0) return undefined;
  const within = text.slice(1, end);
  // The name of an IPv6 address is in brackets too.
  const family = reading.quirks ? undefined : 'ipv6';
  const address = readIpv6(within) ?? readHost(within, reading.resolve, family);
  if (address === undefined) return undefined;
  if (address.includes(':')) return withPort(address, text.slice(end + 2), protocol, reading);
  return reading.quirks ? { family: 'ipv4', address, port: undefined } : undefined;
}

function withPort(
  address: string,
  portText: string | undefined,
  protocol: Protocol | undefined,
  { resolve }: Reading,
): Endpoint | undefined {
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  if (portText === undefined) return { family, address, port: undefined };
  const port = readPort(portText, protocol, resolve);
  return port === undefined ? undefined : { family, address, port };
}

/** Returns the address of a host: IPv4 as text, or what its name stands for. */
export function readHost(text: string, resolve: Resolve, family?: 'ipv6'): string | undefined {
  const address = readIpv4(text);
  if (address !== undefined || text === '') return address;
  const found = resolve(text, 'host', family);
  return typeof found === 'string' ? (readIpv4(found) ?? readIpv6(found)) : undefined;
}

function readPort(
  text: string,
  protocol: Protocol | undefined,
  resolve: Resolve,
): number | undefined {
  const number = readNumber(text, 0, MAX_PORT);
  if (number !== undefined || protocol === undefined || !NAME.test(text)) return number;
  const found = resolve(text, protocol);
  return typeof found === 'number' && Number.isInteger(found) && found >= 0 && found <= MAX_PORT
    ? found
    : undefined;
}

/** A name is no number, not even one that is too large. */
const NAME = /[^\d+-]/;
