#!/usr/bin/env bash
# clang-tidy over the sources of vl/ and apps/: lint.sh BUILD [FILE...]
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(git ls-files 'vl/*.cc' 'apps/*.cc' | grep -v fold_table)
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet
