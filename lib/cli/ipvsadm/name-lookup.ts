/**
 * Names of hosts and services: the system's resolver, and /etc/services.
 * @module
 */
import { readFileSync } from 'node:fs';
import { codeOf } from '../../core/errors.js';
import type { Resolve } from '../../ipvsadm/grammar/endpoint.js';
import type { Names } from '../../ipvsadm/print-endpoint.js';

/** Ports by `name/protocol`, and names by `port/protocol`. The first line of each counts. */
interface Services {
  readonly ports: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<string, string>;
}

let services: Services | undefined;

/** Returns what /etc/services has; nothing if it cannot be read. */
function knownServices(): Services {
  services ??= parseServices(readServices());
  return services;
}

function readServices(): string {
  try {
    return readFileSync('/etc/services', 'latin1');
  } catch {
    return '';
  }
}

function parseServices(text: string): Services {
  const ports = new Map<string, number>();
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [name = '', slot = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const [port = '', protocol] = slot.split('/');
    if (protocol === undefined) continue;
    if (!names.has(slot)) names.set(slot, name);
    for (const each of [name, ...aliases]) {
      const key = `${each}/${protocol}`;
      if (!ports.has(key)) ports.set(key, Number(port));
    }
  }
  return { ports, names };
}

/** A host that is to be looked up. */
interface Wanted {
  readonly name: string;
  readonly family: 4 | 6;
  /** Stands for the address until it is known: what is read with it is read again. */
  readonly placeholder: string;
}

/** The result of a look-up: nothing if there is no such host. */
interface Found {
  readonly address?: string;
  readonly failure?: string;
}

/** A resolver that looks up the names of services at once, and those of hosts afterwards. */
export class NameLookup {
  /** What was found of hosts, by family and name. */
  readonly #found = new Map<string, Found>();
  readonly #wanted = new Map<string, Wanted>();

  readonly resolve: Resolve = (name, kind, ipv6) => {
    if (kind !== 'host') return knownServices().ports.get(`${name}/${kind}`);
    const { family, key } = hostOf(name, ipv6);
    const found = this.#found.get(key);
    if (found !== undefined) return found.address;
    let wanted = this.#wanted.get(key);
    if (wanted === undefined) {
      // Each host has its own, so that no two are taken for the same.
      wanted = { name, family, placeholder: placeholderOf(family, this.#wanted.size) };
      this.#wanted.set(key, wanted);
    }
    return wanted.placeholder;
  };

  /** Returns the code of the failed look-up of a host; undefined if there is no such host. */
  failureOf(name: string, ipv6: 'ipv6' | undefined): string | undefined {
    return this.#found.get(hostOf(name, ipv6).key)?.failure;
  }

  /** Returns true if names of hosts were asked for that are not looked up yet. */
  get isPending(): boolean {
    return this.#wanted.size > 0;
  }

  /** Looks up the names that were asked for. */
  async lookUp(): Promise<void> {
    const { lookup } = await import('node:dns/promises');
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    await Promise.all(
      wanted.map(async ([key, { name, family }]) => {
        try {
          const { address } = await lookup(name, { family });
          this.#found.set(key, { address });
        } catch (error) {
          const code = codeOf(error);
          this.#found.set(key, code === 'ENOTFOUND' ? {} : { failure: code ?? String(error) });
        }
      }),
    );
  }
}

/** Returns the family in which a host is looked up, and what identifies both. */
function hostOf(name: string, ipv6: 'ipv6' | undefined) {
  const family = ipv6 === undefined ? 4 : 6;
  return { family, key: `${family} ${name}` } as const;
}

/** Returns one of 16 million addresses that no host has. */
function placeholderOf(family: Wanted['family'], index: number): string {
  const [high, middle, low] = [index >> 16, (index >> 8) & 255, index & 255];
  return family === 4 ? `0.${high}.${middle}.${low}` : `100::0.${high}.${middle}.${low}`;
}

/** Returns the names of addresses, for a listing. */
export async function namesOf(addresses: Iterable<string>): Promise<Names> {
  const { lookupService } = await import('node:dns/promises');
  const hosts = new Map<string, string | undefined>();
  await Promise.all(
    [...new Set(addresses)].map(async (address) => {
      try {
        const { hostname } = await lookupService(address, 0);
        hosts.set(address, hostname === address ? undefined : hostname);
      } catch {
        hosts.set(address, undefined);
      }
    }),
  );
  return {
    host: (address) => hosts.get(address),
    service: (port, protocol) => knownServices().names.get(`${port}/${protocol}`),
  };
}
