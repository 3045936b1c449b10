/**
 * Measures how long this library alone blocks the event loop, and prints it as `{ value }`, in
 * milliseconds. The native handle answers in the next iteration. Run it with --expose-gc:
 *
 *     probe-blocks.js MEASURE SERVICES DESTINATIONS
 *
 * @module
 */
import { blocks } from './blocks.js';
import { Ipvs, instantHandle } from './instant-handle.js';

const [, , name = '', services, destinations] = process.argv;
const measure = blocks[name];
if (measure === undefined) throw new Error(`no such measure: ${name}`);
instantHandle.answers = 'in the next iteration';
await using ipvs = await Ipvs.open();
const size = { services: Number(services), destinations: Number(destinations) };
console.log(JSON.stringify({ value: await measure(ipvs, size) }));
