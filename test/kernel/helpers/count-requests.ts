/**
 * Counts the requests of operations that a handle of this process passes to the addon.
 * @module
 */
import type { Ipvs } from 'ipvs';
import type { Native, NativeHandle } from '../../../lib/native/addon.js';
import { loadNative } from '../../../lib/native/load.js';

/** Opens a handle whose requests are counted. Plans read the table past this count. */
export async function openCounted(open: () => Promise<Ipvs>) {
  // The exports of the addon are an object of their own, whose classes can be replaced.
  const native = loadNative() as { -readonly [Name in keyof Native]: Native[Name] };
  const { Handle } = native;
  let count = 0;
  native.Handle = class extends Handle {
    override run(...args: Parameters<NativeHandle['run']>) {
      count += args[2];
      return super.run(...args);
    }
    override runSync(...args: Parameters<NativeHandle['runSync']>) {
      count += args[1];
      return super.runSync(...args);
    }
  };
  try {
    const ipvs = await open();
    return { ipvs, requests: () => count };
  } finally {
    native.Handle = Handle;
  }
}
