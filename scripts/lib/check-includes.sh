#!/usr/bin/env bash
# Checks that the folders of csrc include only what the table in docs/architecture.md lets them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

table=docs/architecture.md
mapfile -t folders < <(find csrc -mindepth 1 -maxdepth 1 -type d -not -name 'build*' | sort)
status=0
for folder in "${folders[@]}"; do
  row=$(grep "^| \`$folder\` |" "$table") || { echo "$table: no row for $folder" >&2; exit 1; }
  allowed=${folder#csrc/}$(cut -d '|' -f 4 <<<"$row" | grep -o '`[^`]*`' | tr '\n`' '| ' | tr -d ' ' | sed 's/^/|/; s/|$//')
  if grep -rHnE --include='*.cc' --include='*.h' '^#include "' "$folder" | grep -vE "\"($allowed)[/.]"; then
    status=1
  fi
done
if ((status != 0)); then echo "These includes are not allowed by the table in $table." >&2; fi
exit "$status"
