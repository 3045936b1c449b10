/**
 * The files of the kernel that this process has open, to notice what is never closed.
 * @module
 */
import { readdirSync, readlinkSync } from 'node:fs';

/** How many of the open files of this process have a path that ends so. */
export function countOpen(end: string): number {
  const matches = (name: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).endsWith(end);
    } catch {
      return false; // the one that readdir() had open
    }
  };
  return readdirSync('/proc/self/fd').filter(matches).length;
}
