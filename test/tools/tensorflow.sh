#!/usr/bin/env bash
# Runs the checks on TensorFlow, in the built app: all of them or, with the reason, none. What `r2o devices install` has
# installed is kept outside of the checkout, and installed again only when the installer changes. With --prepare, it is
# only installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
  echo 'test:tensorflow is skipped: TensorFlow can be installed on Linux x64 only'
  exit 0
fi
for program in python3 npm g++; do
  if ! command -v "$program" >/dev/null; then
    echo "test:tensorflow is skipped: there is no $program"
    exit 0
  fi
done

data=${XDG_CACHE_HOME:-$HOME/.cache}/r2o-studio/test-tensorflow
installer=src-main/host/cli/tensorflow.ts
if ! cmp -s "$installer" "$data/tensorflow/installer.ts"; then
  if ! python3 -m pip index versions tensorflow-cpu >/dev/null 2>&1; then
    echo 'test:tensorflow is skipped: the registry of Python packages cannot be reached'
    exit 0
  fi
  node resources/bin/r2o.mjs --data "$data" devices install tensorflow
  cp "$installer" "$data/tensorflow/installer.ts"
fi
if [ "${1:-}" = --prepare ]; then exit 0; fi
R2O_TEST_TENSORFLOW=$data/tensorflow exec vitest run --project=whole --tags-filter=tools \
  test/agreement/tensorflow.test.ts test/e2e/tensorflow.test.ts
