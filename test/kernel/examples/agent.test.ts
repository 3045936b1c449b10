// The node agent of examples/, at work under load as `npm run demo -- agent` shows it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildExamples, root } from '../helpers/programs.js';
import { run } from '../helpers/use-namespace.js';

let examples: string;

beforeAll(() => {
  examples = buildExamples();
});

test('the agent ends when SIGTERM comes while it starts', () => {
  // Sends the signal as soon as the agent has a handler.
  const preload = `process.on('newListener', (name) => {
    if (name === 'SIGTERM') setImmediate(() => process.kill(process.pid, name));
  });`;
  const args = [
    ...['--import', `data:text/javascript,${encodeURIComponent(preload)}`],
    ...[join(examples, 'agent.js'), join(root, 'package.json')],
  ];
  const ended = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/^stopped$/m) });
});

test('the agent adds, drains, repairs and removes, and no request fails', () => {
  const printed = run(process.execPath, [join(examples, 'agent-demo.js')]).split('\n');
  // Indented by the demonstration, and within the lines of an event by the agent.
  const logged = printed.filter((line) => line.startsWith('    ')).map((line) => line.slice(4));
  const service = 'tcp://10.96.0.1:80';
  const lines = [
    // It starts.
    'changed',
    `  + ${service}`,
    `  + ${service} 10.1.1.2:8080`,
    '  + address 10.96.0.1/32',
    'in sync',
    // Server 2 comes, and server 1 goes.
    `  + ${service} 10.1.2.2:8080`,
    `  ~ ${service} 10.1.1.2:8080 weight 1 → 0`,
    'draining',
    'drained',
    `  ${service} 10.1.1.2:8080: timeout`,
    // Another program adds a destination.
    'drifted',
    `  - ${service} 10.1.9.2:8080`,
    // The service goes, and the agent ends.
    `  ~ ${service} 10.1.2.2:8080 weight 1 → 0`,
    `  - ${service} 10.1.2.2:8080`,
    `  - ${service}`,
    '  - address 10.96.0.1/32',
    'stopped',
  ];
  // In this order, among others.
  let place = 0;
  for (const line of lines) {
    place = logged.indexOf(line, place);
    expect(place, `${line} in ${logged.join('\n')}`).toBeGreaterThanOrEqual(0);
    place++;
  }
  const answers = printed.flatMap(
    (line) => / {2}The servers that answered: (.*)/.exec(line)?.[1] ?? [],
  );
  expect(answers).toHaveLength(3);
  for (const answer of answers) {
    const counts: number[] = Object.values(JSON.parse(answer));
    expect(counts.reduce((sum, count) => sum + count)).toBe(60);
  }
});
