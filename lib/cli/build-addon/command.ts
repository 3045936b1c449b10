/**
 * The row of `ipvs build-addon`, and its options.
 * @module
 */
import { defineCommand, type Options } from '../command.js';

/** The options of `ipvs build-addon`. */
export const options = {
  nodeGyp: {
    summary: "run this node-gyp, instead of npm's own or that of the PATH",
    value: 'FILE',
    completes: 'file',
  },
} as const satisfies Options;

/** The row of `ipvs build-addon`. */
export const buildAddon = defineCommand({
  name: 'build-addon',
  summary: 'compile the addon of the package for this system',
  description: [
    'Compiles the native addon from the sources in the package, for systems that have no ' +
      'prebuilt one. The installation runs no scripts, so nothing else does this. Run it in the ' +
      "folder of your project: 'npx ipvs build-addon', or with Yarn Plug'n'Play 'yarn ipvs " +
      "build-addon'.",
    'Needs python3, make, a C++20 compiler (g++ 12 or later) and the headers of Node.js, which ' +
      'node-gyp downloads unless they are installed with Node.js.',
  ],
  options,
  examples: [{ command: 'ipvs build-addon', summary: 'compile the addon' }],
  load: () => import('./run.js'),
});
