/**
 * The operations on links: how each encodes its request, and how it decodes the result.
 * @module
 */
import { families } from '../core/address.js';
import { checkBoolean, checkInteger, readObject, readOptions } from '../core/check.js';
import type { DeleteOptions } from '../core/delete-options.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import type { LinkOperationName } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { definitions, named, type Operation } from '../queue/operation.js';
import type { AddressConfig } from './address.js';
import type { LinkTypes } from './client.js';
import type { Link } from './link.js';
import { encodeLinkName, encodeLinkReference, type LinkReference } from './link-reference.js';
import type {
  DummyOptions,
  LinkChanges,
  ListAddressesOptions,
  ListLinksOptions,
} from './options.js';
import type { AddressPlan, PrunePredicate } from './plan.js';
import type { LinkRequestBuffer } from './request-buffer.js';
import type { LinkResponse } from './response.js';
import { swappedArgumentsError } from './swapped-arguments.js';

/** The definition of an operation on links. @internal */
export type LinkOperation<Value, Args extends readonly unknown[] = []> = Operation<
  LinkTypes,
  Value,
  Args
>;

const { withoutValue, withValue, forgivable } = definitions<LinkTypes>();

/**
 * The result of ensureDummy() or ensureAddress():
 * - `created`: the link or address did not exist, and was created
 * - `updated`: it existed, and was changed
 * - `unchanged`: it existed with the wanted settings, and nothing was sent
 */
export type EnsuredLink = 'created' | 'updated' | 'unchanged';

const { fields } = layout.linkRequest;
const bit = layout.linkSettings;

const LIST_LINK_KEYS = new Set(['kind'] as const);
const LIST_ADDRESS_KEYS = new Set(['family'] as const);
const SETTING_KEYS = new Set(['up', 'mtu'] as const);
/** The kernel's own names (net.ipv4.conf.all), which it does not accept for links. */
const RESERVED = ['all', 'default'];
const MAX_MTU = 2 ** 31 - 1;
const MAX_KIND = layout.linkLimits.kindLength;

function ensured(response: LinkResponse, index: number): EnsuredLink {
  if (response.number(index, 'created') !== 0) return 'created';
  return response.number(index, 'changed') === 0 ? 'unchanged' : 'updated';
}

function encodeSettings(
  request: LinkRequestBuffer,
  property: string,
  { up, mtu }: { readonly up: unknown; readonly mtu: unknown },
): void {
  const { records } = request;
  const base = request.current;
  let given = 0;
  if (up !== undefined) {
    records.setNumber(base, fields.up, checkBoolean(`${property}.up`, up) ? 1 : 0);
    given |= bit.up;
  }
  if (mtu !== undefined) {
    records.setNumber(base, fields.mtu, checkInteger(`${property}.mtu`, mtu, 0, MAX_MTU, 'bytes'));
    given |= bit.mtu;
  }
  records.setNumber(base, fields.settings, given);
}

/** Encodes a family, and returns its number; 0: any. */
function encodeFamily(request: LinkRequestBuffer, family: unknown): number {
  if (family === undefined) return 0;
  const number = families.number('options.family', family);
  request.records.setNumber(request.current, fields.family, number);
  return number;
}

function encodeKind(request: LinkRequestBuffer, kind: unknown): void {
  if (kind === undefined) return;
  const rule = `a kind of link such as 'dummy', of at most ${MAX_KIND} characters`;
  if (typeof kind !== 'string') throw wrongType('options.kind', kind, rule);
  if (!/^[!-~]+$/.test(kind) || kind.length > MAX_KIND) {
    throw wrongValue('options.kind', kind, `is not ${rule}`);
  }
  request.records.setName(request.current, fields.kind, kind);
}

function encodeLinkAndAddress(
  request: LinkRequestBuffer,
  link: LinkReference,
  address: AddressConfig,
): void {
  try {
    request.addAddress('address', address, encodeLinkReference(request, 'link', link));
  } catch (error) {
    throw swappedArgumentsError(error, link, address);
  }
}

