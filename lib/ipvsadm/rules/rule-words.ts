/**
 * The words of rules, with their places.
 * @module
 */
import { type Place, rulesError } from './rules-error.js';

/** A word, without its quotes. */
export interface Word extends Place {
  readonly text: string;
}

/** The words of a line, or an exact comment: see exact-comment.ts. */
export type Line =
  | { readonly kind: 'words'; readonly words: readonly Word[] }
  | { readonly kind: 'exact'; readonly text: string; readonly place: Place };

/** The beginning of a comment that adds to the object of the line before. */
export const EXACT = '#ipvs ';

/** A run of characters without a meaning of their own. */
const PLAIN = /[^\s'"\\]+/y;

/**
 * Splits a text into lines and words. Words are separated by blanks; quotes and backslashes work as
 * in a shell. A comment begins with a word that begins with `#`, and ends with the line. A
 * backslash at the end of a line continues it.
 * @throws a RulesError a quote without an end
 */
export function* linesOf(text: string): Generator<Line> {
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const content = lines[index] ?? '';
    if (content.startsWith(EXACT)) {
      const column = EXACT.length + 1;
      yield {
        kind: 'exact',
        text: content.slice(EXACT.length),
        place: { line: index + 1, column },
      };
      continue;
    }
    const words: Word[] = [];
    while (readWords(lines[index] ?? '', index + 1, words)) index++;
    if (words.length > 0) yield { kind: 'words', words };
  }
}

/** Adds the words of a line. Returns true if the next line continues it. */
function readWords(content: string, line: number, words: Word[]): boolean {
  let at = 0;
  for (;;) {
    while (/\s/.test(content[at] ?? '')) at++;
    if (at >= content.length || content[at] === '#') return false;
    if (content[at] === '\\' && at + 1 === content.length) return true;
    const place = { line, column: at + 1 };
    let text = '';
    while (at < content.length && !/\s/.test(content[at] ?? '')) {
      const piece = readPiece(content, at, place);
      if (piece === undefined) {
        words.push({ text, ...place });
        return true;
      }
      text += piece.text;
      at = piece.end;
    }
    words.push({ text, ...place });
  }
}

/** Reads a part of a word. Returns undefined for the backslash that ends a line. */
function readPiece(content: string, at: number, place: Place) {
  const first = content[at] ?? '';
  if (first === '\\') {
    return at + 1 === content.length ? undefined : { text: content[at + 1] ?? '', end: at + 2 };
  }
  if (first === "'" || first === '"') {
    const end = content.indexOf(first, at + 1);
    if (end < 0) {
      throw rulesError(content.slice(place.column - 1), `has a ${first} without an end`, place);
    }
    return { text: content.slice(at + 1, end), end: end + 1 };
  }
  PLAIN.lastIndex = at;
  const [text = first] = PLAIN.exec(content) ?? [];
  return { text, end: at + text.length };
}
