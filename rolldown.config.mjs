// The package's files in dist/: main.js has all that `import 'ipvs'` needs, and index.js exports the
// public part of it. What is loaded when it is needed, with import(), is in other files.
import { defineConfig } from 'rolldown';

/** Returns the ids of a module and of those that it imports statically, directly or indirectly. */
function reach(id, infoOf, reached = new Set()) {
  if (reached.has(id)) return reached;
  reached.add(id);
  for (const imported of infoOf(id)?.importedIds ?? []) reach(imported, infoOf, reached);
  return reached;
}

let initial = new Set();

export default defineConfig({
  input: 'lib/index.ts',
  platform: 'node',
  plugins: [
    {
      name: 'initial-modules',
      buildEnd() {
        const infoOf = (id) => this.getModuleInfo(id);
        const entry = [...this.getModuleIds()].find((id) => infoOf(id).isEntry);
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
    chunkFileNames: '[name].js',
    minifyInternalExports: false,
    codeSplitting: {
      groups: [{ name: 'main', test: (id) => initial.has(id) }],
    },
  },
});
