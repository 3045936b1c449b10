/**
 * The origin of errors: stack, operation, target and index, for calls of every form, from the sources
 * and from the bundle of the package.
 * @module
 */
import * as exported from 'ipvs';
import { type Ipvs, IpvsError } from 'ipvs';
import { beforeAll, describe, expect, test } from 'vitest';
import { run } from './helpers/namespace.js';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';
import { CASES, errorsOf } from './programs/callers.mjs';

const fixture = useNamespace();

/** The properties of an error that are compared. */
interface Seen {
  readonly message: string;
  readonly stack: string;
}

/** The frames of a stack, below its head. */
const framesOf = ({ stack, message }: Seen) =>
  stack
    .slice(stack.indexOf(message) + message.length)
    .split('\n')
    .slice(1)
    // Which promise of several it was.
    .filter((line) => !line.includes('at async Promise.all'))
    // The frames of Node.js that run the reactions of promises depend on timing.
    .filter((line) => !line.includes('at process.processTicksAndRejections'));

describe('the stack of an error begins at the caller', () => {
  const sources = new Map<string, Seen>();
  const built = new Map<string, Seen>();
  beforeAll(async () => {
    for (const [title, error] of await errorsOf(fixture.ipvs, exported)) sources.set(title, error);
    const found: [string, Seen][] = JSON.parse(run(process.execPath, [programPath('callers.mjs')]));
    for (const [title, error] of found) built.set(title, error);
  });

  test.each(CASES.map(([title]) => title))('%s', (title) => {
    for (const errors of [sources, built]) {
      const error = errors.get(title) ?? expect.unreachable('nothing was thrown');
      expect(error.message).not.toBe('');
      expect(error.stack).toContain(error.message);
      expect(framesOf(error)[0]).toMatch(/callers\.mjs:\d+:\d+/);
    }
  });
});

describe('the error for invalid arguments among many calls', () => {
  type Many = readonly {
    readonly operation: string;
    readonly target: string;
    readonly action: (ipvs: Ipvs) => unknown;
  }[];
  const BAD = { protocol: 'tcp', address: '10.9.0.1', port: 808080 } as const;
  const config = "{ protocol: 'tcp', address: '10.9.0.1', port: 808080 }";
  const servers = Array.from({ length: 2000 }, (_, index) => ({
    address: `10.8.${index >> 8}.${index & 255}`,
    port: index === 1234 ? 808080 : 80,
  }));
  const server = "{ address: '10.8.4.210', port: 808080 } of tcp://10.9.0.1:80";
  const CALLS: Many = [
    { operation: 'addService', target: config, action: (ipvs) => ipvs.addService(BAD) },
    { operation: 'deleteService', target: config, action: (ipvs) => ipvs.deleteService(BAD) },
    {
      operation: 'updateService',
      target: 'fwmark6://7',
      action: (ipvs) => ipvs.updateService('fwmark6://7', { x: 1 } as object),
    },
    { operation: 'getService', target: "'tcp://'", action: (ipvs) => ipvs.getService('tcp:// ') },
    {
      operation: 'addDestination',
      target: server,
      action: (ipvs) =>
        Promise.all(servers.map((each) => ipvs.addDestination('tcp://10.9.0.1:80', each))),
    },
    {
      operation: 'updateDestination',
      target: '[fd00::2]:80 of tcp://[fd00::1]:80',
      action: (ipvs) => ipvs.updateDestination('tcp://[FD00:0::1]:80', 'fd00::2', { weight: -1 }),
    },
    {
      operation: 'stopSyncDaemon',
      target: 'master daemon',
      action: (ipvs) => ipvs.stopSyncDaemon('master', { x: 1 } as object),
    },
    { operation: 'setTimeouts', target: '', action: (ipvs) => ipvs.setTimeouts({ tcp: 0 }) },
    {
      operation: 'listServices',
      target: '',
      action: (ipvs) => ipvs.listServices({ bigint: 1 as never }),
    },
  ];
  const LINKS: Many = [
    { operation: 'getLink', target: '-1', action: (ipvs) => ipvs.links.getLink(-1) },
    {
      operation: 'setLink',
      target: 'link 7',
      action: (ipvs) => ipvs.links.setLink(7, { up: 1 as never }),
    },
    {
      operation: 'addAddress',
      target: '10.0.0.1/33 of lo',
      action: (ipvs) => ipvs.links.addAddress('lo', '10.0.0.1/33'),
    },
    {
      operation: 'deleteAddress',
      target: '10.0.0.1/32 of lo',
      action: (ipvs) => ipvs.links.deleteAddress('lo', '10.0.0.1', { x: 1 } as object),
    },
  ];
  const reasonOf = async (action: () => unknown): Promise<unknown> => {
    try {
      await action();
    } catch (error) {
      return error;
    }
    return expect.unreachable('it was accepted');
  };

  test.each([...CALLS, ...LINKS])(
    '$operation names $target',
    async ({ operation, target, action }) => {
      const subject = [operation, target].join(' ').trim();
      // A bad string is shown in quotes.
      const shown = target === "'tcp://'" ? "'tcp:// '" : target;
      const error = await reasonOf(() => action(fixture.ipvs));
      expect(error).toMatchObject({ operation, target: shown });
      expect(error).not.toBeInstanceOf(IpvsError);
      expect((error as Error).message).toMatch(/^[ -~]+$/);
      expect((error as Error).message.startsWith(`${subject.replace("'tcp://'", shown)}: `)).toBe(
        true,
      );
    },
  );

  test('names the index in a batch', async () => {
    const before = fixture.namespace.saved();
    const error = await reasonOf(() =>
      fixture.ipvs.batch((b) => {
        b.addService({ ...BAD, port: 80 });
        for (const each of servers) b.addDestination('tcp://10.9.0.1:80', each);
      }),
    );
    const message = `batch operation 1235: addDestination ${server}: destination.port: 808080 is not an integer from 0 to 65535`;
    expect(error).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
      operation: 'addDestination',
      target: server,
      index: 1235,
      message,
    });
    expect(fixture.namespace.saved()).toEqual(before);
  });

  test('names the index in a batch if only the kernel can refuse the value', async () => {
    await fixture.ipvs.ensureService({ fwmark: 7, scheduler: 'rr' });
    const results = await fixture.ipvs.batch((b) => {
      b.getTimeouts();
      b.updateService('fwmark://7', { schedulerFlags: ['sh-port'] });
    });
    expect(results[1]).toMatchObject({
      reason: {
        code: 'ERR_INVALID_ARG_VALUE',
        operation: 'updateService',
        target: 'fwmark://7',
        index: 1,
        message: expect.stringMatching(/^batch operation 1: updateService fwmark:\/\/7: changes\./),
      },
    });
    await fixture.ipvs.deleteService('fwmark://7');
  });

  test('names the index in a list of addresses', async () => {
    const wanted = [...servers.map(({ address }) => address), '10.0.0.256'];
    const error = await reasonOf(() => fixture.ipvs.links.reconcileAddresses('lo', wanted));
    expect(error).toMatchObject({
      operation: 'reconcileAddresses',
      target: 'lo',
      index: 2000,
      message: "reconcileAddresses lo: wanted[2000]: '10.0.0.256' is not an IP address",
    });
  });
});
