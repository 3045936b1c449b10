/**
 * The result of compiling.
 * @module
 */
import { wrongType } from '../core/input-errors.js';
import type { State } from '../index.js';
import type { IPFamily } from './families.js';

/** A health check of a load balancer: an HTTP server that answers on a port of the node. */
export interface HealthCheck {
  /** The Service ('default/web'). */
  readonly service: string;
  /** The family of the endpoints. */
  readonly family: IPFamily;
  /** `spec.healthCheckNodePort`. */
  readonly port: number;
  /** The number of ready endpoints on the node. */
  readonly localEndpoints: number;
  /** The status of the answer: 200, or 503 without such endpoints. */
  readonly status: 200 | 503;
}

/** Services that have the policy Local, and endpoints, but none on the node ('default/web'). */
export interface NoLocalEndpoints {
  /** By `spec.internalTrafficPolicy`. */
  readonly internal: readonly string[];
  /** By `spec.externalTrafficPolicy`. */
  readonly external: readonly string[];
}

/** A virtual address and port that two Services claim. */
export interface Conflict {
  /** The address and port ('tcp://198.51.100.7:80'). */
  readonly service: string;
  /** The Service that has it: the oldest one, then the first one by name ('default/web'). */
  readonly owner: string;
  /** The Services that do not. */
  readonly others: readonly string[];
}

/** A UDP port of a Service, and what may answer for it: see {@link staleFlows}. */
export interface UdpFrontend {
  /** The virtual addresses. */
  readonly addresses: readonly string[];
  /** The port of the virtual addresses. */
  readonly port: number;
  /** The port of all addresses of the node. 0: none. */
  readonly nodePort: number;
  /** The endpoints that serve, ready or not. */
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
}

/** The configuration of a node for all Services. */
export interface CompileResult {
  /** The services of IPVS, for {@link Ipvs.reconcile} and {@link Director.apply}. */
  readonly state: State;
  /** The addresses of the dummy link, sorted. */
  readonly addresses: readonly string[];
  /**
   * The entries of kube-proxy's ipsets, sorted, as ipset writes them ('10.96.0.10,tcp:80'), by the
   * names of the sets. Sets without entries are left out.
   */
  readonly sets: Readonly<Record<string, readonly string[]>>;
  /**
   * The load balancers that the node itself must not use, because `loadBalancerSourceRanges` has
   * not its IP, sorted: '203.0.113.9 tcp 80'.
   */
  readonly dropRules: readonly string[];
  /** The health checks of load balancers with `externalTrafficPolicy: Local`. */
  readonly healthChecks: readonly HealthCheck[];
  /** The Services whose policy Local finds no endpoint on the node. */
  readonly noLocalEndpoints: NoLocalEndpoints;
  /** The addresses and ports that several Services claim. */
  readonly conflicts: readonly Conflict[];
  /** The UDP ports, for {@link staleFlows}. */
  readonly udp: readonly UdpFrontend[];
}

/**
 * Checks that a value is a result, as far as rules of nftables need it.
 * @throws TypeError it is none
 * @internal
 */
export function checkResult(property: string, value: unknown): asserts value is CompileResult {
  const { sets, dropRules } = Object(value) as Readonly<Record<string, unknown>>;
  const hasSets = typeof sets === 'object' && sets !== null;
  if (!hasSets || !Array.isArray(dropRules) || !Object.values(sets).every(Array.isArray)) {
    throw wrongType(property, value, 'a result of compile()');
  }
}
