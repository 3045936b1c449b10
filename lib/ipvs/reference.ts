/**
 * How services and destinations are named.
 * @module
 */
import {
  AF_INET,
  AF_INET6,
  type Family,
  families,
  formatAddress,
  parseAddress,
} from '../core/address.js';
import { checkInteger, checkObject, copyOwn, propertyNames } from '../core/check.js';
import { addressHint, destinationHint, serviceHint } from '../core/hints.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import type { Unknown } from '../core/names.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { type Protocol, protocols } from './names.js';
import type { Draft } from './request-buffer.js';

/** A service named by what it listens on (`ipvsadm -t`, `-u`, `--sctp-service`). */
export interface ServiceAddress {
  /** IPVS_SVC_ATTR_PROTOCOL. */
  readonly protocol: Protocol | Unknown;
  /** The virtual address (IPVS_SVC_ATTR_ADDR): IPv4 dotted, or IPv6, without brackets. Its form decides the family. */
  readonly address: string;
  /** The virtual port, 0 to 65535 (IPVS_SVC_ATTR_PORT). 0 is every port, and needs persistence. */
  readonly port: number;
}

/** A service named by the mark that the firewall puts on its packets (`ipvsadm -f`). */
export interface FirewallMark {
  /** 1 to 4294967295 (IPVS_SVC_ATTR_FWMARK). */
  readonly fwmark: number;
  /** IPv4 and IPv6 services may share one mark. Default `'ipv4'`; `'ipv6'` is `ipvsadm -6`. */
  readonly family?: Family | undefined;
}

/**
 * Names a service: `{ protocol, address, port }`, `{ fwmark, family }`, any service that this package returned, or a string:
 * `tcp://10.96.0.1:443`, `udp://[fd00::1]:53`, `fwmark://7` (IPv4), `fwmark6://7` (IPv6).
 */
export type ServiceReference = string | ServiceAddress | FirewallMark;

/** A destination named by an object. */
export interface DestinationAddress {
  /** The real server's address (IPVS_DEST_ATTR_ADDR): IPv4 dotted, or IPv6, without brackets. */
  readonly address: string;
  /** The real server's port, 0 to 65535 (IPVS_DEST_ATTR_PORT). Default: the service's; of a firewall mark 0, which keeps the packet's. */
  readonly port?: number | undefined;
}

/**
 * Names a destination within its service: `{ address, port }`, any destination that this package returned, or a string:
 * `10.0.0.1:80`, `[fd00::2]:80`, and without a port, which is then the service's, `10.0.0.1` and `fd00::2`.
 */
export type DestinationReference = string | DestinationAddress;

/** The keys that name a service, and those that a returned one has besides. @internal */
export const SERVICE_IDENTITY = ['protocol', 'address', 'port', 'fwmark', 'family'] as const;
/** @internal */
export const DESTINATION_IDENTITY = ['address', 'port', 'family'] as const;
const IDENTITY: ReadonlySet<string> = new Set(SERVICE_IDENTITY);

const MAX_PORT = 65535;
const MAX_MARK = 2 ** 32 - 1;
const MAX_PROTOCOL = 65535;

/** @internal */
export const ADDRESS_FORM = 'an IPv4 or IPv6 address, without port, prefix or zone';
const SERVICE_FORM =
  "a service: 'tcp://ADDRESS:PORT', 'udp://[IPV6]:PORT', 'sctp://ADDRESS:PORT', 'fwmark://N' or 'fwmark6://N'";
const DESTINATION_FORM = "a destination: 'ADDRESS:PORT', '[IPV6]:PORT' or 'ADDRESS'";
/** What may stand in brackets; whether it is an address is seen later. Bounded, as is what a backtracking match may cost. */
const IPV6 = '[\\da-fA-F:.]{2,45}';
const PORT = '0|[1-9]\\d{0,4}';
const SERVICE_STRING = new RegExp(
  `^([a-z]{1,8}|unknown-\\d{1,5})://(?:\\[(${IPV6})\\]|([\\d.]{1,15})):(${PORT})$`,
);
const MARK_STRING = /^fwmark(6?):\/\/([1-9]\d{0,9})$/;
const HOST_PORT = new RegExp(`^(?:\\[(${IPV6})\\]|([\\d.]{1,15}))(?::(${PORT}))?$`);

/** @internal */
export function checkPort(property: string, value: unknown): number {
  return checkInteger(property, value, 0, MAX_PORT);
}

/** The port in the text of a reference, which has no sign. */
function checkPortText(property: string, text: string | undefined): number {
  const port = Number(text);
  return port <= MAX_PORT ? port : checkPort(`${property} port`, port);
}

/** A reference that is no text: an object, or the error that says so. */
function checkReference(property: string, reference: unknown, example: string): void {
  if (typeof reference === 'object' && reference !== null) return;
  throw wrongType(property, reference, `a reference: a string such as ${example}, or an object`);
}

function checkAddress(property: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw wrongType(property, value, ADDRESS_FORM);
}

/** The error of a text that is no address. @internal */
export function notAddress(property: string, text: string): Error {
  return wrongValue(property, text, `is not ${ADDRESS_FORM}${addressHint(text)}`);
}

