// Executes a load so many times in a network namespace: `node costs.mjs NETNS LOAD TIMES`. Prints the
// bytes of heap that each run took, if it has --expose-gc.
import { Ipvs } from 'ipvs';

const [, , netns, load, times] = process.argv;
const ipvs = await Ipvs.open({ netns });
const service = { fwmark: 1000 };
const servers = Array.from({ length: 1000 }, (_, index) => ({
  address: `10.1.${index >> 8}.${index & 255}`,
}));

const loads = {
  promises: () => Promise.all(servers.map((each) => ipvs.ensureDestination(service, each))),
  batch: () =>
    ipvs.batch((b) => {
      for (const each of servers) b.ensureDestination(service, each);
    }),
  sync: () => {
    for (const each of servers) ipvs.sync.ensureDestination(service, each);
  },
  snapshot: () => ipvs.snapshot(),
  'sync snapshot': () => ipvs.sync.snapshot(),
};

const bytes = [];
for (let done = 0; done < Number(times); done++) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  await loads[load]();
  bytes.push(process.memoryUsage().heapUsed - before);
}
console.log(JSON.stringify(bytes));
await ipvs.close();
