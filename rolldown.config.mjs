// The package's files in dist/: main.js has all that `import 'ipvs'` needs, and index.js exports the
// public part of it. Each subpath has such a pair too: ipvsadm.js exports the public part of
// ipvsadm-parts.js. What is loaded when it is needed, with import(), is in other files.
//
// The command is cli.cjs: a CommonJS file with all that ipvsadm's grammar needs. It starts in little
// more than the time of Node.js itself, as no ES modules of its size do. Subcommands are in the other
// files, beginning with subcommand.js.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'rolldown';
import { minify } from 'rolldown/utils';

const LIBRARY = '/lib/index.ts';
const SUBPATHS = ['ipvsadm', 'metrics', 'kubernetes'];
const entryOf = (subpath) => `/lib/${subpath}/index.ts`;
/** The chunk with what a subpath exports. */
const partsOf = (subpath) => `${subpath}-parts`;

/** Returns the ids of a module and of those that it imports statically, directly or indirectly. */
function reach(id, infoOf, reached = new Set()) {
  if (reached.has(id)) return reached;
  reached.add(id);
  for (const imported of infoOf(id)?.importedIds ?? []) reach(imported, infoOf, reached);
  return reached;
}

/** Returns the ids that none of the others has. */
function without(ids, ...others) {
  return new Set([...ids].filter((id) => !others.some((other) => other.has(id))));
}

/** Returns the file of a chunk: of `lib/cli/list/run.ts`, which is loaded for its command, cli-list.js. */
function chunkFile({ facadeModuleId }) {
  const [, command] = /\/lib\/cli\/([a-z-]+)\/run\.ts$/.exec(facadeModuleId ?? '') ?? [];
  return command === undefined ? '[name].js' : `cli-${command}.js`;
}

/** The folder of the package of a module. */
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/;

/** Returns the licences of the packages among modules. */
function licensesOf(ids) {
  const folders = new Set([...ids].flatMap((id) => PACKAGE.exec(id)?.[0] ?? []));
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    const file = readdirSync(folder).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
    if (file === undefined) throw new Error(`${name} has no file with its licence`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  return `Packages that the files of this folder contain:\n\n${texts.join('\n---\n\n')}`;
}

/** The modules of the library's own chunks, by their names. */
let library = {};

/**
 * Finds the modules of the library's chunks. What only a part of the library imports is loaded with
 * that part, whatever the subpaths and the command import from it.
 */
function findLibrary(ids, infoOf) {
  const from = (path) =>
    reach(
      ids.find((id) => id.endsWith(path)),
      infoOf,
    );
  const main = from(LIBRARY);
  const alone = [
    main,
    ...['/lib/host/modprobe.ts', '/lib/native/native-errors.ts', '/lib/ipvs/order.ts'].map(from),
  ];
  const links = without(from('/lib/links/link-internals.ts'), ...alone);
  const internals = without(from('/lib/internals.ts'), links, ...alone);
  library = { main, internals, 'link-internals': links };
  for (const subpath of SUBPATHS) {
    library[partsOf(subpath)] = without(from(entryOf(subpath)), links, internals, ...alone);
  }
  // The rows of the subcommands, and what runs them.
  library['cli-common'] = new Set(
    [...from('/lib/cli/subcommand.ts')].filter((id) => id.includes('/lib/cli/')),
  );
  // The exports of the chunk of an entry are public.
  for (const entry of [LIBRARY, ...SUBPATHS.map(entryOf)]) {
    const id = ids.find((each) => each.endsWith(entry));
    for (const modules of Object.values(library)) modules.delete(id);
  }
}

const files = defineConfig({
  input: {
    index: `.${LIBRARY}`,
    ...Object.fromEntries(SUBPATHS.map((subpath) => [subpath, `.${entryOf(subpath)}`])),
    subcommand: 'lib/cli/subcommand.ts',
  },
  platform: 'node',
  // An optional peer, which only `ipvs kubernetes` loads.
  external: ['@kubernetes/client-node'],
  // Needed for groups without what they import. The public entries have nothing to extend.
  preserveEntrySignatures: 'allow-extension',
  plugins: [
    {
      name: 'library',
      buildEnd() {
        findLibrary([...this.getModuleIds()], (id) => this.getModuleInfo(id));
      },
    },
    {
      // Nobody reads them here, and they are larger than the command.
      name: 'minify-packages',
      async renderChunk(code, { fileName, moduleIds }) {
        if (!moduleIds.every((id) => PACKAGE.test(id)) || moduleIds.length === 0) return null;
        return minify(fileName, code, { module: true, sourcemap: true });
      },
    },
    {
      name: 'licenses',
      generateBundle(_options, bundle) {
        const ids = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds);
        this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: licensesOf(ids) });
      },
    },
  ],
  output: {
    dir: 'dist',
    comments: false,
    sourcemap: 'hidden',
    entryFileNames: '[name].js',
    chunkFileNames: chunkFile,
    minifyInternalExports: false,
    codeSplitting: {
      // A group has the modules that it names, and not what they import.
      includeDependenciesRecursively: false,
      groups: [
        ...['main', 'link-internals', 'internals', ...SUBPATHS.map(partsOf)].map((name) => ({
          name,
          test: (id) => library[name].has(id),
        })),
        { name: 'yaml', test: /\/node_modules\/js-yaml\// },
        // What several parts of the command share: the rows and tools of subcommands, state files.
        {
          name: 'cli-common',
          test: (id) => library['cli-common'].has(id) || /\/lib\/cli\/[^/]+\.ts$/.test(id),
          minShareCount: 2,
        },
        { name: 'cli-state', test: /\/lib\/cli\/state-file\//, minShareCount: 2 },
        { name: 'cli-server', test: /\/lib\/cli\/server\//, minShareCount: 2 },
      ],
    },
  },
});

const command = defineConfig({
  input: { cli: 'lib/cli/main.ts' },
  external: './subcommand.js',
  platform: 'node',
  output: {
    dir: 'dist',
    format: 'cjs',
    comments: false,
    sourcemap: 'hidden',
    entryFileNames: '[name].cjs',
    codeSplitting: false,
    minify: true,
  },
});

export default [files, command];
