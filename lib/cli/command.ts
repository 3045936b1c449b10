/**
 * The shape of a subcommand of `ipvs`: a row of the table in commands.ts. Parsing, help, completion
 * and the manual follow from the row; the code of the command is loaded when it runs.
 * @module
 */
import { type Parsed, readValues } from './arguments.js';

/** The kind of name that a word of the command line is, for the completion of shells. */
export type Completes = 'file' | 'namespace' | 'command' | readonly string[];

/** An option: `--name`, or `--name VALUE`. */
export interface Option {
  /** A phrase for the help, without a full stop. */
  readonly summary: string;
  /** The word that stands for the value in the help ('N'). Left out: the option has no value. */
  readonly value?: string;
  /** The option may be given several times, and its values are an array. Needs `value`. */
  readonly repeatable?: true;
  /** The kind of name that its value is. An array has the only values. */
  readonly completes?: Completes;
}

/** The options of a command, by name in camel case: `maxDeletions` is `--max-deletions`. */
export type Options = Readonly<Record<string, Option>>;

/** An argument that is no option. */
export interface Operand {
  /** The word that stands for it in the help ('FILE'). */
  readonly name: string;
  /** A phrase for the help, without a full stop. */
  readonly summary: string;
  readonly optional?: true;
  readonly completes?: Completes;
}

/** An example in the help. Tests run it. */
export interface Example {
  /** The whole command line ('ipvs list --stats'). */
  readonly command: string;
  /** A phrase, without a full stop. */
  readonly summary: string;
}

type WordOf<Each extends Option> = Each extends {
  readonly completes: readonly (infer Word extends string)[];
}
  ? Word
  : string;

type ValueOf<Each extends Option> = Each extends { readonly value: string }
  ? Each extends { readonly repeatable: true }
    ? readonly WordOf<Each>[]
    : WordOf<Each> | undefined
  : boolean;

/**
 * The values of options: true or false without a value, else a text, or texts if repeatable. Where
 * `completes` lists the only texts, these are the type.
 */
export type Values<Given extends Options> = {
  readonly [Name in keyof Given]: ValueOf<Given[Name]>;
};

/** The arguments of a command, parsed. */
export interface ParsedArguments<Given extends Options> {
  readonly values: Values<Given>;
  /** The operands in order. At least those that are not optional, and no surplus ones. */
  readonly operands: readonly string[];
}

/** The process, as far as a command uses it. */
export interface Context {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The code of a command. Resolves to the exit status; rejects if it fails. */
export type Run<Given extends Options> = (
  invocation: ParsedArguments<Given>,
  context: Context,
) => Promise<number>;

/** A row of the table. */
interface CommandRow<Given extends Options> {
  readonly name: string;
  /** A verb phrase for the list of commands, without a full stop. */
  readonly summary: string;
  /** Paragraphs for the help and the manual. */
  readonly description: readonly string[];
  readonly operands?: readonly Operand[];
  /** `--help` is added to them. */
  readonly options: Given;
  /** Exit statuses besides 0, 1 for a failure and 2 for bad usage; or their meaning here. */
  readonly statuses?: Readonly<Record<number, string>>;
  /** The exit status of a failure. Default 1. */
  readonly failure?: number;
  readonly examples: readonly Example[];
  /** Imports the code of the command, which is a chunk of its own. */
  readonly load: () => Promise<{ readonly run: Run<Given> }>;
}

/** A command, whatever its options are. */
export interface Command extends Omit<CommandRow<Options>, 'load'> {
  /** Loads the code, and runs it. */
  execute(parsed: Parsed, context: Context): Promise<number>;
}

/**
 * Returns the command of a row.
 * @example
 * export const command = defineCommand({
 *   name: 'list',
 *   summary: 'list services and destinations',
 *   description: ['Lists the table.'],
 *   options: { netns: NETNS, json: JSON_OUTPUT },
 *   examples: [{ command: 'ipvs list', summary: 'list the table' }],
 *   load: () => import('./run.js'),
 * });
 */
export function defineCommand<const Given extends Options>({
  load,
  ...row
}: CommandRow<Given>): Command {
  return {
    ...row,
    async execute({ texts, operands }, context) {
      const { run } = await load();
      return run({ values: readValues(row.options, texts), operands }, context);
    },
  };
}

/** The option `--json` of commands that print JSON instead of text. */
export const JSON_OUTPUT = { summary: 'print JSON' } as const satisfies Option;

/** The option `--netns`: see netns.ts. */
export const NETNS = {
  summary: 'use this network namespace: its name, the path of its file, or the pid of a process',
  value: 'NAME|PATH|PID',
  completes: 'namespace',
} as const satisfies Option;
