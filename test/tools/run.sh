#!/usr/bin/env bash
# Runs the checks with real tools, all of them or, with the reason, none: what prepare.sh made must be complete.
set -euo pipefail
cd "$(dirname "$0")/../.."

status=0
python=$(test/tools/prepare.sh) || status=$?
if [ "$status" = 3 ]; then
  echo 'test:tools is skipped, for the reason above'
  exit 0
elif [ "$status" != 0 ]; then
  exit "$status"
fi
# Only the files that use Python: others need not be loaded to see that they have none of the tests.
mapfile -t files < <(grep -rl --include='*.test.ts' 'support/python.ts' test)
R2O_TEST_PYTHON=$python exec vitest run --tags-filter=tools "${files[@]}"
