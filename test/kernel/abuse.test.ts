// Quick runs of the scenarios of scripts/soak.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { scenarios } from './abuse/scenarios.js';
import { isOwnKernel } from './helpers/modules.js';
import { build, root } from './helpers/programs.js';

const start = promisify(execFile);
const SEED = '1';

beforeAll(async () => {
  build();
  const compiler = `${root}/node_modules/typescript/bin/tsc`;
  await start(process.execPath, [compiler, '--project', `${root}/test/kernel/abuse/tsconfig.json`]);
});

// Without memory, Node.js itself may end in any way: only many rounds and a human reader can judge it.
const short = scenarios.filter(({ name }) => name !== 'memory');
const runnable = short.filter(({ needsOwnKernel = false }) => isOwnKernel || !needsOwnKernel);

test.each(runnable)('the scenario $name finds nothing wrong', async ({ name }) => {
  const soak = [`${root}/build/abuse/abuse/soak.js`, '0', SEED, name];
  const { stdout } = await start(process.execPath, soak).catch((error) => error);
  expect(stdout).toMatch(new RegExp(`^${name} .* right$`, 'm'));
});
