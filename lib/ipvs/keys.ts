/**
 * The keys of services and destinations, which identify them: in records, and as text.
 * @module
 */
import { AF_INET6, formatAddress, parseAddress } from '../core/address.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { protocols } from './names.js';
import type { DestinationAddress, FirewallMark, ServiceAddress } from './reference-types.js';
import type { RequestBuffer } from './request-buffer.js';

/** @internal */
export const MAX_PORT = 65535;
/** @internal */
export const MAX_MARK = 2 ** 32 - 1;
/** @internal */
export const MAX_PROTOCOL = 65535;

const SERVICE = layout.request.fields.service.offset;
const DESTINATION = layout.request.fields.destination.offset;
const serviceFields = layout.service.fields;
const destinationFields = layout.destination.fields;

/**
 * Encodes the key of a service with an address.
 * @returns the family of the address; 0 if the text is not an address
 * @internal
 */
export function encodeServiceAddress(
  request: RequestBuffer,
  protocol: number,
  address: string,
  port: number,
): number {
  const { keys } = request;
  const base = request.current + SERVICE;
  const { bytes, u16s } = request.records;
  const family = parseAddress(address, bytes, base + serviceFields.address.offset);
  u16s[(base + serviceFields.family.offset) >> 1] = family;
  u16s[(base + serviceFields.protocol.offset) >> 1] = protocol;
  u16s[(base + serviceFields.port.offset) >> 1] = port;
  keys.serviceFamily = family;
  keys.fwmark = 0;
  keys.protocol = protocol;
  keys.servicePort = port;
  return family;
}

/** Encodes the key of a service by firewall mark. @internal */
export function encodeFirewallMark(request: RequestBuffer, fwmark: number, family: number): void {
  const { records, keys } = request;
  const base = request.service();
  records.setU32(base, serviceFields.fwmark, fwmark);
  records.setU16(base, serviceFields.family, family);
  keys.serviceFamily = family;
  keys.fwmark = fwmark;
  keys.protocol = 0;
  keys.servicePort = 0;
}

/**
 * Encodes the key of a destination, after that of its service.
 * @param port undefined: the service's
 * @returns the family of the address; 0 if the text is not an address
 * @internal
 */
export function encodeDestinationAddress(
  request: RequestBuffer,
  address: string,
  port: number | undefined,
): number {
  const { keys } = request;
  const base = request.current + DESTINATION;
  const { bytes, u16s } = request.records;
  const family = parseAddress(address, bytes, base + destinationFields.address.offset);
  const number = port ?? keys.servicePort;
  u16s[(base + destinationFields.family.offset) >> 1] = family;
  u16s[(base + destinationFields.port.offset) >> 1] = number;
  keys.destinationFamily = family;
  keys.destinationPort = number;
  return family;
}

/** Returns the text of the key of the service at `base`: 'tcp://10.96.0.1:443'. @internal */
export function formatServiceAt(records: Records, base: number): string {
  const family = records.u16(base, serviceFields.family);
  const mark = records.u32(base, serviceFields.fwmark);
  if (mark !== 0) return `fwmark${family === AF_INET6 ? '6' : ''}://${mark}`;
  const protocol = protocols.name(records.u16(base, serviceFields.protocol));
  const address = formatAddress(records.bytes, base + serviceFields.address.offset, family);
  return `${protocol}://${joinPort(address, records.u16(base, serviceFields.port))}`;
}

/** Returns the text of the key of the destination at `base`: '10.0.0.1:80'. @internal */
export function formatDestinationAt(records: Records, base: number): string {
  const family = records.u16(base, destinationFields.family);
  const address = formatAddress(records.bytes, base + destinationFields.address.offset, family);
  return joinPort(address, records.u16(base, destinationFields.port));
}

/** Returns the text of a key whose properties are canonical; nothing is checked. @internal */
export function formatServiceKey(
  service: (ServiceAddress & { readonly fwmark?: undefined }) | FirewallMark,
): string {
  if (service.fwmark !== undefined) {
    return `fwmark${service.family === 'ipv6' ? '6' : ''}://${service.fwmark}`;
  }
  const { protocol, address, port } = service;
  return `${protocol}://${joinPort(address, port)}`;
}

/** Returns the text of a key whose properties are canonical; nothing is checked. @internal */
export function formatDestinationKey({ address, port }: Required<DestinationAddress>): string {
  return joinPort(address, port);
}

/** Returns `10.0.0.1:80`, `[fd00::1]:80` or, with names, `web:http`. @internal */
export function joinPort(address: string, port: string | number | undefined): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
