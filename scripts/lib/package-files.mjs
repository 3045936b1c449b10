#!/usr/bin/env node
// Writes the files of dist/ that are no code of lib/: the manual page of the command, the JSON Schema
// of state files, and binding.gyp. Called by `npm run build:package`.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { rolldown } from 'rolldown';

/** Bundles a module of lib/ in memory, and returns its exports. */
async function load(input) {
  const bundle = await rolldown({ input, platform: 'node', external: /\/run\.js$/ });
  const { output } = await bundle.generate({ codeSplitting: false });
  await bundle.close();
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
}

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const { manual } = await load('lib/cli/manual.ts');
writeFileSync('dist/ipvs.8', manual(version));
const { stateSchema } = await load('lib/cli/state-file/schema.ts');
writeFileSync('dist/state.schema.json', `${JSON.stringify(stateSchema, null, 2)}\n`);
// At the root of a package, npm and others would take it for an installation script.
copyFileSync('binding.gyp', 'dist/binding.gyp');
