/**
 * A network namespace of its own for each test file.
 * @module
 */
import { Ipvs } from 'ipvs';
import { aroundAll } from 'vitest';
import { Namespace } from './namespace.js';

export { Namespace, run } from './namespace.js';

/** A namespace and a handle in it, for the tests of a file; both are gone afterwards. */
export function useNamespace(): { readonly namespace: Namespace; readonly ipvs: Ipvs } {
  let namespace: Namespace | undefined;
  let ipvs: Ipvs | undefined;
  // A hook that fails skips the hooks after it, and services that are left behind keep IPVS loaded.
  aroundAll(async (runTests) => {
    namespace = new Namespace();
    try {
      ipvs = await Ipvs.open({ netns: namespace.path });
      await runTests();
    } finally {
      await ipvs?.close();
      namespace.delete();
    }
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
