import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Line, Style } from '../../lib/cli/top/frame.js';
import { COLOURS, MONOCHROME, paint } from '../../lib/cli/top/paint.js';

const WIDTH = 12;
const STYLES: readonly Style[] = ['plain', 'title', 'service', 'drained', 'cursor'];

/** The beginning of a control sequence. */
const CSI = '\x1b[';

/** A terminal that knows the sequences of paint(): its cells, each a character after its style. */
class Terminal {
  #cells: string[][] = [];
  #row = 0;
  #column = 0;
  #style = '';
  readonly #height: number;

  constructor(height: number) {
    this.#height = height;
    this.#clear(0);
  }

  get lines(): readonly string[] {
    return this.#cells.map((cells) => cells.join(''));
  }

  write(text: string): void {
    let rest = text;
    while (rest !== '') {
      if (!rest.startsWith(CSI)) {
        this.#print(rest.charAt(0));
        rest = rest.slice(1);
        continue;
      }
      const [sequence = '', parameters = '', final] =
        /^([?\d;]*)([a-zA-Z])/.exec(rest.slice(CSI.length)) ?? [];
      rest = rest.slice(CSI.length + sequence.length);
      if (final === 'H')
        [this.#row = 0, this.#column = 0] = parameters.split(';').map((n) => +n - 1);
      else if (final === 'm') this.#style = parameters;
      else if (final === 'J') this.#clear(0);
      // In the last column, the cursor stays on the character that was printed.
      else if (final === 'K') this.#clearFrom(this.#row, Math.min(this.#column, WIDTH - 1));
      else expect(sequence).toMatch(/^\?2026[hl]$/);
    }
    expect(this.#style).toBe('');
  }

  #print(character: string): void {
    expect(character).toMatch(/[ -~]/);
    const cells = this.#cells[this.#row] ?? expect.unreachable(`row ${this.#row}`);
    expect(this.#column).toBeLessThan(WIDTH);
    cells[this.#column++] = cellOf(character, this.#style);
  }

  #clear(row: number): void {
    this.#cells = Array.from({ length: this.#height }, () => Array(WIDTH).fill(' '));
    expect(row).toBe(0);
  }

  #clearFrom(row: number, column: number): void {
    expect(this.#style).toBe('');
    this.#cells[row]?.fill(' ', column);
  }
}

const cellOf = (character: string, style: string) =>
  style === '' ? character : `<${style}>${character}`;

/** What a terminal shows for a frame. */
const shown = (frame: readonly Line[]) =>
  frame.map(({ text, style }) => {
    const parameters = COLOURS[style].slice(2, -1);
    return (
      [...text].map((each) => cellOf(each, parameters)).join('') + ' '.repeat(WIDTH - text.length)
    );
  });

const line: fc.Arbitrary<Line> = fc.record({
  text: fc.string({
    unit: fc.constantFrom('a', 'b', ' '),
    maxLength: WIDTH,
  }),
  style: fc.constantFrom(...STYLES),
});
const HEIGHT = 4;
const frame = fc.array(line, { minLength: HEIGHT, maxLength: HEIGHT });

describe('a frame is painted', () => {
  test('over any other, whatever differs', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 5 }), (frames) => {
        const terminal = new Terminal(HEIGHT);
        let before: readonly Line[] | undefined;
        for (const each of frames) {
          terminal.write(paint(before, each, COLOURS));
          expect(terminal.lines).toEqual(shown(each));
          before = each;
        }
      }),
    );
  });

  test('over an unknown screen', () => {
    fc.assert(
      fc.property(frame, frame, (before, after) => {
        const terminal = new Terminal(HEIGHT);
        terminal.write(paint(undefined, before, COLOURS));
        terminal.write(paint(undefined, after, COLOURS));
        expect(terminal.lines).toEqual(shown(after));
      }),
    );
  });

  test('with nothing for the same frame', () => {
    fc.assert(fc.property(frame, (each) => paint(each, [...each], COLOURS) === ''));
  });

  test('from the first character on that differs', () => {
    const before: Line[] = [{ text: 'same  1', style: 'plain' }];
    const after: Line[] = [{ text: 'same 23', style: 'plain' }];
    expect(paint(before, after, COLOURS)).toBe('\x1b[?2026h\x1b[1;6H23\x1b[?2026l');
  });
});

test('without colours, no sequence sets one', () => {
  const lines = STYLES.map((style): Line => ({ text: style, style }));
  const [, ...sequences] = paint(undefined, lines, MONOCHROME).split(CSI);
  const styles = sequences.flatMap((text) => /^[\d;]*m/.exec(text)?.[0] ?? []);
  expect(new Set(styles)).toEqual(new Set(['m', '1m', '7m']));
  expect(paint(undefined, lines, COLOURS)).toContain('\x1b[33m');
});
