/**
 * The open files of this process, to notice what is never closed.
 * @module
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const O_CLOEXEC = 0o2000000;

interface OpenFile {
  readonly descriptor: string;
  /** The path, or what the kernel calls a file without one: `socket:[4026]`. */
  readonly target: string;
}

function openFiles(): OpenFile[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [{ descriptor, target: readlinkSync(`/proc/self/fd/${descriptor}`) }];
    } catch {
      return []; // the one that readdir() had open
    }
  });
}

/** The open files that programs which this process starts would inherit. */
export function inheritedFiles(): string[] {
  const isInherited = ({ descriptor }: OpenFile) => {
    const text = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    const flags = /^flags:\s*(\d+)$/m.exec(text)?.[1];
    return (Number.parseInt(flags ?? '', 8) & O_CLOEXEC) === 0;
  };
  return openFiles()
    .filter(isInherited)
    .map(({ descriptor, target }) => `${descriptor}: ${target}`);
}

/** The number of open sockets of this process, those of all its worker threads included. */
export function countSockets(): number {
  return openFiles().filter(({ target }) => target.startsWith('socket:')).length;
}

/** The number of open files whose path ends with `end`. */
export function countOpen(end: string): number {
  return openFiles().filter(({ target }) => target.endsWith(end)).length;
}
