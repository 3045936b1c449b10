/**
 * Usage: node scripts/lib/count-tests.mjs STATUS REPORT...
 * Prints the failed tests of all reports of vitest, and a line "N passed, N failed". STATUS is that
 * of vitest: a run that died before it wrote its report has failed, too.
 */
import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Lines of a failure's message that are repeated: the error, and the first lines of its stack. */
const MESSAGE_LINES = 12;

/** The failed tests of a report, each with its message, and the number of those that passed. */
function results(report) {
  return {
    passed: report.numPassedTests,
    failures: report.testResults.flatMap(({ name, status, message, assertionResults }) => {
      const file = relative(process.cwd(), name);
      const failed = assertionResults
        .filter((test) => test.status === 'failed')
        .map((test) => ({ name: `${file} > ${test.fullName}`, message: test.failureMessages[0] }));
      // A file that does not load has no tests to fail.
      return failed.length === 0 && status === 'failed' ? [{ name: file, message }] : failed;
    }),
  };
}

function read(file) {
  try {
    return results(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const name = basename(file, '.json');
    return {
      passed: 0,
      failures: [{ name: `${name} tests`, message: `no report: ${error.message}` }],
    };
  }
}

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
