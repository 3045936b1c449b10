/**
 * `ipvs diagnose`.
 * @module
 */
import { type Check, diagnose } from '../../index.js';
import { type Colour, type Paint, painterOf } from '../colour.js';
import type { Run } from '../command.js';
import { openOptions } from '../netns.js';
import { printJson, printLines } from '../output.js';
import type { options } from './command.js';

/** Checks the host. */
export const run: Run<typeof options> = async ({ values }, { stdout, env }) => {
  const { scheduler, json, netns } = values;
  const schedulers = scheduler.length === 0 ? undefined : scheduler;
  const checks = await diagnose({ ...openOptions(netns), schedulers });
  if (json) await printJson(stdout, checks);
  else await printLines(stdout, describeChecks(checks, painterOf(stdout, env)));
  const isNeeded = ({ name }: Check) => schedulers !== undefined || !name.startsWith('scheduler ');
  return checks.some((each) => each.status === 'missing' && isNeeded(each)) ? 1 : 0;
};

const COLOURS: Readonly<Record<Check['status'], Colour>> = {
  ok: 'green',
  warning: 'yellow',
  missing: 'red',
  unknown: 'yellow',
};
const STATUS_WIDTH = 'warning'.length;

function describeChecks(checks: readonly Check[], paint: Paint): string[] {
  return checks.flatMap(({ name, status, detail, remedy }) => {
    const line = `${paint(COLOURS[status], status.padEnd(STATUS_WIDTH))}  ${name}: ${detail}`;
    return remedy === null ? [line] : [line, `${' '.repeat(STATUS_WIDTH + 2)}# ${remedy}`];
  });
}
