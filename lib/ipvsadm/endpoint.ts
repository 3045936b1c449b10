/**
 * The addresses of services and real servers as ipvsadm reads them: `host`, `host:port`,
 * `[v6]:port`.
 * @module
 */
import type { Family } from '../core/address.js';
import type { Protocol } from '../ipvs/names.js';
import { readIpv4, readIpv6, readNumber } from './numbers.js';

/**
 * Finds what a name stands for: the IPv4 address of a host ('10.0.0.1'), or the port of a service
 * of /etc/services (80). Returns undefined if there is no such name.
 * @param kind 'host', or the protocol of a service
 */
export type Resolve = (name: string, kind: 'host' | Protocol) => string | number | undefined;

/** The address of a service or of a real server. */
export interface Endpoint {
  readonly family: Family;
  readonly address: string;
  /** Undefined if none is given. */
  readonly port: number | undefined;
}

const MAX_PORT = 65535;

/**
 * Returns the address of a service or of a real server; undefined for a text that is none.
 * @param protocol the protocol of service names; undefined: they have none yet
 */
export function readEndpoint(
  text: string,
  protocol: Protocol | undefined,
  resolve: Resolve,
): Endpoint | undefined {
  if (text === '' || readNumber(text, 0, Number.POSITIVE_INFINITY) !== undefined) return undefined;
  if (text.startsWith('[')) return readBracketed(text, protocol, resolve);
  const ipv6 = readIpv6(text);
  if (ipv6 !== undefined) return { family: 'ipv6', address: ipv6, port: undefined };
  const colon = text.indexOf(':');
  const host = colon < 0 ? text : text.slice(0, colon);
  const address = readHost(host, resolve);
  if (address === undefined) return undefined;
  if (colon < 0) return { family: 'ipv4', address, port: undefined };
  const port = readPort(text.slice(colon + 1), protocol, resolve);
  return port === undefined ? undefined : { family: 'ipv4', address, port };
}

function readBracketed(
  text: string,
  protocol: Protocol | undefined,
  resolve: Resolve,
): Endpoint | undefined {
  const end = text.indexOf(']:');
  if (end < 0) return undefined;
  const within = text.slice(1, end);
  const ipv6 = readIpv6(within);
  if (ipv6 === undefined) {
    // What ipvsadm makes of IPv4 in brackets: the port behind them does not count.
    const ipv4 = readHost(within, resolve);
    return ipv4 === undefined ? undefined : { family: 'ipv4', address: ipv4, port: undefined };
  }
  const port = readPort(text.slice(end + 2), protocol, resolve);
  return port === undefined ? undefined : { family: 'ipv6', address: ipv6, port };
}

/** Returns the IPv4 address of a host, given as such or by name. */
export function readHost(text: string, resolve: Resolve): string | undefined {
  const address = readIpv4(text);
  if (address !== undefined || text === '') return address;
  const found = resolve(text, 'host');
  return typeof found === 'string' ? readIpv4(found) : undefined;
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
