/**
 * A compilation that goes on: Services and EndpointSlices, the share of each Service in the result,
 * and the result. Only Services that change are compiled.
 * @module
 */
import { isDeepStrictEqual } from '../core/util.js';
import type { WantedService } from '../index.js';
import { Claims } from './claims.js';
import type { Config } from './config.js';
import { readSlice, type Slice } from './endpoints.js';
import { IP_FAMILIES } from './families.js';
import { compileService, emptyFragment, type Fragment } from './fragment.js';
import type { CheckedNode } from './node.js';
import type { EndpointSliceObject, ServiceObject } from './objects.js';
import type { CompileResult, HealthCheck, UdpFrontend } from './result.js';
import { readService, type ServiceSpec } from './service.js';
import { setNameOf } from './sets.js';
import { Tally } from './tally.js';

/** A Service with a cluster IP. */
interface Known {
  spec: ServiceSpec;
  /** True if it must be compiled. */
  isChanged: boolean;
  /** Its share of the result, as it was last compiled. */
  fragment: Fragment | undefined;
}

/** Services and EndpointSlices, and what a node needs for them. */
export class Compilation {
  readonly #config: Config;
  #node: CheckedNode;
  readonly #services = new Map<string, Known>();
  /** The slices of each Service, which are few. */
  readonly #slices = new Map<string, Slice[]>();
  /** The Service of each slice. */
  readonly #servicesOf = new Map<string, string>();
  /** The Services that must be compiled. */
  #changed: Known[] = [];
  readonly #claims = new Claims();
  readonly #dropRules = new Tally();
  readonly #sets = new Map<string, Tally>();
  #result: CompileResult | undefined;

  constructor(config: Config, node: CheckedNode) {
    this.#config = config;
    this.#node = node;
  }

