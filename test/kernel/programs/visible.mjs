// Reads all that is read from files under /proc, and prints as JSON what came of each. The argument
// is a network namespace.
import { diagnose, Ipvs, Links } from 'ipvs';

const options = process.argv[2] === undefined ? {} : { netns: process.argv[2] };

async function attempt(what) {
  try {
    return { value: await what() };
  } catch ({ code, message, target }) {
    return { code, message, target };
  }
}

async function first(iterable) {
  for await (const each of iterable) return each;
}

const found = { diagnose: await attempt(() => diagnose(options)) };
let ipvs;
found.open = await attempt(async () => {
  ipvs = await Ipvs.open(options);
});
found.links = await attempt(async () => (await Links.open(options)).close());
if (ipvs !== undefined) {
  Object.assign(found, {
    get: await attempt(() => ipvs.sysctls.get()),
    getSync: await attempt(() => ipvs.sync.sysctls.get()),
    set: await attempt(() => ipvs.sysctls.set({ amDroprate: 77 })),
    setSync: await attempt(() => ipvs.sync.sysctls.set({ amDroprate: 77 })),
    setAll: await attempt(async () => ipvs.sysctls.set(await ipvs.sysctls.get())),
    getInfo: await attempt(() => ipvs.getInfo()),
    getStats: await attempt(() => ipvs.getStats()),
    getStatsSync: await attempt(() => ipvs.sync.getStats()),
    getStatus: await attempt(() => ipvs.getStatus()),
    connections: await attempt(() => first(ipvs.connections())),
    origins: await attempt(() => first(ipvs.connections({ origin: true }))),
    countConnections: await attempt(() => ipvs.countConnections()),
  });
  await ipvs.close();
}
console.log(JSON.stringify(found));
