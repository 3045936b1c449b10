/**
 * Masquerading and source ranges by nftables: the ruleset as text for `nft -f -`, and the text that
 * changes one ruleset to another. Each is one transaction.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { registerEntry } from '../core/stack.js';
import { changesOf, elementsOf, NFT_SETS } from './nftables-elements.js';
import {
  checkNftablesOptions,
  type NftablesOptions,
  type NftablesSettings,
} from './nftables-options.js';
import { chainsOf } from './nftables-rules.js';
import { type CompileResult, checkResult } from './result.js';

/**
 * Returns the ruleset for a result, as text for `nft -f -`. It replaces the table as a whole, in
 * one transaction, and does what kube-proxy does with ipsets and chains of iptables:
 *
 * - masquerades what must come back through the node: node ports, external IPs, load balancers,
 *   pods that reach themselves
 * - drops traffic to load balancers from outside their source ranges
 * - rejects connections to other ports of virtual addresses, which would reach the host
 *
 * The sets have the names of the ipsets.
 * @throws TypeError, RangeError bad input
 * @example
 * ```ts
 * import { compile, nftablesRuleset } from 'ipvs/kubernetes';
 *
 * const result = compile({ services: [], endpointSlices: [], node: { name: 'node-a' } });
 * const [first] = nftablesRuleset(result).split('\n');
 * console.log(first); // add table inet kube-ipvs
 * ```
 */
export function nftablesRuleset(result: CompileResult, options?: NftablesOptions): string;
export function nftablesRuleset(...args: readonly unknown[]): string {
  return checkArguments('nftablesRuleset', args, 2, (result, options) => {
    const settings = checkNftablesOptions(options);
    checkResult('result', result);
    return rulesetOf(result, settings);
  });
}

registerEntry('nftablesRuleset', nftablesRuleset);

/** Returns the text of {@link nftablesRuleset}. @internal */
export function rulesetOf(result: CompileResult, settings: NftablesSettings): string {
  const { table } = settings;
  const sets = NFT_SETS.flatMap((set) => {
    const elements = elementsOf(set, result);
    return [
      `set ${set.name} {`,
      `  type ${set.type};`,
      ...(set.hasNetworks ? ['  flags interval;'] : []),
      ...(elements.length > 0 ? [`  elements = { ${elements.join(', ')} };`] : []),
      '}',
    ];
  });
  const lines = [...sets, ...chainsOf(settings)];
  return [
    // A table that does not exist can only be deleted after it was added.
    `add table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ...lines.map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n');
}

/**
 * Returns the text for `nft -f -` that changes the table of one result to that of another: the
 * elements of sets that come and go. Empty if nothing changes. Of two results of a
 * {@link Compiler}, only the sets that differ are read.
 * @throws TypeError, RangeError bad input
 */
export function nftablesChanges(
  before: CompileResult,
  after: CompileResult,
  options?: Pick<NftablesOptions, 'table'>,
): string;
export function nftablesChanges(...args: readonly unknown[]): string {
  return checkArguments('nftablesChanges', args, 3, (before, after, options) => {
    const { table } = checkNftablesOptions(options);
    checkResult('before', before);
    checkResult('after', after);
    return tableChangesOf(before, after, table);
  });
}

registerEntry('nftablesChanges', nftablesChanges);

/** Returns the text of {@link nftablesChanges}. @internal */
export function tableChangesOf(before: CompileResult, after: CompileResult, table: string): string {
  let text = '';
  for (const set of NFT_SETS) {
    const { gone, added } = changesOf(set, before, after);
    const place = `element inet ${table} ${set.name}`;
    // First, because networks must not overlap.
    if (gone.length > 0) text += `delete ${place} { ${gone.join(', ')} }\n`;
    if (added.length > 0) text += `add ${place} { ${added.join(', ')} }\n`;
  }
  return text;
}

/**
 * Returns the text for `nft -f -` that deletes the table, if there is one.
 * @throws TypeError, RangeError bad input
 */
export function nftablesCleanup(options?: Pick<NftablesOptions, 'table'>): string;
export function nftablesCleanup(...args: readonly unknown[]): string {
  return checkArguments('nftablesCleanup', args, 1, (options) =>
    cleanupOf(checkNftablesOptions(options).table),
  );
}

registerEntry('nftablesCleanup', nftablesCleanup);

/** Returns the text of {@link nftablesCleanup}. @internal */
export function cleanupOf(table: string): string {
  return `add table inet ${table}\ndelete table inet ${table}\n`;
}
