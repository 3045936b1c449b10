// Deletes the declarations in dist/ that index.d.ts does not import, directly or indirectly.
// Called by `npm run build:package`.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const IMPORT = /(?:from |import\()["'](\.[^"']+)\.js["']/g;

/** Returns the file and all files that it imports. */
function reach(file, reached = new Set()) {
  if (reached.has(file)) return reached;
  reached.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    reach(join(dirname(file), `${path}.d.ts`), reached);
  }
  return reached;
}

const reached = reach(join('dist', 'index.d.ts'));
for (const name of readdirSync('dist', { recursive: true })) {
  const file = join('dist', name);
  if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file);
}
