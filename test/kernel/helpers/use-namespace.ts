/**
 * A network namespace of its own for each test file.
 * @module
 */
import { Ipvs } from 'ipvs';
import { afterAll, beforeAll } from 'vitest';
import { Namespace } from './namespace.js';

export { Namespace, run } from './namespace.js';

/** A namespace and a handle in it, for the tests of a file; both are gone afterwards. */
export function useNamespace(): { readonly namespace: Namespace; readonly ipvs: Ipvs } {
  let namespace: Namespace | undefined;
  let ipvs: Ipvs | undefined;
  beforeAll(async () => {
    namespace = new Namespace();
    ipvs = await Ipvs.open({ netns: namespace.path });
  });
  afterAll(async () => {
    await ipvs?.close();
    namespace?.delete();
  });
  const made = <Made>(value: Made | undefined): Made => {
    if (value === undefined) throw new Error('only within a test');
    return value;
  };
  return {
    get namespace() {
      return made(namespace);
    },
    get ipvs() {
      return made(ipvs);
    },
  };
}
