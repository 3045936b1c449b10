/**
 * Reading rules: what `ipvsadm -S` prints, and what people write by hand.
 * @module
 */
import { checkArguments } from '../../core/arguments.js';
import { readOptions } from '../../core/check.js';
import { isHostName } from '../../core/hints.js';
import { wrongType } from '../../core/input-errors.js';
import { registerEntry } from '../../core/stack.js';
import { CommandLineError } from '../grammar/command-line-error.js';
import type { Reading, Resolve } from '../grammar/endpoint.js';
import { executeComment } from './exact-comment.js';
import { readRule } from './read-rule.js';
import { RuleTable } from './rule-table.js';
import { linesOf } from './rule-words.js';
import type { Rules } from './rules.js';

/** Options of {@link parseRules}. */
export interface ParseRulesOptions {
  /**
   * Finds what the names of hosts and services stand for:
   * `(name, kind) => (kind === 'host' ? '10.1.1.2' : 80)`. Default: names are refused.
   */
  readonly resolve?: Resolve | undefined;
}

const KEYS = new Set(['resolve'] as const);

/**
 * Reads rules: the lines that `ipvsadm -S` prints, or that are written by hand for `ipvsadm -R`.
 * Returns the services that they make, for {@link Ipvs.reconcile}.
 *
 * A line is a command line of ipvsadm, with or without the name of the program: `-A`, `-E`, `-D`,
 * `-a`, `-e`, `-d`, `-C`, `--set`, `--start-daemon` and `--stop-daemon`, with long options or short
 * ones. There may be comments (`#`), blank lines, quotes, and backslashes at the ends of lines. A
 * server may come before its service. Settings that are left out have ipvsadm's defaults: scheduler
 * wlc, forwarding direct, weight 1, and 360 seconds for `-p`.
 *
 * Destinations are in the order of their lines, and reconcile() makes the kernel list them in that
 * order. After `ipvsadm -R`, the kernel lists them in the opposite order.
 * @throws InputError the text is wrong: {@link isRulesError} narrows it to a {@link RulesError},
 *   which has line, column, word and rule
 * @example
 * ```ts
 * import { Ipvs } from 'ipvs';
 * import { parseRules } from 'ipvs/ipvsadm';
 *
 * const names = new Map<string, string | number>([
 *   ['http', 80],
 *   ['web1', '10.1.1.2'],
 * ]);
 * const text = `
 *   # the web servers
 *   ipvsadm -A -t 10.96.0.1:http -s wrr
 *   ipvsadm -a -t 10.96.0.1:http -r web1:8080 -m -w 3
 * `;
 * const rules = parseRules(text, { resolve: (name) => names.get(name) });
 * const ipvs = await Ipvs.open();
 * console.log(String(await ipvs.reconcile({ services: rules.services })));
 * await ipvs.close();
 * ```
 */
export function parseRules(text: string, options?: ParseRulesOptions): Rules;
export function parseRules(...args: readonly unknown[]): Rules {
  return checkArguments('parseRules', args, 2, (text, options) => {
    const { resolve } = readOptions(options, KEYS);
    if (typeof text !== 'string') throw wrongType('text', text, 'a string: the text of rules');
    if (resolve !== undefined && typeof resolve !== 'function') {
      throw wrongType('options.resolve', resolve, 'a function');
    }
    // The values that it returns are checked where it is called.
    return parse(text, { resolve: checkedResolve(resolve as Resolve | undefined), quirks: false });
  });
}

registerEntry('parseRules', parseRules);

function parse(text: string, reading: Reading): Rules {
  const table = new RuleTable();
  for (const line of linesOf(text)) {
    if (line.kind === 'exact') executeComment(table, { text: line.text, ...line.place });
    else {
      const rule = readRule(line.words, reading);
      if (rule !== undefined) table.execute(rule);
    }
  }
  return table.finish();
}

/** Returns a resolver whose names are found, or refused in words. */
function checkedResolve(resolve: Resolve | undefined): Resolve {
  return (name, kind, family) => {
    const isHost = kind === 'host';
    // '10.0.0.300' is no name, but an address that is wrong.
    if (isHost && !isHostName(name)) return undefined;
    const what = isHost ? `the host '${name}'` : `the service '${name}' of ${kind}`;
    if (resolve === undefined) {
      throw new CommandLineError('', {
        rule: `names ${what}: pass options.resolve, which finds it`,
      });
    }
    const found: unknown = resolve(name, kind, family);
    if (typeof found === (isHost ? 'string' : 'number')) return found as string | number;
    const wanted = isHost ? 'an address, a string' : 'a port, a number';
    const rule =
      found === undefined
        ? `names ${what}, which options.resolve does not find`
        : `names ${what}, for which options.resolve must return ${wanted}, at once`;
    throw new CommandLineError('', { rule });
  };
}
