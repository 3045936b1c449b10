/**
 * The terminal: an alternate screen and unbuffered keys, which are always undone.
 * @module
 */
import { emitKeypressEvents } from 'node:readline';
import type { Context } from '../command.js';
import type { Line, Size } from './frame.js';
import { COLOURS, ENTER, LEAVE, MONOCHROME, type Palette, paint } from './paint.js';
import type { Key } from './view.js';

/** The events of the terminal. */
interface TerminalEvents {
  readonly onKey: (key: Key) => void;
  /** The screen must be drawn again, perhaps in another size. */
  readonly onChange: () => void;
}

const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

/** The signals that end a process, and that a terminal or a person sends. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Returns true if frames can be drawn on standard output. */
export function isTerminal({ stdout, env }: Pick<Context, 'stdout' | 'env'>): boolean {
  const term = env['TERM'] ?? '';
  return stdout.isTTY === true && term !== '' && term !== 'dumb';
}

/**
 * A terminal in use. It is restored by {@link Terminal.close}, when the process exits for any
 * reason but SIGKILL, and while the process is stopped.
 */
export class Terminal {
  readonly #stdin: Context['stdin'];
  readonly #stdout: Context['stdout'];
  readonly #events: TerminalEvents;
  readonly #palette: Palette;
  readonly #hasKeys: boolean;
  #isEntered = false;
  #drawn: readonly Line[] | undefined;
  readonly #onKeypress = (_text: unknown, key: Key) => this.#events.onKey(key);
  readonly #onExit = () => this.#leave();
  readonly #onEnding = (signal: NodeJS.Signals) => {
    this.close();
    // Without a listener, the signal ends the process.
    process.kill(process.pid, signal);
  };
  readonly #onStop = () => this.#stop(process.pid);
  readonly #onContinue = () => {
    // After SIGSTOP, which could not be seen: the shell has changed the terminal.
    if (this.#isEntered) this.#enter();
  };
  readonly #onResize = () => this.redraw();

  /** Takes over the terminal. */
  constructor({ stdin, stdout, env }: Context, events: TerminalEvents) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#events = events;
    this.#palette = (env['NO_COLOR'] ?? '') === '' ? COLOURS : MONOCHROME;
    this.#hasKeys = stdin.isTTY === true;
    process.on('exit', this.#onExit);
    for (const signal of ENDING) process.on(signal, this.#onEnding);
    process.on('SIGTSTP', this.#onStop);
    process.on('SIGCONT', this.#onContinue);
    stdout.on('resize', this.#onResize);
    if (this.#hasKeys) {
      emitKeypressEvents(stdin);
      stdin.on('keypress', this.#onKeypress);
      stdin.resume();
    }
    this.#enter();
  }

  get size(): Size {
    const { columns, rows } = this.#stdout;
    // Some terminals without a size report 0.
    return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
  }

  /** Draws a frame, in one write. */
  draw(frame: readonly Line[]): void {
    if (!this.#isEntered) return;
    const text = paint(this.#drawn, frame, this.#palette);
    this.#drawn = frame;
    if (text !== '') this.#stdout.write(text);
  }

  /** Forgets what is on the screen, and asks for a new frame. */
  redraw(): void {
    this.#drawn = undefined;
    this.#events.onChange();
  }

  /** Stops the job of the shell that this process belongs to, as Ctrl-Z does elsewhere. */
  suspend(): void {
    this.#stop(0);
  }

  /** Restores the terminal. */
  close(): void {
    this.#leave();
    process.off('exit', this.#onExit);
    for (const signal of ENDING) process.off(signal, this.#onEnding);
    process.off('SIGTSTP', this.#onStop);
    process.off('SIGCONT', this.#onContinue);
    this.#stdout.off('resize', this.#onResize);
    if (!this.#hasKeys) return;
    this.#stdin.off('keypress', this.#onKeypress);
    this.#stdin.pause();
  }

  #enter(): void {
    // The mode is set again only if it was another one in between.
    if (this.#hasKeys) this.#stdin.setRawMode(false).setRawMode(true);
    this.#stdout.write(ENTER);
    this.#isEntered = true;
    this.redraw();
  }

  #leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#stdout.write(LEAVE);
    if (this.#hasKeys) this.#stdin.setRawMode(false);
  }

  /** Restores the terminal, stops, and takes the terminal over again when the process continues. */
  #stop(process_: number): void {
    this.#leave();
    // Without a listener, the signal stops the process, unless no shell could continue it.
    process.off('SIGTSTP', this.#onStop);
    process.kill(process_, 'SIGTSTP');
    setImmediate(() => {
      process.on('SIGTSTP', this.#onStop);
      this.#enter();
    });
  }
}
