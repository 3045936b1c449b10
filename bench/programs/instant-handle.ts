/**
 * The library on a native handle whose requests all succeed, without a kernel.
 * @module
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Ipvs } from 'ipvs';

const root = new URL('../../../', import.meta.url);

/** How the handle answers asynchronous requests. */
export const instantHandle: { answers: 'at once' | 'in the next iteration' | 'never' } = {
  answers: 'at once',
};

class InstantHandle {
  async open(): Promise<void> {}

  /** Returns an empty response, with the time if it is asked for. */
  run(...[, , , , isTimed]: readonly unknown[]): Promise<object | undefined> {
    const response = isTimed === true ? { elapsed: 0 } : undefined;
    if (instantHandle.answers === 'at once') return Promise.resolve(response);
    return new Promise((resolve) => {
      // The addon too answers from the event loop.
      if (instantHandle.answers !== 'never') setImmediate(resolve, response);
    });
  }

  runSync(): undefined {}

  close(): void {}
}

// The addon is loaded once, so the library gets the same exports.
const load = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => object;
Object.assign(load(fileURLToPath(root)), { Handle: InstantHandle });

export { Ipvs };
