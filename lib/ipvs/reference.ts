/**
 * Encoding of references to services and destinations.
 * @module
 */
import { AF_INET, families, formatAddress, parseAddress } from '../core/address.js';
import { checkInteger, copyOwn } from '../core/check.js';
import { addressHint } from '../core/hints.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import {
  encodeDestinationAddress,
  encodeFirewallMark,
  encodeServiceAddress,
  MAX_MARK,
  MAX_PORT,
  MAX_PROTOCOL,
} from './keys.js';
import { protocols } from './names.js';
import { DESTINATION_PROPERTIES, SERVICE_KEY, SERVICE_PROPERTIES } from './properties.js';
import { encodeDestinationText, encodeServiceText, isServiceText } from './reference-text.js';
import type { RequestBuffer, ServiceKeyProperties } from './request-buffer.js';
import { copySettings, isReadable, type Unchecked } from './settings.js';

type KeyProperty = (typeof SERVICE_KEY)[number];
const KEY_PROPERTIES: ReadonlySet<KeyProperty> = new Set(SERVICE_KEY);

const ADDRESS_RULE = 'an IPv4 or IPv6 address without port, prefix or zone';

/** Encodes the key of a service from a reference. @internal */
export function encodeServiceReference(
  request: RequestBuffer,
  property: string,
  reference: unknown,
): void {
  if (typeof reference === 'string') encodeServiceText(request, property, reference);
  else encodeServiceObject(request, property, reference);
}

/** Returns the properties of the key, or undefined if the object cannot be kept. */
function encodeServiceObject(
  request: RequestBuffer,
  property: string,
  reference: unknown,
): ServiceKeyProperties | undefined {
  checkReference(property, reference, "'tcp://10.96.0.1:443'");
  const settings = isReadable(reference, SERVICE_PROPERTIES)
    ? reference
    : copyKeyed(request, property, reference, SERVICE_PROPERTIES, encodeServiceKey);
  const key = encodeServiceKey(request, property, settings);
  // An object that was copied is no plain one: its class may have getters.
  return settings === reference ? key : undefined;
}

/**
 * Encodes the key of the service of a destination.
 * @param destination the argument behind it, with which it may have been confused
 * @internal
 */
export function encodeServiceOfDestination(
  request: RequestBuffer,
  reference: unknown,
  destination: unknown,
): void {
  if (request.repeatService(reference)) return;
  try {
    if (typeof reference === 'string') {
      encodeServiceText(request, 'service', reference);
      request.keepService(reference);
    } else {
      const key = encodeServiceObject(request, 'service', reference);
      if (key !== undefined) request.keepService(reference, key);
    }
  } catch (error) {
    if (!namesService(destination)) throw error;
    const rule = 'is no service, and the argument behind it is one: the service comes first';
    throw wrongValue('service', reference, rule);
  }
}

/** Returns true for an argument that is meant as a service. Reads no property. */
function namesService(value: unknown): boolean {
  if (typeof value === 'string') return isServiceText(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, 'protocol') || Object.hasOwn(value, 'fwmark');
}

/**
 * Checks and encodes the key of a service. The paths of its properties are joined only for errors:
 * most checks find nothing wrong.
 * @returns the properties as they were read, once
 * @internal
 */
export function encodeServiceKey(
  request: RequestBuffer,
  property: string,
  key: ServiceKeyProperties,
): ServiceKeyProperties {
  const { protocol, address, port, fwmark, family } = key;
  if (fwmark !== undefined) {
    checkAbsent(`${property}.protocol`, protocol);
    checkAbsent(`${property}.address`, address);
    checkAbsent(`${property}.port`, port);
    const mark = checkInteger(`${property}.fwmark`, fwmark, 1, MAX_MARK);
    const number = family === undefined ? AF_INET : families.number(`${property}.family`, family);
    encodeFirewallMark(request, mark, number);
    return { fwmark, family };
  }
  if (protocol === undefined && address === undefined) {
    throw wrongValue(property, key, 'needs protocol, address and port, or fwmark');
  }
  const number =
    protocols.find(protocol) ??
    protocols.numberOrUnknown(`${property}.protocol`, protocol, MAX_PROTOCOL);
  if (typeof address !== 'string') throw wrongType(`${property}.address`, address, ADDRESS_RULE);
  const checkedPort =
    typeof port === 'number' && (port & MAX_PORT) === port
      ? port
      : checkInteger(`${property}.port`, port, 0, MAX_PORT);
  const encoded = encodeServiceAddress(request, number, address, checkedPort);
  if (encoded === 0) throw notAddress(`${property}.address`, address);
  if (family !== undefined) checkFamily(`${property}.family`, family, encoded, address);
  return { protocol, address, port, family };
}

