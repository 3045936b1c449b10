// The package's files in dist/: main.js has all that `import 'ipvs'` needs, and index.js exports the
// public part of it. Each subpath has a file of its own (ipvsadm.js, metrics.js, kubernetes.js), and
// so has the command (cli.js). What is loaded when it is needed, with import(), is in other files.
import { defineConfig } from 'rolldown';

const LIBRARY = 'lib/index.ts';

/** Returns the ids of a module and of those that it imports statically, directly or indirectly. */
function reach(id, infoOf, reached = new Set()) {
  if (reached.has(id)) return reached;
  reached.add(id);
  for (const imported of infoOf(id)?.importedIds ?? []) reach(imported, infoOf, reached);
  return reached;
}

/** Returns the file of a chunk: of `lib/cli/list/run.ts`, which is loaded for its command, cli-list.js. */
function chunkFile({ facadeModuleId }) {
  const [, command] = /\/lib\/cli\/([a-z]+)\/run\.ts$/.exec(facadeModuleId ?? '') ?? [];
  return command === undefined ? '[name].js' : `cli-${command}.js`;
}

let initial = new Set();

export default defineConfig({
  input: {
    index: LIBRARY,
    ipvsadm: 'lib/ipvsadm/index.ts',
    metrics: 'lib/metrics/index.ts',
    kubernetes: 'lib/kubernetes/index.ts',
    cli: 'lib/cli/main.ts',
  },
  platform: 'node',
  plugins: [
    {
      name: 'initial-modules',
      buildEnd() {
        const infoOf = (id) => this.getModuleInfo(id);
        const entry = [...this.getModuleIds()].find((id) => id.endsWith(LIBRARY));
        initial = reach(entry, infoOf);
        // The exports of its chunk are those of the package.
        initial.delete(entry);
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
      groups: [{ name: 'main', test: (id) => initial.has(id) }],
    },
  },
});
