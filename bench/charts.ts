/**
 * Draws charts as SVG. Their axes are logarithmic: from the C floor to one process per operation,
 * times differ by four powers of ten.
 * @module
 */
import type { Implementation } from './measurements.js';
import { digits } from './summary.js';

const COLORS: Readonly<Record<Implementation, string>> = {
  floor: '#8c959f',
  ipvs: '#1a7f64',
  alternative: '#bc4c00',
};
const LEGEND: readonly (readonly [Implementation, string])[] = [
  ['ipvs', 'ipvs'],
  ['floor', 'C floor (raw netlink)'],
  ['alternative', 'alternatives'],
];
const INK = '#1f2328';
const FAINT = '#d0d7de';
const WIDTH = 860;
const MARGIN = 20;
const HEAD = 72;

const escapeText = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function label(x: number, y: number, text: string, more = ''): string {
  const place = `x="${x.toFixed(1)}" y="${y.toFixed(1)}"`;
  return `<text ${place} fill="${INK}" ${more}>${escapeText(text)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  const ends = [x1, y1, x2, y2].map((each) => each.toFixed(1));
  const [startX, startY, endX, endY] = ends;
  return `<line x1="${startX}" y1="${startY}" x2="${endX}" y2="${endY}" stroke="${FAINT}"/>`;
}

function frame(title: string, unit: string, height: number, shapes: readonly string[]): string {
  let x = MARGIN;
  const legend = LEGEND.map(([implementation, text]) => {
    const entry =
      `<rect x="${x}" y="46" width="11" height="11" fill="${COLORS[implementation]}"/>` +
      label(x + 17, 56, text);
    x += 40 + text.length * 7;
    return entry;
  });
  const body = [
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    label(MARGIN, 28, title, 'font-size="16" font-weight="600"'),
    label(WIDTH - MARGIN, 56, unit, 'text-anchor="end"'),
    ...legend,
    ...shapes,
  ];
  const open =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
    `width="${WIDTH}" height="${height}" ` +
    `font-family="-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="13">`;
  return `${[open, ...body, '</svg>'].join('\n')}\n`;
}

/** Places values on a logarithmic axis from `from` to `to`, with the powers of ten as ticks. */
class Axis {
  readonly #low: number;
  readonly #high: number;
  readonly #from: number;
  readonly #to: number;

  constructor(values: readonly number[], from: number, to: number) {
    this.#low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
    this.#high = Math.max(this.#low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
    this.#from = from;
    this.#to = to;
  }

  place(value: number): number {
    const share = (Math.log10(value) - this.#low) / (this.#high - this.#low);
    return this.#from + share * (this.#to - this.#from);
  }

  get ticks(): number[] {
    const count = this.#high - this.#low + 1;
    return Array.from({ length: count }, (_, power) => 10 ** (this.#low + power));
  }
}

/** Formats a tick of an axis: a power of ten. */
const tick = (value: number) => (value < 1 ? `${value}` : value.toLocaleString('en-US'));

export interface Bar {
  readonly name: string;
  readonly implementation: Implementation;
  readonly value: number;
  /** The value of the first run in a process, if it was measured. Drawn as a lighter bar behind. */
  readonly cold: number | undefined;
}

/** Draws bars, sorted from short to long. */
export function bars(title: string, unit: string, all: readonly Bar[]): string {
  // A character is at most 6.8 wide on average, in the fonts of the chart.
  const names = Math.max(...all.map(({ name }) => name.length)) * 6.8;
  const [left, right, step] = [Math.max(210, MARGIN + names), WIDTH - 130, 28];
  const bottom = HEAD + 12 + all.length * step;
  const axis = new Axis(
    all.flatMap(({ value, cold = value }) => [value, cold]),
    left,
    right,
  );
  const grid = axis.ticks.flatMap((value) => [
    line(axis.place(value), HEAD, axis.place(value), bottom),
    label(axis.place(value), bottom + 18, tick(value), 'text-anchor="middle"'),
  ]);
  const sorted = [...all].sort((a, b) => a.value - b.value);
  const shapes = sorted.flatMap(({ name, implementation, value, cold }, index) => {
    const y = HEAD + 10 + index * step;
    const rect = (to: number, more = '') => {
      const width = Math.max(2, axis.place(to) - left).toFixed(1);
      const fill = COLORS[implementation];
      return `<rect x="${left}" y="${y}" width="${width}" height="19" fill="${fill}"${more}/>`;
    };
    const longest = Math.max(value, cold ?? value);
    const text = cold === undefined ? digits(value) : `${digits(value)}, cold ${digits(cold)}`;
    return [
      label(left - 10, y + 14, name, 'text-anchor="end"'),
      ...(cold === undefined ? [] : [rect(cold, ' fill-opacity="0.35"')]),
      rect(value),
      label(Math.max(left + 2, axis.place(longest)) + 8, y + 14, text),
    ];
  });
  return frame(title, unit, bottom + 34, [...grid, ...shapes]);
}

export interface Line {
  readonly name: string;
  readonly implementation: Implementation;
  /** Pairs of a size and the time per operation at that size. */
  readonly points: readonly (readonly [amount: number, value: number])[];
}

/** Draws a line for each case: the cost by size. */
export function lines(title: string, unit: string, below: string, all: readonly Line[]): string {
  const [left, right, top, bottom] = [70, WIDTH - 170, HEAD + 14, 380];
  const points = all.flatMap((each) => each.points);
  const across = new Axis(
    points.map(([amount]) => amount),
    left,
    right,
  );
  const up = new Axis(
    points.map(([, value]) => value),
    bottom,
    top,
  );
  const grid = [
    ...up.ticks.flatMap((value) => [
      line(left, up.place(value), right, up.place(value)),
      label(left - 8, up.place(value) + 4, tick(value), 'text-anchor="end"'),
    ]),
    ...across.ticks.flatMap((value) => [
      line(across.place(value), top, across.place(value), bottom),
      label(across.place(value), bottom + 18, tick(value), 'text-anchor="middle"'),
    ]),
    label((left + right) / 2, bottom + 38, below, 'text-anchor="middle"'),
  ];
  // Names stand at the ends of lines, moved apart where they would overlap.
  const ends = all
    .flatMap((each) => {
      const last = each.points.at(-1);
      return last === undefined
        ? []
        : [{ ...each, x: across.place(last[0]), y: up.place(last[1]) }];
    })
    .sort((a, b) => a.y - b.y);
  let free = top;
  const shapes = ends.flatMap(({ name, implementation, points, x, y }) => {
    const path = points.map(
      ([amount, value]) => `${across.place(amount).toFixed(1)},${up.place(value).toFixed(1)}`,
    );
    const color = COLORS[implementation];
    const textY = Math.max(y + 4, free);
    free = textY + 16;
    return [
      `<polyline points="${path.join(' ')}" fill="none" stroke="${color}" stroke-width="2.5"/>`,
      ...path.map((each) => {
        const [cx, cy] = each.split(',');
        return `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${color}"/>`;
      }),
      label(x + 10, textY, name),
    ];
  });
  return frame(title, unit, bottom + 56, [...grid, ...shapes]);
}
