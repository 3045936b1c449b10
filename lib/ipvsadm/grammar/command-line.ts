/**
 * Command lines: from words to a command with the values of its options.
 *
 * Words are read in the way of popt, the library that ipvsadm uses: letters may stand together
 * (`-Ln`), a value may be attached (`-t10.0.0.1:80`, `-t=10.0.0.1:80`, `--weight=3`) or be the next
 * word, and options may come in any order behind the command.
 * @module
 */
import { checkService, checkTopics, completeDestination, readFlags } from './check-invocation.js';
import { CommandLineError, STATUS } from './command-line-error.js';
import type { Reading } from './endpoint.js';
import { BY_LETTER, BY_NAME, type Flag, OPTIONS, type OptionName } from './grammar.js';
import { type Draft, emptyDraft, type Invocation } from './invocation.js';
import { READERS, readTimeout } from './option-values.js';

/** A command line without a command at its beginning. The caller knows the name of the program. */
export class NoCommandError extends CommandLineError {
  constructor() {
    const rule = 'is no command: -A, -E, -D, -a, -e, -d, -C, ...';
    super('', { status: STATUS.failure, word: 0, rule });
  }
}

/** The words of a command line, read one option after the other. */
class Scanner {
  readonly #words: readonly string[];
  readonly #quirks: boolean;
  /** The index of the next word. */
  #next = 0;
  /** The rest of a word with several letters. */
  #letters = '';
  #isEnded = false;
  /** The words that are no options and no values, by index. */
  readonly rest: number[] = [];
  /** The index of the word that had the last option, and of the word that has its value. */
  word = 0;
  valueWord = 0;

  constructor(words: readonly string[], { quirks }: Reading) {
    this.#words = words;
    this.#quirks = quirks;
  }

  /** The last word that was read: an option, or its value. */
  get lastText(): string {
    return this.#words[this.valueWord] ?? '';
  }

  /** Returns the next option or command with its value; undefined at the end. */
  next(): { readonly flag: Flag; readonly value: string | undefined } | undefined {
    while (this.#letters === '') {
      const index = this.#next;
      const word = this.#words[index];
      if (word === undefined) return undefined;
      this.#next++;
      if (this.#isEnded || !word.startsWith('-') || word === '-') {
        this.rest.push(index);
      } else if (word === '--') {
        this.#isEnded = true;
      } else {
        this.word = index;
        if (word.startsWith('--')) return this.#long(word);
        this.#letters = word.slice(1);
      }
    }
    return this.#letter();
  }

  #long(word: string) {
    const equals = word.indexOf('=');
    const flag = BY_NAME.get(word.slice(2, equals < 0 ? undefined : equals));
    if (flag === undefined) throw this.#error('unknown option');
    return this.#withValue(flag, equals < 0 ? undefined : word.slice(equals + 1));
  }

  #letter() {
    const [letter = ''] = this.#letters;
    const flag = BY_LETTER.get(letter);
    if (flag === undefined) throw this.#error('unknown option');
    const behind = this.#letters.slice(letter.length);
    if (flag.value === 'none' && !behind.startsWith('=')) {
      this.#letters = behind;
      this.valueWord = this.word;
      return { flag, value: '' };
    }
    this.#letters = '';
    const attached = behind.startsWith('=') ? behind.slice(1) : behind;
    return this.#withValue(flag, behind === '' ? undefined : attached);
  }

  #withValue(flag: Flag, attached: string | undefined) {
    this.valueWord = this.word;
    if (flag.value === 'none') {
      if (attached !== undefined) throw this.#error('option does not take an argument');
      return { flag, value: '' };
    }
    if (attached !== undefined) return { flag, value: attached };
    const following = this.#words[this.#next];
    if (following === undefined || (flag.value === 'optional' && following.startsWith('-'))) {
      if (flag.name === 'sched-flags' && !this.#quirks) return { flag, value: '' };
      if (flag.value === 'required') throw this.#error('missing argument');
      return { flag, value: undefined };
    }
    this.valueWord = this.#next++;
    return { flag, value: following };
  }

  #error(why: string): CommandLineError {
    return new CommandLineError(`${this.#words[this.word]}: ${why}`, {
      status: STATUS.failure,
      word: this.word,
      rule: why === 'missing argument' ? 'lacks its value' : `is wrong: ${why}`,
    });
  }
}

