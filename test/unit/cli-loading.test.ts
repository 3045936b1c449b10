// What the subcommands load: a command starts no slower because of what another one needs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../lib/cli/commands.js';
import { build, root } from '../kernel/helpers/programs.js';

beforeAll(build, 120_000);

const IMPORT = /^import (?:.* from )?"\.\/([\w-]+)\.js";$/gm;

/** Returns the files of dist/ that a file imports statically, directly or indirectly, and itself. */
function reach(name: string, reached = new Set<string>()): ReadonlySet<string> {
  if (reached.has(name)) return reached;
  reached.add(name);
  const text = readFileSync(join(root, `dist/${name}.js`), 'utf8');
  for (const [, imported = ''] of text.matchAll(IMPORT)) reach(imported, reached);
  return reached;
}

/** The large parts, and the commands that need them. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  yaml: ['save', 'restore', 'diff', 'apply', 'director', 'kubernetes'],
  'metrics-parts': ['exporter', 'kubernetes'],
  'kubernetes-parts': ['kubernetes'],
  'ipvsadm-parts': [],
  'director-internals': [],
};

describe('the files of a subcommand', () => {
  test.each(Object.entries(PARTS))('include %s only if it is needed', (part, users) => {
    const found = commands
      .map(({ name }) => name)
      .filter((name) => reach('subcommand').has(part) || reach(`cli-${name}`).has(part));
    expect(found.sort()).toEqual([...users].sort());
  });

  test('do not include the code of other subcommands', () => {
    for (const { name } of commands) {
      const own = [...reach(`cli-${name}`)].filter((file) =>
        commands.some((command) => file === `cli-${command.name}`),
      );
      expect(own).toEqual([`cli-${name}`]);
    }
  });
});
