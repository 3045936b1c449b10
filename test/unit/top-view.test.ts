import { describe, expect, test } from 'vitest';
import { SORT_COLUMNS, sortName } from '../../lib/cli/top/columns.js';
import {
  type Action,
  fitView,
  isExpanded,
  type Key,
  press,
  type View,
} from '../../lib/cli/top/view.js';

const WEB = 'tcp://10.96.0.1:80';
const view: View = {
  sort: undefined,
  reversed: false,
  filter: '',
  isTyping: false,
  isExpanded: true,
  exceptions: new Set(),
  isPaused: false,
  cursor: 30,
  top: 20,
};

/** A key as node:readline describes it, by its name or character. */
function keyOf(text: string): Key {
  if (text.startsWith('ctrl-')) return { name: text.slice(5), ctrl: true, sequence: '\x01' };
  if (text === 'escape') return { name: text, meta: true, sequence: '\x1b' };
  if (text === ' ') return { name: 'space', sequence: text };
  if (text.length > 1) return { name: text, sequence: '\x1b[X' };
  return /[a-z]/.test(text) ? { name: text, sequence: text } : { sequence: text };
}

/** Presses keys one after the other. */
function type(keys: readonly string[], begin: Partial<View> = {}): View {
  return keys.reduce<View>(
    (current, key) => {
      const action = act(key, current);
      if (typeof action === 'string') expect.unreachable(`${key}: ${action}`);
      return action;
    },
    { ...view, ...begin },
  );
}

const act = (key: string, current: View = view): Action =>
  press(current, keyOf(key), { height: 10, service: { key: WEB, place: 28 } });

describe('keys', () => {
  test.each([
    ['q', 'quit'],
    ['ctrl-c', 'quit'],
    ['ctrl-z', 'suspend'],
    ['ctrl-l', 'redraw'],
  ])('%s: %s', (key, action) => {
    expect(act(key)).toBe(action);
  });

  test.each([
    ['up', 29],
    ['k', 29],
    ['down', 31],
    ['j', 31],
    ['pageup', 20],
    ['pagedown', 40],
    ['home', 0],
  ])('%s moves the cursor to %d', (key, cursor) => {
    expect(type([key])).toEqual({ ...view, cursor });
  });

  test('the cursor stays on the rows', () => {
    expect(type(['up'], { cursor: 0 }).cursor).toBe(0);
    expect(fitView(type(['end']), 100, 10)).toMatchObject({ cursor: 99, top: 90 });
    expect(fitView(view, 5, 10)).toMatchObject({ cursor: 4, top: 0 });
    expect(fitView(view, 0, 10)).toMatchObject({ cursor: 0, top: 0 });
    expect(fitView({ ...view, cursor: 19 }, 100, 10)).toMatchObject({ cursor: 19, top: 19 });
    expect(fitView({ ...view, cursor: 29 }, 100, 10)).toMatchObject({ cursor: 29, top: 20 });
    expect(fitView(view, 100, 10)).toMatchObject({ cursor: 30, top: 21 });
    expect(fitView(view, 28, 10)).toMatchObject({ cursor: 27, top: 18 });
  });

  test('< and > go through all columns, and stop at the ends', () => {
    const sorts = ['>', 'right', '>', '>', '>', '>', '>', '>', '>'].map(
      (_, index, keys) => type(keys.slice(0, index + 1)).sort,
    );
    expect(sorts.map(sortName)).toEqual(
      [...SORT_COLUMNS.slice(1), SORT_COLUMNS.at(-1)].map(sortName),
    );
    expect(type(['<', '>', '>', 'left']).sort).toBe(SORT_COLUMNS[1]);
  });

  test('r reverses, p pauses', () => {
    expect(type(['r', 'p'])).toEqual({ ...view, reversed: true, isPaused: true });
    expect(type(['r', 'p', 'r', 'p'])).toEqual(view);
  });

  test('Enter and the space bar hide and show the destinations of the service', () => {
    for (const key of ['return', ' ']) {
      const hidden = type([key]);
      expect(isExpanded(hidden, WEB)).toBe(false);
      expect(isExpanded(hidden, 'tcp://10.96.0.2:80')).toBe(true);
      // The row under the cursor may be a destination, which is hidden then.
      expect(hidden.cursor).toBe(28);
      expect(isExpanded(type([key, key]), WEB)).toBe(true);
    }
  });

  test('Enter does nothing without services', () => {
    expect(press(view, keyOf('return'), { height: 10, service: undefined })).toEqual(view);
  });

  test('a hides and shows all destinations', () => {
    const hidden = type(['return', 'a']);
    expect(isExpanded(hidden, WEB)).toBe(false);
    expect(isExpanded(hidden, 'tcp://10.96.0.2:80')).toBe(false);
    expect(isExpanded(type(['return', 'a', 'a']), WEB)).toBe(true);
  });

  test('others change nothing', () => {
    for (const key of ['x', 'f1', 'tab', 'ctrl-x', 'undefined', 'constructor', 'é']) {
      expect(type([key])).toEqual(view);
    }
    expect(
      press(view, { name: 'q', meta: true, sequence: '\x1bq' }, { height: 9, service: undefined }),
    ).toEqual(view);
    expect(press(view, {}, { height: 9, service: undefined })).toEqual(view);
  });
});

describe('a filter', () => {
  test('is typed after /, and Enter keeps it', () => {
    expect(type(['/', '1', '0', '.', 'q', ' ', '/', 'é'])).toEqual({
      ...view,
      filter: '10.q /',
      isTyping: true,
      cursor: 0,
    });
    expect(type(['/', '1', 'return', 'r'])).toEqual({
      ...view,
      filter: '1',
      reversed: true,
      cursor: 0,
    });
  });

  test('is changed by the backspace key, and cleared by Escape', () => {
    expect(type(['/', '1', '0', 'backspace']).filter).toBe('1');
    expect(type(['/', 'backspace']).filter).toBe('');
    expect(type(['/', '1', 'escape'])).toMatchObject({ filter: '', isTyping: false });
    expect(type(['/', '1', 'return', 'escape'])).toMatchObject({ filter: '', isTyping: false });
    expect(type(['/', '1', 'ctrl-u'])).toMatchObject({ filter: '', isTyping: true });
  });

  test('lets the cursor move, and Ctrl-C quit', () => {
    const typing = type(['/', '1', 'down', 'pagedown']);
    expect(typing).toMatchObject({ filter: '1', cursor: 11 });
    expect(act('ctrl-c', typing)).toBe('quit');
  });

  test('has a limit', () => {
    expect(type(['/', ...'x'.repeat(100)]).filter).toBe('x'.repeat(60));
  });
});
