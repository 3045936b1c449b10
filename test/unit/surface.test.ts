import type { parseRules } from 'ipvs/ipvsadm';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type {
  Destination,
  DestinationConfig,
  DestinationReference,
  Family,
  Forwarding,
  Ipvs,
  KnownScheduler,
  Persistence,
  Protocol,
  Scheduler,
  SchedulerFlag,
  Service,
  ServiceChanges,
  ServiceConfig,
  ServiceReference,
  ServiceWithDestinations,
  Snapshot,
  SyncDaemon,
  SyncDaemonConfig,
  Timeouts,
  Tunnel,
  TunnelConfig,
  Unknown,
} from '../../lib/index.js';
import * as surface from '../../lib/index.js';
import { METHOD_OPERATIONS } from './helpers/requests.js';

test('the package exports nothing else', () => {
  expect(Object.keys(surface).sort()).toEqual([
    'Director',
    'Ipvs',
    'IpvsError',
    'Links',
    'Namespace',
    'ReconcileError',
    'diagnose',
    'formatAddress',
    'formatDestinationReference',
    'formatServiceReference',
    'isInputError',
    'loadModules',
    'normalizeDestination',
    'normalizeService',
    'parseDestinationReference',
    'parseServiceReference',
  ]);
});

/** The methods of a class and of those that it extends. */
function methodsOf({ prototype }: { readonly prototype: object }): string[] {
  const names = new Set<string>();
  for (let each = prototype; each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    for (const name of Object.getOwnPropertyNames(each)) names.add(name);
  }
  names.delete('constructor');
  return [...names].sort();
}

describe('the handle', () => {
  test('has a method for each operation, and few others', () => {
    expect(methodsOf(surface.Ipvs)).toEqual(
      [
        ...METHOD_OPERATIONS,
        'activity',
        'batch',
        'close',
        'connections',
        'countConnections',
        'diagnose',
        'getStats',
        'getStatus',
        'reconcile',
        'snapshot',
        'watch',
      ].sort(),
    );
  });

  test('is disposable', () => {
    expect(surface.Ipvs.prototype[Symbol.asyncDispose]).toBeTypeOf('function');
    expectTypeOf<Ipvs>().toExtend<AsyncDisposable>();
  });
});

describe('a namespace', () => {
  test('has few members', () => {
    expect(methodsOf(surface.Namespace)).toEqual(['close', 'fd', 'path']);
    expect(Object.getOwnPropertyNames(surface.Namespace).sort()).toEqual(
      ['create', 'length', 'name', 'prototype'].sort(),
    );
  });

  test('is disposable, in both ways', () => {
    expectTypeOf<surface.Namespace>().toExtend<Disposable>();
    expectTypeOf<surface.Namespace>().toExtend<AsyncDisposable>();
  });

  test('is accepted wherever a network namespace is', () => {
    expectTypeOf<surface.Namespace>().toExtend<surface.NetworkNamespace>();
    expectTypeOf<{ netns: surface.Namespace }>().toExtend<surface.OpenOptions>();
    const compile = () => [
      // @ts-expect-error: await the promise first.
      surface.Links.open({ netns: surface.Namespace.create() }),
      // @ts-expect-error: no such option.
      surface.Namespace.create({ name: 'blue' }),
      // @ts-expect-error: the constructor is private.
      new surface.Namespace(),
    ];
    expectTypeOf(compile).returns.toBeArray();
    const write = (namespace: surface.Namespace) => {
      // @ts-expect-error: readonly.
      namespace.fd = 3;
    };
    expectTypeOf(write).returns.toBeVoid();
    expectTypeOf(surface.Namespace.create).returns.resolves.toEqualTypeOf<surface.Namespace>();
  });
});

