// Opens a handle in each namespace of its arguments ('' is its own) and adds a service. Prints the
// results as JSON: 'done' or the error. With --drop it drops its privileges between the two.
import { Ipvs } from 'ipvs';

const drop = process.argv[2] === '--drop';
const service = { protocol: 'tcp', address: '10.96.0.1', port: 80 };

async function attempt(netns) {
  let ipvs;
  try {
    ipvs = await Ipvs.open(netns === '' ? {} : { netns });
    if (drop) process.setuid(65534);
    await ipvs.addService(service);
    return 'done';
  } catch (error) {
    const { name, code, errno, syscall, operation, target, message } = error;
    return { name, code, errno, syscall, operation, target, message };
  } finally {
    await ipvs?.close();
  }
}

const outcomes = [];
for (const netns of process.argv.slice(drop ? 3 : 2)) outcomes.push(await attempt(netns));
console.log(JSON.stringify(outcomes));
