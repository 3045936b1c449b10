/**
 * The row of `ipvs completion`.
 * @module
 */
import { defineCommand } from '../command.js';

/** The row of `ipvs completion`. */
export const completion = defineCommand({
  name: 'completion',
  summary: 'print a script that completes command lines in a shell',
  description: [
    'Prints the completion for bash or zsh: of commands, options, their values, files and named ' +
      'network namespaces.',
    "For bash, add the line 'source <(ipvs completion bash)' to ~/.bashrc. For zsh, write the " +
      "output to a file '_ipvs' in a folder of $fpath.",
  ],
  operands: [{ name: 'SHELL', summary: 'bash or zsh', completes: ['bash', 'zsh'] }],
  options: {},
  examples: [{ command: 'ipvs completion bash', summary: 'print the script for bash' }],
  load: () => import('./run.js'),
});
