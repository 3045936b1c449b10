/**
 * References as text: 'tcp://10.96.0.1:443', 'fwmark://7', '10.0.0.1:80'.
 * @module
 */
import { AF_INET, AF_INET6, parseAddress } from '../core/address.js';
import { checkInteger } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import {
  encodeDestinationAddress,
  encodeFirewallMark,
  encodeServiceAddress,
  MAX_MARK,
  MAX_PORT,
  MAX_PROTOCOL,
} from './keys.js';
import { protocols } from './names.js';
import { destinationHint, serviceHint } from './reference-hints.js';
import type { RequestBuffer } from './request-buffer.js';

const SERVICE_RULE =
  "a service: 'tcp://ADDRESS:PORT', 'udp://[IPV6]:PORT', 'sctp://ADDRESS:PORT', 'fwmark://N' or " +
  "'fwmark6://N'";
const DESTINATION_RULE = "a destination: 'ADDRESS:PORT', '[IPV6]:PORT' or 'ADDRESS'";

/** The text within brackets; its length is limited, and with it the time that matching takes. */
const IPV6 = '[\\da-fA-F:.]{2,45}';
const PORT = '0|[1-9]\\d{0,4}';
const SERVICE_TEXT = new RegExp(
  `^([a-z]{1,8}|unknown-\\d{1,5})://(?:\\[(${IPV6})\\]|([\\d.]{1,15})):(${PORT})$`,
);
const MARK_TEXT = /^fwmark(6?):\/\/([1-9]\d{0,9})$/;
const HOST_PORT = new RegExp(`^(?:\\[(${IPV6})\\]|([\\d.]{1,15}))(?::(${PORT}))?$`);

/** Encodes the key of a service from its text. @internal */
export function encodeServiceText(request: RequestBuffer, property: string, text: string): void {
  const mark = MARK_TEXT.exec(text);
  if (mark !== null) {
    const number = Number(mark[2]);
    if (number > MAX_MARK) checkInteger(`${property} mark`, number, 1, MAX_MARK);
    encodeFirewallMark(request, number, mark[1] === '6' ? AF_INET6 : AF_INET);
    return;
  }
  const [, scheme = '', ipv6, ipv4, port] = SERVICE_TEXT.exec(text) ?? [];
  if (scheme === '' || scheme.startsWith('fwmark')) throw notService(property, text);
  const protocol = protocols.numberOrUnknown(property, scheme, MAX_PROTOCOL);
  const number = checkPortText(property, port);
  const family = encodeServiceAddress(request, protocol, ipv6 ?? ipv4 ?? '', number);
  if (!isBracketed(family, ipv6)) throw notService(property, text);
}

/**
 * Encodes the key of a destination from its text, after that of its service.
 * @returns true if the text has a port
 * @internal
 */
export function encodeDestinationText(
  request: RequestBuffer,
  property: string,
  text: string,
): boolean {
  const [, ipv6, ipv4, port] = HOST_PORT.exec(text) ?? [];
  const number = port === undefined ? undefined : checkPortText(property, port);
  // A text that is neither in brackets nor dotted is IPv6 without a port.
  const family = encodeDestinationAddress(request, ipv6 ?? ipv4 ?? text, number);
  if (family !== (ipv4 === undefined ? AF_INET6 : AF_INET)) {
    const hint = destinationHint(text, isDestinationText);
    throw wrongValue(property, text, `is not ${DESTINATION_RULE}${hint}`);
  }
  return port !== undefined;
}

/** Returns true for the text of a service, even if its port or mark is too large. @internal */
export function isServiceText(text: string): boolean {
  const [, scheme, ipv6, ipv4] = SERVICE_TEXT.exec(text) ?? [];
  if (scheme === undefined) return MARK_TEXT.test(text);
  return protocols.names.some((name) => name === scheme) && isHost(ipv6, ipv4);
}

function isDestinationText(text: string): boolean {
  const [, ipv6, ipv4] = HOST_PORT.exec(text) ?? [];
  return isHost(ipv6, ipv4);
}

function isHost(ipv6: string | undefined, ipv4: string | undefined): boolean {
  return isBracketed(parseAddress(ipv6 ?? ipv4 ?? '', new Uint8Array(16), 0), ipv6);
}

/** Returns true if an address has brackets around it if and only if it is IPv6. */
function isBracketed(family: number, ipv6: string | undefined): boolean {
  return family === (ipv6 === undefined ? AF_INET : AF_INET6);
}

function checkPortText(property: string, text: string | undefined): number {
  const port = Number(text);
  return port <= MAX_PORT ? port : checkInteger(`${property} port`, port, 0, MAX_PORT);
}

function notService(property: string, text: string): Error {
  return wrongValue(property, text, `is not ${SERVICE_RULE}${serviceHint(text, isServiceText)}`);
}
