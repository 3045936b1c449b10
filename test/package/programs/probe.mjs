// Prints what the package does here.
import { formatServiceReference, Ipvs, IpvsError } from 'ipvs';

let message = '';

async function attempt(options) {
  try {
    const ipvs = await Ipvs.open(options);
    await ipvs.close();
    return 'open';
  } catch (error) {
    if (error instanceof IpvsError) message = error.message;
    return error.code;
  }
}

const open = await attempt({});
console.log(
  JSON.stringify({
    node: process.version,
    arch: process.arch,
    reference: formatServiceReference({ protocol: 'tcp', address: '::1', port: 80 }),
    refusal: await attempt({ netns: 7 }),
    open,
    message,
    elsewhere: await attempt({ netns: '/proc/self/ns/uts' }),
    addons: process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node')),
  }),
);
