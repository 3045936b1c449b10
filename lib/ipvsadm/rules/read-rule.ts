/**
 * Reading a line of rules: its command, with the places of its words.
 * @module
 */
import { parseCommandLine } from '../grammar/command-line.js';
import { CommandLineError } from '../grammar/command-line-error.js';
import type { Reading } from '../grammar/endpoint.js';
import type { Invocation } from '../grammar/invocation.js';
import { NO_NAME } from '../print-endpoint.js';
import type { Word } from './rule-words.js';
import { rulesError } from './rules-error.js';

/** A command of rules, and the words for its errors. */
export interface Rule {
  readonly invocation: Invocation;
  /** The word of the command, of its service, and of its server. */
  readonly word: Word;
  readonly serviceWord: Word;
  readonly serverWord: Word;
}

/**
 * Reads a line of rules; undefined if it has only the name of the program.
 * @throws RulesError
 */
export function readRule(all: readonly Word[], reading: Reading): Rule | undefined {
  const words = knownWords(withoutName(all));
  const [first] = words;
  if (first === undefined) return undefined;
  const texts = words.map(({ text }) => text);
  let invocation: Invocation;
  try {
    invocation = parseCommandLine(texts, reading);
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    const word = words[error.word ?? 0] ?? first;
    throw rulesError(word.text, error.rule, word);
  }
  const { given } = invocation;
  return {
    invocation,
    word: first,
    serviceWord: words[given.get('service-address') ?? 0] ?? first,
    serverWord: words[given.get('real-server') ?? 0] ?? first,
  };
}

/** Returns the words behind the name of the program. */
function withoutName(words: readonly Word[]): readonly Word[] {
  const isName = /^(?:.*\/)?ipvsadm$/.test(words[0]?.text ?? '');
  return isName ? words.slice(1) : words;
}

/**
 * Leaves out what ipvsadm prints for a method of forwarding that it does not know. The scheduler of
 * that name is read as none.
 */
function knownWords(words: readonly Word[]): readonly Word[] {
  const isScheduler = (word: Word | undefined) =>
    word?.text === '-s' || word?.text === '--scheduler';
  return words.filter(({ text }, index) => text !== NO_NAME || isScheduler(words[index - 1]));
}
