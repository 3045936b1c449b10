/**
 * Rates of services and destinations, from samples of their counters.
 *
 * The kernel refreshes the counters of an object every 2 seconds, from Linux 6.2 at another time
 * for each object. Differences between two samples may contain one refresh more or less than their
 * distance suggests, so that a constant load would read as 0 and as twice the load in turn. So the
 * table is sampled several times between two refreshes, and the increase is divided by the time
 * between the refreshes that were seen.
 * @module
 */
import type { Change, Sample, WatchedDestination, WatchedService } from '../../index.js';
import { formatServiceKey } from '../../ipvs/keys.js';
import {
  addRates,
  destinationRow,
  NO_RATES,
  type Rates,
  type ServiceRow,
  scaleRates,
  serviceRow,
} from './rows.js';

/** Seconds from one refresh of the kernel's counters to the next. */
export const REFRESH = 2;

/**
 * The most seconds between two samples. With less than half of {@link REFRESH}, the number of
 * refreshes between two increases is certain.
 */
const STEP = 0.75;

/** The most seconds by which a refresh, or the reading of a sample, may be late. */
const SLACK = 0.2;

/** Returns the number of samples that each period of `seconds` needs. */
export function samplesIn(seconds: number): number {
  return Math.ceil(seconds / STEP);
}

/** The increases of an object that has increased lately. */
class Meter {
  /** The increase in this period. */
  #delta = NO_RATES;
  /** The increases in this period: each is of a refresh of its own. */
  #increases = 0;
  /** The time of the last increase in this period. */
  #increasedAt: number | undefined;
  /** The time of the last refresh that the rates cover; undefined if there are no rates. */
  #coveredUntil: number | undefined;
  #rates = NO_RATES;

  increase(delta: Rates, now: number): void {
    this.#delta = this.#delta === NO_RATES ? delta : addRates(this.#delta, delta);
    this.#increases++;
    this.#increasedAt = now;
  }

  /** Ends a period. Returns its rates; undefined if the counters stand still. */
  measure(began: number, ended: number): Rates | undefined {
    const last = this.#increasedAt ?? this.#coveredUntil;
    if (last === undefined) return undefined;
    // Refreshes without an increase, which follow the one that was seen at `last`.
    const idle = Math.max(Math.floor((ended - last - SLACK) / REFRESH), 0);
    if (this.#increasedAt === undefined) return idle > 0 ? undefined : this.#rates;
    const end = last + idle * REFRESH;
    const distance = Math.round((end - (this.#coveredUntil ?? began)) / REFRESH);
    // The very first increase may be of a refresh before the period.
    const least = this.#coveredUntil === undefined ? this.#increases : 1;
    const refreshes = Math.max(distance, least);
    this.#rates = scaleRates(this.#delta, 1 / (refreshes * REFRESH));
    this.#delta = NO_RATES;
    this.#increases = 0;
    this.#increasedAt = undefined;
    this.#coveredUntil = end;
    return this.#rates;
  }
}

/** The meters of a service and of its destinations: of those that have increased lately. */
class ServiceMeters {
  readonly #meters = new Map<string, Meter>();
  /** The meters that were measured at the end of this period. */
  readonly #measured = new Set<Meter>();

  increase(key: string, { delta }: Change, now: number): void {
    let meter = this.#meters.get(key);
    if (meter === undefined) {
      meter = new Meter();
      this.#meters.set(key, meter);
    }
    meter.increase(delta, now);
  }

  /** Forgets an object, which is another one than before. */
  forget(key: string): void {
    this.#meters.delete(key);
  }

  /** Ends a period. Returns its rates. */
  measure(key: string, began: number, ended: number): Rates {
    const meter = this.#meters.get(key);
    const rates = meter?.measure(began, ended);
    if (meter === undefined || rates === undefined) {
      this.#meters.delete(key);
      return NO_RATES;
    }
    this.#measured.add(meter);
    return rates;
  }

  /** Forgets the objects that were not measured, because they are gone. */
  forgetOthers(): void {
    if (this.#meters.size > this.#measured.size) {
      for (const [key, meter] of this.#meters) {
        if (!this.#measured.has(meter)) this.#meters.delete(key);
      }
    }
    this.#measured.clear();
  }
}

/** The key of a service among its meters. */
const OWN = '';

const keyOf = ({ address, port }: WatchedDestination) => `${address} ${port}`;

/**
 * Measures rates in periods: {@link RateMeter.add} every sample, and take the
 * {@link RateMeter.rows} at the end of each period.
 */
export class RateMeter {
  /** The meters by service. Services without an increase have none. */
  readonly #services = new Map<string, ServiceMeters>();
  /** Seconds since the first sample. */
  #now = 0;
  #periodBegan = 0;
  #latest: readonly WatchedService[] = [];

  /** Takes the next sample. */
  add({ services, elapsed, gone }: Sample): void {
    this.#now += elapsed;
    this.#latest = services;
    for (const key of gone) this.#services.delete(key);
    for (const service of services) {
      const key = formatServiceKey(service);
      this.#note(key, () => OWN, service.change);
      for (const each of service.destinations) this.#note(key, () => keyOf(each), each.change);
    }
  }

  #note(service: string, keyIn: () => string, change: Change | null): void {
    if (change === null) {
      this.#services.get(service)?.forget(keyIn());
    } else if (hasIncreased(change)) {
      let meters = this.#services.get(service);
      if (meters === undefined) {
        meters = new ServiceMeters();
        this.#services.set(service, meters);
      }
      meters.increase(keyIn(), change, this.#now);
    }
  }

  /**
   * Ends the period. Returns the services of the latest sample with their rates, which are null for
   * objects that the sample before did not have.
   */
  rows(): readonly ServiceRow[] {
    const began = this.#periodBegan;
    const ended = this.#now;
    this.#periodBegan = ended;
    return this.#latest.map((service) => {
      const key = formatServiceKey(service);
      const meters = this.#services.get(key);
      const destinations = service.destinations.map((each) => {
        const rates = meters === undefined ? NO_RATES : meters.measure(keyOf(each), began, ended);
        return destinationRow(each, each.change === null ? null : rates);
      });
      const rates = meters === undefined ? NO_RATES : meters.measure(OWN, began, ended);
      meters?.forgetOthers();
      return serviceRow(service, key, service.change === null ? null : rates, destinations);
    });
  }
}

function hasIncreased({ delta }: Change): boolean {
  const { connections, inPackets, outPackets, inBytes, outBytes } = delta;
  return connections > 0 || inPackets > 0 || outPackets > 0 || inBytes > 0 || outBytes > 0;
}
