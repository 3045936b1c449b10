/**
 * `ipvs build-addon`.
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { codeOf, errorMessage } from '../../core/errors.js';
import { packageRoot } from '../../package-root.js';
import { UsageError } from '../arguments.js';
import type { Context, Run } from '../command.js';
import { endSignal } from '../end-signal.js';
import { printLines } from '../output.js';
import type { options } from './command.js';

/** The path at which the loader looks for an addon first. */
const BUILT = 'build/Release/ipvs.node';

/** Compiles the addon, loads it once, and installs it. */
export const run: Run<typeof options> = async ({ values: { nodeGyp } }, context) => {
  const root = packageRoot() ?? '';
  const signal = endSignal('SIGHUP', 'SIGQUIT');
  // Within the package, because the build looks for node-addon-api from there.
  const scratch = await mkdtemp(join(root, 'build-'));
  try {
    await copyFile(join(root, 'dist/binding.gyp'), join(scratch, 'binding.gyp'));
    await cp(join(root, 'csrc'), join(scratch, 'csrc'), { recursive: true });
    const status = await compile(scratch, nodeGyp, signal, context);
    if (signal.aborted) return fail(context, 'interrupted');
    if (status !== 0) return fail(context, `node-gyp ended with ${status}`);
    try {
      createRequire(import.meta.url)(join(scratch, BUILT));
    } catch (error) {
      return fail(context, `the addon cannot be loaded (${errorMessage(error)})`);
    }
    await mkdir(join(root, 'build/Release'), { recursive: true });
    await rename(join(scratch, BUILT), join(root, BUILT));
  } finally {
    // Compilers that end late may still write to it.
    await rm(scratch, { recursive: true, force: true, maxRetries: 10 });
  }
  await printLines(context.stdout, [`built ${join(root, BUILT)}`]);
  return 0;
};

/**
 * Runs node-gyp in a folder, until the signal is aborted. Resolves to its exit status, or to the
 * signal that ended it.
 */
async function compile(
  cwd: string,
  nodeGyp: string | undefined,
  signal: AbortSignal,
  { env }: Context,
): Promise<unknown> {
  const [program, ...args] = nodeGypCommand(nodeGyp === undefined ? undefined : resolve(nodeGyp));
  const child = spawn(program, [...args, 'rebuild', ...headers()], {
    cwd,
    env: { JOBS: 'max', ...env },
    // Its output is progress, and the result is on the standard output.
    stdio: ['ignore', 2, 2],
    // A process group of its own, which ends as a whole: its compilers write to the folder.
    detached: true,
  });
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid);
    } catch {
      // It has ended by itself.
    }
  };
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    const [status, endedBy] = await once(child, 'close');
    return status ?? endedBy;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new UsageError(`there is no ${program}: name one with --node-gyp FILE`);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** Returns the command of node-gyp: the wanted one, that of npm beside Node.js, or any. */
function nodeGypCommand(wanted: string | undefined): readonly [string, ...string[]] {
  const ofNpm = installed('lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js');
  const script = wanted ?? process.env['npm_config_node_gyp'] ?? ofNpm;
  return script === undefined ? ['node-gyp'] : [process.execPath, script];
}

/**
 * Returns the option for the headers that are installed with Node.js; none: they are downloaded.
 */
function headers(): readonly string[] {
  if (installed('include/node/node_api.h') === undefined) return [];
  return [`--nodedir=${prefix()}`];
}

/** Returns the path of a file that is installed with Node.js, if it is there. */
function installed(file: string): string | undefined {
  const path = join(prefix(), file);
  return existsSync(path) ? path : undefined;
}

/** Returns the folder that Node.js is installed in. */
const prefix = () => resolve(process.execPath, '../..');

function fail({ stderr }: Context, reason: string): number {
  stderr.write(`ipvs build-addon: ${reason}, and nothing is changed\n`);
  return 1;
}
