/**
 * Kubernetes' Services as a state of IPVS: kube-proxy's IPVS mode.
 * @module
 */

export { type CompileInput, compile } from './compile.js';
export { Compiler } from './compiler.js';
export type { CompileConfig } from './config.js';
export { type FlowPlace, staleFlows, type TrackedFlow } from './conntrack.js';
export type { IPFamily } from './families.js';
export { nftablesChanges, nftablesCleanup, nftablesRuleset } from './nftables.js';
export type { NftablesOptions, NftablesRunnerOptions } from './nftables-options.js';
export { Nftables } from './nftables-runner.js';
export type { NodeDescription } from './node.js';
export type {
  EndpointObject,
  EndpointPortObject,
  EndpointSliceObject,
  ObjectMeta,
  ObjectReference,
  ServiceObject,
  ServicePortObject,
} from './objects.js';
export { type KubeReconcileOptions, reconcileOptions } from './reconcile-options.js';
export type {
  CompileResult,
  Conflict,
  HealthCheck,
  NoLocalEndpoints,
  UdpFrontend,
} from './result.js';
export { kernelParameters, type ParameterOptions } from './sysctls.js';
