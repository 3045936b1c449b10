/**
 * Counters and rates as ipvsadm prints them.
 * @module
 */
import type { Counter } from '../../ipvs/stats.js';

/** The width of a column of figures. */
const WIDTH = 8;

/** The units: numbers from `from` on are divided by `by`. The largest is first. */
const UNITS = [
  { from: 10n ** 14n, by: 10n ** 12n, suffix: 'T' },
  { from: 10n ** 11n, by: 10n ** 9n, suffix: 'G' },
  { from: 10n ** 9n, by: 10n ** 6n, suffix: 'M' },
  { from: 10n ** 8n, by: 10n ** 3n, suffix: 'K' },
] as const;
const LARGEST_PLAIN = 10 ** 8;

/** Returns a figure in full. */
export const exactFigure = (value: Counter) => ` ${String(value).padStart(WIDTH)}`;

/** Returns a figure in at most 8 characters, up to 10^20: `123456789` is `123456K`. */
export function scaledFigure(value: Counter): string {
  if (value < LARGEST_PLAIN) return exactFigure(value);
  const exact = BigInt(value);
  const unit = UNITS.find(({ from }) => exact >= from);
  const text = unit === undefined ? `${exact}` : `${exact / unit.by}${unit.suffix}`;
  return ` ${text.padStart(WIDTH)}`;
}
