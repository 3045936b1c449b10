/**
 * Requests a URL a number of times, over a new connection each: `node client.js URL TIMES`. Prints
 * as JSON how often each server answered.
 */
import { get } from 'node:http';
import { text } from 'node:stream/consumers';

function request(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => text(response).then(resolve, reject)).on(
      'error',
      reject,
    );
  });
}

const [url = '', times = ''] = process.argv.slice(2);
const counts: Record<string, number> = {};
for (let i = 0; i < Number(times); i++) {
  const name = await request(url);
  counts[name] = (counts[name] ?? 0) + 1;
}
console.log(JSON.stringify(counts));
