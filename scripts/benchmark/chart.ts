/**
 * Charts, as SVG. Both axes of magnitude are logarithmic: between the floor and a process for each operation lie four
 * powers of ten.
 * @module
 */
import { digits } from './figures.js';
import type { Party } from './model.js';

const COLORS: Readonly<Record<Party, string>> = {
  floor: '#8c959f',
  ours: '#1a7f64',
  peer: '#bc4c00',
};
const LEGEND: readonly (readonly [Party, string])[] = [
  ['ours', 'ipvs'],
  ['floor', 'the floor: C, raw netlink'],
  ['peer', 'what users would take instead'],
];
const INK = '#1f2328';
const FAINT = '#d0d7de';
const WIDTH = 860;
const MARGIN = 20;
const HEAD = 72;

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function label(x: number, y: number, text: string, more = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${INK}" ${more}>${escaped(text)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  const ends = [x1, y1, x2, y2].map((each) => each.toFixed(1));
  return `<line x1="${ends[0]}" y1="${ends[1]}" x2="${ends[2]}" y2="${ends[3]}" stroke="${FAINT}"/>`;
}

function frame(title: string, unit: string, height: number, parts: readonly string[]): string {
  let x = MARGIN;
  const legend = LEGEND.map(([party, text]) => {
    const entry =
      `<rect x="${x}" y="46" width="11" height="11" fill="${COLORS[party]}"/>` +
      label(x + 17, 56, text);
    x += 40 + text.length * 7;
    return entry;
  });
  const body = [
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    label(MARGIN, 28, title, 'font-size="16" font-weight="600"'),
    label(WIDTH - MARGIN, 56, unit, 'text-anchor="end"'),
    ...legend,
    ...parts,
  ];
  const open =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
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

/** Large and small, without needless digits. */
const tick = (value: number) => (value < 1 ? `${value}` : value.toLocaleString('en-US'));

export interface Bar {
  readonly name: string;
  readonly party: Party;
  readonly value: number;
}

/** Bars side by side, from short to long. */
export function bars(title: string, unit: string, all: readonly Bar[]): string {
  const [left, right, step] = [210, WIDTH - 90, 28];
  const bottom = HEAD + 12 + all.length * step;
  const axis = new Axis(
    all.map(({ value }) => value),
    left,
    right,
  );
  const grid = axis.ticks.flatMap((value) => [
    line(axis.place(value), HEAD, axis.place(value), bottom),
    label(axis.place(value), bottom + 18, tick(value), 'text-anchor="middle"'),
  ]);
  const sorted = [...all].sort((a, b) => a.value - b.value);
  const shapes = sorted.flatMap(({ name, party, value }, index) => {
    const y = HEAD + 10 + index * step;
    const width = Math.max(2, axis.place(value) - left);
    return [
      label(left - 10, y + 14, name, 'text-anchor="end"'),
      `<rect x="${left}" y="${y}" width="${width.toFixed(1)}" height="19" fill="${COLORS[party]}"/>`,
      label(left + width + 8, y + 14, digits(value)),
    ];
  });
  return frame(title, unit, bottom + 34, [...grid, ...shapes]);
}

export interface Line {
  readonly name: string;
  readonly party: Party;
  /** How much there is, and what an operation takes then. */
  readonly points: readonly (readonly [amount: number, value: number])[];
}

/** How cost grows: a line for each. */
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
  // Names at the ends of lines, pushed apart where they would lie on each other.
  const ends = all
    .flatMap((each) => {
      const last = each.points.at(-1);
      return last === undefined
        ? []
        : [{ ...each, x: across.place(last[0]), y: up.place(last[1]) }];
    })
    .sort((a, b) => a.y - b.y);
  let free = top;
  const shapes = ends.flatMap(({ name, party, points, x, y }) => {
    const path = points.map(
      ([amount, value]) => `${across.place(amount).toFixed(1)},${up.place(value).toFixed(1)}`,
    );
    const textY = Math.max(y + 4, free);
    free = textY + 16;
    return [
      `<polyline points="${path.join(' ')}" fill="none" stroke="${COLORS[party]}" stroke-width="2.5"/>`,
      ...path.map((each) => {
        const [cx, cy] = each.split(',');
        return `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${COLORS[party]}"/>`;
      }),
      label(x + 10, textY, name),
    ];
  });
  return frame(title, unit, bottom + 56, [...grid, ...shapes]);
}
