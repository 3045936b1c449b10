/**
 * The view of the table, and the keys that change it.
 * @module
 */
import { SORT_COLUMNS, type SortColumn } from './columns.js';
import type { ServicePlace } from './listing.js';

/** The choices of the user. */
export interface View {
  readonly sort: SortColumn;
  readonly reversed: boolean;
  /** Text that the shown rows contain. */
  readonly filter: string;
  /** True while the user types the filter. */
  readonly isTyping: boolean;
  /** True if the destinations of services are shown, but for those in `exceptions`. */
  readonly isExpanded: boolean;
  /** The keys of the services whose state is the opposite of `isExpanded`. */
  readonly exceptions: ReadonlySet<string>;
  /** True if new samples are not shown. */
  readonly isPaused: boolean;
  /** The place of the cursor among all rows. */
  readonly cursor: number;
  /** The place of the first row on the screen. */
  readonly top: number;
}

/** Returns true if the destinations of a service are shown. */
export const isExpanded = ({ isExpanded, exceptions }: View, service: string): boolean =>
  isExpanded !== exceptions.has(service);

/** Returns the view with the cursor on one of `count` rows, and on the screen of `height` rows. */
export function fitView(view: View, count: number, height: number): View {
  const cursor = Math.max(Math.min(view.cursor, count - 1), 0);
  const highest = Math.max(count - height, 0);
  const top = Math.max(Math.min(view.top, cursor, highest), cursor - height + 1);
  return { ...view, cursor, top };
}

/** A key, as node:readline describes it. */
export interface Key {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
}

/** The rows and the screen that keys refer to. */
interface Surroundings {
  /** The number of rows on the screen. */
  readonly height: number;
  /** The service under the cursor, or the destination's service; undefined if there are none. */
  readonly service: ServicePlace | undefined;
}

/** The effect of a key: another view, or an action on the program. */
export type Action = View | 'quit' | 'suspend' | 'redraw';

type Press = (view: View, surroundings: Surroundings) => Action;

const moveBy =
  (rows: (height: number) => number): Press =>
  (view, { height }) => ({ ...view, cursor: Math.max(view.cursor + rows(height), 0) });

const sortBy =
  (step: number): Press =>
  (view) => {
    const place = SORT_COLUMNS.indexOf(view.sort) + step;
    const last = SORT_COLUMNS.length - 1;
    return { ...view, sort: SORT_COLUMNS[Math.max(Math.min(place, last), 0)] };
  };

const toggle: Press = (view, { service }) => {
  if (service === undefined) return view;
  const exceptions = new Set(view.exceptions);
  if (!exceptions.delete(service.key)) exceptions.add(service.key);
  return { ...view, exceptions, cursor: service.place };
};

const mapOf = (keys: Readonly<Record<string, Press>>): ReadonlyMap<string, Press> =>
  new Map(Object.entries(keys));

/** Keys by name or by character. */
const KEYS = mapOf({
  q: () => 'quit',
  up: moveBy(() => -1),
  k: moveBy(() => -1),
  down: moveBy(() => 1),
  j: moveBy(() => 1),
  pageup: moveBy((height) => -height),
  pagedown: moveBy((height) => height),
  home: (view) => ({ ...view, cursor: 0 }),
  end: (view) => ({ ...view, cursor: Number.MAX_SAFE_INTEGER }),
  left: sortBy(-1),
  '<': sortBy(-1),
  right: sortBy(1),
  '>': sortBy(1),
  r: (view) => ({ ...view, reversed: !view.reversed }),
  return: toggle,
  space: toggle,
  a: (view) => ({ ...view, isExpanded: !view.isExpanded, exceptions: new Set() }),
  p: (view) => ({ ...view, isPaused: !view.isPaused }),
  '/': (view) => ({ ...view, isTyping: true }),
  escape: (view) => ({ ...view, filter: '' }),
});

/** Keys while the user types the filter. Other characters are typed. */
const TYPING_KEYS = mapOf({
  return: (view) => ({ ...view, isTyping: false }),
  escape: (view) => ({ ...view, isTyping: false, filter: '' }),
  backspace: (view) => ({ ...view, filter: view.filter.slice(0, -1) }),
  up: moveBy(() => -1),
  down: moveBy(() => 1),
  pageup: moveBy((height) => -height),
  pagedown: moveBy((height) => height),
});

const CONTROL_KEYS = mapOf({
  c: () => 'quit',
  z: () => 'suspend',
  l: () => 'redraw',
  u: (view) => ({ ...view, filter: '' }),
});

/** The longest filter. */
const MAX_FILTER = 60;

/** Returns what a key does in a view. An unknown key changes nothing. */
export function press(view: View, key: Key, surroundings: Surroundings): Action {
  const { name = '', sequence = '', ctrl, meta } = key;
  const keys = ctrl === true ? CONTROL_KEYS : view.isTyping ? TYPING_KEYS : KEYS;
  const pressed =
    meta === true && name !== 'escape' ? undefined : (keys.get(name) ?? keys.get(sequence));
  if (pressed !== undefined) return pressed(view, surroundings);
  if (!view.isTyping || !/^[ -~]$/.test(sequence)) return view;
  const filter = `${view.filter}${sequence}`.slice(0, MAX_FILTER);
  return { ...view, filter, cursor: 0 };
}
