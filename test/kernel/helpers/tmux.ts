/**
 * Programs in a real terminal, that of tmux.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './namespace.js';

/** What a program can change of a terminal, and has to restore. */
export interface TerminalState {
  /** True while the alternate screen is shown. */
  readonly isAlternate: boolean;
  readonly hasCursor: boolean;
  /** True if long lines are wrapped. */
  readonly wraps: boolean;
  /** True if the terminal echoes, and passes on whole lines. */
  readonly isCooked: boolean;
}

/** A terminal with bash, which reads commands. */
export class Tmux {
  readonly #folder = mkdtempSync('/run/tmux-');

  constructor(columns: number, rows: number) {
    const size = ['-x', String(columns), '-y', String(rows)];
    const shell = 'PS1="ready> " exec bash --norc --noprofile --noediting -i';
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, shell);
  }

  /** Types a line for the shell. */
  type(line: string): void {
    this.#tmux('send-keys', '-l', line);
    this.press('Enter');
  }

  /** Presses keys, by the names of tmux: 'q', 'C-c', 'Down'. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Returns the lines of the screen, without blanks at their ends. */
  get lines(): readonly string[] {
    return this.#tmux('capture-pane', '-p').split('\n');
  }

  /** Returns the screen with the sequences of its colours. */
  get coloured(): string {
    return this.#tmux('capture-pane', '-p', '-e');
  }

  get state(): TerminalState {
    const format = '#{alternate_on} #{cursor_flag} #{wrap_flag} #{pane_tty}';
    const words = this.#tmux('display-message', '-p', format).trim().split(' ');
    const [isAlternate, hasCursor, wraps] = words.map((word) => word === '1');
    const modes = run('stty', ['-a', '-F', words[3] ?? '']);
    const isCooked = / icanon /.test(modes) && / echo /.test(modes);
    return {
      isAlternate: isAlternate === true,
      hasCursor: hasCursor === true,
      wraps: wraps === true,
      isCooked,
    };
  }

  close(): void {
    this.#tmux('kill-server');
    rmSync(this.#folder, { recursive: true });
  }

  #tmux(...args: readonly string[]): string {
    return run('env', ['TERM=xterm', 'tmux', '-S', join(this.#folder, 'socket'), ...args]);
  }
}
