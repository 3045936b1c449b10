// Reads the connection table of a namespace so many times, as a stream and as a count. Prints as JSON
// the number of connections and the growth of the process since the first time. Needs --expose-gc.
import { Ipvs } from 'ipvs';

const [, , netns, rounds] = process.argv;
const ipvs = await Ipvs.open({ netns });

async function read() {
  let streamed = 0;
  for await (const { client } of ipvs.connections()) if (client.port > 0) streamed++;
  const [{ count }] = await ipvs.countConnections();
  await ipvs.countConnections({ by: ['service', 'destination', 'state', 'protocol'] });
  return { streamed, count };
}

/** The most that was resident at any of the looks that a timer takes meanwhile. */
async function watched(action) {
  let most = 0;
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, 5);
  const result = await action();
  clearInterval(timer);
  look();
  return { result, most };
}

const few = async () => {
  let read = 0;
  for await (const _ of ipvs.connections()) if (++read === 5000) break;
};
await few();
globalThis.gc();
const before = process.memoryUsage.rss();
const seen = [];
let growth = 0;
for (let round = 0; round < Number(rounds); round++) {
  const { result, most } = await watched(read);
  seen.push(result);
  growth = Math.max(growth, most - before);
}
await ipvs.close();
console.log(JSON.stringify({ seen, growth }));
