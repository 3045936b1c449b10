/**
 * Causes of errnos that depend on the request, or on the modules that the kernel has.
 * @module
 */
import { AF_INET6 } from '../core/address.js';
import { absenceOf, factsOf, isLoaded, noLoading } from '../native/kernel-modules.js';
import { schedulerHint } from './schedulers.js';

/** The facts about a request that the causes of its errno depend on. */
export interface IpvsRequestFacts {
  readonly scheduler: string;
  /** True if the scheduler is the default one. */
  readonly isDefault: boolean;
  /** The persistence engine, or ''. */
  readonly engine: string;
  /** The link of a sync daemon, or ''. */
  readonly link: string;
  /** The families of service and destination; 0 where there is none. */
  readonly families: readonly [service: number, destination: number];
}

/** Returns the causes that apply to the addresses of a refused destination. */
export function destinationCauses({ families: [service, destination] }: IpvsRequestFacts): string {
  const crossing =
    service === destination
      ? ''
      : '; and a destination of another address family excludes sync daemons';
  const causes =
    destination === AF_INET6
      ? 'its address must be unicast and not link-local'
      : 'its address must be unicast; in a network namespace whose IPv4 was never used, bring ' +
        'the loopback link up first (ip link set lo up)';
  return `the kernel does not accept the destination: ${causes}${crossing}`;
}

/** Returns the reason why the scheduler or the persistence engine is not available. */
export function missingModule({ scheduler, isDefault, engine }: IpvsRequestFacts): string {
  const wanted = [
    { what: `scheduler '${scheduler}'`, name: scheduler, module: `ip_vs_${scheduler}` },
    {
      what: `persistence engine '${engine}' (module ip_vs_pe_${engine})`,
      name: engine,
      module: `ip_vs_pe_${engine}`,
    },
  ].filter(({ name }) => name !== '');
  const unloaded = wanted.filter(({ module }) => !isLoaded(module));
  const suspects = unloaded.length === 0 ? wanted : unloaded;
  // The engine, which the caller has named, rather than the default scheduler.
  const [first, second] = isDefault ? suspects.slice(-1) : suspects;
  if (first === undefined) {
    return 'its scheduler or persistence engine is not available in the kernel';
  }
  if (second === undefined) {
    const hint = first.name === scheduler ? schedulerHint(scheduler) : '';
    return `${first.what} is not available: ${absenceOf(first.module).detail}${hint}`;
  }
  const what = `${first.what} (module ${first.module}) or ${second.what}`;
  const why = noLoading(factsOf(first.module)) ?? whyNotLoaded([first.module, second.module]);
  return `${what} is not available in the kernel${why === '' ? '' : `: ${why}`}`;
}

/** Returns the reasons why modules on disk are not loaded; '' if none is on disk. */
function whyNotLoaded(modules: readonly string[]): string {
  const facts = modules.map((module) => [module, factsOf(module)] as const);
  const isOnDisk = facts.some(([, { loaded, onDisk }]) => !loaded && onDisk === true);
  return isOnDisk ? facts.map((each) => absenceOf(...each).detail).join('; ') : '';
}
