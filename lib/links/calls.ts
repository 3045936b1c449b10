/**
 * The operations on links: how each encodes its request, and how it decodes the result.
 * @module
 */
import { families } from '../core/address.js';
import { checkBoolean, checkInteger, readObject, readOptions } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { type DeleteOptions, isForgiving } from '../ipvs/calls.js';
import type { Listed } from '../ipvs/results.js';
import type { LinkOperationName } from '../native/addon.js';
import { layout } from '../native/layout.js';
import type { Call as QueuedCall } from '../queue/packed.js';
import type { AddressConfig, LinkAddress } from './address.js';
import type { Link } from './link.js';
import { encodeLinkName, encodeLinkReference, type LinkReference } from './link-reference.js';
import type {
  DummyOptions,
  LinkChanges,
  ListAddressesOptions,
  ListLinksOptions,
} from './options.js';
import type { AddressPlan } from './plan.js';
import type { LinkRequestBuffer } from './request-buffer.js';
import type { LinkResults } from './results.js';
import { swappedArgumentsError } from './swapped-arguments.js';

/**
 * An operation on links. Its arguments are passed to `write`, so that one object serves all calls.
 * @internal
 */
export interface LinkCall<Value, Args extends readonly unknown[] = []>
  extends QueuedCall<LinkRequestBuffer, LinkResults, Value, Args> {
  readonly operation: LinkOperationName;
}

/**
 * What ensureDummy() or ensureAddress() has done:
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

const nothing = () => undefined;
const yes = () => true;

function ensured(results: LinkResults, index: number): EnsuredLink {
  if (results.outcome(index, 'created') !== 0) return 'created';
  return results.outcome(index, 'changed') === 0 ? 'unchanged' : 'updated';
}

function encodeSettings(
  request: LinkRequestBuffer,
  property: string,
  { up, mtu }: { readonly up: unknown; readonly mtu: unknown },
): void {
  const { records } = request;
  const base = request.base();
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
  request.records.setNumber(request.base(), fields.family, number);
  return number;
}

function encodeKind(request: LinkRequestBuffer, kind: unknown): void {
  if (kind === undefined) return;
  const rule = `a kind of link such as 'dummy', of at most ${MAX_KIND} characters`;
  if (typeof kind !== 'string') throw wrongType('options.kind', kind, rule);
  if (!/^[!-~]+$/.test(kind) || kind.length > MAX_KIND) {
    throw wrongValue('options.kind', kind, `is not ${rule}`);
  }
  request.records.setName(request.base(), fields.kind, kind);
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

/**
 * Returns a deletion of what `write` encodes. With `ifExists`, its options make the errnos that
 * mean that it does not exist resolve to false.
 */
function deletion<Args extends readonly [link: LinkReference, ...unknown[]]>(
  operation: LinkOperationName,
  errnos: readonly string[],
  write: (request: LinkRequestBuffer, ...args: Args) => void,
): LinkCall<boolean, Args> {
  const strict = { operation, read: yes };
  const forgiving = {
    ...strict,
    answers: Object.fromEntries(errnos.map((errno) => [errno, false])),
  };
  const takes = write.length - 1;
  return {
    ...strict,
    write,
    takes,
    reader: (...args) => (isForgiving(args[takes - 1], 'ifExists') ? forgiving : strict),
  };
}

/** Returns an operation that makes a planned change. */
const plannedChange = (
  operation: LinkOperationName,
): LinkCall<void, [plan: AddressPlan, change: number, name: string | undefined]> => ({
  operation,
  write: (request, plan, change, name) => {
    if (name !== undefined) encodeLinkName(request, 'link', name);
    request.records.setNumber(request.base(), fields.index, plan.link);
    request.copyAddresses(plan.records, change, plan.sizeOf(change));
  },
  read: nothing,
});

/**
 * The operations on links. The arguments of each are those of the method of its name in
 * lib/links/operations.ts, in the same order.
 * @internal
 */
