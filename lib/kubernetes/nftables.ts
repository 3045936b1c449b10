/**
 * Masquerading and source ranges by nftables: the ruleset as text for `nft -f -`, and the text that
 * changes one ruleset to another. Each is one transaction.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { checkBoolean, checkInteger, readArray, readOptions } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { registerEntry } from '../core/stack.js';
import { formatNetwork, type Network, readNetwork } from './networks.js';
import { elementsOf, NFT_SETS } from './nftables-elements.js';
import { chainsOf } from './nftables-rules.js';
import type { CompileResult } from './result.js';

/** Options of {@link nftablesRuleset}. */
export interface NftablesOptions {
  /** The name of the table, of the family inet. Nothing else is touched. Default 'kube-ipvs'. */
  readonly table?: string | undefined;
  /** The bit of the firewall mark of packets to masquerade, 0 to 31: `masqueradeBit`. Default 14. */
  readonly masqueradeBit?: number | undefined;
  /** If true, all traffic to cluster IPs is masqueraded: `masqueradeAll`. Default false. */
  readonly masqueradeAll?: boolean | undefined;
  /**
   * The networks of the pods: `clusterCIDR`. Traffic to cluster IPs from elsewhere is masqueraded.
   * Default none: only traffic of the node itself is.
   */
  readonly clusterCIDRs?: readonly string[] | undefined;
}

/** Checked options. */
interface Settings {
  readonly table: string;
  readonly mark: number;
  readonly masqueradeAll: boolean;
  readonly clusterCIDRs: readonly Network[];
}

const KEYS = new Set(['table', 'masqueradeBit', 'masqueradeAll', 'clusterCIDRs'] as const);
const DEFAULT_TABLE = 'kube-ipvs';
const DEFAULT_BIT = 14;

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
 * @throws TypeError, RangeError bad options
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
    const { table, mark, masqueradeAll, clusterCIDRs } = checkOptions(options);
    const ofFamily = (family: string) =>
      clusterCIDRs.filter((network) => network.family === family).map(formatNetwork);
    const cidrs = { IPv4: ofFamily('IPv4'), IPv6: ofFamily('IPv6') };
    // The signature says what the first argument is.
    const elements = elementsOf(result as CompileResult);
    const sets = NFT_SETS.flatMap(({ name, type, hasNetworks }) => {
      const found = [...(elements.get(name) ?? [])];
      return [
        `set ${name} {`,
        `  type ${type};`,
        ...(hasNetworks ? ['  flags interval;'] : []),
        ...(found.length > 0 ? [`  elements = { ${found.join(', ')} };`] : []),
        '}',
      ];
    });
    const lines = [...sets, ...chainsOf({ mark, masqueradeAll, clusterCIDRs: cidrs })];
    return [
      // A table that does not exist can only be deleted after it was added.
      `add table inet ${table}`,
      `delete table inet ${table}`,
      `table inet ${table} {`,
      ...lines.map((line) => `  ${line}`),
      '}',
      '',
    ].join('\n');
  });
}

registerEntry('nftablesRuleset', nftablesRuleset);

/**
 * Returns the text for `nft -f -` that changes the table of one result to that of another: the
 * elements of sets that come and go. Empty if nothing changes.
 * @throws TypeError, RangeError bad options
 */
export function nftablesChanges(
  before: CompileResult,
  after: CompileResult,
  options?: Pick<NftablesOptions, 'table'>,
): string;
export function nftablesChanges(...args: readonly unknown[]): string {
  return checkArguments('nftablesChanges', args, 3, (before, after, options) => {
    const { table } = checkOptions(options);
    // The signature says what the first two arguments are.
    const present = elementsOf(before as CompileResult);
    const wanted = elementsOf(after as CompileResult);
    const commands = NFT_SETS.flatMap(({ name }) => {
      const old = present.get(name) ?? new Set();
      const next = wanted.get(name) ?? new Set();
      const command = (verb: string, elements: readonly string[]) =>
        elements.length === 0
          ? []
          : [`${verb} element inet ${table} ${name} { ${elements.join(', ')} }`];
      return [
        // First, because networks must not overlap.
        ...command(
          'delete',
          [...old].filter((element) => !next.has(element)),
        ),
        ...command(
          'add',
          [...next].filter((element) => !old.has(element)),
        ),
      ];
    });
    return commands.map((command) => `${command}\n`).join('');
  });
}

registerEntry('nftablesChanges', nftablesChanges);

/** Returns the text for `nft -f -` that deletes the table, if there is one. */
export function nftablesCleanup(options?: Pick<NftablesOptions, 'table'>): string;
export function nftablesCleanup(...args: readonly unknown[]): string {
  return checkArguments('nftablesCleanup', args, 1, (options) => {
    const { table } = checkOptions(options);
    return `add table inet ${table}\ndelete table inet ${table}\n`;
  });
}

registerEntry('nftablesCleanup', nftablesCleanup);

function checkOptions(value: unknown): Settings {
  const { table, masqueradeBit, masqueradeAll, clusterCIDRs } = readOptions(value, KEYS);
  const bit =
    masqueradeBit === undefined
      ? DEFAULT_BIT
      : checkInteger('options.masqueradeBit', masqueradeBit, 0, 31);
  return {
    table: table === undefined ? DEFAULT_TABLE : checkTable(table),
    mark: 2 ** bit,
    masqueradeAll:
      masqueradeAll !== undefined && checkBoolean('options.masqueradeAll', masqueradeAll),
    clusterCIDRs:
      clusterCIDRs === undefined
        ? []
        : readArray('options.clusterCIDRs', clusterCIDRs, 'an array of networks', (each, index) =>
            readNetwork(`options.clusterCIDRs[${index}]`, each),
          ),
  };
}

function checkTable(value: unknown): string {
  // nft reads other characters as syntax.
  if (typeof value === 'string' && /^[a-z][\w-]{0,31}$/i.test(value)) return value;
  throw wrongValue(
    'options.table',
    value,
    'is not a name: a letter, then letters, digits, _ and -',
  );
}
