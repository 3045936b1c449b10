/**
 * A director that is observed at each of its calls.
 * @module
 */
import type { DirectorOptions, Ipvs } from 'ipvs';
import { internalsOf } from '../../../lib/internals.js';
import { beginToOpen } from '../../../lib/native/open.js';
import { DirectorLoop } from '../../../lib/state/director/loop.js';
import { checkDirectorOptions } from '../../../lib/state/director/options.js';
import type { DirectorAccess } from '../../../lib/state/director/step.js';

/** What traffic sees at one moment. */
export interface View {
  /** The addresses of the director's link. */
  readonly shown: readonly string[];
  /** The addresses of services that have destinations. */
  readonly answered: readonly string[];
}

/** A director, the calls that it makes, and what traffic saw before and after each of them. */
interface Observed {
  readonly loop: DirectorLoop;
  readonly calls: string[];
  readonly views: View[];
}

/** Opens a director in a namespace. `ipvs` is another handle in it. */
export async function openObserved(
  ipvs: Ipvs,
  netns: string,
  options: DirectorOptions,
): Promise<Observed> {
  const settings = checkDirectorOptions({ ...options, netns });
  const internals = await internalsOf(beginToOpen(settings.netns, true), settings.netns);
  const calls: string[] = [];
  const views: View[] = [];
  const look = () => views.push(viewOf(ipvs, options.link));
  const observed = <Object extends object>(object: Object): Object =>
    new Proxy(object, {
      get(target, name: string) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || name === 'close' || name === 'check') return value;
        return async (...args: unknown[]) => {
          calls.push(name);
          look();
          try {
            return await value.apply(target, args);
          } finally {
            look();
          }
        };
      },
    });
  const access = internals.directorAccess();
  const all: DirectorAccess = { ...observed(access), links: observed(access.links) };
  return { loop: new DirectorLoop(all, settings), calls, views };
}

function viewOf(ipvs: Ipvs, link: string | undefined): View {
  const hasLink = link !== undefined && ipvs.links.sync.getLink(link) !== undefined;
  const shown = hasLink ? ipvs.links.sync.listAddresses(link, { family: 'ipv4' }) : [];
  return {
    shown: shown.map(({ address }) => address),
    answered: ipvs.sync.listServices().flatMap((service) => {
      const hasServers = ipvs.sync.listDestinations(service).length > 0;
      return hasServers && service.address !== undefined ? [service.address] : [];
    }),
  };
}
