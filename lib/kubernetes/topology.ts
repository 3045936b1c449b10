/**
 * Which endpoints of a port serve its addresses: by readiness, hints and traffic policies.
 * @module
 */
import type { PortEndpoint } from './endpoints.js';
import type { CheckedNode } from './node.js';

/** Returns the endpoints that the policy Cluster uses. */
export function clusterEndpoints(
  endpoints: readonly PortEndpoint[],
  node: CheckedNode,
): readonly PortEndpoint[] {
  const ready = inCondition(endpoints, 'ready');
  return ready.length > 0 ? hinted(ready, node) : inCondition(endpoints, 'terminating');
}

/** Returns the usable endpoints of the node. Hints do not count. */
export function localEndpoints(
  endpoints: readonly PortEndpoint[],
  node: CheckedNode,
): readonly PortEndpoint[] {
  const ofNode = endpoints.filter(({ nodeName }) => nodeName === node.name);
  const ready = inCondition(ofNode, 'ready');
  return ready.length > 0 ? ready : inCondition(ofNode, 'terminating');
}

/** Returns true if there are endpoints that may be used, on any node. */
export function hasUsable(endpoints: readonly PortEndpoint[]): boolean {
  return endpoints.some(({ condition }) => condition === 'ready' || condition === 'terminating');
}

function inCondition(
  endpoints: readonly PortEndpoint[],
  wanted: 'ready' | 'terminating',
): readonly PortEndpoint[] {
  const isWanted = ({ condition }: PortEndpoint) => condition === wanted;
  return endpoints.every(isWanted) ? endpoints : endpoints.filter(isWanted);
}

/**
 * Returns the endpoints that are meant for the node or its zone. Hints count only if all ready
 * endpoints have them, and one is meant for the node or for its zone.
 */
function hinted(ready: readonly PortEndpoint[], node: CheckedNode): readonly PortEndpoint[] {
  return (
    meantFor(ready, ({ nodes }) => nodes, node.name) ??
    meantFor(ready, ({ zones }) => zones, node.zone) ??
    ready
  );
}

function meantFor(
  ready: readonly PortEndpoint[],
  hintsOf: (endpoint: PortEndpoint) => readonly string[],
  name: string | undefined,
): readonly PortEndpoint[] | undefined {
  if (name === undefined || !ready.every((endpoint) => hintsOf(endpoint).length > 0)) {
    return undefined;
  }
  const found = ready.filter((endpoint) => hintsOf(endpoint).includes(name));
  return found.length > 0 ? found : undefined;
}
