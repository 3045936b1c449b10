# shellcheck shell=bash disable=SC2154 # the caller sets filters
# Runs vitest and counts the tests of several runs. Sourced in the root folder of the project.

filters=() # parts of the names of test files, from the command line
files=() # the test files that run without a filter; none: all
reports=$(mktemp -d)
vitest_status=0

clean_up() {
  trap '' INT TERM HUP
  jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true
  wait
  rm -rf "$reports"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs vitest in a process of its own, and leaves a report.
vitest() { # vitest REPORT PROJECT [OPTION...] -- [WRAPPER...]
  local report=$reports/$1.jsonl options=(--project "$2")
  shift 2
  while [[ $1 != -- ]]; do options+=("$1"); shift; done
  shift
  # With a filter, a project may have no file that matches.
  ((${#filters[@]} == 0)) || options+=(--passWithNoTests)
  : >"$report"
  exec "$@" node_modules/.bin/vitest run "${options[@]}" \
    --reporter=default --reporter=./scripts/lib/test-report.mjs --outputFile.report="$report" \
    "${filters[@]}" "${files[@]}"
}

# Runs the tests of a project in the files that match $filters.
run_project() { # run_project NAME [WRAPPER...]
  echo "== $1 tests"
  # In the background, because a trap waits for a command in the foreground.
  vitest "$1" "$1" -- "${@:2}" &
  wait "$!" || vitest_status=1
}

# Runs the kernel tests in several kernels at once, each with its share of the files and on a core
# of its own. Shows the output of the first while it runs, and then that of the others.
run_on_cores() { # run_on_cores CORES WRAPPER...
  local cores shard count wrapper=("${@:2}") others=()
  read -ra cores <<<"$1"
  count=${#cores[@]}
  echo "== kernel tests, in $count kernels"
  for ((shard = 2; shard <= count; shard++)); do
    vitest "kernel-$shard" kernel "--shard=$shard/$count" -- \
      "${wrapper[@]}" --cpu "${cores[shard - 1]}" -- >"$reports/$shard.log" 2>&1 &
    others+=("$!")
  done
  vitest kernel-1 kernel "--shard=1/$count" -- "${wrapper[@]}" --cpu "${cores[0]}" -- &
  wait "$!" || vitest_status=1
  for ((shard = 2; shard <= count; shard++)); do
    wait "${others[shard - 2]}" || vitest_status=1
    cat "$reports/$shard.log"
  done
}

# Prints the cores that this process may use, at most COUNT of them.
available_cores() { # available_cores COUNT
  local list range cores=()
  list=$(sed -n 's/^Cpus_allowed_list:\s*//p' /proc/self/status)
  for range in ${list//,/ }; do
    mapfile -t -O "${#cores[@]}" cores < <(seq "${range%-*}" "${range#*-}")
  done
  echo "${cores[@]:0:$1}"
}

# Ends with the failed tests and a line "N passed, N failed" for all runs together, and with the
# status of the whole.
count_tests() {
  node scripts/lib/count-tests.mjs "$vitest_status" "$reports"/*.jsonl
}
