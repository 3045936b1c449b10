// Prints what the kernel has after it was told.
import { Ipvs } from 'ipvs';

const ipvs = await Ipvs.open();
const service = 'tcp://192.0.2.1:80';
await ipvs.ensureService({ protocol: 'tcp', address: '192.0.2.1', port: 80, scheduler: 'wrr' });
await ipvs.ensureDestination(service, { address: '192.0.2.2', port: 80, weight: 3 });
const { services } = await ipvs.snapshot();
await ipvs.deleteService(service);
await ipvs.close();
const told = services.map(({ address, port, scheduler, destinations }) => ({
  address,
  port,
  scheduler,
  destinations: destinations.map((one) => `${one.address}:${one.port} ${one.weight}`),
}));
console.log(JSON.stringify({ node: process.version, services: told }));
