// The kernel creates exactly the objects that normalizeService() and normalizeDestination() return.
import fc from 'fast-check';
import {
  type DestinationConfig,
  normalizeDestination,
  normalizeService,
  type ServiceConfig,
} from 'ipvs';
import { beforeEach, expect, test } from 'vitest';
import { serviceAndDestination, serviceConfig } from '../unit/helpers/arbitraries.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

beforeEach(() => {
  // A namespace whose IPv4 was never used refuses every IPv4 destination.
  fixture.namespace.ip('link', 'set', 'lo', 'up');
  return fixture.ipvs.flush();
});

const KNOWN = ['rr', 'wlc', 'sh', 'mh', 'none'];

/** The same with schedulers and engines that every kernel has. */
function onKernel(config: ServiceConfig): ServiceConfig {
  const { scheduler, persistence } = config;
  const isKnown = scheduler === undefined || KNOWN.includes(scheduler);
  const takesSip = 'fwmark' in config || ('protocol' in config && config.protocol === 'udp');
  const engine = persistence?.engine && takesSip ? 'sip' : null;
  return {
    ...config,
    scheduler: isKnown ? scheduler : 'wrr',
    persistence: persistence && { ...persistence, engine },
  };
}

/** False for addresses that some kernels refuse as broadcast or link-local. */
function isPlain({ address }: DestinationConfig): boolean {
  return !/^(0\.|127\.|169\.254\.|fe[89ab])/i.test(address);
}

test('ensureService creates what normalizeService returns', async () => {
  const property = fc.asyncProperty(
    fc.array(serviceConfig.map(onKernel), { minLength: 1, maxLength: 20 }),
    async (configs) => {
      for (const config of configs) {
        await fixture.ipvs.ensureService(config);
        const { stats, ...service } =
          (await fixture.ipvs.getService(config)) ?? expect.unreachable();
        expect(service).toStrictEqual(normalizeService(config));
        await fixture.ipvs.ensureService(service);
        expect(await fixture.ipvs.getService(config)).toStrictEqual({ ...service, stats });
      }
    },
  );
  await fc.assert(property, { numRuns: 30 });
});

test('ensureDestination creates what normalizeDestination returns', async () => {
  const pair = serviceAndDestination
    .map(([service, config]) => [onKernel(service), config] as const)
    .filter(([, config]) => isPlain(config));
  const property = fc.asyncProperty(
    fc.array(pair, { minLength: 1, maxLength: 20 }),
    async (pairs) => {
      for (const [service, config] of pairs) {
        await fixture.ipvs.ensureService(service);
        await fixture.ipvs.ensureDestination(service, config);
        const normal = normalizeDestination(service, config);
        const found = (await fixture.ipvs.getDestination(service, normal)) ?? expect.unreachable();
        const { stats, activeConnections, inactiveConnections, persistentConnections, ...made } =
          found;
        expect(made).toStrictEqual(normal);
      }
    },
  );
  await fc.assert(property, { numRuns: 30 });
});
