/**
 * A reporter of Vitest for count-tests.mjs: writes a line of JSON when a test starts, when it ends,
 * and when the run ends. A run that is killed leaves what it had reached.
 * Usage: vitest run --reporter=scripts/lib/test-report.mjs --outputFile.report=FILE
 */
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';

export default class TestReport {
  #file;

  onInit({ config }) {
    this.#file = config.outputFile.report;
  }

  onTestCaseReady(test) {
    this.#write({ event: 'start', name: nameOf(test) });
  }

  onTestCaseResult(test) {
    const { state, errors } = test.result();
    // A skipped test does not start, and counts for nothing.
    if (state !== 'skipped') this.#write({ event: state, name: nameOf(test), ...textOf(errors) });
  }

  onTestModuleEnd(module) {
    if (module.state() !== 'failed') return;
    // A file that does not load has no tests to fail, nor has a group whose hook fails.
    for (const part of [module, ...module.children.allSuites()]) {
      const errors = part.errors();
      if (errors.length > 0)
        this.#write({ event: 'failed', name: nameOf(part), ...textOf(errors) });
    }
  }

  onTestRunEnd(_, errors) {
    for (const error of errors)
      this.#write({ event: 'failed', name: 'vitest', ...textOf([error]) });
    this.#write({ event: 'end' });
  }

  #write(line) {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

function nameOf(part) {
  const { moduleId } = part.module ?? part;
  const file = relative(process.cwd(), moduleId);
  return part.module === undefined ? file : `${file} > ${part.fullName}`;
}

/** The first error: its message, the difference of what was compared, and where it happened. */
function textOf([error] = []) {
  if (error === undefined) return {};
  const { name = 'Error', message, diff = '', stack = '' } = error;
  const places = stack.split('\n').filter((line) => /^\s+at (?!.*node_modules)/.test(line));
  return { message: [`${name}: ${message}`, diff, ...places].filter(Boolean).join('\n') };
}
