#!/usr/bin/env node
// Checks that the folders of lib/, csrc/, bench/ and test/ import only what the table of folders in
// docs/architecture.md lets them. Called by scripts/lint; takes the root of a checkout.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { argv, exit } from 'node:process';

const TABLE = 'docs/architecture.md';
const CHECKED = /^(lib|csrc|bench|test)\//;
const SOURCE = /\.(ts|mjs|js|cc|h)$/;
const [root = '.'] = argv.slice(2);

/**
 * Reads the rows of the table: the paths of a row, and what their files may import. A path in the
 * last cell begins at the top folder of the row, or else at the root; "types of" before it allows
 * only `import type`.
 */
function readTable() {
  const cells = readFileSync(join(root, TABLE), 'utf8')
    .split('\n')
    .map((line) => /^\| (`.*?) \|.*?\|(.*)\|$/.exec(line))
    .filter((match) => match !== null);
  return cells.flatMap(([, first, last]) => {
    const paths = [...first.matchAll(/`([^`]+)`/g)].map(([, path]) => path);
    const top = paths[0].split('/')[0];
    const imports = [...last.matchAll(/(types of )?`([^`]+)`/g)].map(([, types, path]) => ({
      path: resolve(top, path),
      typesOnly: types !== undefined,
    }));
    return paths.map((path) => ({ path, imports, siblings: paths }));
  });
}

function resolve(top, path) {
  const within = `${top}/${path}`;
  return existsSync(join(root, within)) || existsSync(join(root, `${within}.h`)) ? within : path;
}

/** Returns true if `file` is at `path`: a folder, a file, or a header without its extension. */
function isAt(file, path) {
  return file === path || file === `${path}.h` || file.startsWith(`${path}/`);
}

/** Returns the files that a file imports, and for each if only types are imported. */
function* importsOf(file) {
  const text = readFileSync(join(root, file), 'utf8');
  if (file.startsWith('csrc/')) {
    for (const [, path] of text.matchAll(/^#include "([^"]+)"/gm)) {
      yield { path: `csrc/${path}`, isType: false };
    }
    return;
  }
  const statements =
    /^(?:import|export)\s(?:([^;'"]*?)\sfrom\s)?'(\.[^']+)'|import\('(\.[^']+)'\)/gm;
  for (const [, clause = '', from, dynamic] of text.matchAll(statements)) {
    const path = posix.join(posix.dirname(file), from ?? dynamic).replace(/\.js$/, '.ts');
    yield { path, isType: isTypeOnly(clause) };
  }
}

/** Returns true for `type { A }` and for `{ type A, type B }`. */
function isTypeOnly(clause) {
  if (/^type\s/.test(clause)) return true;
  const names = /^\{([^}]*)\}$/.exec(clause)?.[1].split(',') ?? [];
  const given = names.map((name) => name.trim()).filter((name) => name !== '');
  return given.length > 0 && given.every((name) => name.startsWith('type '));
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!/^(build.*|node_modules)$/.test(entry.name)) yield* sourceFiles(path);
    } else if (SOURCE.test(entry.name)) yield path;
  }
}

const rows = readTable();
const rowOf = (file) =>
  rows
    .filter(({ path }) => isAt(file, path))
    .sort((a, b) => b.path.length - a.path.length)
    .at(0);

const complaints = [];
for (const { path } of rows) {
  if (!existsSync(join(root, path))) complaints.push(`${TABLE}: there is no ${path}`);
}
for (const folder of ['lib', 'csrc', 'bench', 'test']) {
  if (!existsSync(join(root, folder))) continue;
  for (const file of sourceFiles(folder)) {
    const row = rowOf(file);
    if (row === undefined) {
      complaints.push(`${TABLE}: no row for ${file}`);
      continue;
    }
    for (const { path, isType } of importsOf(file)) {
      const isAllowed =
        row.siblings.includes(rowOf(path)?.path) ||
        (!CHECKED.test(path) && /^(bench|test)/.test(row.path)) ||
        row.imports.some((allowed) => isAt(path, allowed.path) && (isType || !allowed.typesOnly));
      if (!isAllowed) complaints.push(`${file}: ${row.path} may not import ${path}`);
    }
  }
}
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) {
  console.error(`\nThe table of folders in ${TABLE} says which folder may import which.`);
  exit(1);
}
