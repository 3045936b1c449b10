/**
 * The exit statuses of the command, apart from those of ipvsadm's grammar.
 * @module
 */

/** Exit statuses of subcommands. */
export const EXIT = {
  success: 0,
  failure: 1,
  /** The command line or an input file is wrong: nothing was done. */
  usage: 2,
  /** The reader of the output has gone. Shells report a program like this that SIGPIPE ends. */
  closedPipe: 128 + 13,
} as const;
