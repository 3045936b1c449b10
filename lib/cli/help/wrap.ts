/**
 * Layout of text in columns.
 * @module
 */

/** The columns of help, which a terminal of 80 shows without a break. */
export const WIDTH = 79;

/** Breaks a text between words into lines of at most `width` characters. */
export function wrap(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Returns the lines of a list of terms with their meanings, which begin in one column. */
export function definitions(
  pairs: readonly (readonly [term: string, meaning: string])[],
): string[] {
  const longest = Math.max(...pairs.map(([term]) => term.length));
  const column = Math.min(longest, 22) + 4;
  return pairs.flatMap(([term, meaning]) => {
    const [first = '', ...others] = wrap(meaning, WIDTH - column);
    const indent = ' '.repeat(column);
    const head = `  ${term}`;
    const tail = others.map((line) => indent + line);
    return head.length + 2 > column
      ? [head, indent + first, ...tail]
      : [head.padEnd(column) + first, ...tail];
  });
}
