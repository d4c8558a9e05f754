#!/usr/bin/env bash
# clang-format as a gate: fails and names the files that differ.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files '*.h' '*.cc' | grep -v fold_table | xargs clang-format --dry-run -Werror
echo "format: clean"
