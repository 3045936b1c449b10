/**
 * The control sequences that turn one frame into the next: only what differs is written.
 * @module
 */
import type { Line, Style } from './frame.js';

/** The alternate screen without cursor, and without wrapping of long lines (ECMA-48, xterm). */
export const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
/** The screen as it was before {@link ENTER}. */
export const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';

/**
 * Begin and end of an update that terminals show as a whole. Terminals without this mode ignore it.
 */
const BEGIN_UPDATE = '\x1b[?2026h';
const END_UPDATE = '\x1b[?2026l';

const RESET = '\x1b[m';
const CLEAR = '\x1b[2J';
const CLEAR_REST = '\x1b[K';

/** The sequences that begin the styles. */
export type Palette = Readonly<Record<Style, string>>;

const BOLD = '\x1b[1m';
const REVERSE = '\x1b[7m';

/** Without colours. */
export const MONOCHROME: Palette = {
  plain: '',
  title: REVERSE,
  service: BOLD,
  drained: '',
  cursor: REVERSE,
};

/** Services are cyan, and destinations of weight 0 yellow. */
export const COLOURS: Palette = {
  ...MONOCHROME,
  service: '\x1b[1;36m',
  drained: '\x1b[33m',
};

/**
 * Returns what to write for a frame; '' if nothing differs.
 * @param before the frame on the screen; undefined if the contents of the screen are not known
 */
export function paint(
  before: readonly Line[] | undefined,
  after: readonly Line[],
  palette: Palette,
): string {
  const changes = after.map((line, row) => paintLine(row, before?.[row], line, palette)).join('');
  if (before !== undefined && changes === '') return '';
  const clear = before === undefined ? `${RESET}${CLEAR}` : '';
  return `${BEGIN_UPDATE}${clear}${changes}${END_UPDATE}`;
}

const EMPTY: Line = { text: '', style: 'plain' };

function paintLine(
  row: number,
  before: Line = EMPTY,
  { text, style }: Line,
  palette: Palette,
): string {
  if (before.text === text && before.style === style) return '';
  const from = before.style === style ? commonLength(before.text, text) : 0;
  const rest = text.slice(from);
  const begin = palette[style];
  const painted = begin === '' || rest === '' ? rest : `${begin}${rest}${RESET}`;
  // A line of the full width leaves nothing to clear; clearing there would clear its last
  // character.
  const clear = before.text.length > text.length ? CLEAR_REST : '';
  return `\x1b[${row + 1};${from + 1}H${painted}${clear}`;
}

function commonLength(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}
