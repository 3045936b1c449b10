// A worker thread that adds and deletes services: until it is terminated during that, or for
// so many `rounds`, after which it sends the number of services that it saw in each.
import { parentPort, workerData } from 'node:worker_threads';
import { Ipvs } from 'ipvs';

const { netns, first, count, rounds = Number.POSITIVE_INFINITY } = workerData;
const ipvs = await Ipvs.open({ netns });
const marks = Array.from({ length: count }, (_, index) => first + index);
const server = (index) => ({ address: `10.2.${index >> 8}.${index & 255}` });

async function round() {
  const made = marks.flatMap((fwmark, index) => [
    ipvs.ensureService({ fwmark }),
    ipvs.ensureDestination({ fwmark }, server(index)),
  ]);
  await Promise.all(made);
  const { services } = await ipvs.snapshot();
  const deleted = marks.map((fwmark) => ipvs.deleteService({ fwmark }));
  await Promise.all(deleted);
  return services.length;
}

const seen = [];
for (let done = 0; done < rounds; done++) {
  seen.push(await round());
  if (done === 0) parentPort.postMessage('in the midst of it');
}
await ipvs.close();
parentPort.postMessage(seen);
