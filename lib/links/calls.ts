/**
 * The operations on links, each as what it writes and what it reads.
 * @module
 */

import { checkBoolean, checkInteger, readObject, readOptions } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { isForgiving } from '../ipvs/calls.js';
import type { LinkOperationName } from '../native/addon.js';
import type { Records } from '../native/records.js';
import type { Call as QueuedCall } from '../queue/packed.js';
import { type AddressConfig, familyNumber, type LinkAddress } from './address.js';
import { type Link, type LinkReference, writeLinkName, writeLinkReference } from './link.js';
import { MAX_KIND } from './numbers.js';
import { orderError } from './order.js';
import type { LinkRequests, LinkResults } from './requests.js';

/** An operation on links with its arguments. @internal */
export interface LinkCall<Value>
  extends QueuedCall<LinkRequests, LinkResults, Value, readonly unknown[]> {
  readonly operation: LinkOperationName;
}

const nothing = () => undefined;
const yes = () => true;

/**
 * What an ensure of a link or an address has done:
 * - `created`: it was not there, and is now
 * - `updated`: it was there, and was changed
 * - `unchanged`: it was as it should be, and nothing was sent
 */
export type EnsuredLink = 'created' | 'updated' | 'unchanged';

function ensured(results: LinkResults, index: number): EnsuredLink {
  if (results.outcome(index, 'created') !== 0) return 'created';
  return results.outcome(index, 'changed') === 0 ? 'unchanged' : 'updated';
}

/** The kernel has parameters under these names (net.ipv4.conf.all), and so no links. */
const RESERVED = ['all', 'default'];

const SETTING_KEYS = new Set(['up', 'mtu'] as const);
const MAX_MTU = 2 ** 31 - 1;

function writeSettings(
  request: LinkRequests,
  property: string,
  settings: { readonly up: unknown; readonly mtu: unknown },
): void {
  const { layout, records } = request;
  const { fields } = layout.linkRequest;
  const base = request.base();
  const { up, mtu } = settings;
  let given = 0;
  if (up !== undefined) {
    records.setNumber(base, fields.up, checkBoolean(`${property}.up`, up) ? 1 : 0);
    given |= layout.linkSettings.up;
  }
  if (mtu !== undefined) {
    records.setNumber(base, fields.mtu, checkInteger(`${property}.mtu`, mtu, 0, MAX_MTU, 'bytes'));
    given |= layout.linkSettings.mtu;
  }
  records.setNumber(base, fields.settings, given);
}

function writeFamily(request: LinkRequests, family: unknown): void {
  if (family === undefined) return;
  const { fields } = request.layout.linkRequest;
  request.records.setNumber(request.base(), fields.family, familyNumber('options.family', family));
}

function writeLinkAndAddress(request: LinkRequests, link: unknown, address: unknown): void {
  try {
    writeLinkReference(request, 'link', link);
    request.addAddress('address', address);
  } catch (error) {
    throw orderError(error, link, address);
  }
}

/** A call about one address of a link. */
function addressCall<Value>(
  operation: LinkOperationName,
  link: LinkReference,
  address: AddressConfig,
  read: (results: LinkResults, index: number) => Value,
): LinkCall<Value> {
  return {
    operation,
    write: (request) => writeLinkAndAddress(request, link, address),
    read,
  };
}

/** Deletes; where `options` forgive it, `errnos` of what is not there are answered with false. */
function deletion(
  operation: LinkOperationName,
  errnos: readonly string[],
  options: unknown,
  write: (request: LinkRequests) => void,
): LinkCall<boolean> {
  const answers: Record<string, boolean> = {};
  return {
    operation,
    write: (request) => {
      write(request);
      if (isForgiving(options, 'ifExists')) for (const errno of errnos) answers[errno] = false;
    },
    read: yes,
    answers,
  };
}

const LIST_LINK_KEYS = new Set(['kind'] as const);
const LIST_ADDRESS_KEYS = new Set(['family'] as const);

