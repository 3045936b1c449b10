/**
 * Typos: the name that is nearest to a word.
 * @module
 */

/** The most edits between a word and the name that it may mean. */
export const MAX_EDITS = 2;

/** Returns the nearest name that is at most `maxEdits` edits away, if there is one. */
export function nearest(
  word: string,
  names: readonly string[],
  maxEdits = MAX_EDITS,
): string | undefined {
  let best: string | undefined;
  let bestDistance = maxEdits + 1;
  for (const name of names) {
    // Such names are too far away; long words are skipped at no cost.
    if (Math.abs(word.length - name.length) > maxEdits) continue;
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Returns ': did you mean NAME?' with the nearest name, or ''. */
export function typoHint(word: string, names: readonly string[]): string {
  const meant = nearest(word, names);
  return meant === undefined ? '' : `: did you mean ${meant}?`;
}

/** Returns the Levenshtein distance, in which a swap of neighbours is one edit. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : changed;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, swapped));
    }
  }
  return at(a.length, b.length);
}
