/**
 * The text formats of ipvsadm: rules and listings.
 * @module
 */

export type { Resolve } from './endpoint.js';
export {
  type FormatRulesOptions,
  type FormattedRules,
  formatRules,
  type Omitted,
} from './format-rules.js';
export { formatTable, type TableOptions } from './format-table.js';
export type { Names } from './names.js';
export { type ParseRulesOptions, parseRules } from './parse-rules.js';
export type { Rules, RulesService } from './rules.js';
export { isRulesError, type Place, type RulesError } from './rules-error.js';