/** Plans the changes that give a link the wanted addresses. */
const planAll = withValue(
  'planAddresses',
  (
    request,
    link: LinkReference,
    wanted: readonly unknown[],
    prune: boolean | PrunePredicate,
    family: unknown,
  ) => {
    const called = encodeLinkReference(request, 'link', link);
    const required = encodeFamily(request, family);
    if (prune) request.records.setNumber(request.current, fields.settings, bit.prune);
    request.addAddresses('wanted', wanted, called, required);
  },
  (response, index) => response.plan(index),
);

/** The same, but a predicate decides which addresses are pruned. */
const planAddresses: typeof planAll = {
  ...planAll,
  decoder: (_link, _wanted, prune) =>
    typeof prune === 'function'
      ? { ...planAll, decode: (response, index) => response.planPrunedBy(index, prune) }
      : planAll,
};

/**
 * Returns an operation that makes a planned change.
 * @param needless errnos that say that there is nothing to change: the value is false
 */
const plannedChange = (name: LinkOperationName, needless: readonly string[] = []) =>
  withValue(
    name,
    (request, plan: AddressPlan, change: number, link: string | undefined) => {
      if (link !== undefined) encodeLinkName(request, 'link', link);
      request.records.setNumber(request.current, fields.index, plan.link.index);
      request.copyAddresses(plan.records, change, plan.sizeOf(change));
    },
    () => true,
    Object.fromEntries(needless.map((code) => [code, false])),
  );

/**
 * The operations on links, by the names of the methods in lib/links/methods.ts that pass on their
 * arguments. The last four serve reconcileAddresses().
 * @internal
 */
export const linkOperations = {
  listLinks: withValue(
    'listLinks',
    (request, options: ListLinksOptions | undefined) =>
      encodeKind(request, readOptions(options, LIST_LINK_KEYS).kind),
    (response, index) => response.links(index),
  ),

  getLink: withValue(
    'getLink',
    (request, link: LinkReference) => {
      encodeLinkReference(request, 'link', link);
    },
    (response, index): Link | undefined => response.link(index),
    { ENODEV: undefined },
  ),

  ensureDummy: withValue(
    'ensureDummy',
    (request, name: string, options: DummyOptions | undefined) => {
      encodeLinkName(request, 'name', name);
      if (RESERVED.includes(name)) {
        throw wrongValue('name', name, 'is reserved by the kernel, and can be no name of a link');
      }
      const { up = true, mtu } = readOptions(options, SETTING_KEYS);
      encodeSettings(request, 'options', { up, mtu });
    },
    ensured,
  ),

  setLink: withoutValue('setLink', (request, link: LinkReference, changes: LinkChanges) => {
    encodeLinkReference(request, 'link', link);
    encodeSettings(request, 'changes', readObject('changes', changes, SETTING_KEYS));
  }),

  deleteLink: forgivable(
    'deleteLink',
    ['ENODEV'],
    'ifExists',
    (request, link: LinkReference, _options: DeleteOptions | undefined) => {
      encodeLinkReference(request, 'link', link);
    },
  ),

  listAddresses: withValue(
    'listAddresses',
    (request, link: LinkReference | undefined, options: ListAddressesOptions | undefined) => {
      if (link !== undefined) encodeLinkReference(request, 'link', link);
      encodeFamily(request, readOptions(options, LIST_ADDRESS_KEYS).family);
    },
    (response, index) => response.addresses(index),
  ),

  addAddress: withoutValue('addAddress', encodeLinkAndAddress),

  ensureAddress: withValue('ensureAddress', encodeLinkAndAddress, ensured),

  deleteAddress: forgivable(
    'deleteAddress',
    ['EADDRNOTAVAIL', 'ENODEV', 'ENXIO'],
    'ifExists',
    (request, link: LinkReference, address: AddressConfig, _options: DeleteOptions | undefined) =>
      encodeLinkAndAddress(request, link, address),
  ),

  planAddresses: named(planAddresses, 'reconcileAddresses'),
  addPlanned: plannedChange('addAddress'),
  replacePlanned: named(plannedChange('replaceAddress'), 'reconcileAddresses'),
  // The address may expire, or the kernel deletes it with the one that manages it.
  deletePlanned: plannedChange('deleteAddress', ['EADDRNOTAVAIL', 'ENXIO']),
};
