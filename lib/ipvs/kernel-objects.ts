/**
 * Services and destinations with all settings in canonical form, as the kernel accepts them.
 *
 * An object that the library refuses as a mistake, such as a service on a multicast address, is
 * accepted if the kernel accepts it: then it is marked as the kernel's with `stats`, so that it is
 * written as it is.
 * @module
 */
import { isInputError } from '../core/input-errors.js';
import {
  NO_STATS,
  type NormalizedDestination,
  type NormalizedService,
  normalizedDestinationAt,
  normalizedServiceAt,
} from './canonical.js';
import { encodeDestinationConfig } from './encode-destination.js';
import { encodeServiceConfig } from './encode-service.js';
import { encodeServiceOfDestination } from './reference.js';
import { RequestBuffer } from './request-buffer.js';

const buffer = new RequestBuffer(1);

/** Calls `read` with an object as it is, or marked as the kernel's. */
function orFromKernel<Value extends object>(
  config: object,
  read: (config: object) => Value,
): Value {
  try {
    return read(config);
  } catch (error) {
    if (!isInputError(error)) throw error;
    let value: Value;
    try {
      value = read({ ...config, stats: NO_STATS });
    } catch {
      throw error;
    }
    return { ...value, stats: NO_STATS };
  }
}

/**
 * Returns a service with all settings.
 * @throws InputError not even the kernel accepts it
 */
export function normalizeKernelService(config: object): NormalizedService {
  return orFromKernel(config, (each) => {
    buffer.begin('addService');
    encodeServiceConfig(buffer, each);
    return normalizedServiceAt(buffer.records, buffer.service());
  });
}

/**
 * Returns a destination of a service with all settings.
 * @throws InputError not even the kernel accepts it
 */
export function normalizeKernelDestination(service: object, config: object): NormalizedDestination {
  return orFromKernel(config, (each) => {
    buffer.clear();
    buffer.begin('addDestination');
    encodeServiceOfDestination(buffer, service, each);
    encodeDestinationConfig(buffer, each);
    return normalizedDestinationAt(buffer.records, buffer.destination());
  });
}
