/**
 * The error of a command line that ipvsadm refuses.
 * @module
 */

/** The exit statuses of ipvsadm. */
export const STATUS = {
  success: 0,
  /** The listed objects cannot be read. */
  unreadable: 1,
  /** A mistake in the command line, or a kernel without IPVS. */
  usage: 2,
  /**
   * An option that ipvsadm does not know, a word that is no command, or a refusal of the kernel.
   */
  failure: 255,
} as const;

/** The details of a mistake, for callers that do not print the message of ipvsadm. */
interface Mistake {
  /** The exit status of ipvsadm. Default {@link STATUS}.usage. */
  readonly status?: number;
  /** The index of the word that is wrong. Default: none, or unknown yet. */
  readonly word?: number | undefined;
  /** The rule that the word breaks: 'is not an integer from 0 to 255'. Default: the message. */
  readonly rule?: string;
}

/** A command line that ipvsadm refuses. The message is what ipvsadm prints. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
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
