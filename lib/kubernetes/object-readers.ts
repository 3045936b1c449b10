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
export const OTHERS = [
  'service.kubernetes.io/service-proxy-name',
  'service.kubernetes.io/headless',
] as const;

/** The place of a value in errors: a text, or what becomes one when there is an error. */
export interface ErrorPath {
  toString(): string;
}

/**
 * The place of an item of a list: 'services[0].spec.ports[1]'. There are thousands of items, and
 * few errors, so that the text is only put together for these.
 */
export class ItemPath implements ErrorPath {
  readonly #list: string;
  index = 0;

  /** @param list the place of the list */
  constructor(list: string) {
    this.#list = list;
  }

  toString(): string {
    return `${this.#list}[${this.index}]`;
  }
}

const OBJECT = 'an object of the Kubernetes API';

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Checks that a value is an object, of which each reader checks the properties that it reads.
 * @throws TypeError it is none
 */
export function checkObject(
  path: ErrorPath,
  value: unknown,
): asserts value is ServiceObject & EndpointSliceObject {
  if (!isObject(value)) throw wrongType(String(path), value, OBJECT);
}

/**
 * Returns the key of an object: 'default/web'.
 * @throws TypeError it has no namespace or no name
 */
export function keyOf(path: ErrorPath, metadata: unknown): string {
  if (!isObject(metadata)) {
    throw wrongType(`${path}.metadata`, metadata, 'an object with a namespace and a name');
  }
  const namespace = nameOf(path, 'namespace', metadata['namespace'], 'the name of a namespace');
  return `${namespace}/${nameOf(path, 'name', metadata['name'], 'the name of an object')}`;
}

function nameOf(path: ErrorPath, key: string, value: unknown, rule: string): string {
  const isName = typeof value === 'string' && value !== '' && !value.includes('/');
  if (!isName) throw wrongType(`${path}.metadata.${key}`, value, rule);
  return value;
}

/** Returns true for an object that another program serves, by its labels. */
export function isOthers(path: ErrorPath, metadata: ObjectMeta): boolean {
  const labels = objectOf(path, 'metadata.labels', metadata.labels);
  return OTHERS.some((label) => Object.hasOwn(labels, label));
}

/** Returns a checked annotation; undefined if it is left out, or has no name. */
export function annotationOf(
  path: ErrorPath,
  metadata: ObjectMeta,
  name: string | undefined,
): string | undefined {
  if (name === undefined) return undefined;
  const annotations = objectOf(path, 'metadata.annotations', metadata.annotations);
  if (!Object.hasOwn(annotations, name)) return undefined;
  return textOf(path, annotationPath(name), annotations[name]);
}

/** Returns the place of an annotation below its object, for errors. */
export function annotationPath(name: string): string {
  return `metadata.annotations['${name}']`;
}

/** An empty array. */
export const NONE: readonly never[] = [];

/** Returns an array; an empty one if it is left out. */
export function listOf<Item>(
  path: ErrorPath,
  name: string,
  value: readonly Item[] | null | undefined,
): readonly Item[] {
  if (value == null) return NONE;
  if (!Array.isArray(value)) throw wrongType(`${path}.${name}`, value, 'an array');
  return value;
}

const EMPTY = {};

/** Returns an object; an empty one if it is left out. */
export function objectOf<Value extends object>(
  path: ErrorPath,
  name: string,
  value: Value | null | undefined,
): Partial<Value> {
  if (value == null) return EMPTY;
  if (!isObject(value)) throw wrongType(`${path}.${name}`, value, OBJECT);
  return value;
}

/** Returns a text; undefined if it is left out. */
export function textOf(path: ErrorPath, name: string, value: unknown): string | undefined {
  if (value == null) return undefined;
  if (typeof value !== 'string') throw wrongType(`${path}.${name}`, value, 'a text');
  return value;
}

/** Returns a boolean; undefined if it is left out. */
export function flagOf(path: ErrorPath, name: string, value: unknown): boolean | undefined {
  if (value == null) return undefined;
  if (typeof value !== 'boolean') throw wrongType(`${path}.${name}`, value, 'a boolean');
  return value;
}

/** Returns a checked port. */
export function portOf(path: ErrorPath, name: string, value: unknown, least: number): number {
  if (typeof value === 'number' && value >= least && value <= MAX_PORT && Number.isInteger(value)) {
    return value;
  }
  return checkInteger(`${path}.${name}`, value, least, MAX_PORT);
}

/** Returns the checked protocol of a port; TCP if it is left out. */
export function protocolOf(path: ErrorPath, value: unknown): ServiceProtocol {
  return optionOf(path, 'protocol', value, PROTOCOLS) ?? 'TCP';
}

/** Returns a checked name; undefined if it is left out. */
export function optionOf<Name extends string>(
  path: ErrorPath,
  name: string,
  value: unknown,
  names: readonly Name[],
): Name | undefined {
  if (value == null || value === '') return undefined;
  const found = names.find((each) => each === value);
  if (found === undefined) checkName(`${path}.${name}`, value, names);
  return found;
}