/**
 * Encodes the key of a destination from a reference. The service's key must be encoded already.
 * @returns true if the reference has a port
 * @internal
 */
export function encodeDestinationReference(
  request: RequestBuffer,
  property: string,
  reference: unknown,
): boolean {
  if (typeof reference === 'string') return encodeDestinationText(request, property, reference);
  checkReference(property, reference, "'10.0.0.1:80'");
  const key = isReadable(reference, DESTINATION_PROPERTIES)
    ? reference
    : copyKeyed(request, property, reference, DESTINATION_PROPERTIES, encodeDestinationKey);
  return encodeDestinationKey(request, property, key);
}

/**
 * Checks and encodes the key of a destination.
 * @returns true if it has a port
 * @internal
 */
export function encodeDestinationKey(
  request: RequestBuffer,
  property: string,
  { address, port, family }: Unchecked<KeyProperty>,
): boolean {
  if (typeof address !== 'string') throw wrongType(`${property}.address`, address, ADDRESS_RULE);
  const checkedPort =
    port === undefined || (typeof port === 'number' && (port & MAX_PORT) === port)
      ? port
      : checkInteger(`${property}.port`, port, 0, MAX_PORT);
  const encoded = encodeDestinationAddress(request, address, checkedPort);
  if (encoded === 0) throw notAddress(`${property}.address`, address);
  if (family !== undefined) checkFamily(`${property}.family`, family, encoded, address);
  return port !== undefined;
}

/**
 * Returns the settings in an object that has a key, and that is not readable. If the object is
 * refused although its key is good, encodes the key: the error then names it.
 * @internal
 */
export function copyKeyed<Key extends string>(
  request: RequestBuffer,
  property: string,
  value: unknown,
  allowed: ReadonlySet<Key>,
  encodeKey: (request: RequestBuffer, property: string, key: Unchecked<KeyProperty>) => unknown,
): Unchecked<Key> {
  try {
    return copySettings(property, value, allowed);
  } catch (error) {
    if (typeof value === 'object' && value !== null) {
      try {
        encodeKey(request, property, copyOwn(value, KEY_PROPERTIES));
      } catch {
        // The key is bad too: the error names the object in short.
      }
    }
    throw error;
  }
}

/** Checks a reference that is not a string. */
function checkReference(
  property: string,
  reference: unknown,
  example: string,
): asserts reference is object {
  if (typeof reference === 'object' && reference !== null) return;
  throw wrongType(property, reference, `a reference: a string such as ${example}, or an object`);
}

const canonicalBytes = new Uint8Array(16);

/**
 * Checks an address that is not part of a reference, and returns it in canonical form.
 * @throws TypeError
 * @internal
 */
export function canonicalAddress(property: string, address: unknown): string {
  if (typeof address !== 'string') throw wrongType(property, address, ADDRESS_RULE);
  canonicalBytes.fill(0);
  const family = parseAddress(address, canonicalBytes, 0);
  if (family === 0) throw notAddress(property, address);
  return formatAddress(canonicalBytes, 0, family);
}

/** Returns the error for a text that is not an address. */
function notAddress(property: string, text: string): Error {
  return wrongValue(property, text, `is not ${ADDRESS_RULE}${addressHint(text)}`);
}

/** Checks a family, which may only repeat what the address says. */
function checkFamily(property: string, value: unknown, family: number, address: string): void {
  if (families.number(property, value) === family) return;
  throw wrongValue(property, value, `is not the family of ${address}`);
}

/** Checks that a property beside `fwmark` is left out. */
function checkAbsent(property: string, value: unknown): void {
  if (value === undefined) return;
  const rule = 'does not go with fwmark, which names the service alone';
  throw wrongValue(property, value, rule);
}
