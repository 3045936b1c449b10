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
import {
  type NormalizedDestination,
  type NormalizedService,
  normalizedDestinationAt,
  normalizedServiceAt,
} from '../ipvs/canonical.js';
import { encodeDestinationConfig } from '../ipvs/encode-destination.js';
import { encodeServiceConfig } from '../ipvs/encode-service.js';
import { SERVICE_PROPERTIES } from '../ipvs/properties.js';
import { encodeServiceOfDestination } from '../ipvs/reference.js';
import { RequestBuffer } from '../ipvs/request-buffer.js';
import { targetOf } from '../ipvs/targets.js';
import { layout } from '../native/layout.js';

const { operation: OPERATION } = layout.request.fields;
const KEYS = new Set(['services'] as const);

/** Wanted services and destinations, encoded. */
export interface EncodedState {
  readonly requests: RequestBuffer;
  /** The index of the request of each service; those of its destinations follow it. */
  readonly starts: readonly number[];
  /** Returns the path of the object of a request, such as `state.services[3].destinations[0]`. */
  pathOf(index: number): string;
}

const stateHint = () => ': write { services: [...] }';

/**
 * Encodes a state.
 * @param caller the method that is called, for errors
 * @param spare a buffer to use again if it is large enough
 * @throws TypeError, RangeError bad input
 */
export function encodeState(
  state: unknown,
  caller = 'reconcile',
  spare?: RequestBuffer,
): EncodedState {
  const { services: value } = readObject('state', state, KEYS, stateHint);
  const services = readArray('state.services', value, 'an array of services', (each) => each);
  const capacity = capacityFor(services);
  const fits = spare !== undefined && spare.capacity >= capacity;
  const requests = fits ? spare : new RequestBuffer(capacity);
  const starts: number[] = [];
  for (let place = 0; place < services.length; place++) {
    starts.push(requests.count);
    encodeService({ requests, caller }, `state.services[${place}]`, services[place]);
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

/** A state that is being encoded. */
interface Encoding {
  readonly requests: RequestBuffer;
  /** The method that is called, for errors. */
  readonly caller: string;
}

function encodeService(encoding: Encoding, path: string, service: unknown): void {
  const { requests } = encoding;
  if (typeof service !== 'object' || service === null || Array.isArray(service)) {
    throw wrongType(path, service, 'an object: a service and its destinations');
  }
  // Has own properties only, and calls each accessor once.
  const config = { ...service };
  const destinations = own(config, 'destinations');
  // A service whose destinations are left alone is an update for the plan.
  const operation = destinations === undefined ? 'updateService' : 'ensureService';
  try {
    requests.begin(operation);
    // The copy has only the own properties of an instance, and must have all of its contents.
    if (!isPlain(service)) checkInstance('service', service, SERVICE_PROPERTIES);
    encodeServiceConfig(requests, config, SERVICE_PROPERTIES);
    requests.commit();
  } catch (error) {
    throw describe(encoding, error, operation, path);
  }
  if (destinations === undefined) return;
  const listPath = `${path}.destinations`;
  const wanted = readArray(listPath, destinations, 'an array of destinations', (each) => each);
  encodeDestinations(encoding, listPath, config, wanted);
}

/** Creates nothing for a destination: a state may have very many. */
function encodeDestinations(
  encoding: Encoding,
  path: string,
  service: object,
  destinations: readonly unknown[],
): void {
  const { requests } = encoding;
  let place = 0;
  try {
    for (; place < destinations.length; place++) {
      const destination = destinations[place];
      requests.begin('ensureDestination');
      encodeServiceOfDestination(requests, service, destination);
      encodeDestinationConfig(requests, destination);
      requests.commit();
    }
  } catch (error) {
    throw describe(encoding, error, 'ensureDestination', `${path}[${place}]`);
  }
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** Gives an input error the path of the object that was being encoded, and its key. */
function describe(
  { requests, caller }: Encoding,
  error: unknown,
  operation: 'updateService' | 'ensureService' | 'ensureDestination',
  path: string,
): unknown {
  if (isInputError(error)) {
    const target = targetOf(operation, requests, requests.count);
    describeInput(error, caller, target === '' ? path : `${path} (${target})`);
  }
  return error;
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

/** Returns the index behind the requests of a service and its destinations. */
export function endOf({ requests, starts }: EncodedState, place: number): number {
  return starts[place + 1] ?? requests.count;
}

/** Returns true if the destinations of the service of a request are left alone. */
export function leavesDestinations({ requests }: EncodedState, start: number): boolean {
  const operation = requests.records.number(requests.base(start), OPERATION);
  return operation === layout.operations.updateService;
}

/** Returns the services with all their settings in canonical form. */
export function servicesIn(
  encoded: EncodedState,
): (NormalizedService & { readonly destinations?: readonly NormalizedDestination[] })[] {
  const { requests, starts } = encoded;
  const { records } = requests;
  return starts.map((start, place) => {
    const service = normalizedServiceAt(records, requests.service(start));
    if (leavesDestinations(encoded, start)) return service;
    const count = endOf(encoded, place) - start - 1;
    const destinations = Array.from({ length: count }, (_, index) =>
      normalizedDestinationAt(records, requests.destination(start + 1 + index)),
    );
    return { ...service, destinations };
  });
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
