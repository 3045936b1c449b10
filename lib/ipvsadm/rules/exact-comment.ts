/**
 * Exact comments: what the format of ipvsadm cannot express, as JSON in a line that ipvsadm-restore
 * skips. A comment says what it is about:
 *
 * - `#ipvs with {...}`: further settings of the object of the line before
 * - `#ipvs service {...}`: a service for which there is no line
 * - `#ipvs server {"service":"tcp://...","destination":{...}}`: a destination for which there is
 *   none
 * - `#ipvs host {...}`: timeouts and sync daemons
 * @module
 */
import { isInputError } from '../../core/input-errors.js';
import { checkHost, type UncheckedHost } from './host-settings.js';
import type { RuleTable } from './rule-table.js';
import { EXACT, type Word } from './rule-words.js';
import { rulesError } from './rules-error.js';

type Kind = 'with' | 'service' | 'server' | 'host';

/** Returns an exact comment. */
export const exactComment = (kind: Kind, value: object) =>
  `${EXACT}${kind} ${JSON.stringify(value)}`;

/** A JSON object whose properties are still to be checked. */
type Properties = Readonly<Record<string, unknown>>;

const KINDS: Readonly<Record<Kind, (table: RuleTable, value: Properties, word: Word) => void>> = {
  with: (table, value, word) => table.amend(value, word),
  service: (table, value, word) => table.addExactService(value, word),
  server: (table, { service, destination, ...rest }, word) => {
    refuseSurplus(rest, word);
    if (typeof service !== 'string' || !isObject(destination)) {
      throw rulesError(word.text, 'needs a service and a destination', word);
    }
    table.addExactServer(service, destination, word);
  },
  host: addHost,
};

function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKind(word: string): word is Kind {
  return Object.hasOwn(KINDS, word);
}

/** Executes an exact comment. Throws a RulesError. */
export function executeComment(table: RuleTable, word: Word): void {
  const { text } = word;
  const [, kind = '', json = ''] = /^(\w+) (.*)$/s.exec(text) ?? [];
  const execute = isKind(kind) ? KINDS[kind] : undefined;
  const value = parse(json);
  if (execute === undefined || !isObject(value)) {
    const kinds = Object.keys(KINDS).join(', ');
    throw rulesError(text, `is no exact comment: one of ${kinds}, and a JSON object`, word);
  }
  execute(table, value, word);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function addHost(table: RuleTable, value: Properties, word: Word): void {
  const { timeouts, syncDaemons, ...rest } = value;
  refuseSurplus(rest, word);
  const host: UncheckedHost = { timeouts, syncDaemons };
  try {
    checkHost(host);
    table.setHost(host.timeouts, host.syncDaemons);
  } catch (error) {
    if (!isInputError(error)) throw error;
    throw rulesError(word.text, `is refused: ${error.message}`, word);
  }
}

function refuseSurplus(rest: object, word: Word): void {
  const [surplus] = Object.keys(rest);
  if (surplus !== undefined) throw rulesError(word.text, `has the unknown '${surplus}'`, word);
}