describe('types', () => {
  test('a service has an address or a firewall mark', () => {
    const read = (service: Service) => {
      if (service.fwmark !== undefined) {
        expectTypeOf(service.fwmark).toEqualTypeOf<number>();
        expectTypeOf(service.family).toEqualTypeOf<Family>();
        expectTypeOf(service.port).toEqualTypeOf<undefined>();
        return service.fwmark;
      }
      expectTypeOf(service.fwmark).toEqualTypeOf<undefined>();
      expectTypeOf(service.protocol).toEqualTypeOf<Protocol | Unknown>();
      expectTypeOf(service.address).toEqualTypeOf<string>();
      expectTypeOf(service.persistence).toEqualTypeOf<Persistence | null>();
      return service.port;
    };
    expectTypeOf(read).returns.toEqualTypeOf<number>();
    expectTypeOf<Service['family']>().toEqualTypeOf<Family>();
    expectTypeOf<Snapshot['services'][number]>().toEqualTypeOf<ServiceWithDestinations>();
  });

  test('returned objects can be passed back in', () => {
    expectTypeOf<Service>().toExtend<ServiceReference>();
    expectTypeOf<ServiceWithDestinations>().toExtend<ServiceReference>();
    expectTypeOf<Destination>().toExtend<DestinationReference>();
    expectTypeOf<Service>().toExtend<ServiceConfig>();
    expectTypeOf<SyncDaemon>().toExtend<SyncDaemonConfig>();
    expectTypeOf<Persistence>().toExtend<NonNullable<ServiceConfig['persistence']>>();
  });

  test('returned objects are read-only', () => {
    const write = (service: Service, destination: Destination, snapshot: Snapshot) => {
      // @ts-expect-error: readonly.
      service.scheduler = 'rr';
      // @ts-expect-error: readonly.
      destination.stats.connections = 0;
      // @ts-expect-error: readonly.
      snapshot.services.push(service);
    };
    expectTypeOf(write).returns.toBeVoid();
  });

  test('a scheduler is any name, and editors propose the known ones', () => {
    expectTypeOf<KnownScheduler>().toExtend<Scheduler>();
    expectTypeOf<string>().toExtend<Scheduler>();
    // A union with plain string would swallow the names, and be string itself.
    expectTypeOf<Scheduler>().not.toEqualTypeOf<string>();
    expectTypeOf<Extract<Scheduler, KnownScheduler>>().toEqualTypeOf<KnownScheduler>();
  });

  test('undefined equals absence', () => {
    expectTypeOf<{
      protocol: 'tcp';
      address: string;
      port: number;
      scheduler: undefined;
      schedulerFlags: undefined;
      persistence: { timeout: undefined; netmask: undefined; engine: undefined };
      onePacket: undefined;
    }>().toExtend<ServiceConfig>();
    expectTypeOf<{ fwmark: number; family: undefined }>().toExtend<ServiceConfig>();
    expectTypeOf<{
      address: string;
      port: undefined;
      forwarding: undefined;
      weight: undefined;
      tunnel: undefined;
    }>().toExtend<DestinationConfig>();
    expectTypeOf<{ persistence: undefined }>().toExtend<ServiceChanges>();
    expectTypeOf<{ ifExists: undefined }>().toExtend<surface.DeleteOptions>();
    expectTypeOf<{ netns: undefined }>().toExtend<surface.OpenOptions>();
  });

  test('the compiler finds typos, and numbers as text', () => {
    const compile = (ipvs: Ipvs) => [
      // @ts-expect-error: wieght.
      ipvs.addDestination('tcp://10.0.0.1:80', { address: '10.0.0.2', wieght: 1 }),
      // @ts-expect-error: a port is a number.
      ipvs.addService({ protocol: 'tcp', address: '10.0.0.1', port: '80' }),
      // @ts-expect-error: a service needs a port.
      ipvs.addService({ protocol: 'tcp', address: '10.0.0.1' }),
      // @ts-expect-error: no such protocol.
      ipvs.addService({ protocol: 'icmp', address: '10.0.0.1', port: 80 }),
      // @ts-expect-error: no such flag.
      ipvs.updateService('fwmark://7', { schedulerFlags: ['sh-prot'] }),
      // @ts-expect-error: a name is not changed.
      ipvs.updateService('fwmark://7', { port: 81 }),
    ];
    expectTypeOf(compile).parameter(0).toEqualTypeOf<Ipvs>();
  });

  test('a tunnel has the properties of its type', () => {
    expectTypeOf<{
      type: 'gue';
      port: number;
      checksum: 'remote-checksum';
    }>().toExtend<TunnelConfig>();
    expectTypeOf<{ type: 'gue' }>().not.toExtend<TunnelConfig>();
    expectTypeOf<{ type: 'gre'; checksum: 'remote-checksum' }>().not.toExtend<TunnelConfig>();
    const read = (tunnel: Tunnel) => (tunnel.type === 'gue' ? tunnel.port : undefined);
    expectTypeOf(read).returns.toEqualTypeOf<number | undefined>();
  });

  test('values of the kernel can be passed back in', () => {
    expectTypeOf<Destination['forwarding']>().toEqualTypeOf<Forwarding | Unknown>();
    expectTypeOf<Destination>().toExtend<DestinationConfig>();
    expectTypeOf<NonNullable<ServiceConfig['schedulerFlags']>>().toEqualTypeOf<
      readonly SchedulerFlag[]
    >();
    expectTypeOf<'unknown-5'>().toExtend<Unknown>();
    expectTypeOf<'unknown-x'>().not.toExtend<Unknown>();
  });

  test('counters are numbers, or BigInts on request', () => {
    expectTypeOf<Service['stats']['inBytes']>().toEqualTypeOf<number>();
    const big = (ipvs: Ipvs) => ipvs.snapshot({ bigint: true });
    expectTypeOf(big).returns.resolves.toEqualTypeOf<Snapshot<bigint>>();
    const small = (ipvs: Ipvs) => ipvs.snapshot({ bigint: false });
    expectTypeOf(small).returns.resolves.toEqualTypeOf<Snapshot>();
    const bare = (ipvs: Ipvs) => ipvs.snapshot({});
    expectTypeOf(bare).returns.resolves.toEqualTypeOf<Snapshot>();
    expectTypeOf<Service<bigint>>().toExtend<ServiceReference>();
    expectTypeOf<Destination<bigint>>().toExtend<DestinationReference>();
  });

  test('each reader returns numbers, BigInts, or either for an unknown boolean', () => {
    const web = 'fwmark://7';
    type Read = surface.ReadOptions;
    const plain = (i: Ipvs) => ({
      getService: i.sync.getService(web),
      listServices: i.sync.listServices(),
      getDestination: i.sync.getDestination(web, web, {}),
      listDestinations: i.sync.listDestinations(web, { bigint: false }),
      snapshot: i.sync.snapshot(undefined),
      getStats: i.sync.getStats({ bigint: undefined }),
    });
    expectTypeOf(plain).returns.toEqualTypeOf<{
      getService: Service | undefined;
      listServices: Service[];
      getDestination: Destination | undefined;
      listDestinations: Destination[];
      snapshot: Snapshot;
      getStats: surface.Stats;
    }>();

    const either = (i: Ipvs, flag: boolean) =>
      ({
        getService: i.sync.getService(web, { bigint: flag }),
        listServices: i.sync.listServices({ bigint: flag }),
        getDestination: i.sync.getDestination(web, web, { bigint: flag }),
        listDestinations: i.sync.listDestinations(web, { bigint: flag }),
        snapshot: i.sync.snapshot({ bigint: flag }),
        getStats: i.sync.getStats({ bigint: flag }),
      }) as const;
    interface Either {
      readonly getService: Service | Service<bigint> | undefined;
      readonly listServices: Service[] | Service<bigint>[];
      readonly getDestination: Destination | Destination<bigint> | undefined;
      readonly listDestinations: Destination[] | Destination<bigint>[];
      readonly snapshot: Snapshot | Snapshot<bigint>;
      readonly getStats: surface.Stats | surface.Stats<bigint>;
    }
    expectTypeOf(either).returns.toEqualTypeOf<Either>();
    const promised = (i: Ipvs, options: Read | undefined) => i.getStats(options);
    expectTypeOf(promised).returns.resolves.toEqualTypeOf<Either['getStats']>();
    const placed = (b: surface.Batch, options: Read) => b.listDestinations(web, options);
    expectTypeOf(placed).returns.toEqualTypeOf<surface.Place<Either['listDestinations']>>();
    const bigints = (i: Ipvs) => i.sync.getDestination(web, web, { bigint: true });
    expectTypeOf(bigints).returns.toEqualTypeOf<Destination<bigint> | undefined>();
  });

  test('operations resolve with their results', () => {
    expectTypeOf<Ipvs['addService']>().returns.resolves.toBeVoid();
    expectTypeOf<Ipvs['ensureService']>().returns.resolves.toEqualTypeOf<'created' | 'updated'>();
    expectTypeOf<Ipvs['ensureDestination']>().returns.resolves.toEqualTypeOf<
      'created' | 'updated'
    >();
    expectTypeOf<Ipvs['deleteService']>().returns.resolves.toBeBoolean();
    expectTypeOf<Ipvs['getTimeouts']>().returns.resolves.toEqualTypeOf<Timeouts>();
    expectTypeOf<Ipvs['listSyncDaemons']>().returns.resolves.items.toEqualTypeOf<SyncDaemon>();
    expectTypeOf<Ipvs['stopSyncDaemon']>().returns.resolves.toBeBoolean();
    expectTypeOf<typeof surface.Ipvs.open>().returns.resolves.toEqualTypeOf<Ipvs>();
  });
});

