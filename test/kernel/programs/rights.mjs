// Makes calls that need privileges, and prints for each 'done' or the code of its error, as JSON. Its
// arguments: the path of another network namespace, a scheduler and a module that are not loaded.
import { Ipvs, loadModules, Namespace } from 'ipvs';

const [netns, scheduler, module] = process.argv.slice(2);

async function attempt(what) {
  try {
    await what();
    return 'done';
  } catch (error) {
    return error.code;
  }
}

async function first(iterable) {
  for await (const each of iterable) return each;
}

async function elsewhere() {
  const other = await Ipvs.open({ netns });
  await other.close();
}

let ipvs;
const outcomes = {
  open: await attempt(async () => {
    ipvs = await Ipvs.open();
  }),
  otherNamespace: await attempt(elsewhere),
  newNamespace: await attempt(async () => (await Namespace.create()).close()),
  loadModules: await attempt(() => loadModules([module])),
};
if (ipvs !== undefined) {
  Object.assign(outcomes, {
    change: await attempt(() => ipvs.addService({ fwmark: 1, scheduler })),
    list: await attempt(() => ipvs.snapshot()),
    connections: await attempt(() => first(ipvs.connections())),
    totals: await attempt(() => ipvs.getStats()),
    status: await attempt(() => ipvs.getStatus()),
    readParameters: await attempt(() => ipvs.sysctls.get()),
    writeParameters: await attempt(() => ipvs.sysctls.set({ expireNodestConn: true })),
  });
  await ipvs.close();
}
console.log(JSON.stringify(outcomes));