function checkFamily(property: string, value: unknown, family: number, address: string): void {
  if (value === undefined) return;
  const name = propertyNames(property).family;
  if (families.number(name, value) === family) return;
  throw wrongValue(name, value, `is not the family of ${address}`);
}

type WriteKey = (
  request: Draft,
  property: string,
  named: Readonly<Record<string, unknown>>,
) => unknown;

/**
 * {@link checkObject} of what has a key. Where it is refused although the key is sound, that is
 * written all the same: the error then names it. @internal
 */
export function checkKeyed(
  request: Draft,
  property: string,
  value: unknown,
  allowed: ReadonlySet<string>,
  writeKey: WriteKey,
): Readonly<Record<string, unknown>> {
  try {
    return checkObject(property, value, allowed);
  } catch (error) {
    if (typeof value === 'object' && value !== null) {
      try {
        writeKey(request, property, copyOwn(value, IDENTITY));
      } catch {
        // Then it names nothing.
      }
    }
    throw error;
  }
}

/** Writes the key of a service from a reference: a string, or an object with no keys but the `allowed`. @internal */
export function encodeServiceReference(
  request: Draft,
  property: string,
  reference: unknown,
  allowed: ReadonlySet<string>,
): void {
  if (typeof reference === 'string') {
    writeServiceString(request, property, reference);
    return;
  }
  checkReference(property, reference, "'tcp://10.96.0.1:443'");
  encodeServiceKey(
    request,
    property,
    checkKeyed(request, property, reference, allowed, encodeServiceKey),
  );
}

/**
 * Writes the key of the service that a destination is of. @internal
 * @param destination the argument behind it, with which it may have been confused
 */
export function encodeServiceOfDestination(
  request: Draft,
  reference: unknown,
  destination: unknown,
  allowed: ReadonlySet<string>,
): void {
  try {
    encodeServiceReference(request, 'service', reference, allowed);
  } catch (error) {
    if (!namesService(destination)) throw error;
    const rule = 'is no service, and the argument behind it is one: the service comes first';
    throw wrongValue('service', reference, rule);
  }
}

/** Whether an argument is meant as a service. Reads no property. */
function namesService(value: unknown): boolean {
  if (typeof value === 'string') return isServiceString(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, 'protocol') || Object.hasOwn(value, 'fwmark');
}

/** Writes the key of a service from an object that was checked. @internal */
export function encodeServiceKey(
  request: Draft,
  property: string,
  named: Readonly<Record<string, unknown>>,
): void {
  const { protocol, address, port, fwmark, family } = named;
  if (fwmark !== undefined) {
    checkUnused(property, 'protocol', protocol);
    checkUnused(property, 'address', address);
    checkUnused(property, 'port', port);
    writeMark(request, property, fwmark, family);
    return;
  }
  if (protocol === undefined && address === undefined) {
    throw wrongValue(property, named, 'needs protocol, address and port, or fwmark');
  }
  const names = propertyNames(property);
  const number = protocols.numberOrUnknown(names.protocol, protocol, MAX_PROTOCOL);
  checkAddress(names.address, address);
  const written = setService(request, number, address, checkPort(names.port, port));
  if (written === 0) throw notAddress(names.address, address);
  checkFamily(property, family, written, address);
}

function writeServiceString(request: Draft, property: string, text: string): void {
  const mark = MARK_STRING.exec(text);
  if (mark !== null) {
    const number = Number(mark[2]);
    if (number > MAX_MARK) checkInteger(`${property} mark`, number, 1, MAX_MARK);
    setMark(request, number, mark[1] === '6' ? AF_INET6 : AF_INET);
    return;
  }
  const [, scheme = '', ipv6, ipv4, port] = SERVICE_STRING.exec(text) ?? [];
  const malformed = () => {
    const hint = serviceHint(text, isServiceString);
    return wrongValue(property, text, `is not ${SERVICE_FORM}${hint}`);
  };
  if (scheme === '' || scheme.startsWith('fwmark')) throw malformed();
  const protocol = protocols.numberOrUnknown(property, scheme, MAX_PROTOCOL);
  const number = checkPortText(property, port);
  const family = setService(request, protocol, ipv6 ?? ipv4 ?? '', number);
  if (!isBracketed(family, ipv6)) throw malformed();
}

/** Whether `text` names a service, but for a port or mark beyond the largest. */
function isServiceString(text: string): boolean {
  const [, scheme, ipv6, ipv4] = SERVICE_STRING.exec(text) ?? [];
  if (scheme === undefined) return MARK_STRING.test(text);
  return protocols.names.some((name) => name === scheme) && isHost(ipv6, ipv4);
}

function isDestinationString(text: string): boolean {
  const [, ipv6, ipv4] = HOST_PORT.exec(text) ?? [];
  return isHost(ipv6, ipv4);
}

function isHost(ipv6: string | undefined, ipv4: string | undefined): boolean {
  return isBracketed(parseAddress(ipv6 ?? ipv4 ?? '', new Uint8Array(16), 0), ipv6);
}

