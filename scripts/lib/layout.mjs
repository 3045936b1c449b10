// Writes the layout that csrc/layout prints, which this reads from standard input, as TypeScript.
// Called by scripts/layout.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { argv, cwd, exit } from 'node:process';

const check = argv.includes('--check');
const file = argv.at(-1);

const require = createRequire(import.meta.url);
const { interfaceHash } = require('node-gyp-build')(cwd());
const layout = JSON.parse(readFileSync(0, 'utf8'));

const source = `/**
 * The records that cross between JavaScript and C++, and the numbers of their enumerations.
 * Written by scripts/layout from csrc/binding/layout_*.cc: not to be edited.
 * @module
 */

/**
 * The hash of this layout and of the names of the addon's exports and methods. An addon with
 * another one is of another version.
 */
export const INTERFACE_HASH = ${interfaceHash};

export const layout = ${JSON.stringify(layout)} as const;
`;
const formatted = execFileSync('node_modules/.bin/biome', ['format', '--stdin-file-path', file], {
  input: source,
  encoding: 'utf8',
});

if (!check) {
  writeFileSync(file, formatted);
} else if (readFileSync(file, 'utf8') !== formatted) {
  console.error(`${file} is out of date: run scripts/layout`);
  exit(1);
}
