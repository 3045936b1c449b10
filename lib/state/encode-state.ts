/**
 * Encoding of the desired state: a request for each wanted service and destination.
 * @module
 */
import { own, readArray, readObject } from '../core/check.js';
import { checkInstance } from '../core/check-instance.js';
import {
  describeInput,
  type InputError,
  isInputError,
  wrongType,
  wrongValue,
} from '../core/input-errors.js';
import { encodeDestinationConfig } from '../ipvs/destination-codec.js';
import { SERVICE_PROPERTIES } from '../ipvs/properties.js';
import { encodeServiceOfDestination } from '../ipvs/reference.js';
import { RequestBuffer } from '../ipvs/request-buffer.js';
import { encodeServiceConfig } from '../ipvs/service-codec.js';
import { targetOf } from '../ipvs/targets.js';

const KEYS = new Set(['services'] as const);

/** Wanted services and destinations, encoded. */
export interface EncodedState {
  readonly requests: RequestBuffer;
  /** The index of the request of each service; those of its destinations follow it. */
  readonly starts: readonly number[];
  /** Returns the path of the object of a request, such as `state.services[3].destinations[0]`. */
  pathOf(index: number): string;
}

/**
 * Encodes a state.
 * @param operation the method that is called, for errors
 * @throws TypeError, RangeError bad input
 */
export function encodeState(state: unknown, operation = 'reconcile'): EncodedState {
  const { services: value } = readObject('state', state, KEYS);
  const services = readArray('state.services', value, 'an array of services', (each) => each);
  const requests = new RequestBuffer(capacityFor(services));
  const starts: number[] = [];
  for (let place = 0; place < services.length; place++) {
    starts.push(requests.count);
    encodeService(requests, operation, `state.services[${place}]`, services[place]);
  }
  return { requests, starts, pathOf: (index) => pathOf(starts, index) };
}

/**
 * Returns the number of objects in a state, as far as it can be told before they are checked. Calls
 * no accessor, because each property is read once.
 */
function capacityFor(services: readonly unknown[]): number {
  let count = 1;
  for (const service of services) {
    const destinations: unknown = Object.getOwnPropertyDescriptor(
      Object(service),
      'destinations',
    )?.value;
    count += 1 + (Array.isArray(destinations) ? destinations.length : 0);
  }
  return count;
}

function encodeService(
  requests: RequestBuffer,
  caller: string,
  path: string,
  service: unknown,
): void {
  if (typeof service !== 'object' || service === null || Array.isArray(service)) {
    throw wrongType(path, service, 'an object: a service and its destinations');
  }
  // Has own properties only, and calls each accessor once: V8 calls that of `destinations` a second
  // time for `config`.
  const copy: { readonly destinations?: unknown } = { ...service };
  const destinations = own(copy, 'destinations');
  const { destinations: _, ...config } = copy;
  // A service whose destinations are left alone is an update for the plan.
  const operation = destinations === undefined ? 'updateService' : 'ensureService';
  encode(requests, caller, path, operation, () => {
    // The copy has only the own properties of an instance, and must have all of its contents.
    if (!isPlain(service)) checkInstance('service', service, SERVICE_PROPERTIES);
    encodeServiceConfig(requests, config);
  });
  if (destinations === undefined) return;
  const rule = 'an array of destinations';
  const listPath = `${path}.destinations`;
  const wanted = readArray(listPath, destinations, rule, (each) => each);
  for (let place = 0; place < wanted.length; place++) {
    const destination = wanted[place];
    encode(requests, caller, `${listPath}[${place}]`, 'ensureDestination', () => {
      encodeServiceOfDestination(requests, config, destination);
      encodeDestinationConfig(requests, destination);
    });
  }
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** Encodes one request. An input error names the path of the object and its key. */
function encode(
  requests: RequestBuffer,
  caller: string,
  path: string,
  operation: 'updateService' | 'ensureService' | 'ensureDestination',
  write: () => void,
): void {
  requests.begin(operation);
  try {
    write();
  } catch (error) {
    if (isInputError(error)) {
      const target = targetOf(operation, requests, requests.count);
      describeInput(error, caller, target === '' ? path : `${path} (${target})`);
    }
    throw error;
  }
  requests.commit();
}

function pathOf(starts: readonly number[], index: number): string {
  let low = 0;
  for (let high = starts.length; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= index) low = middle;
    else high = middle;
  }
  const within = index - (starts[low] ?? 0);
  const service = `state.services[${low}]`;
  return within === 0 ? service : `${service}.destinations[${within - 1}]`;
}

/** Returns the error for an object that is wanted twice. */
export function duplicateError(
  { requests, pathOf }: EncodedState,
  [first, second]: readonly [first: number, second: number],
): InputError {
  const path = pathOf(second);
  const operation = path.includes('.destinations[') ? 'ensureDestination' : 'ensureService';
  const target = targetOf(operation, requests, second);
  return wrongValue(path, target, `is wanted twice: it is ${pathOf(first)} already`);
}