/** Whether a family was found, and brackets stand around IPv6 and nothing else. */
function isBracketed(family: number, ipv6: string | undefined): boolean {
  return family === (ipv6 === undefined ? AF_INET : AF_INET6);
}

function setService(request: Draft, protocol: number, address: string, port: number): number {
  const { records } = request;
  const base = request.service();
  const { fields } = layout.service;
  const family = parseAddress(address, records.bytes, base + fields.address.offset);
  records.setNumber(base, fields.family, family);
  records.setNumber(base, fields.protocol, protocol);
  records.setNumber(base, fields.port, port);
  return family;
}

function checkUnused(property: string, key: string, value: unknown): void {
  if (value === undefined) return;
  const rule = 'does not go with fwmark, which names the service alone';
  throw wrongValue(`${property}.${key}`, value, rule);
}

function writeMark(request: Draft, property: string, fwmark: unknown, family: unknown): void {
  const mark = checkInteger(`${property}.fwmark`, fwmark, 1, MAX_MARK);
  setMark(
    request,
    mark,
    family === undefined ? AF_INET : families.number(`${property}.family`, family),
  );
}

function setMark(request: Draft, mark: number, family: number): void {
  const base = request.service();
  const { fields } = layout.service;
  request.records.setNumber(base, fields.fwmark, mark);
  request.records.setNumber(base, fields.family, family);
}

/**
 * Writes the key of a destination from a reference. The service's key must stand already: a port that is left out is its
 * port.
 * @returns whether the reference has a port
 * @internal
 */
export function encodeDestinationReference(
  request: Draft,
  property: string,
  reference: unknown,
  allowed: ReadonlySet<string>,
): boolean {
  if (typeof reference === 'string') {
    const [, ipv6, ipv4, port] = HOST_PORT.exec(reference) ?? [];
    const number = port === undefined ? undefined : checkPortText(property, port);
    const written = setDestination(request, ipv6 ?? ipv4 ?? reference, number);
    // What is neither bracketed nor dotted is IPv6 as a whole.
    const bracketed = ipv4 === undefined ? written === AF_INET6 : written === AF_INET;
    if (!bracketed) {
      const hint = destinationHint(reference, isDestinationString);
      throw wrongValue(property, reference, `is not ${DESTINATION_FORM}${hint}`);
    }
    return port !== undefined;
  }
  checkReference(property, reference, "'10.0.0.1:80'");
  return encodeDestinationKey(
    request,
    property,
    checkKeyed(request, property, reference, allowed, encodeDestinationKey),
  );
}

/**
 * Writes the key of a destination from an object that was checked.
 * @returns whether it has a port
 * @internal
 */
export function encodeDestinationKey(
  request: Draft,
  property: string,
  named: Readonly<Record<string, unknown>>,
): boolean {
  const { address, port, family } = named;
  const names = propertyNames(property);
  checkAddress(names.address, address);
  const number = port === undefined ? undefined : checkPort(names.port, port);
  const written = setDestination(request, address, number);
  if (written === 0) throw notAddress(names.address, address);
  checkFamily(property, family, written, address);
  return port !== undefined;
}

function setDestination(request: Draft, address: string, port: number | undefined): number {
  const { records } = request;
  const base = request.destination();
  const { fields } = layout.destination;
  const family = parseAddress(address, records.bytes, base + fields.address.offset);
  records.setNumber(base, fields.family, family);
  const own = port ?? records.number(request.service(), layout.service.fields.port);
  records.setNumber(base, fields.port, own);
  return family;
}

/** The service whose key is at `base`, as a string reference. @internal */
export function formatServiceAt(records: Records, base: number): string {
  const { fields } = layout.service;
  const family = records.number(base, fields.family);
  const mark = records.number(base, fields.fwmark);
  if (mark !== 0) return `fwmark${family === AF_INET6 ? '6' : ''}://${mark}`;
  const protocol = protocols.name(records.number(base, fields.protocol));
  const address = formatAddress(records.bytes, base + fields.address.offset, family);
  return `${protocol}://${joinPort(address, records.number(base, fields.port))}`;
}

/** The destination whose key is at `base`, as a string reference. @internal */
export function formatDestinationAt(records: Records, base: number): string {
  const { fields } = layout.destination;
  const family = records.number(base, fields.family);
  const address = formatAddress(records.bytes, base + fields.address.offset, family);
  return joinPort(address, records.number(base, fields.port));
}

function joinPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * The string reference of a service whose properties are canonical, as those of a service that was
 * read. Checks nothing. @internal
 */
export function formatServiceKey(service: ServiceAddress | FirewallMark): string {
  // Either of the two; what it lacks is undefined.
  const { fwmark, family, protocol, address, port } = service as ServiceAddress & FirewallMark;
  if (fwmark !== undefined) return `fwmark${family === 'ipv6' ? '6' : ''}://${fwmark}`;
  return `${protocol}://${joinPort(address, port)}`;
}

/** The same of a destination. @internal */
export function formatDestinationKey(destination: {
  readonly address: string;
  readonly port: number;
}): string {
  return joinPort(destination.address, destination.port);
}
