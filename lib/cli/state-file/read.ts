/**
 * Reading of state files. Every error names the file, and the place in it where that is known.
 * @module
 */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { faultOf } from '../../core/input-errors.js';
import type { State } from '../../index.js';
import type { Context } from '../command.js';
import { InputFileError } from '../failures.js';
import { readInput } from '../input-file.js';
import { type ParsedDocument, type Path, parseDocument, placeIn } from './document.js';

/** A state file whose state was checked. */
export interface StateFile {
  readonly state: State;
  readonly text: string;
  /** Returns the error to report for one that the state has caused. */
  translate(error: unknown): unknown;
}

/**
 * Reads a state file.
 * @param path its path; '-' for the standard input
 * @param format the format, if it is known
 * @throws InputFileError the file cannot be read, or its state is not valid
 */
export async function readStateFile(
  path: string,
  format: string | undefined,
  { stdin }: Pick<Context, 'stdin'>,
): Promise<StateFile> {
  const name = path === '-' ? 'standard input' : path || "''";
  const read = () => (path === '-' ? textOf(stdin) : readFile(path, 'utf8'));
  return await parseStateFile(name, await readInput(name, read), format);
}

/** A line that is neither blank nor a comment, except an exact one of rules. */
const FIRST_LINE = /^[^\S\n]*[^\s#].*$|^#ipvs (?:with|service|server|host) \{.*$/m;
/** Such a line of rules, as `-A -t 10.0.0.1:80`. An item of YAML has a blank behind the hyphen. */
const RULE = /^(#|(\S*\/)?ipvsadm\s|-[A-Za-z]|--[a-z])/;

/** Returns true for rules: by the format, by the extension, or by the text. */
function isRules(name: string, text: string, format: string | undefined): boolean {
  const kind = format ?? extname(name).slice(1);
  if (kind === 'rules') return true;
  if (/^(ya?ml|json)$/.test(kind)) return false;
  const [line] = FIRST_LINE.exec(text) ?? [];
  if (line !== undefined) return RULE.test(line.trimStart());
  // The rules of an empty table are an empty text, as is a file that was truncated.
  throw new InputFileError(`${name}: the text is empty: say --format rules if nothing is wanted`);
}

/**
 * Parses the text of a state file, and checks its state.
 * @param name the name of the file, for errors
 * @throws InputFileError
 */
export async function parseStateFile(
  name: string,
  text: string,
  format?: string,
): Promise<StateFile> {
  if (isRules(name, text, format)) {
    const { readRules } = await import('./rules.js');
    // Every mistake has been found with its line.
    return { state: await readRules(name, text), text, translate: (error) => error };
  }
  const document = parseDocument(name, text);
  const translated = (error: unknown) => translate(name, document, error);
  return { state: await checked(stateIn(document.value), translated), text, translate: translated };
}

/** Returns the value of a document without `$schema`, which is for editors. */
function stateIn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { $schema, ...state } = value as { readonly $schema?: unknown };
  return typeof $schema === 'string' ? state : value;
}

async function checked(state: unknown, translate: StateFile['translate']): Promise<State> {
  const { encodeState } = await import('../../internals.js');
  try {
    encodeState(state, 'read');
  } catch (error) {
    throw translate(error);
  }
  // encodeState() accepts nothing else.
  return state as State;
}

/** Returns the error with place and path for an input error about the state; others as they are. */
function translate(name: string, document: ParsedDocument, error: unknown): unknown {
  const found = faultOf(error);
  if (found === undefined) return error;
  const path = pathOf(found.property, Object(error).target);
  if (path === undefined) return error;
  const place = placeIn(name, document.positionOf(stepsOf(path)));
  const subject = path === '' ? '' : `${path}: `;
  // An error about two objects names the path of the other one.
  const fault = found.fault.replace(/\bstate\.(?=services\[)/, '');
  return new InputFileError(`${place}: ${subject}${fault}`, { cause: error });
}

/**
 * Returns the path of a property in the state (`services[3].destinations[0].weight`), or undefined
 * if the property is not of the state. Properties of a service or destination begin with that word;
 * the target of the error begins with the path of the object.
 */
function pathOf(property: string, target: unknown): string | undefined {
  const [, own] = /^state(?:\.(.*))?$/.exec(property) ?? [];
  if (own !== undefined || property === 'state') return own ?? '';
  const [, object] = /^state\.(\S+)/.exec(String(target)) ?? [];
  return object === undefined
    ? undefined
    : `${object}${property.replace(/^(service|destination)/, '')}`;
}

function stepsOf(path: string): Path {
  const words = path.match(/[^.[\]]+/g) ?? [];
  return words.map((word) => (/^\d+$/.test(word) ? Number(word) : word));
}