  /** Sets the node. All Services must be compiled again, unless it is as before. */
  setNode(node: CheckedNode): void {
    if (isDeepStrictEqual(node, this.#node)) return;
    this.#node = node;
    for (const known of this.#services.values()) this.#note(known);
  }

  /** Returns the result: the same object until something changes. */
  result(): CompileResult {
    const changed = this.#changed;
    this.#changed = [];
    for (const known of changed) if (known.isChanged) this.#compile(known);
    this.#result ??= this.#assemble();
    return this.#result;
  }

  /**
   * Adds a Service, or replaces it.
   * @param path the place of the Service in errors
   * @param key its key: 'default/web'
   * @throws TypeError, RangeError bad input
   */
  setService(path: string, key: string, service: ServiceObject): void {
    const spec = readService(path, key, service, this.#config);
    if (spec === undefined) {
      this.removeService(key);
      return;
    }
    const before = this.#services.get(key);
    // Most properties do not matter here, and a watch may send an unchanged object again.
    if (before !== undefined && isDeepStrictEqual(spec, before.spec)) return;
    const known = before ?? { spec, isChanged: false, fragment: undefined };
    if (before === undefined) this.#services.set(key, known);
    else before.spec = spec;
    this.#note(known);
  }

  /** Removes a Service, if it is known. */
  removeService(key: string): void {
    const known = this.#services.get(key);
    if (known === undefined) return;
    const { spec, fragment } = known;
    if (fragment !== undefined) {
      this.#disclaim(spec, fragment);
      this.#discount(fragment);
    }
    this.#services.delete(key);
    known.isChanged = false;
    this.#result = undefined;
  }

  /**
   * Adds an EndpointSlice, or replaces it.
   * @param path the place of the slice in errors
   * @param key its key: 'default/web-1'
   * @throws TypeError, RangeError bad input
   */
  setSlice(path: string, key: string, object: EndpointSliceObject): void {
    const slice = readSlice(path, key, object, this.#config);
    const before = this.#servicesOf.get(key);
    if (before !== undefined && before !== slice?.service) this.removeSlice(key);
    if (slice === undefined) return;
    const slices = this.#slices.get(slice.service);
    const place = slices?.findIndex((other) => other.key === key) ?? -1;
    if (slices === undefined) this.#slices.set(slice.service, [slice]);
    else if (place >= 0) {
      if (isDeepStrictEqual(slice, slices[place])) return;
      slices[place] = slice;
    } else slices.push(slice);
    this.#servicesOf.set(key, slice.service);
    this.#touch(slice.service);
  }

  /** Removes an EndpointSlice, if it is known. */
  removeSlice(key: string): void {
    const service = this.#servicesOf.get(key);
    if (service === undefined) return;
    this.#servicesOf.delete(key);
    const left = (this.#slices.get(service) ?? []).filter((slice) => slice.key !== key);
    if (left.length > 0) this.#slices.set(service, left);
    else this.#slices.delete(service);
    this.#touch(service);
  }

  /** Notes that a Service must be compiled, if it is known. */
  #touch(key: string): void {
    const known = this.#services.get(key);
    if (known !== undefined) this.#note(known);
  }

  #note(known: Known): void {
    this.#result = undefined;
    if (known.isChanged) return;
    known.isChanged = true;
    this.#changed.push(known);
  }

  #compile(known: Known): void {
    known.isChanged = false;
    const slices = this.#slices.get(known.spec.key) ?? [];
    const fragment = emptyFragment();
    const context = { node: this.#node, config: this.#config };
    for (const family of this.#config.families) {
      compileService(fragment, known.spec, slices, family, context);
    }
    const before = known.fragment;
    known.fragment = fragment;
    if (before !== undefined) this.#disclaim(known.spec, before);
    for (const frontend of fragment.frontends) this.#claims.add(frontend.key, known.spec);
    // New entries are added before old ones are removed, so that entries in both stay counted.
    for (const rule of fragment.dropRules) this.#dropRules.add(rule);
    eachEntry(fragment, (name, entry) => this.#setOf(name).add(entry));
    if (before !== undefined) this.#discount(before);
  }

  /** Takes back the virtual addresses and ports of a Service. */
  #disclaim(spec: ServiceSpec, { frontends }: Fragment): void {
    for (const { key } of frontends) this.#claims.remove(key, spec);
  }

  /** Takes back what a fragment has added to the counted values. */
  #discount(fragment: Fragment): void {
    for (const rule of fragment.dropRules) this.#dropRules.remove(rule);
    eachEntry(fragment, (name, entry) => this.#setOf(name).remove(entry));
  }

  #setOf(name: string): Tally {
    let tally = this.#sets.get(name);
    if (tally === undefined) {
      tally = new Tally();
      this.#sets.set(name, tally);
    }
    return tally;
  }

  /** Returns the addresses for the dummy link: those of a set in each family. */
  #addresses(): readonly string[] {
    const [first = [], ...others] = IP_FAMILIES.flatMap((family) => {
      const tally = this.#sets.get(setNameOf('KUBE-IPVS-IPS', family));
      return tally === undefined || tally.isEmpty ? [] : [tally.values];
    });
    return others.length === 0 ? first : [...first, ...others.flat()].sort();
  }

  #assemble(): CompileResult {
    const services: WantedService[] = [];
    const healthChecks: HealthCheck[] = [];
    const udp: UdpFrontend[] = [];
    const internal: string[] = [];
    const external: string[] = [];
    const { areClear } = this.#claims;
    for (const [key, { spec, fragment }] of this.#services) {
      if (fragment === undefined) continue;
      for (const frontend of fragment.frontends) {
        if (areClear || this.#claims.isOwner(frontend.key, spec)) services.push(frontend.service);
      }
      for (const check of fragment.healthChecks) healthChecks.push(check);
      for (const frontend of fragment.udp) udp.push(frontend);
      if (fragment.lacksInternal) internal.push(key);
      if (fragment.lacksExternal) external.push(key);
    }
    const sets = [...this.#sets].filter(([, tally]) => !tally.isEmpty);
    return {
      state: { services },
      addresses: this.#addresses(),
      sets: Object.fromEntries(sets.map(([name, tally]) => [name, tally.values])),
      dropRules: this.#dropRules.values,
      healthChecks,
      noLocalEndpoints: { internal, external },
      conflicts: this.#claims.conflicts,
      udp,
    };
  }
}

function eachEntry({ entries }: Fragment, body: (name: string, entry: string) => void): void {
  for (let place = 0; place < entries.length; place += 2) {
    body(entries[place] ?? '', entries[place + 1] ?? '');
  }
}
