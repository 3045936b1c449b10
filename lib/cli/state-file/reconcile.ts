/**
 * Reconciliation of the table with a state file, and its output.
 * @module
 */
import {
  type DrainingDestination,
  ReconcileError,
  type ReconcileOptions,
  type ReconcileResult,
} from '../../index.js';
import { type Colour, painterOf } from '../colour.js';
import type { Context } from '../command.js';
import { withIpvs } from '../netns.js';
import { printJson, printLines } from '../output.js';
import { readStateFile } from './read.js';

/** The values of the options that concern reading and printing. */
interface FileOptions {
  readonly format: string | undefined;
  readonly json: boolean;
  readonly netns: string | undefined;
}

/**
 * Reads a state file, reconciles the table with it, and prints the result: also if some changes are
 * refused, before it rejects.
 */
export async function reconcileFile(
  path: string,
  { format, json, netns }: FileOptions,
  options: ReconcileOptions,
  context: Context,
): Promise<ReconcileResult> {
  const file = await readStateFile(path, format, context);
  try {
    const result = await withIpvs(netns, (ipvs) => ipvs.reconcile(file.state, options));
    await print(result, [], json, context);
    return result;
  } catch (error) {
    if (isReconcileError(error)) await print(error.done, error.errors, json, context);
    throw file.translate(error);
  }
}

/** reconcile() rejects with the result so far. */
function isReconcileError(error: unknown): error is ReconcileError<ReconcileResult> {
  return error instanceof ReconcileError;
}

async function print(
  result: ReconcileResult,
  errors: ReconcileError['errors'],
  json: boolean,
  { stdout, env }: Context,
): Promise<void> {
  if (json) {
    const { changes, unchanged, draining } = result;
    const refused = errors.map(({ code, target, message }) => ({ code, target, message }));
    await printJson(stdout, { changes, unchanged, draining, errors: refused });
    return;
  }
  const paint = painterOf(stdout, env);
  const lines = String(result)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colour = COLOURS[line.slice(0, 1)];
      return colour === undefined ? line : paint(colour, line);
    });
  await printLines(stdout, [...lines, ...result.draining.map(describeDraining)]);
}

/** By the sign with which the line of a change begins. */
const COLOURS: Readonly<Record<string, Colour>> = { '+': 'green', '~': 'yellow', '-': 'red' };

function describeDraining(draining: DrainingDestination): string {
  const { service, destination, activeConnections, inactiveConnections } = draining;
  const counts = `${activeConnections} active and ${inactiveConnections} inactive connections`;
  return `  ${service} ${destination} drains: ${counts}`;
}
