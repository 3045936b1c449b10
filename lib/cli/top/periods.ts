/**
 * Periods of time: the table at the end of each, with the rates in it.
 * @module
 */
import type { Ipvs } from '../../index.js';
import { RateMeter, samplesIn } from './rates.js';
import type { ServiceRow } from './rows.js';

/** The table at the end of a period. */
export interface Period {
  readonly services: readonly ServiceRow[];
  readonly time: Date;
  /** Seconds since the end of the period before; 0 for the first sample, which has no rates. */
  readonly elapsed: number;
}

/** Periods, as an async iterable that can be ended. */
interface Periods extends AsyncIterable<Period> {
  /** Ends the iteration. */
  end(): Promise<unknown>;
}

/** Options of {@link periodsOf}. */
interface PeriodOptions {
  /** Seconds of a period. */
  readonly interval: number;
  /** The iteration ends after so many periods. */
  readonly count: number;
}

/** Returns the first sample, and then the table at the end of each period. */
export function periodsOf(ipvs: Ipvs, { interval, count }: PeriodOptions): Periods {
  const samples = samplesIn(interval);
  const watcher = ipvs.watch({ interval: Math.round((interval * 1000) / samples) }).ref();
  return {
    end: () => watcher.return(),
    async *[Symbol.asyncIterator]() {
      const meter = new RateMeter();
      let taken = 0;
      let elapsed = 0;
      for await (const sample of watcher) {
        meter.add(sample);
        elapsed += sample.elapsed;
        if (taken++ % samples !== 0) continue;
        yield { services: meter.rows(), time: sample.time, elapsed };
        elapsed = 0;
        if (taken > samples * count) return;
      }
    },
  };
}