/** @internal */
export const linkCalls = {
  listLinks: (options: unknown): LinkCall<Link[]> => ({
    operation: 'listLinks',
    write: (request) => {
      const { kind } = readOptions(options, LIST_LINK_KEYS);
      if (kind === undefined) return;
      const rule = `a kind of link such as 'dummy', of at most ${MAX_KIND} characters`;
      if (typeof kind !== 'string') throw wrongType('options.kind', kind, rule);
      if (!/^[!-~]{1,31}$/.test(kind)) throw wrongValue('options.kind', kind, `is not ${rule}`);
      request.records.setName(request.base(), request.layout.linkRequest.fields.kind, kind);
    },
    read: (results, index) => results.links(index),
  }),

  getLink: (link: LinkReference): LinkCall<Link | undefined> => ({
    operation: 'getLink',
    write: (request) => writeLinkReference(request, 'link', link),
    read: (results, index) => results.link(index),
    answers: { ENODEV: undefined },
  }),

  ensureDummy: (name: string, options: unknown): LinkCall<EnsuredLink> => ({
    operation: 'ensureDummy',
    write: (request) => {
      writeLinkName(request, 'name', name);
      if (RESERVED.includes(name)) {
        throw wrongValue('name', name, 'is reserved by the kernel, and can be no name of a link');
      }
      const { up = true, mtu } = readOptions(options, SETTING_KEYS);
      writeSettings(request, 'options', { up, mtu });
    },
    read: ensured,
  }),

  setLink: (link: LinkReference, changes: unknown): LinkCall<void> => ({
    operation: 'setLink',
    write: (request) => {
      writeLinkReference(request, 'link', link);
      writeSettings(request, 'changes', readObject('changes', changes, SETTING_KEYS));
    },
    read: nothing,
  }),

  deleteLink: (link: LinkReference, options: unknown): LinkCall<boolean> =>
    deletion('deleteLink', ['ENODEV'], options, (request) =>
      writeLinkReference(request, 'link', link),
    ),

  listAddresses: (link: LinkReference | undefined, options: unknown): LinkCall<LinkAddress[]> => ({
    operation: 'listAddresses',
    write: (request) => {
      if (link !== undefined) writeLinkReference(request, 'link', link);
      writeFamily(request, readOptions(options, LIST_ADDRESS_KEYS).family);
    },
    read: (results, index) => results.addresses(index),
  }),

  addAddress: (link: LinkReference, address: AddressConfig): LinkCall<void> =>
    addressCall('addAddress', link, address, nothing),

  ensureAddress: (link: LinkReference, address: AddressConfig): LinkCall<EnsuredLink> =>
    addressCall('ensureAddress', link, address, ensured),

  deleteAddress: (
    link: LinkReference,
    address: AddressConfig,
    options: unknown,
  ): LinkCall<boolean> =>
    deletion('deleteAddress', ['EADDRNOTAVAIL', 'ENODEV', 'ENXIO'], options, (request) =>
      writeLinkAndAddress(request, link, address),
    ),

  /** What is to be done so that a link has the wanted addresses. */
  planAddresses: <Plan>(
    link: LinkReference,
    wanted: readonly unknown[],
    prune: boolean,
    family: unknown,
    read: (results: LinkResults, index: number) => Plan,
  ): LinkCall<Plan> => ({
    operation: 'planAddresses',
    write: (request) => {
      const { layout, records } = request;
      writeLinkReference(request, 'link', link);
      writeFamily(request, family);
      if (prune) {
        const { fields } = layout.linkRequest;
        records.setNumber(request.base(), fields.settings, layout.linkSettings.prune);
      }
      const only = records.number(request.base(), layout.linkRequest.fields.family);
      request.addAddresses('wanted', wanted, only);
    },
    read,
  }),

  /**
   * Does with the address at `base`, of the link of that index, what a plan says. With a refused one
   * goes the address that is in its way, which is the next of the plan.
   * @param name what the caller calls the link, if not by its index
   */
  changeAddress: (
    operation: LinkOperationName,
    index: number,
    records: Records,
    base: number,
    name?: string,
  ): LinkCall<void> => ({
    operation,
    write: (request) => {
      if (name !== undefined) writeLinkName(request, 'link', name);
      request.records.setNumber(request.base(), request.layout.linkRequest.fields.index, index);
      const { addressSettings, linkChanges } = request.layout;
      request.copyAddress(records, base);
      if (records.number(base, addressSettings.fields.change) === linkChanges.refuse) {
        request.copyAddress(records, base + addressSettings.size);
      }
    },
    read: nothing,
  }),
};
