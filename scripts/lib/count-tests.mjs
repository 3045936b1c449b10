/**
 * Usage: node scripts/lib/count-tests.mjs STATUS REPORT...
 * Prints the failed tests of all reports of test-report.mjs, and a line "N passed, N failed". STATUS
 * is that of vitest: a run that died before its end has failed, too.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Lines of a failure's message that are repeated: the error, and the first lines of its stack. */
const MESSAGE_LINES = 16;

/** The failed tests of a report, each with its message, and the number of those that passed. */
function read(file) {
  const failures = [];
  const running = new Set();
  let [passed, hasEnded] = [0, false];
  for (const line of readFileSync(file, 'utf8').split('\n').filter(isComplete)) {
    const { event, name, message } = JSON.parse(line);
    if (event === 'start') running.add(name);
    else running.delete(name);
    if (event === 'passed') passed++;
    if (event === 'failed') failures.push({ name, message });
    if (event === 'end') hasEnded = true;
  }
  if (!hasEnded) {
    const during = running.size === 0 ? 'between two tests' : `during ${[...running].join(', ')}`;
    failures.push({ name: `${basename(file, '.jsonl')} tests`, message: `stopped ${during}` });
  }
  return { passed, failures };
}

/** False for the last line if the run was killed while it wrote. */
const isComplete = (line) => line.endsWith('}');

const [status, ...files] = process.argv.slice(2);
const reports = files.map(read);
const passed = reports.reduce((sum, report) => sum + report.passed, 0);
const failures = reports.flatMap((report) => report.failures);
if (status !== '0' && failures.length === 0) {
  failures.push({ name: 'vitest', message: 'ended with an error, although no test failed' });
}

for (const { name, message = '' } of failures) {
  const lines = stripVTControlCharacters(message).split('\n').slice(0, MESSAGE_LINES);
  console.log([`\nFAILED ${name}`, ...lines].join('\n  '));
}
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;