export const linkCalls = {
  listLinks: {
    operation: 'listLinks',
    takes: 1,
    write: (request, options) => encodeKind(request, readOptions(options, LIST_LINK_KEYS).kind),
    read: (results, index) => results.links(index),
  } satisfies LinkCall<Listed<Link>, [options: ListLinksOptions | undefined]>,

  getLink: {
    operation: 'getLink',
    takes: 1,
    write: (request, link) => {
      encodeLinkReference(request, 'link', link);
    },
    read: (results, index): Link | undefined => results.link(index),
    answers: { ENODEV: undefined },
  } satisfies LinkCall<Link | undefined, [link: LinkReference]>,

  ensureDummy: {
    operation: 'ensureDummy',
    takes: 2,
    write: (request, name, options) => {
      encodeLinkName(request, 'name', name);
      if (RESERVED.includes(name)) {
        throw wrongValue('name', name, 'is reserved by the kernel, and can be no name of a link');
      }
      const { up = true, mtu } = readOptions(options, SETTING_KEYS);
      encodeSettings(request, 'options', { up, mtu });
    },
    read: ensured,
  } satisfies LinkCall<EnsuredLink, [name: string, options: DummyOptions | undefined]>,

  setLink: {
    operation: 'setLink',
    takes: 2,
    write: (request, link, changes) => {
      encodeLinkReference(request, 'link', link);
      encodeSettings(request, 'changes', readObject('changes', changes, SETTING_KEYS));
    },
    read: nothing,
  } satisfies LinkCall<void, [link: LinkReference, changes: LinkChanges]>,

  deleteLink: deletion(
    'deleteLink',
    ['ENODEV'],
    (request, link: LinkReference, _options: DeleteOptions | undefined) => {
      encodeLinkReference(request, 'link', link);
    },
  ),

  listAddresses: {
    operation: 'listAddresses',
    takes: 2,
    write: (request, link, options) => {
      if (link !== undefined) encodeLinkReference(request, 'link', link);
      encodeFamily(request, readOptions(options, LIST_ADDRESS_KEYS).family);
    },
    read: (results, index) => results.addresses(index),
  } satisfies LinkCall<
    Listed<LinkAddress>,
    [link: LinkReference | undefined, options: ListAddressesOptions | undefined]
  >,

  addAddress: {
    operation: 'addAddress',
    takes: 2,
    write: encodeLinkAndAddress,
    read: nothing,
  } satisfies LinkCall<void, [link: LinkReference, address: AddressConfig]>,

  ensureAddress: {
    operation: 'ensureAddress',
    takes: 2,
    write: encodeLinkAndAddress,
    read: ensured,
  } satisfies LinkCall<EnsuredLink, [link: LinkReference, address: AddressConfig]>,

  deleteAddress: deletion(
    'deleteAddress',
    ['EADDRNOTAVAIL', 'ENODEV', 'ENXIO'],
    (request, link: LinkReference, address: AddressConfig, _options: DeleteOptions | undefined) =>
      encodeLinkAndAddress(request, link, address),
  ),

  /** Plans the changes that give a link the wanted addresses. */
  planAddresses: {
    operation: 'planAddresses',
    write: (request, link, wanted, prune, family) => {
      const called = encodeLinkReference(request, 'link', link);
      const required = encodeFamily(request, family);
      if (prune) request.records.setNumber(request.base(), fields.settings, bit.prune);
      request.addAddresses('wanted', wanted, called, required);
    },
    read: (results, index) => results.plan(index),
  } satisfies LinkCall<
    AddressPlan,
    [link: LinkReference, wanted: readonly unknown[], prune: boolean, family: unknown]
  >,

  addPlanned: plannedChange('addAddress'),
  replacePlanned: plannedChange('replaceAddress'),
  deletePlanned: plannedChange('deleteAddress'),
};
