/**
 * The open files of this process, to notice what is never closed.
 * @module
 */
import { readdirSync, readlinkSync } from 'node:fs';

/** How many sockets this process has open, those of all its worker threads included. */
export function countSockets(): number {
  const isSocket = (name: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).startsWith('socket:');
    } catch {
      return false; // the one that readdir() had open
    }
  };
  return readdirSync('/proc/self/fd').filter(isSocket).length;
}
