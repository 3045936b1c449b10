/**
 * The state that a director wants: encoded once, and compared with the kernel many times.
 * @module
 */
import { checkCount } from '../../core/arguments.js';
import { readArray, readOptions } from '../../core/check.js';
import { describeInput, isInputError } from '../../core/input-errors.js';
import { beginAtCaller } from '../../core/stack.js';
import { normalizedServiceAt } from '../../ipvs/canonical.js';
import { normalizeKernelDestination, normalizeKernelService } from '../../ipvs/kernel-objects.js';
import { formatDestinationAt, formatServiceAt } from '../../ipvs/keys.js';
import { canonicalAddress } from '../../ipvs/reference.js';
import { RequestBuffer } from '../../ipvs/request-buffer.js';
import {
  type EncodedState,
  encodeState,
  endOf,
  leavesDestinations,
  servicesIn,
} from '../encode-state.js';
import type { State, WantedService } from '../types.js';
import { drainKey } from './drains.js';

const APPLY_KEYS = new Set(['addresses'] as const);

/** Returns the addresses that may be on the link, in canonical form; undefined: all. */
function checkApplyOptions(options: unknown): ReadonlySet<string> | undefined {
  const { addresses } = readOptions(options, APPLY_KEYS);
  if (addresses === undefined) return undefined;
  const rule = "an array of addresses such as ['10.96.0.1']";
  return new Set(
    readArray('options.addresses', addresses, rule, (address, index) =>
      canonicalAddress(`options.addresses[${index}]`, address),
    ),
  );
}

/** A wanted state. */
export class Wanted {
  readonly encoded: EncodedState;
  /** The services at each address that the link should have. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** The services at other addresses, which the link should not have. */
  readonly unboundServices: ReadonlySet<string>;
  /** Services whose destinations are left alone, and the keys of wanted destinations. */
  #kept: ReadonlySet<string> | undefined;
  #state: State | undefined;

  /**
   * @param options the options of `apply()`
   * @throws TypeError, RangeError bad input
   */
  constructor(state: unknown, options?: unknown) {
    const picked = checkApplyOptions(options);
    this.encoded = encodeState(state, 'apply');
    const addresses = new Map<string, string[]>();
    const unboundServices = new Set<string>();
    const { requests, starts } = this.encoded;
    for (const start of starts) {
      const base = requests.service(start);
      const { address } = normalizedServiceAt(requests.records, base);
      if (address === undefined) continue;
      const service = formatServiceAt(requests.records, base);
      if (picked?.has(address) === false) {
        unboundServices.add(service);
        continue;
      }
      const others = addresses.get(address);
      if (others === undefined) addresses.set(address, [service]);
      else others.push(service);
    }
    this.addresses = addresses;
    this.unboundServices = unboundServices;
  }

  /**
   * Returns true if the destination is wanted, or left alone as all others of its service, which is
   * wanted without destinations.
   */
  keepsDestination(service: string, destination: string): boolean {
    this.#kept ??= new Set(this.#keys());
    return this.#kept.has(service) || this.#kept.has(drainKey(service, destination));
  }

  *#keys(): Generator<string, void> {
    const { requests, starts } = this.encoded;
    for (const [place, start] of starts.entries()) {
      const service = formatServiceAt(requests.records, requests.service(start));
      if (leavesDestinations(this.encoded, start)) yield service;
      for (let index = start + 1; index < endOf(this.encoded, place); index++) {
        const at = requests.destination(index);
        yield drainKey(service, formatDestinationAt(requests.records, at));
      }
    }
  }

  /** The state with all settings in canonical form. It can be applied again. */
  get state(): State {
    this.#state ??= acceptable({ services: servicesIn(this.encoded) });
    return this.#state;
  }
}

/** Returns a state in which objects that only the kernel may have are marked as the kernel's. */
function acceptable(state: State): State {
  try {
    encodeState(state, 'apply');
    return state;
  } catch (error) {
    if (!isInputError(error)) throw error;
  }
  const services = state.services.map(({ destinations, ...service }): WantedService => {
    const marked = normalizeKernelService(service);
    if (destinations === undefined) return marked;
    return {
      ...marked,
      destinations: destinations.map((each) => normalizeKernelDestination(service, each)),
    };
  });
  return { services };
}

/**
 * Returns what `Director.apply()` is to reach.
 * @param args the arguments of `apply()`
 * @param check checks what the encoding does not
 * @throws TypeError, RangeError bad input
 */
export function wantedOf(args: readonly unknown[], check: (encoded: EncodedState) => void): Wanted {
  try {
    checkCount(args, { most: 2 });
    const wanted = new Wanted(args[0], args[1]);
    check(wanted.encoded);
    return wanted;
  } catch (error) {
    if (isInputError(error)) describeInput(error, 'apply', error.target ?? '');
    throw beginAtCaller(error, 'apply');
  }
}

/** Returns a state that also wants the services of another one, which has none of its own. */
export function joined(wanted: EncodedState, others: EncodedState): EncodedState {
  if (others.requests.count === 0) return wanted;
  const first = wanted.requests.bytes();
  const second = others.requests.bytes();
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return { ...wanted, requests: RequestBuffer.of(bytes.buffer) };
}
