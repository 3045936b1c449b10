/** Asks for a URL a number of times, over a connection each: `node client.js URL TIMES`. Prints who answered how often, as JSON. */
import { get } from 'node:http';
import { text } from 'node:stream/consumers';

function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => text(response).then(resolve, reject)).on(
      'error',
      reject,
    );
  });
}

const [url = '', times = ''] = process.argv.slice(2);
const answers: Record<string, number> = {};
for (let i = 0; i < Number(times); i++) {
  const name = await ask(url);
  answers[name] = (answers[name] ?? 0) + 1;
}
console.log(JSON.stringify(answers));
