# shellcheck shell=bash disable=SC2154 # filters is the caller's
# Runs tests with vitest, project by project, and counts them all. Sourced at the root of the project.

filters=() # what the caller was given: parts of the names of test files
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
vitest_status=0

# Runs the tests of a project, those in files that match one of $filters, and leaves a report.
run_project() { # run_project NAME WRAPPER...
  local name=$1
  # With a filter, a project may have no file that it matches.
  local none_is_fine=false
  ((${#filters[@]} == 0)) || none_is_fine=true
  shift
  echo "== $name tests"
  : >"$reports/$name.json"
  "$@" node_modules/.bin/vitest run --project "$name" --passWithNoTests="$none_is_fine" \
    --reporter=default --reporter=json --outputFile.json="$reports/$name.json" "${filters[@]}" || vitest_status=1
}

# Ends with a line "N passed, N failed" for all projects together; its status is that of the whole.
count_tests() {
  # A project without a report died before it could count: that is a failure too.
  node --input-type=module - "$vitest_status" "$reports"/*.json <<'COUNT'
import { readFileSync } from 'node:fs';
const [status, ...files] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const file of files) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    // A file that does not load has no tests to fail.
    failed += report.testResults.filter((one) => one.status === 'failed' && one.assertionResults.length === 0).length;
  } catch (error) {
    console.error(`no report of ${file}: ${error.message}`);
    failed += 1;
  }
}
if (status !== '0' && failed === 0) failed = 1;
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
COUNT
}