describe('types that depend on arguments', () => {
  test('updates have a result if they have options', () => {
    const plain = (ipvs: Ipvs) => ipvs.updateService('fwmark://7', {});
    expectTypeOf(plain).returns.resolves.toBeVoid();
    const told = (ipvs: Ipvs) =>
      ipvs.updateDestination('fwmark://7', '10.0.0.1', {}, { ifExists: true });
    expectTypeOf(told).returns.resolves.toBeBoolean();
    const sync = (ipvs: Ipvs) => ipvs.sync.updateService('fwmark://7', {}, { ifExists: true });
    expectTypeOf(sync).returns.toBeBoolean();
    const perhaps = (ipvs: Ipvs, options?: surface.UpdateOptions) =>
      ipvs.updateService('fwmark://7', {}, options);
    expectTypeOf(perhaps).returns.resolves.toEqualTypeOf<boolean | undefined>();
    const either = (ipvs: Ipvs, options: surface.UpdateOptions | undefined) =>
      ipvs.sync.updateDestination('fwmark://7', '10.0.0.1', {}, options);
    expectTypeOf(either).returns.toEqualTypeOf<boolean | undefined>();
  });

  test('counts have the columns of their grouping', () => {
    const by = (ipvs: Ipvs) => ipvs.countConnections({ by: ['service', 'state'] });
    type Count = Awaited<ReturnType<typeof by>>[number];
    expectTypeOf<Count['state']>().toEqualTypeOf<surface.ConnectionState>();
    expectTypeOf<keyof Count>().toEqualTypeOf<'count' | 'service' | 'state'>();
    const none = (ipvs: Ipvs) => ipvs.countConnections({ client: '10.0.0.1' });
    expectTypeOf<keyof Awaited<ReturnType<typeof none>>[number]>().toEqualTypeOf<'count'>();
    const bare = (ipvs: Ipvs) => ipvs.countConnections();
    expectTypeOf<keyof Awaited<ReturnType<typeof bare>>[number]>().toEqualTypeOf<'count'>();
    const unknown = (ipvs: Ipvs, options: surface.CountOptions) => ipvs.countConnections(options);
    expectTypeOf(unknown).returns.resolves.items.toEqualTypeOf<surface.ConnectionCount>();
    expectTypeOf<surface.ConnectionCount['protocol']>().toEqualTypeOf<
      surface.ConnectionProtocol | undefined
    >();
    expectTypeOf<Count>().toExtend<surface.ConnectionCount>();
  });

  test('counts have only columns that each possible grouping has', () => {
    type Counts<Call extends (...args: never[]) => Promise<unknown[]>> = Awaited<
      ReturnType<Call>
    >[number];
    type Column = surface.ServiceKey | undefined;
    const one = (ipvs: Ipvs, by: surface.CountBy) => ipvs.countConnections({ by: [by] });
    expectTypeOf<Counts<typeof one>['service']>().toEqualTypeOf<Column>();
    const several = (ipvs: Ipvs, all: boolean) =>
      ipvs.countConnections({ by: all ? ['destination', 'state'] : ['destination'] });
    expectTypeOf<keyof Counts<typeof several>>().toEqualTypeOf<'count' | 'destination'>();
    const perhaps = (ipvs: Ipvs, grouped: boolean) =>
      ipvs.countConnections({ by: grouped ? ['service'] : undefined });
    expectTypeOf<Counts<typeof perhaps>['service']>().toEqualTypeOf<Column>();
    const either = (ipvs: Ipvs, grouped: boolean) =>
      ipvs.countConnections(grouped ? { by: ['service'] } : {});
    expectTypeOf<Counts<typeof either>['service']>().toEqualTypeOf<Column>();
    const missing = (ipvs: Ipvs, grouped: boolean) =>
      ipvs.countConnections(grouped ? { by: ['service'] } : undefined);
    expectTypeOf<Counts<typeof missing>['service']>().toEqualTypeOf<Column>();
  });

  test('a state has no settings of the host', () => {
    const reconcile = (ipvs: Ipvs, rules: ReturnType<typeof parseRules>) => {
      // @ts-expect-error timeouts and sync daemons are no part of a state
      void ipvs.reconcile(rules);
      return ipvs.reconcile({ services: rules.services });
    };
    expectTypeOf(reconcile).returns.resolves.toEqualTypeOf<surface.ReconcileResult>();
  });

  test('the results of a batch have the types of its operations', () => {
    const typed = (b: surface.Batch, results: surface.BatchResults) => {
      const service = b.getService('fwmark://7');
      const bigints = b.listServices({ bigint: true });
      const added = b.addService({ fwmark: 7 });
      expectTypeOf(service).toExtend<number>();
      expectTypeOf(results[service]).toEqualTypeOf<surface.BatchResult | undefined>();
      expectTypeOf(results.at(service)).toEqualTypeOf<PromiseSettledResult<Service | undefined>>();
      expectTypeOf(results.at(bigints)).toEqualTypeOf<PromiseSettledResult<Service<bigint>[]>>();
      expectTypeOf(results.at(added)).toEqualTypeOf<PromiseSettledResult<void>>();
      expectTypeOf(results.at(0)).toEqualTypeOf<surface.BatchResult | undefined>();
      expectTypeOf(results).toExtend<readonly surface.BatchResult[]>();
    };
    expectTypeOf(typed).returns.toBeVoid();
    expectTypeOf<Ipvs['batch']>().returns.resolves.toEqualTypeOf<surface.BatchResults>();
  });

  test('the function that builds a batch may return anything', () => {
    const concise = (ipvs: Ipvs) => ipvs.batch((b) => b.addService({ fwmark: 7 }));
    expectTypeOf(concise).returns.resolves.toEqualTypeOf<surface.BatchResults>();
    const later = (ipvs: Ipvs) => ipvs.batch(async (b) => b.addService({ fwmark: 7 }));
    expectTypeOf(later).returns.resolves.toEqualTypeOf<surface.BatchResults>();
  });

  test('isInputError narrows an error', () => {
    const read = (error: unknown) => (surface.isInputError(error) ? error : undefined);
    expectTypeOf(read).returns.toEqualTypeOf<surface.InputError | undefined>();
    const config = { protocol: 'tcp', address: '10.96.0.1', port: 808080 } as const;
    const thrown = (call: () => unknown): unknown => {
      try {
        return call();
      } catch (error) {
        return error;
      }
    };
    const bad = thrown(() => surface.normalizeService(config));
    expect(surface.isInputError(bad)).toBe(true);
    expect(read(bad)?.code).toBe('ERR_OUT_OF_RANGE');
    const others = [
      new TypeError('of Node.js'),
      new surface.IpvsError('refused', { code: 'EEXIST' }),
      { ...(bad as Error) },
      undefined,
    ];
    expect(others.filter(surface.isInputError)).toEqual([]);
  });

  test('the code of an error has one of the known values', () => {
    type Code = surface.IpvsError['code'];
    expectTypeOf<'ESRCH'>().toExtend<Code>();
    expectTypeOf<'ERR_IPVS_CLOSED'>().toExtend<Code>();
    expectTypeOf<'ERRNO_524'>().toExtend<Code>();
    expectTypeOf<'ESRHC'>().not.toExtend<Code>();
    expectTypeOf<string>().not.toExtend<Code>();
    expectTypeOf<surface.IpvsError['missing']>().toEqualTypeOf<
      'service' | 'destination' | undefined
    >();
    const misspelt = (error: surface.IpvsError) => {
      // @ts-expect-error: no code is called so.
      return error.code === 'ESRHC';
    };
    expectTypeOf(misspelt).returns.toBeBoolean();
  });
});
