// A process that only samples the table of a namespace. With an interval that never ends it waits
// for its second sample, and so ends by itself; with 'ref' and a short interval it stays until it
// has three of them.
import { Ipvs } from 'ipvs';

const [netns, mode] = process.argv.slice(2);
const ipvs = await Ipvs.open({ netns });
const watcher = ipvs.watch({ interval: mode === 'ref' ? 50 : 2 ** 31 - 1 });
if (mode === 'ref') watcher.ref();
let count = 0;
const next = () =>
  watcher.next().then(() => {
    console.log(`sample ${++count}`);
    if (count < 3) next();
  });
next();
