/**
 * Links and addresses as `ip` of iproute2 shows them, in the records of the library.
 * @module
 */
import type { AddressFlag, Link, LinkAddress, LinkState } from 'ipvs';
import type { Namespace } from './namespace.js';

interface ShownLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly operstate: string;
  readonly address?: string;
  readonly linkinfo?: { readonly info_kind?: string };
}

interface ShownAddress {
  readonly family: 'inet' | 'inet6';
  readonly local: string;
  readonly address?: string;
  readonly prefixlen: number;
  readonly broadcast?: string;
  readonly scope: LinkAddress['scope'];
  readonly label?: string;
  readonly valid_life_time: number;
  readonly preferred_life_time: number;
}

const FOREVER = 0xffffffff;
/** The names of `ip` for flags. It shows 'dynamic' if 'permanent' is not set. */
const FLAGS: readonly (readonly [AddressFlag, string])[] = [
  ['secondary', 'secondary'],
  ['no-dad', 'nodad'],
  ['optimistic', 'optimistic'],
  ['dad-failed', 'dadfailed'],
  ['home-address', 'home'],
  ['deprecated', 'deprecated'],
  ['tentative', 'tentative'],
  ['permanent', 'permanent'],
  ['manage-temporary', 'mngtmpaddr'],
  ['no-prefix-route', 'noprefixroute'],
  ['multicast-auto-join', 'autojoin'],
  ['stable-privacy', 'stable-privacy'],
];
const STATES: Readonly<Record<string, LinkState>> = {
  NOTPRESENT: 'not-present',
  LOWERLAYERDOWN: 'lower-layer-down',
};

/** The links, as `ip -details link show` has them. */
export function shownLinks(namespace: Namespace): Link[] {
  const links: ShownLink[] = JSON.parse(namespace.ip('-json', '-details', 'link', 'show'));
  return links.map((link) => ({
    index: link.ifindex,
    name: link.ifname,
    kind: link.linkinfo?.info_kind ?? null,
    up: link.flags.includes('UP'),
    // The others are called the same.
    state: STATES[link.operstate] ?? (link.operstate.toLowerCase() as LinkState),
    mtu: link.mtu,
    hardwareAddress: link.address ?? null,
  }));
}

/** The addresses, as `ip address show` has them: link by link, and first those of IPv4. */
export function shownAddresses(namespace: Namespace): LinkAddress[] {
  const links: (ShownLink & { readonly addr_info: readonly ShownAddress[] })[] = JSON.parse(
    namespace.ip('-json', 'address', 'show'),
  );
  return links.flatMap((link) =>
    link.addr_info.map((address) => {
      const set = new Map(Object.entries(address));
      set.set('permanent', !set.has('dynamic'));
      const lifetime = (seconds: number) => (seconds === FOREVER ? null : seconds);
      return {
        link: link.ifname,
        index: link.ifindex,
        family: address.family === 'inet' ? 'ipv4' : 'ipv6',
        address: address.local,
        prefixLength: address.prefixlen,
        peer: address.address ?? null,
        broadcast: address.broadcast ?? null,
        scope: address.scope,
        flags: FLAGS.filter(([, shown]) => set.get(shown) === true).map(([flag]) => flag),
        label: address.label ?? null,
        preferredLifetime: lifetime(address.preferred_life_time),
        validLifetime: lifetime(address.valid_life_time),
      };
    }),
  );
}

/**
 * Returns the addresses by link, as `10.96.0.1/32`, sorted; without the IPv6 link-local ones, which
 * the kernel adds.
 */
export function shownAddressesByLink(namespace: Namespace): Map<string, string[]> {
  const byLink = new Map<string, string[]>();
  for (const { link, address, prefixLength } of shownAddresses(namespace)) {
    if (address.startsWith('fe80:')) continue;
    const addresses = byLink.get(link) ?? [];
    byLink.set(link, [...addresses, `${address}/${prefixLength}`].sort());
  }
  return byLink;
}

/** The addresses of a link, as shownAddressesByLink() has them. */
export function addressesOn(namespace: Namespace, link: string): string[] {
  return shownAddressesByLink(namespace).get(link) ?? [];
}
