/**
 * A request that is never sent: configurations are checked and brought into canonical form in it,
 * without the addon.
 * @module
 */
import { layout } from './layout.js';
import { type Draft, Records } from './records.js';

/** Returns an empty draft. */
export function newDraft(): Draft {
  const { size, fields } = layout.request;
  return {
    records: new Records(new ArrayBuffer(size)),
    layout,
    base: () => 0,
    service: () => fields.service.offset,
    destination: () => fields.destination.offset,
  };
}
