/**
 * The option `--netns`.
 * @module
 */
import { Ipvs, type OpenOptions } from '../index.js';
import { UsageError } from './arguments.js';

/** The folder in which `ip netns` keeps its namespaces. */
const NAMED = '/run/netns';
const MAX_PID = 2 ** 31 - 1;

/**
 * Returns the options that open a network namespace by its name among those of `ip netns`, by the
 * path of its file, or by the pid of a process in it. A name of digits is a pid: write its path.
 * @throws UsageError
 */
export function openOptions(text: string | undefined): OpenOptions {
  if (text === undefined) return {};
  if (text === '') throw new UsageError("--netns: '' is not a name, a path or a pid");
  if (!/^\d+$/.test(text)) return { netns: text.includes('/') ? text : `${NAMED}/${text}` };
  const pid = Number(text);
  if (pid >= 1 && pid <= MAX_PID) return { netns: { pid } };
  throw new UsageError(`--netns: ${text} is not a pid, which is from 1 to ${MAX_PID}`);
}

/** Calls `use` with a handle of the namespace, and closes the handle. */
export async function withIpvs<Result>(
  netns: string | undefined,
  use: (ipvs: Ipvs) => Promise<Result>,
): Promise<Result> {
  const ipvs = await Ipvs.open(openOptions(netns));
  try {
    return await use(ipvs);
  } finally {
    await ipvs.close();
  }
}
