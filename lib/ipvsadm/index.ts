/**
 * The text formats of ipvsadm: rules and listings.
 * @module
 */

export type { Resolve } from './grammar/endpoint.js';
export type { Names } from './print-endpoint.js';
export {
  type FormatRulesOptions,
  type FormattedRules,
  formatRules,
  type Omitted,
} from './rules/format-rules.js';
export { type ParseRulesOptions, parseRules } from './rules/parse-rules.js';
export type { Rules, RulesService } from './rules/rules.js';
export { isRulesError, type Place, type RulesError } from './rules/rules-error.js';
export { formatTable, type TableOptions } from './tables/format-table.js';
