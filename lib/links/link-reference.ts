/**
 * The properties that identify the link of a request.
 * @module
 */
import { own } from '../core/check.js';
import { wrongType } from '../core/input-errors.js';
import { decodeName, newLinkNameBytes } from '../core/link-name.js';
import { layout } from '../native/layout.js';
import { checkLinkIndex } from './link-index.js';
import type { LinkRequestBuffer } from './request-buffer.js';

/** A link by its name, by its index, or as an object of the library, which stands for its index. */
export type LinkReference = string | number | { readonly index: number };

const { fields } = layout.linkRequest;

/** Checks and encodes the name of the link that a request is about. @internal */
export function encodeLinkName(request: LinkRequestBuffer, property: string, name: unknown): void {
  request.records.setNameBytes(request.current, fields.name, newLinkNameBytes(property, name));
}

/**
 * Checks and encodes the link that a request is about.
 * @returns its name, as it was given, or its index
 * @internal
 */
export function encodeLinkReference(
  request: LinkRequestBuffer,
  property: string,
  reference: unknown,
): string | number {
  if (typeof reference === 'string') {
    encodeLinkName(request, property, reference);
    return reference;
  }
  const isObject = typeof reference === 'object' && reference !== null;
  const index = isObject ? own(reference, 'index') : reference;
  if (typeof index !== 'number') {
    throw wrongType(
      property,
      reference,
      'a link: its name, its index, or an object with its index',
    );
  }
  const checked = checkLinkIndex(isObject ? `${property}.index` : property, index);
  request.records.setNumber(request.current, fields.index, checked);
  return checked;
}

/**
 * Returns the link of the request at `at` as messages call it: by its name where the request has
 * one, otherwise by its index; '' if there is no link.
 * @internal
 */
export function formatLinkReference(request: LinkRequestBuffer, at: number): string {
  const base = request.base(at);
  const name = decodeName(request.records.nameBytes(base, fields.name));
  const index = request.records.number(base, fields.index);
  return name !== '' || index === 0 ? name : `link ${index}`;
}
