import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const TABLE = `
| folder | is | may import |
|---|---|---|
| \`csrc/os\` | the system | |
| \`csrc/net\` | messages | \`os/file\` |
| \`lib/low\` | the lowest | |
| \`lib/high\` | above it | \`low\`, types of \`middle\` |
| \`lib/middle\` | between them | \`low\` |
| \`lib/high.ts\` | the top | \`lib\` |
`;

// Not written as one, since this file is checked too.
const IMPORT = 'import';

const ALLOWED = {
  'csrc/os/file.h': '#include <vector>\n',
  'csrc/os/thread.h': '#include "os/file.h"\n',
  'csrc/net/message.cc': '#include "os/file.h"\n',
  'lib/low/a.ts': "import { join } from 'node:path';\nexport { b } from './b.js';\n",
  'lib/low/b.ts': 'export const b = 1;\n',
  'lib/middle/c.ts': "import {\n  a,\n  type b,\n} from '../low/a.js';\n",
  'lib/high/d.ts': "import type { c } from '../middle/c.js';\nimport { a } from '../low/a.js';\n",
  'lib/high/e.ts': "import { type c, type d } from '../middle/c.js';\n",
  'lib/high.ts': "export * from './middle/c.js';\n\n",
  'lib/high/g.ts': `${IMPORT}('../low/a.js');\n`,
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ipvs-imports-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function check(files: Readonly<Record<string, string>>) {
  const all = { 'docs/architecture.md': TABLE, ...ALLOWED, ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const { status, stderr } = spawnSync(process.execPath, ['scripts/lib/imports.mjs', root], {
    encoding: 'utf8',
  });
  return { status, complaint: stderr.split('\n')[0] };
}

test('imports that the table allows are accepted', () => {
  expect(check({})).toEqual({ status: 0, complaint: '' });
});

test.each([
  [
    'of a folder above',
    { 'lib/low/f.ts': "import { c } from '../middle/c.js';\n" },
    'lib/low/f.ts: lib/low may not import lib/middle/c.ts',
  ],
  [
    'of values, where only types are allowed',
    { 'lib/high/f.ts': "import { c, type d } from '../middle/c.js';\n" },
    'lib/high/f.ts: lib/high may not import lib/middle/c.ts',
  ],
  [
    'that is an export',
    { 'lib/low/f.ts': "export type { c } from '../middle/c.js';\n" },
    'lib/low/f.ts: lib/low may not import lib/middle/c.ts',
  ],
  [
    'for its effects',
    { 'lib/low/f.ts': "import '../middle/c.js';\n" },
    'lib/low/f.ts: lib/low may not import lib/middle/c.ts',
  ],
  [
    'at run time',
    { 'lib/low/f.ts': `const c = await ${IMPORT}('../middle/c.js');\n` },
    'lib/low/f.ts: lib/low may not import lib/middle/c.ts',
  ],
  [
    'of a file beside the folder that is allowed',
    { 'lib/middle/f.ts': "import '../high.js';\n" },
    'lib/middle/f.ts: lib/middle may not import lib/high.ts',
  ],
  [
    'of a header that is not the allowed one',
    { 'csrc/net/f.cc': '#include "os/thread.h"\n' },
    'csrc/net/f.cc: csrc/net may not import csrc/os/thread.h',
  ],
])('an import %s is refused', (_, files, complaint) => {
  expect(check(files)).toEqual({ status: 1, complaint });
});

test('a file without a row in the table is refused', () => {
  const complaint = 'docs/architecture.md: no row for lib/other.ts';
  expect(check({ 'lib/other.ts': '' })).toEqual({ status: 1, complaint });
});

test('a row without a folder is refused', () => {
  const table = `${TABLE}| \`lib/gone\` | nothing | |\n`;
  const complaint = 'docs/architecture.md: there is no lib/gone';
  expect(check({ 'docs/architecture.md': table })).toEqual({ status: 1, complaint });
});
