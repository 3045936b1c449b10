/**
 * Options of the table of nftables, and their checks.
 * @module
 */
import { checkBoolean, checkInteger, readArray, readObject } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { type Network, readNetwork } from './networks.js';

/** Options of {@link nftablesRuleset}. */
export interface NftablesOptions {
  /** The name of the table, of the family inet. Nothing else is touched. Default 'kube-ipvs'. */
  readonly table?: string | undefined;
  /**
   * The bit of the firewall mark of packets to masquerade, 0 to 31: `masqueradeBit`. Default 14.
   */
  readonly masqueradeBit?: number | undefined;
  /** If true, all traffic to cluster IPs is masqueraded: `masqueradeAll`. Default false. */
  readonly masqueradeAll?: boolean | undefined;
  /**
   * The networks of the pods: `clusterCIDR`. Traffic to cluster IPs from elsewhere is masqueraded.
   * Default none: only traffic of the node itself is.
   */
  readonly clusterCIDRs?: readonly string[] | undefined;
}

/** Options of {@link Nftables}. */
export interface NftablesRunnerOptions extends NftablesOptions {
  /**
   * The program and its first arguments. Default `['nft']`. For another network namespace:
   * `['ip', 'netns', 'exec', NAME, 'nft']`.
   */
  readonly command?: readonly [string, ...string[]] | undefined;
}

/** Checked options. */
export interface NftablesSettings {
  readonly table: string;
  /** The bit, as a number. */
  readonly mark: number;
  readonly masqueradeAll: boolean;
  readonly clusterCIDRs: readonly Network[];
}

const NAMES = ['table', 'masqueradeBit', 'masqueradeAll', 'clusterCIDRs'] as const;
const KEYS = new Set(NAMES);
const RUNNER_KEYS = new Set([...NAMES, 'command'] as const);
const DEFAULT_TABLE = 'kube-ipvs';
const DEFAULT_BIT = 14;
const COMMAND = "an array of texts such as ['nft']";

/**
 * Checks the options of a ruleset.
 * @throws TypeError, RangeError bad options
 */
export function checkNftablesOptions(options: unknown = {}): NftablesSettings {
  return settingsOf(readObject('options', options, KEYS));
}

/**
 * Checks the options of {@link Nftables}.
 * @throws TypeError, RangeError bad options
 */
export function checkRunnerOptions(
  options: unknown = {},
): NftablesSettings & { readonly command: readonly string[] } {
  const given = readObject('options', options, RUNNER_KEYS);
  return { ...settingsOf(given), command: checkCommand(given.command) };
}

function settingsOf(given: Readonly<Record<(typeof NAMES)[number], unknown>>): NftablesSettings {
  const { table, masqueradeBit, masqueradeAll, clusterCIDRs } = given;
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
  const rule = 'a name of 1 to 32 characters: a letter, then letters, digits, _ and -';
  if (typeof value !== 'string') throw wrongType('options.table', value, rule);
  // nft reads other characters as syntax.
  if (/^[a-z][\w-]{0,31}$/i.test(value)) return value;
  throw wrongValue('options.table', value, `is not ${rule}`);
}

function checkCommand(value: unknown): readonly string[] {
  if (value === undefined) return ['nft'];
  const words = readArray('options.command', value, COMMAND, (word, index) => {
    if (typeof word !== 'string') throw wrongType(`options.command[${index}]`, word, 'a text');
    return word;
  });
  if (words.length === 0 || words[0] === '') {
    throw wrongValue('options.command', value, 'names no program');
  }
  return words;
}
