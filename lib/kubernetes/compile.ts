/**
 * Compiling all Services at once.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { readArray, readObject } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { registerEntry } from '../core/stack.js';
import { Compilation } from './compilation.js';
import { type CompileConfig, checkConfig } from './config.js';
import { checkNode, type NodeDescription } from './node.js';
import { checkObject, keyOf } from './object-readers.js';
import type { EndpointSliceObject, ServiceObject } from './objects.js';
import type { CompileResult } from './result.js';

/** A cluster, as a node sees it. */
export interface CompileInput {
  /** All Services. Those that ask nothing of a node are skipped, as kube-proxy does. */
  readonly services: readonly ServiceObject[];
  /** All EndpointSlices. */
  readonly endpointSlices: readonly EndpointSliceObject[];
  /** The node that is compiled for. */
  readonly node: NodeDescription;
}

const KEYS = new Set(['services', 'endpointSlices', 'node'] as const);

/**
 * Compiles the Services of a cluster to what a node needs for them, as kube-proxy's IPVS mode does:
 * services and destinations of IPVS, the addresses of the dummy link, and the entries of the sets
 * that masquerading and firewalls need. A pure function. {@link Compiler} is its incremental form.
 * @throws TypeError, RangeError bad input: the error names the object, the property and the rule
 * @example
 * ```ts
 * import { Ipvs } from 'ipvs';
 * import { compile, reconcileOptions } from 'ipvs/kubernetes';
 *
 * const services = [
 *   {
 *     metadata: { namespace: 'default', name: 'web' },
 *     spec: { clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80 }] },
 *   },
 * ];
 * const endpointSlices = [
 *   {
 *     metadata: {
 *       namespace: 'default',
 *       name: 'web-1',
 *       labels: { 'kubernetes.io/service-name': 'web' },
 *     },
 *     addressType: 'IPv4',
 *     ports: [{ name: 'http', port: 8080 }],
 *     endpoints: [{ addresses: ['10.244.1.5'] }, { addresses: ['10.244.2.6'] }],
 *   },
 * ];
 * const config = { scheduler: 'rr' };
 * const { state, addresses } = compile({ services, endpointSlices, node: { name: 'a' } }, config);
 * const ipvs = await Ipvs.open();
 * await ipvs.reconcile(state, reconcileOptions(config));
 * const { links } = ipvs;
 * const link = 'kube-ipvs0';
 * // A link that is on stays so: switching it off would delete its IPv6 addresses.
 * if (!(await links.getLink(link))) await links.ensureDummy(link, { up: false });
 * await links.reconcileAddresses(link, addresses, { prune: true });
 * await ipvs.close();
 * ```
 */
export function compile(input: CompileInput, config?: CompileConfig): CompileResult;
export function compile(...args: readonly unknown[]): CompileResult {
  return checkArguments('compile', args, 2, (input, config) => {
    const { services, endpointSlices, node } = readObject('input', input, KEYS);
    const checked = checkConfig(config);
    const compilation = new Compilation(checked, checkNode(node, checked));
    readEach('endpointSlices', endpointSlices, (path, key, slice) => {
      compilation.setSlice(path, key, slice);
    });
    readEach('services', services, (path, key, service) => {
      compilation.setService(path, key, service);
    });
    return compilation.result();
  });
}

registerEntry('compile', compile);

/** Reads each object of an array. Refuses a second one with the namespace and name of another. */
function readEach(
  name: string,
  value: unknown,
  read: (path: string, key: string, object: ServiceObject & EndpointSliceObject) => void,
): void {
  const places = new Map<string, number>();
  readArray(name, value, 'an array of objects of the Kubernetes API', (object, index) => {
    const path = `${name}[${index}]`;
    checkObject(path, object);
    const key = keyOf(path, object.metadata);
    const first = places.get(key);
    if (first !== undefined) {
      throw wrongValue(
        `${path}.metadata.name`,
        key,
        `is there twice: it is ${name}[${first}] already`,
      );
    }
    places.set(key, index);
    read(path, key, object);
  });
}
