/**
 * The error of a command line that ipvsadm refuses.
 * @module
 */

/** The exit status of the program: of an option that it does not know, and of any other mistake. */
export const STATUS = { unknown: 255, usage: 2 } as const;

/** What is wrong, for those who do not print the message of ipvsadm. */
export interface Mistake {
  /** The exit status of ipvsadm. Default {@link STATUS}.usage. */
  readonly status?: number;
  /** The index of the word that is wrong. Default: none, or unknown yet. */
  readonly word?: number | undefined;
  /** The rule that the word breaks: 'is not an integer from 0 to 255'. Default: the message. */
  readonly rule?: string;
}

/** A command line that ipvsadm refuses. The message is what ipvsadm prints. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly status: number;
  readonly rule: string;
  /** The index of the word that is wrong, if there is a single one. */
  word: number | undefined;

  constructor(message: string, { status = STATUS.usage, word, rule = message }: Mistake = {}) {
    super(message);
    this.status = status;
    this.word = word;
    this.rule = rule;
  }
}
