/**
 * A node agent: keeps the services of a JSON file, and their virtual addresses on a dummy link.
 *
 *     node agent.js [--link vip0] [--drain 30000] [--resync 30000] FILE
 *
 * The file has a state: { "services": [{ "protocol": "tcp", "address": "10.96.0.1", "port": 80,
 * "destinations": [{ "address": "10.1.1.2", "port": 8080, "forwarding": "masquerade" }] }] }
 *
 * The agent applies the file when it starts and whenever it changes. It owns the services on the
 * addresses of the link. It drains servers that go, repairs what others change, and logs what it
 * does. SIGTERM ends it, and the kernel goes on with the last state: start it again at any time.
 * `npm run demo -- agent` shows it at work.
 */
import { once } from 'node:events';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Director, type DirectorEvent, isInputError, type State } from 'ipvs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    link: { type: 'string', default: 'vip0' },
    drain: { type: 'string', default: '30000' },
    resync: { type: 'string', default: '30000' },
  },
});
const { link } = values;
const [file] = positionals;
if (file === undefined) throw new Error('agent.js needs the path of a JSON file');

function log(title: string, lines: readonly string[] = []): void {
  console.log([title, ...lines].join('\n  '));
}

function report(event: DirectorEvent): void {
  switch (event.type) {
    case 'changed':
    case 'drifted':
      log(event.type, event.diff.split('\n'));
      break;
    case 'draining':
      log(
        'draining',
        event.destinations.map(({ service, destination, activeConnections, deadline }) => {
          const until = deadline.toISOString();
          return `${service} ${destination}: ${activeConnections} active, at most until ${until}`;
        }),
      );
      break;
    case 'drained':
      log(
        'drained',
        event.destinations.map(
          ({ service, destination, reason }) => `${service} ${destination}: ${reason}`,
        ),
      );
      break;
    case 'refused':
      log(`refused, next try in ${event.retryIn} ms`, [event.error.message]);
      break;
    case 'recovered':
      log('recovered');
      break;
    case 'overrun':
      log(`${event.lost} events were not logged`);
  }
}

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

const director = await Director.open({
  owns: { link },
  link,
  drain: { timeout: Number(values.drain) },
  resync: Number(values.resync),
});

async function follow(): Promise<void> {
  for await (const event of director.events()) report(event);
}

let read: string | undefined;

/** Applies the file. A file that cannot be used leaves the state before in force. */
async function load(path: string): Promise<void> {
  try {
    const text = await readFile(path, 'utf8');
    // The file may have been written again with the same text.
    if (text === read) return;
    read = text;
    // apply() checks every value.
    await director.apply(JSON.parse(text) as State);
    log('in sync');
  } catch (error) {
    // Refusals of the kernel are events, and the director tries again.
    if (isInputError(error) || error instanceof SyntaxError || Object(error).syscall === 'open') {
      log('the file is not used', [String(error)]);
    }
  }
}

void follow();
let loading = load(file);
// Compares the state of the path twice a second. Events of files are missing on some file systems,
// and for files that are replaced. The watcher keeps the process alive.
watchFile(file, { interval: 500 }, () => {
  loading = loading.then(() => load(file));
});
// It may have come while the agent started.
if (!stop.signal.aborted) await once(stop.signal, 'abort');
unwatchFile(file);
await director.close();
log('stopped');
