#!/usr/bin/env bash
# Prepares the Python that exports and weights are checked with, and prints its path. It is kept outside of the
# checkout and made again only when requirements.txt changes.
# Ends with 3, and the reason on stderr, where the packages cannot be had here; a package that fails is an error.
set -euo pipefail
cd "$(dirname "$0")"

unavailable() {
  echo "$1" >&2
  exit 3
}

# PyTorch from Debian computes on the CPU and is 140 MB; the package registry's brings gigabytes for GPUs.
# fuse3 mounts the drive that ignores case.
packages=(python3-venv python3-torch python3-torchvision python3-onnx labelme fuse3)
if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
  command -v apt-get >/dev/null || unavailable 'there is no apt-get'
  apt-get update -qq -o APT::Update::Error-Mode=any >&2 || unavailable "Debian's packages cannot be reached"
  apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "${packages[@]}" >/dev/null
fi

venv=${XDG_CACHE_HOME:-$HOME/.cache}/r2o-studio/test-tools
if ! cmp -s requirements.txt "$venv/requirements.txt"; then
  rm -rf "$venv"
  /usr/bin/python3 -m venv --system-site-packages "$venv"
  "$venv/bin/python" -m pip index versions datasets >/dev/null 2>&1 ||
    unavailable 'the registry of Python packages cannot be reached'
  "$venv/bin/python" -m pip install -q --ignore-installed --no-deps --no-compile --only-binary :all: -r requirements.txt >&2
  cp requirements.txt "$venv/requirements.txt"
fi
echo "$venv/bin/python"
