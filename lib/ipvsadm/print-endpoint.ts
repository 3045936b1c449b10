/**
 * Addresses and ports as ipvsadm prints them, and the names that it prints instead.
 * @module
 */
import { joinPort } from '../ipvs/keys.js';
import { printAddress } from './grammar/numbers.js';

/** Names to print instead of addresses and ports. */
export interface Names {
  /** Returns the name of an address, or undefined if it has none. */
  readonly host: (address: string) => string | undefined;
  /** Returns the name of a port of a protocol ('http'), or undefined if it has none. */
  readonly service: (port: number, protocol: string) => string | undefined;
}

/** Prints numbers. */
export const NUMERIC: Names = { host: () => undefined, service: () => undefined };

/** The text that ipvsadm prints for a scheduler or a forwarding method without a name. */
export const NO_NAME = '(null)';

/** The longest text of an address with its port that ipvsadm prints. */
export const MAX_ENDPOINT = 59;

/** An address and a port. */
interface Endpoint {
  readonly address: string;
  readonly port?: number | undefined;
}

/**
 * Returns an address and a port as ipvsadm prints them.
 * @param protocol the protocol of the port; undefined: of a firewall mark, whose ports have no
 *   names
 */
export function printEndpoint(
  { address, port = 0 }: Endpoint,
  protocol: string | undefined,
  names: Names,
): string {
  const name = names.host(address);
  const host = name === undefined ? printAddress(address) : name;
  const service = protocol === undefined ? undefined : names.service(port, protocol);
  // The name of an IPv6 address is in brackets too.
  if (name !== undefined && address.includes(':')) return `[${name}]:${service ?? port}`;
  return joinPort(host, service ?? port);
}
