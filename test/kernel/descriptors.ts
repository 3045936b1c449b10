/**
 * The open files of this process, to notice what is never closed.
 * @module
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const O_CLOEXEC = 0o2000000;

/** The open files that programs which this process starts would inherit, each with what it is. */
export function inheritedFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const flags = /^flags:\s*(\d+)$/m.exec(
        readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'),
      )?.[1];
      const inherited = (Number.parseInt(flags ?? '', 8) & O_CLOEXEC) === 0;
      return inherited ? [`${name}: ${readlinkSync(`/proc/self/fd/${name}`)}`] : [];
    } catch {
      return []; // the one that readdir() had open
    }
  });
}

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
