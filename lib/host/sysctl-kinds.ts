/**
 * The kinds of values that kernel parameters have: how each is checked, written and read.
 * @module
 */
import { checkBoolean, checkInteger, readArray } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';

/** A kind of value. */
export interface Kind<Value> {
  /** Returns the value if it is valid; `property` names it in errors. */
  check(property: string, value: unknown): Value;
  /** Returns the text that is written to the file. */
  format(value: Value): string;
  /** Returns the value that the text of the file stands for. */
  parse(text: string): Value;
  /**
   * Returns true if a parameter that has the value `current` need not be written. Default: if the
   * values are the same.
   */
  equals?(current: Value, wanted: Value): boolean;
}

/** The largest number of the kernel's parameters. */
export const MAX_INT = 2 ** 31 - 1;
/** The most seconds: the kernel counts in ticks, of a millisecond at the least. */
export const MAX_SECONDS = Math.floor(MAX_INT / 1000);

/** A parameter of 0 or 1. */
export const boolean: Kind<boolean> = {
  check: checkBoolean,
  format: (value) => (value ? '1' : '0'),
  parse: (text) => Number(text) !== 0,
};

/** A number within a range. */
export const integer = (min: number, max: number, unit = ''): Kind<number> => ({
  check: (property, value) => checkInteger(property, value, min, max, unit),
  format: String,
  parse: Number,
});

const isAutomatic = (mode: number) => mode === 1 || mode === 2;

/** The mode of a defence. The kernel switches between 1 and 2 itself, as memory gets short. */
export const defenceMode: Kind<number> = {
  ...integer(0, 3),
  equals: (current, wanted) => current === wanted || (isAutomatic(current) && isAutomatic(wanted)),
};

/** A power of two, 1 to 64. */
export const powerOfTwo: Kind<number> = {
  ...integer(1, 64),
  check: (property, value) => {
    const number = checkInteger(property, value, 1, 64);
    if ((number & (number - 1)) === 0) return number;
    throw wrongValue(property, value, 'is not a power of two');
  },
};

/** Ranges of processors, of which N is the last, some with a step: '0-3,5', '0-N:1/2', 'all'. */
const CPU_RANGE = '(\\d{1,5}|N)(-(\\d{1,5}|N)(:\\d{1,5}/\\d{1,5})?)?';
const CPU_LIST = new RegExp(`^(all|${CPU_RANGE}(,${CPU_RANGE})*)?$`);

/** A list of processors, such as '0-3,5'. */
export const cpuList: Kind<string> = {
  check: (property, value) => {
    const rule = "a list of processors such as '0-3,5', or '' for none";
    if (typeof value !== 'string') throw wrongType(property, value, rule);
    if (!CPU_LIST.test(value)) throw wrongValue(property, value, `is not ${rule}`);
    return value;
  },
  // Writing no bytes would change nothing.
  format: (value) => `${value}\n`,
  parse: (text) => text,
};

/** A threshold and a period, the threshold below the period unless that is 0. */
export const syncThreshold: Kind<readonly [number, number]> = {
  check: (property, value) => {
    const rule = 'two integers [threshold, period], the first below the second or the second 0';
    const [threshold, period] = readArray(property, value, rule, (item, index) => {
      if (index > 1) throw wrongType(property, value, rule);
      return checkInteger(`${property}[${index}]`, item, 0, MAX_INT);
    });
    if (threshold === undefined || period === undefined) throw wrongType(property, value, rule);
    if (period !== 0 && threshold >= period) throw wrongValue(property, value, `is not ${rule}`);
    return [threshold, period];
  },
  format: (value) => value.join(' '),
  parse: (text) => {
    const [threshold = Number.NaN, period = Number.NaN] = text.split(/\s+/).map(Number);
    return [threshold, period];
  },
};
