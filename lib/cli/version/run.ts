/**
 * `ipvs version`.
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../package-root.js';
import type { Run } from '../command.js';
import { printLines } from '../output.js';

/** Prints the version of the package. */
export const run: Run<Record<never, never>> = async (_invocation, { stdout }) => {
  const manifest: unknown = JSON.parse(
    await readFile(join(packageRoot() ?? '', 'package.json'), 'utf8'),
  );
  await printLines(stdout, [`ipvs ${Object(manifest).version}`]);
  return 0;
};
