#!/usr/bin/env bash
# Runs test programs built with sanitizers: run_sanitized.sh FOLDER PROGRAM... Any report fails.
set -euo pipefail
folder=$1
shift
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export LSAN_OPTIONS=suppressions=$(cd "$(dirname "$0")" && pwd)/lsan.supp:print_suppressions=0
failed=()
for program in "$@"; do
  [ -x "$folder/$program" ] || continue
  echo "== $program"
  "$folder/$program" --gtest_brief=1 || failed+=("$program")
done
[ ${#failed[@]} = 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
echo "no report in: $*"
