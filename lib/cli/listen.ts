/**
 * The address that a server listens on, as an option has it.
 * @module
 */
import { AF_INET6, parseAddress } from '../core/address.js';
import { MAX_PORT } from '../ipvs/keys.js';
import { UsageError } from './arguments.js';

/** The address and port on which a server listens. */
export interface Listen {
  /** Undefined: all addresses of the host. */
  readonly host: string | undefined;
  readonly port: number;
}

const ADDRESS = /^(?:\[(?<ipv6>[\da-fA-F:.]+)\]|(?<host>[^:[\]\s]*)):(?<port>\d{1,5})$/;

/** The end of the error for a text that is no such address. */
export const LISTEN_RULE = '[ADDRESS]:PORT, such as :9718, 127.0.0.1:9718 or [::1]:9718';

/** Parses ':9718', '127.0.0.1:9718', 'localhost:9718' or '[::1]:9718'. Undefined: it is none. */
export function listenOf(text: string): Listen | undefined {
  const { ipv6, host, port } = ADDRESS.exec(text)?.groups ?? {};
  const isAddress = ipv6 === undefined || parseAddress(ipv6, new Uint8Array(16), 0) === AF_INET6;
  if (port === undefined || Number(port) > MAX_PORT || !isAddress) return undefined;
  const name = ipv6 ?? host;
  return { host: name === '' ? undefined : name, port: Number(port) };
}

/**
 * Parses the address of an option.
 * @throws UsageError
 */
export function parseListen(flag: string, text: string): Listen {
  const listen = listenOf(text);
  if (listen === undefined) throw new UsageError(`${flag}: '${text}' is not ${LISTEN_RULE}`);
  return listen;
}
