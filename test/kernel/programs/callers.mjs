// Makes every kind of error that a caller can meet, each in an async function of this file. Prints, of each, its title, the first frame of its
// stack and what the error says of the call.

const BAD = { protocol: 'tcp', address: '10.9.0.1', port: 808080 };
const NONE = 'tcp://10.9.0.9:80';

/** @type {readonly (readonly [string, (ipvs: import('ipvs').Ipvs, package: typeof import('ipvs')) => unknown])[]} */
export const CASES = [
  ['bad input, awaited', async (ipvs) => await ipvs.addService(BAD)],
  ['bad input, at once', async (ipvs) => ipvs.sync.addService(BAD)],
  [
    'bad input in a batch',
    async (ipvs) =>
      await ipvs.batch((b) => {
        b.getService(NONE);
        b.addService(BAD);
      }),
  ],
  ['bad input of a procedure, awaited', async (ipvs) => await ipvs.snapshot({ bigint: 1 })],
  ['bad input of a procedure, at once', async (ipvs) => ipvs.sync.snapshot({ bigint: 1 })],
  ['bad parameters, awaited', async (ipvs) => await ipvs.sysctls.set({ conntrack: 1 })],
  ['bad parameters, at once', async (ipvs) => ipvs.sync.sysctls.set({ conntrack: 1 })],
  ['a parameter out of range, awaited', async (ipvs) => await ipvs.sysctls.set({ syncRetries: 9 })],
  ['a parameter out of range, at once', async (ipvs) => ipvs.sync.sysctls.set({ syncRetries: 9 })],
  ['a refused parameter, awaited', async (ipvs) => await ipvs.sysctls.set({ estCpulist: '4095' })],
  ['a refused parameter, at once', async (ipvs) => ipvs.sync.sysctls.set({ estCpulist: '4095' })],
  [
    'a refused parameter behind others',
    async (ipvs) => {
      void ipvs.sysctls.get();
      await ipvs.sysctls.set({ estCpulist: '4095' });
    },
  ],
  ['bad options of a batch', async (ipvs) => await ipvs.batch(() => undefined, { stop: true })],
  ['bad options of a count', async (ipvs) => await ipvs.countConnections({ by: ['x'] })],
  ['bad options of diagnose()', async (ipvs) => await ipvs.diagnose({ x: 1 })],
  ['bad options of diagnose', async (_, { diagnose }) => await diagnose({ x: 1 })],
  ['bad options of open()', async (_, { Ipvs }) => await Ipvs.open({ x: 1 })],
  ['bad options of Links.open()', async (_, { Links }) => await Links.open({ x: 1 })],
  ['bad modules', async (_, { loadModules }) => await loadModules(['a b'])],
  ['bad options of watch()', async (ipvs) => ipvs.watch({ interval: 0 })],
  ['bad options of connections()', async (ipvs) => ipvs.connections({ state: 5 })],
  ['bad options of links.watch()', async (ipvs) => ipvs.links.watch({ types: [] })],
  ['a bad link, awaited', async (ipvs) => await ipvs.links.setLink('no', { up: 1 })],
  ['a bad link, at once', async (ipvs) => ipvs.links.sync.setLink('no', { up: 1 })],
  ['a bad address', async (ipvs) => await ipvs.links.reconcileAddresses('lo', ['10.0.0.1', 'x'])],
  ['a surplus argument', async (ipvs) => await ipvs.flush(NONE)],
  ['a refusal, awaited', async (ipvs) => await ipvs.deleteService(NONE)],
  [
    'a refusal among others',
    async (ipvs) => {
      await Promise.all([ipvs.getTimeouts(), ipvs.deleteService(NONE)]);
    },
  ],
  ['a refusal, at once', async (ipvs) => ipvs.sync.deleteService(NONE)],
  [
    'a refusal in a batch',
    async (ipvs) => {
      const [result] = await ipvs.batch((b) => void b.deleteService(NONE));
      throw result.reason;
    },
  ],
  ['a refusal of a link, awaited', async (ipvs) => await ipvs.links.deleteLink('no')],
  ['a refusal of a link, at once', async (ipvs) => ipvs.links.sync.deleteLink('no')],
  [
    'a refusal of a procedure, awaited',
    async (ipvs) => await ipvs.links.reconcileAddresses('no', []),
  ],
  [
    'a refusal of a procedure, at once',
    async (ipvs) => ipvs.links.sync.reconcileAddresses('no', []),
  ],
  [
    'no such network namespace',
    async (_, { Ipvs }) => await Ipvs.open({ netns: '/run/netns/no-such' }),
  ],
  [
    'a batch of which nothing comes',
    async (ipvs) => {
      await ipvs.batch(() => ipvs.getTimeouts());
    },
  ],
  [
    'a closed handle, awaited',
    async (_, { Ipvs }) => {
      const closed = await Ipvs.open();
      await closed.close();
      await closed.flush();
    },
  ],
  [
    'a closed handle, at once',
    async (_, { Ipvs }) => {
      const closed = await Ipvs.open();
      await closed.close();
      closed.sync.flush();
    },
  ],
  [
    'a closed handle, of a procedure',
    async (_, { Ipvs }) => {
      const closed = await Ipvs.open();
      await closed.close();
      await closed.snapshot();
    },
  ],
  [
    'a closed handle, of an iterator',
    async (_, { Ipvs }) => {
      const closed = await Ipvs.open();
      const connections = closed.connections();
      await closed.close();
      for await (const each of connections) void each;
    },
  ],
  ...['connections', 'watch'].map((name) => [
    `a closed handle, of ${name}()`,
    async (_, { Ipvs }) => {
      const closed = await Ipvs.open();
      await closed.close();
      closed[name]();
    },
  ]),
  [
    'a closed handle, of links.watch()',
    async (_, { Links }) => {
      const closed = await Links.open();
      await closed.close();
      closed.watch();
    },
  ],
  ...[
    ['getStatus()', async (ipvs) => await ipvs.getStatus()],
    ['getStats()', async (ipvs) => await ipvs.getStats()],
    ['getInfo()', async (ipvs) => await ipvs.getInfo()],
    ['countConnections()', async (ipvs) => await ipvs.countConnections()],
    ['diagnose()', async (ipvs) => await ipvs.diagnose()],
    ['sysctls.get()', async (ipvs) => await ipvs.sysctls.get()],
    ['sysctls.set()', async (ipvs) => await ipvs.sysctls.set({ conntrack: true })],
    ['batch()', async (ipvs) => await ipvs.batch(() => undefined)],
    ['links.listLinks()', async (ipvs) => await ipvs.links.listLinks()],
    ['links.reconcileAddresses()', async (ipvs) => await ipvs.links.reconcileAddresses('lo', [])],
  ].map(([name, action]) => [
    `a closed handle, of ${name}`,
    async (_, { Ipvs }) => {
      const closed = await Ipvs.open();
      await closed.close();
      await action(closed);
    },
  ]),
  ['a bad reference', async (_, { formatServiceReference }) => formatServiceReference('x')],
  ['a bad configuration', async (_, { normalizeService }) => normalizeService(BAD)],
  ['a bad address of no service', async (_, { formatAddress }) => formatAddress('x')],
  [
    'a bad configuration in a batch',
    async (ipvs, { normalizeService }) => await ipvs.batch(() => normalizeService(BAD)),
  ],
  ['a module that is not there', async (_, { loadModules }) => await loadModules(['no_such'])],
];

/** The errors of all cases. */
export async function errorsOf(ipvs, exported) {
  const errors = [];
  for (const [title, action] of CASES) {
    try {
      await action(ipvs, exported);
      errors.push([title, undefined]);
    } catch (error) {
      errors.push([title, error]);
    }
  }
  return errors;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const exported = await import('ipvs');
  const ipvs = await exported.Ipvs.open();
  const errors = await errorsOf(ipvs, exported);
  await ipvs.close();
  console.log(
    JSON.stringify(
      errors.map(([title, error]) => [
        title,
        { ...error, message: error?.message, stack: error?.stack },
      ]),
    ),
  );
}