/**
 * Reads a command line.
 * @param words the words behind the name of the program
 * @throws CommandLineError; its subclass {@link NoCommandError} if the first word is no command
 */
export function parseCommandLine(words: readonly string[], reading: Reading): Invocation {
  const scanner = new Scanner(words, reading);
  const { draft, value: role } = readCommand(scanner);
  const { command } = draft;
  if (command === 'help' || command === 'version') return draft;
  if (command === 'start-daemon' || command === 'stop-daemon') readRole(draft, role, scanner);
  const flags = readOptions(scanner, draft, reading);
  const rest = scanner.rest.map((index) => words[index] ?? '');
  const used = command === 'set' ? readTimeouts(draft, rest, scanner) : 0;
  const extra = rest[used];
  if (extra !== undefined) {
    const word = scanner.rest[used];
    throw new CommandLineError(`unexpected argument ${extra}`, {
      word,
      rule: 'is one word too many',
    });
  }
  if (flags !== undefined) readFlags(draft, flags);
  checkTopics(draft);
  if (command === 'add-service' || command === 'edit-service') checkService(draft);
  if (command === 'add-server' || command === 'edit-server') completeDestination(draft);
  return draft;
}

/** Reads the first option, which must be a command. */
function readCommand(scanner: Scanner): { readonly draft: Draft; readonly value: string } {
  let first: ReturnType<Scanner['next']>;
  try {
    first = scanner.next();
  } catch {
    throw new NoCommandError();
  }
  if (first?.flag.kind !== 'command') throw new NoCommandError();
  return { draft: emptyDraft(first.flag.name), value: first.value ?? '' };
}

function readRole({ command, daemon }: Draft, role: string, { valueWord }: Scanner): void {
  if (role !== 'master' && role !== 'backup') {
    const option = command === 'start-daemon' ? 'start-daemon parameter' : 'start_daemon';
    const rule = 'is neither master nor backup';
    throw new CommandLineError(`illegal ${option} specified`, { word: valueWord, rule });
  }
  daemon.role = role;
  if (command === 'start-daemon') daemon.interface = 'eth0';
}

/** Reads all options. Returns the value of `-b`, which needs the scheduler. */
function readOptions(scanner: Scanner, draft: Draft, reading: Reading): string | undefined {
  let flags: string | undefined;
  for (let next = scanner.next(); next !== undefined; next = scanner.next()) {
    const { flag, value } = next;
    if (flag.kind === 'command') {
      const rule = 'is a second command';
      throw new CommandLineError(`invalid option \`${scanner.lastText}'`, {
        word: scanner.word,
        rule,
      });
    }
    mark(draft, flag.name, scanner);
    try {
      READERS[flag.name](draft, value, reading);
    } catch (error) {
      if (error instanceof CommandLineError) error.word ??= scanner.valueWord;
      throw error;
    }
    if (flag.name === 'sched-flags') flags = value;
  }
  return flags;
}

/** Notes that the topic of an option is given, which must not be so yet. */
function mark({ given }: Draft, name: OptionName, { word, valueWord }: Scanner): void {
  const { topic } = OPTIONS[name];
  if (topic === undefined) return;
  if (given.has(topic)) {
    const rule = `repeats the option '${topic}', or contradicts it`;
    throw new CommandLineError(`multiple '${topic}' options specified`, { word, rule });
  }
  given.set(topic, valueWord);
}

/** Reads the three values of `--set`. Returns their number. */
function readTimeouts(draft: Draft, rest: readonly string[], scanner: Scanner): number {
  const [tcp, tcpFin, udp] = rest;
  if (tcp === undefined || tcpFin === undefined || udp === undefined) {
    const rule = 'takes three timeouts: tcp, tcpfin and udp';
    throw new CommandLineError('--set option requires 3 timeout values', { word: 0, rule });
  }
  const read = (text: string, place: number) => {
    try {
      return readTimeout(text, 0);
    } catch (error) {
      if (error instanceof CommandLineError) error.word = scanner.rest[place];
      throw error;
    }
  };
  draft.timeouts = [read(tcp, 0), read(tcpFin, 1), read(udp, 2)];
  return 3;
}
