/**
 * Documents of JSON or YAML, whose values have positions. JSON is a part of YAML 1.2, so that one
 * parser reads both. It refuses an object that has a key twice.
 * @module
 */
import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  mergeTag,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from 'js-yaml';
import { InputFileError } from '../failures.js';

/** The keys and indices from the root of a document to a value. */
export type Path = readonly (string | number)[];

/** A position in a text, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A parsed document. */
export interface ParsedDocument {
  readonly value: unknown;
  /**
   * Returns the position of a value, or of the key of a property. If there is no such value in the
   * text, such as in an alias, returns the position of the nearest one that contains it.
   */
  positionOf(path: Path): Position;
}

/** YAML 1.2, and merge keys (`<<: *defaults`). */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

/**
 * Parses a text of one document.
 * @param name the name of the file, for errors
 * @throws InputFileError it is not one document of JSON or YAML
 */
export function parseDocument(name: string, text: string): ParsedDocument {
  let events: readonly Event[];
  let values: readonly unknown[];
  try {
    const parsed = parseEvents(text, {});
    events = parsed;
    values = constructFromEvents(parsed, { source: text, schema: SCHEMA });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { mark, reason } = error;
    const position = mark && { line: mark.line + 1, column: mark.column + 1 };
    throw new InputFileError(`${placeIn(name, position)}: ${reason}`);
  }
  if (values.length !== 1) {
    const count = values.length === 0 ? 'the text is empty' : 'there is more than one document';
    throw new InputFileError(`${name}: ${count}`);
  }
  return {
    value: values[0],
    positionOf: (path) => positionAt(text, offsetOf(text, events, path)),
  };
}

/** Returns a position in a file as text: 'state.yaml:3:5'; its name if there is no position. */
export function placeIn(name: string, position: Position | undefined): string {
  return position === undefined ? name : `${name}:${position.line}:${position.column}`;
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/**
 * Returns where a value begins, or the key of a property; else the nearest one that contains it.
 */
function offsetOf(text: string, events: readonly Event[], path: Path): number {
  // The first event begins the document.
  let at = 1;
  let offset = startOf(events[at]);
  for (const step of path) {
    const place = findChild(text, events, at, step);
    if (place === undefined) break;
    at = place.value;
    offset = startOf(events[place.key]);
  }
  return offset;
}

/** Returns the events of a property or item of the collection at `at`. */
function findChild(
  text: string,
  events: readonly Event[],
  at: number,
  step: string | number,
): { readonly key: number; readonly value: number } | undefined {
  const type = events[at]?.type;
  if (type === EVENT_ID.SEQUENCE) {
    let index = 0;
    for (let item = at + 1; !isEnd(events[item]); item = after(events, item)) {
      if (index++ === step) return { key: item, value: item };
    }
  }
  if (type === EVENT_ID.MAPPING) {
    for (let key = at + 1; !isEnd(events[key]); ) {
      const value = after(events, key);
      const event = events[key];
      if (event?.type === EVENT_ID.SCALAR && getScalarValue(text, event) === step) {
        return { key, value };
      }
      key = after(events, value);
    }
  }
  return undefined;
}

function isEnd(event: Event | undefined): boolean {
  return event === undefined || event.type === EVENT_ID.POP;
}

/** Returns the place behind the value at `at`. */
function after(events: readonly Event[], at: number): number {
  let depth = 0;
  for (let place = at; place < events.length; place++) {
    const type = events[place]?.type;
    if (type === EVENT_ID.POP) depth--;
    else if (type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING) depth++;
    if (depth === 0) return place + 1;
  }
  return events.length;
}

function startOf(event: Event | undefined): number {
  switch (event?.type) {
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.SCALAR:
      return isQuoted(event) ? event.valueStart - 1 : event.valueStart;
    case EVENT_ID.ALIAS:
      return event.anchorStart - 1;
    default:
      return 0;
  }
}

function isQuoted({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
}
