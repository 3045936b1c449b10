/**
 * The incremental compiler, for agents.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { registerEntries, registerEntry } from '../core/stack.js';
import { Compilation } from './compilation.js';
import { type CompileConfig, type Config, checkConfig } from './config.js';
import { checkNode, type NodeDescription } from './node.js';
import { checkObject, keyOf } from './object-readers.js';
import type { EndpointSliceObject, ObjectReference, ServiceObject } from './objects.js';
import type { CompileResult } from './result.js';

/**
 * Compiles the Services of a cluster for a node, and keeps the result up to date: the incremental
 * form of {@link compile}, for agents that watch the API server.
 *
 * A change costs as much as the Service that it concerns. {@link result} compiles the Services
 * that changed since the last call, and copies references to the others.
 *
 * Bad input is refused when it is set, and the object that was set before stays.
 * @example
 * ```ts
 * import { Compiler, type EndpointSliceObject, type ServiceObject } from 'ipvs/kubernetes';
 *
 * const compiler = new Compiler({ name: 'node-a' }, { scheduler: 'rr' });
 * const service: ServiceObject = {
 *   metadata: { namespace: 'default', name: 'web' },
 *   spec: { clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80 }] },
 * };
 * const slice: EndpointSliceObject = {
 *   metadata: {
 *     namespace: 'default',
 *     name: 'web-1',
 *     labels: { 'kubernetes.io/service-name': 'web' },
 *   },
 *   addressType: 'IPv4',
 *   ports: [{ name: 'http', port: 8080 }],
 *   endpoints: [{ addresses: ['10.244.1.5'] }],
 * };
 * compiler.setService(service);
 * compiler.setEndpointSlice(slice);
 * console.log(compiler.result().state.services);
 * compiler.removeEndpointSlice(slice);
 * console.log(compiler.result().state.services);
 * ```
 */
export class Compiler {
  readonly #config: Config;
  readonly #compilation: Compilation;

  /**
   * @param node the node that is compiled for
   * @param config kube-proxy's configuration, as far as it counts
   * @throws TypeError, RangeError bad input
   */
  constructor(node: NodeDescription, config?: CompileConfig);
  constructor(...args: readonly unknown[]) {
    const [config, compilation] = checkArguments('Compiler', args, 2, (node, value) => {
      const checked = checkConfig(value);
      return [checked, new Compilation(checked, checkNode(node, checked))] as const;
    });
    this.#config = config;
    this.#compilation = compilation;
  }

  /**
   * Sets the node, such as one with new addresses. All Services are compiled again, unless nothing
   * that counts has changed.
   * @throws TypeError bad input
   */
  setNode(node: NodeDescription): void;
  setNode(...args: readonly unknown[]): void {
    checkArguments('setNode', args, 1, (node) =>
      this.#compilation.setNode(checkNode(node, this.#config)),
    );
  }

  /**
   * Adds a Service, or replaces the one of its namespace and name. Nothing is compiled if nothing
   * that counts has changed.
   * @throws TypeError, RangeError bad input
   */
  setService(service: ServiceObject): void;
  setService(...args: readonly unknown[]): void {
    checkArguments('setService', args, 1, (service) => {
      checkObject('service', service);
      this.#compilation.setService('service', keyOf('service', service.metadata), service);
    });
  }

  /**
   * Removes the Service of this namespace and name, if there is one.
   * @throws TypeError bad input
   */
  removeService(service: ObjectReference): void;
  removeService(...args: readonly unknown[]): void {
    checkArguments('removeService', args, 1, (service) => {
      checkObject('service', service);
      this.#compilation.removeService(keyOf('service', service.metadata));
    });
  }

  /**
   * Adds an EndpointSlice, or replaces the one of its namespace and name. Nothing is compiled if
   * nothing that counts has changed.
   * @throws TypeError, RangeError bad input
   */
  setEndpointSlice(slice: EndpointSliceObject): void;
  setEndpointSlice(...args: readonly unknown[]): void {
    checkArguments('setEndpointSlice', args, 1, (slice) => {
      checkObject('slice', slice);
      this.#compilation.setSlice('slice', keyOf('slice', slice.metadata), slice);
    });
  }

  /**
   * Removes the EndpointSlice of this namespace and name, if there is one.
   * @throws TypeError bad input
   */
  removeEndpointSlice(slice: ObjectReference): void;
  removeEndpointSlice(...args: readonly unknown[]): void {
    checkArguments('removeEndpointSlice', args, 1, (slice) => {
      checkObject('slice', slice);
      this.#compilation.removeSlice(keyOf('slice', slice.metadata));
    });
  }

  /**
   * Returns what the node needs. It is the same object until something changes. Its arrays and
   * objects are the compiler's own: leave them as they are.
   */
  result(): CompileResult;
  result(...args: readonly unknown[]): CompileResult {
    return checkArguments('result', args, 0, () => this.#compilation.result());
  }
}

registerEntries(Compiler.prototype);
registerEntry('Compiler', Compiler);
