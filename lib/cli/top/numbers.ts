/**
 * Numbers in at most five characters.
 * @module
 */

/** Decimal units, as in ipvsadm. */
const UNITS = ['', 'K', 'M', 'G', 'T', 'P', 'E'] as const;

/**
 * Returns a number that is not negative in at most five characters: 0.5, 12345, 123K, 1.23M. Large
 * numbers have three significant digits, and small ones one decimal.
 */
export function scale(value: number): string {
  if (value < 99_999.5) {
    if (value > 0 && value < 0.05) return '<0.1';
    return value < 9.95 ? value.toFixed(1).replace('.0', '') : String(Math.round(value));
  }
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const decimals = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
  return `${scaled.toFixed(decimals)}${UNITS[unit]}`;
}
