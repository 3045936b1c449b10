/**
 * A request that never leaves: where a configuration is checked and brought into canonical form
 * without the addon, whose layout the requests that leave have.
 * @module
 */
import type { ConfigLayout, Field, RecordLayout } from './addon.js';
import { type Draft, Records } from './records.js';

/** Puts fields of these sizes one behind the other, each at a multiple of 4. */
function record<Name extends string>(sizes: Readonly<Record<Name, number>>): RecordLayout<Name> {
  let size = 0;
  // Object.keys() gives the keys of a Record<Name, number>.
  const entries = (Object.keys(sizes) as Name[]).map((name): [Name, Field] => {
    const field = { offset: size, size: sizes[name] };
    size += Math.ceil(field.size / 4) * 4;
    return [name, field];
  });
  // One entry for each name.
  return { size, fields: Object.fromEntries(entries) as Record<Name, Field> };
}

const service = record({
  address: 16,
  fwmark: 4,
  family: 2,
  protocol: 2,
  port: 2,
  flags: 4,
  timeout: 4,
  netmask: 4,
  scheduler: 16,
  engine: 20,
});
const destination = record({
  address: 16,
  family: 2,
  port: 2,
  forwarding: 4,
  weight: 4,
  upperThreshold: 4,
  lowerThreshold: 4,
  tunnelType: 2,
  tunnelPort: 2,
  tunnelFlags: 2,
});
const request = record({
  changes: 4,
  flagsOwner: 16,
  service: service.size,
  destination: destination.size,
});

/** A layout of our own: nobody but this process reads it. */
export const CONFIG_LAYOUT: ConfigLayout = {
  service,
  destination,
  request,
  changes: {
    scheduler: 1 << 0,
    schedulerFlags: 1 << 1,
    onePacket: 1 << 2,
    persistence: 1 << 3,
    timeout: 1 << 4,
    netmask: 1 << 5,
    engine: 1 << 6,
    forwarding: 1 << 7,
    weight: 1 << 8,
    upperThreshold: 1 << 9,
    lowerThreshold: 1 << 10,
    tunnel: 1 << 11,
    tunnelReset: 1 << 12,
  },
};

/** An empty draft. */
export function newDraft(): Draft {
  return {
    records: new Records(new ArrayBuffer(request.size)),
    layout: CONFIG_LAYOUT,
    base: () => 0,
    service: () => request.fields.service.offset,
    destination: () => request.fields.destination.offset,
  };
}
