/**
 * The live form of `ipvs top`, in a terminal.
 * @module
 */
import type { Ipvs } from '../../index.js';
import type { Context } from '../command.js';
import { type Content, contentOf, frameOf, rowsIn } from './frame.js';
import { Listing } from './listing.js';
import { periodsOf } from './periods.js';
import type { Settings } from './settings.js';
import { Terminal } from './terminal.js';
import { fitView, isExpanded, type Key, press, type View } from './view.js';

/**
 * Shows the table until the user quits, or the intervals have ended.
 * @param notes texts for the status line
 */
export async function showLive(
  ipvs: Ipvs,
  settings: Settings,
  notes: readonly string[],
  context: Context,
): Promise<void> {
  const { interval, count = Number.POSITIVE_INFINITY } = settings;
  const periods = periodsOf(ipvs, { interval, count });
  const screen = new Screen(settings, notes, context, () => void periods.end());
  try {
    for await (const { services, time } of periods) {
      screen.show(contentOf(services, time.toTimeString().slice(0, 8)));
    }
  } finally {
    screen.close();
  }
}

/** The view of the user on the table. */
class Screen {
  readonly #terminal: Terminal;
  readonly #notes: readonly string[];
  readonly #quit: () => void;
  #view: View;
  /** The shown content, which stays the same while the view is paused. */
  #content: Content | undefined;
  #latest: Content | undefined;
  #listing:
    | { readonly content: Content; readonly view: View; readonly listing: Listing }
    | undefined;

  constructor(
    { sort, reversed, filter, hasDestinations }: Settings,
    notes: readonly string[],
    context: Context,
    quit: () => void,
  ) {
    this.#quit = quit;
    this.#notes = notes;
    this.#view = {
      sort,
      reversed,
      filter,
      isTyping: false,
      isExpanded: hasDestinations,
      exceptions: new Set(),
      isPaused: false,
      cursor: 0,
      top: 0,
    };
    this.#terminal = new Terminal(context, {
      onKey: (key) => this.#press(key),
      onChange: () => this.#draw(),
    });
  }

  /** Shows a sample. */
  show(content: Content): void {
    this.#latest = content;
    this.#draw();
  }

  close(): void {
    this.#terminal.close();
  }

  #press(key: Key): void {
    const height = rowsIn(this.#terminal.size);
    const service = this.#list()?.serviceAt(this.#isOpen, this.#view.cursor);
    const action = press(this.#view, key, { height, service });
    if (action === 'quit') {
      this.#quit();
    } else if (action === 'suspend') {
      this.#terminal.suspend();
    } else if (action === 'redraw') {
      this.#terminal.redraw();
    } else {
      this.#view = action;
      this.#draw();
    }
  }

  readonly #isOpen = (service: string): boolean => isExpanded(this.#view, service);

  #draw(): void {
    // A resize may come before the first sample, and before the constructor has returned.
    if (this.#latest === undefined) return;
    if (!this.#view.isPaused || this.#content === undefined) this.#content = this.#latest;
    const listing = this.#list();
    if (listing === undefined) return;
    const { size } = this.#terminal;
    this.#view = fitView(this.#view, listing.count(this.#isOpen), rowsIn(size));
    this.#terminal.draw(frameOf(this.#content, listing, this.#view, size, this.#notes));
  }

  /** Returns the rows in order. The order is made again only if something has changed. */
  #list(): Listing | undefined {
    const content = this.#content;
    if (content === undefined) return undefined;
    const { sort, reversed, filter } = this.#view;
    const made = this.#listing;
    if (
      made?.content === content &&
      made.view.sort === sort &&
      made.view.reversed === reversed &&
      made.view.filter === filter
    ) {
      return made.listing;
    }
    const listing = new Listing(content.services, { sort, reversed }, filter);
    this.#listing = { content, view: this.#view, listing };
    return listing;
  }
}
