// Makes some calls, for the log of NODE_DEBUG. Argument: the path of a network namespace.
import { Ipvs } from 'ipvs';

const ipvs = await Ipvs.open({ netns: process.argv[2] });
const service = { protocol: 'tcp', address: '10.96.0.1', port: 80 };
await ipvs.addService(service);
await Promise.allSettled([
  ipvs.addService(service),
  ipvs.addDestination(service, { address: '10.0.0.2' }),
]);
ipvs.sync.flush();
await ipvs.batch((b) => {
  b.addService(service);
  b.addService(service);
});
await ipvs.links.listLinks();
await ipvs.close();
