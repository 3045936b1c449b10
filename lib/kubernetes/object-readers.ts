/**
 * Reading objects of the Kubernetes API: what Services and EndpointSlices have in common.
 * @module
 */
import { checkInteger, checkName } from '../core/check.js';
import { wrongType } from '../core/input-errors.js';
import type { EndpointSliceObject, ObjectMeta, ServiceObject } from './objects.js';

/** A protocol, named as in the API. */
export type ServiceProtocol = 'TCP' | 'UDP' | 'SCTP';

const PROTOCOLS: readonly ServiceProtocol[] = ['TCP', 'UDP', 'SCTP'];
const MAX_PORT = 65_535;
/** Labels of objects that other programs serve. */
const OTHERS = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'];

/**
 * Checks that a value is an object, of which each reader checks the properties that it reads.
 * @throws TypeError it is none
 */
export function checkObject(
  path: string,
  value: unknown,
): asserts value is ServiceObject & EndpointSliceObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(path, value, 'an object of the Kubernetes API');
  }
}

/** Returns true for an object that another program serves, by its labels. */
export function isOthers(metadata: ObjectMeta): boolean {
  const { labels } = metadata;
  return labels != null && OTHERS.some((label) => Object.hasOwn(labels, label));
}

/**
 * Returns the key of an object: 'default/web'.
 * @throws TypeError it has no namespace or no name
 */
export function keyOf(path: string, metadata: unknown): string {
  if (typeof metadata !== 'object' || metadata === null) {
    throw wrongType(`${path}.metadata`, metadata, 'an object with a namespace and a name');
  }
  const { namespace, name } = metadata as Readonly<Record<string, unknown>>;
  if (typeof namespace !== 'string' || namespace === '') {
    throw wrongType(`${path}.metadata.namespace`, namespace, 'the name of a namespace');
  }
  if (typeof name !== 'string' || name === '') {
    throw wrongType(`${path}.metadata.name`, name, 'the name of an object');
  }
  return `${namespace}/${name}`;
}

/** An empty array. */
export const NONE: readonly never[] = [];

/**
 * Returns an array; an empty one if it is left out. As with the other readers, the name of the
 * property is only put together for an error: there are thousands of Services.
 */
export function listOf<Item>(
  path: string,
  name: string,
  value: readonly Item[] | null | undefined,
): readonly Item[] {
  if (value == null) return NONE;
  if (!Array.isArray(value)) throw wrongType(`${path}.${name}`, value, 'an array');
  return value;
}

/** Returns a checked port. */
export function portOf(path: string, name: string, value: unknown, least: number): number {
  if (typeof value === 'number' && value >= least && value <= MAX_PORT && Number.isInteger(value)) {
    return value;
  }
  return checkInteger(`${path}.${name}`, value, least, MAX_PORT);
}

/** Returns the checked protocol of a port; TCP if it is left out. */
export function protocolOf(path: string, value: unknown): ServiceProtocol {
  return optionOf(path, 'protocol', value, PROTOCOLS) ?? 'TCP';
}

/** Returns a checked name; undefined if it is left out. */
export function optionOf<Name extends string>(
  path: string,
  name: string,
  value: unknown,
  names: readonly Name[],
): Name | undefined {
  if (value == null || value === '') return undefined;
  const found = names.find((each) => each === value);
  if (found === undefined) checkName(`${path}.${name}`, value, names);
  return found;
}
