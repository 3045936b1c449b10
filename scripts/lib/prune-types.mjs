// Deletes the declarations in dist/ that those of the package's exports do not import, directly or
// indirectly.
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

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const reached = new Set();
for (const { types } of Object.values(exports)) if (types) reach(join(types), reached);
for (const name of readdirSync('dist', { recursive: true })) {
  const file = join('dist', name);
  if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file);
}
