/**
 * The names of the properties of services and destinations: keys, settings, and the state that the
 * kernel adds.
 * @module
 */

/** The properties that name a service, and those that a returned service has besides. @internal */
export const SERVICE_KEY = ['protocol', 'address', 'port', 'fwmark', 'family'] as const;
/** @internal */
export const SERVICE_SETTINGS = [
  'scheduler',
  'schedulerFlags',
  'persistence',
  'onePacket',
] as const;
/** The properties that only a service from the kernel, or of a sample, has. @internal */
export const SERVICE_STATE = ['inactivePersistence', 'stats', 'change'] as const;

/** The properties that name a destination, and the family of a returned one. @internal */
export const DESTINATION_KEY = ['address', 'port', 'family'] as const;
/** @internal */
export const DESTINATION_SETTINGS = [
  'forwarding',
  'weight',
  'upperThreshold',
  'lowerThreshold',
  'tunnel',
] as const;
/** The properties that only a destination from the kernel, or of a sample, has. @internal */
export const DESTINATION_STATE = [
  'activeConnections',
  'inactiveConnections',
  'persistentConnections',
  'stats',
  'change',
] as const;

/**
 * The properties that a reference to a service may have: any service that this package returned is
 * a reference.
 * @internal
 */
export const SERVICE_PROPERTIES: ReadonlySet<string> = new Set([
  ...SERVICE_KEY,
  ...SERVICE_SETTINGS,
  ...SERVICE_STATE,
  'destinations',
]);

/** The properties that a reference to a destination may have. @internal */
export const DESTINATION_PROPERTIES: ReadonlySet<string> = new Set([
  ...DESTINATION_KEY,
  ...DESTINATION_SETTINGS,
  ...DESTINATION_STATE,
]);
