/**
 * How kube-proxy changes the table, as options of a reconciliation.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { registerEntry } from '../core/stack.js';
import type { DrainOptions, ReconcileOptions, Scope } from '../index.js';
import { type CompileConfig, type Config, checkConfig } from './config.js';
import { allOf, formatNetwork, without } from './networks.js';

/** Options of {@link Ipvs.reconcile} that follow from a configuration. */
export interface KubeReconcileOptions extends ReconcileOptions {
  /** The networks whose services may be deleted. */
  readonly prune: Scope;
  /** The protocols whose destinations drain. */
  readonly drain: DrainOptions;
}

/**
 * Returns the options with which {@link Ipvs.reconcile} changes the table as kube-proxy does:
 *
 * - services of the configured families that are not wanted go, whoever made them, except those
 *   with a firewall mark, and those with an address in `excludeCIDRs`
 * - destinations of tcp that are not wanted drain; those of udp and sctp go at once
 * - unless it is the initial sync, weights are left as they are
 *
 * Unlike with kube-proxy, a service that is deleted stays until its destinations have drained, and
 * a destination that is wanted again keeps its connections.
 * @throws TypeError, RangeError bad input
 */
export function reconcileOptions(config?: CompileConfig): KubeReconcileOptions;
export function reconcileOptions(...args: readonly unknown[]): KubeReconcileOptions {
  return checkArguments('reconcileOptions', args, 1, (value) => optionsOf(checkConfig(value)));
}

registerEntry('reconcileOptions', reconcileOptions);

function optionsOf({ families, excluded, initialSync }: Config): KubeReconcileOptions {
  const networks = families.flatMap((family) => without(allOf(family), excluded));
  return {
    prune: { networks: networks.map(formatNetwork) },
    drain: { protocols: ['tcp'] },
    ...(initialSync ? {} : { keep: ['weight'] }),
  };
}
