/**
 * Writing of state files.
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { dump } from 'js-yaml';
import {
  type Destination,
  type DestinationConfig,
  isInputError,
  normalizeDestination,
  normalizeService,
  type Persistence,
  type Service,
  type ServiceConfig,
  type Snapshot,
  type State,
  type WantedService,
} from '../../index.js';
import { sortServices } from '../../ipvs/order.js';
import { isHostMask } from '../../ipvs/persistence.js';
import type { StateFormat } from '../state-options.js';

/** Returns a table as JSON or YAML, without a line feed at the end. */
export function formatState(snapshot: Snapshot, format: Exclude<StateFormat, 'rules'>): string {
  const state = stateOf(snapshot);
  return format === 'json'
    ? JSON.stringify(state, null, 2)
    : dump(state, { noRefs: true, lineWidth: -1 }).trimEnd();
}

/**
 * Returns the state of a table in short: without counters, and without most settings that have
 * their default. What can't be written like that stays as it was read.
 */
export function stateOf({ services }: Snapshot): State {
  return {
    services: sortServices(services).map((each): WantedService => {
      const { destinations, ...service } = each;
      return {
        ...shortService(service),
        destinations: destinations.map((destination) => shortDestination(service, destination)),
      };
    }),
  };
}

function shortService(service: Service): ServiceConfig {
  const { scheduler, schedulerFlags, persistence, onePacket } = service;
  const { stats, ...state } = service;
  const short: ServiceConfig = {
    ...keyOf(service),
    scheduler,
    ...(schedulerFlags.length > 0 ? { schedulerFlags } : {}),
    ...(persistence === null ? {} : { persistence: shortPersistence(persistence) }),
    ...(onePacket ? { onePacket } : {}),
  };
  return isEnough(state, () => normalizeService(short)) ? short : service;
}

function keyOf(service: Service) {
  if (service.fwmark === undefined) {
    const { protocol, address, port } = service;
    return { protocol, address, port };
  }
  const { fwmark, family } = service;
  return family === 'ipv6' ? { fwmark, family } : { fwmark };
}

function shortPersistence({ timeout, netmask, engine }: Persistence) {
  return {
    timeout,
    ...(isHostMask(netmask) ? {} : { netmask }),
    ...(engine === null ? {} : { engine }),
  };
}

function shortDestination(service: Service, destination: Destination): DestinationConfig {
  const { address, port, forwarding, weight, upperThreshold, lowerThreshold, tunnel } = destination;
  const { activeConnections, inactiveConnections, persistentConnections, stats, ...state } =
    destination;
  const short: DestinationConfig = {
    address,
    port,
    forwarding,
    weight,
    ...(upperThreshold > 0 ? { upperThreshold } : {}),
    ...(lowerThreshold > 0 ? { lowerThreshold } : {}),
    ...(tunnel === null ? {} : { tunnel }),
  };
  return isEnough(state, () => normalizeDestination(keyOf(service), short)) ? short : destination;
}

/** Returns true if a configuration has the meaning of a state of the kernel. */
function isEnough(state: object, normalize: () => object): boolean {
  try {
    return isDeepStrictEqual(normalize(), state);
  } catch (error) {
    if (!isInputError(error)) throw error;
    return false;
  }
}
