#!/bin/sh
# Writes requirements.lock (what `make demo` shows: the hunt and the portal, and their build) and requirements-dev.lock (that, every
# other extra, and the tools of development and benchmarks) and requirements-kernel.lock (what compiles the hunt, beside
# the first), with hashes, for every system and every Python from 3.11 on. Settings of this machine stay out.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}

lock() {
    output=$1
    shift
    UV_CUSTOM_COMPILE_COMMAND="make lock" "$uv" --no-config pip compile \
        --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
        "$@" --quiet --output-file "$output"
}

if [ "${1:-}" = upgrade ]; then
    rm -f requirements.lock requirements-dev.lock requirements-kernel.lock
fi
lock requirements.lock pyproject.toml --extra portal --group build
lock requirements-dev.lock pyproject.toml --all-extras --group build --group dev --group bench --group kernel --constraint requirements.lock
lock requirements-kernel.lock --group kernel --constraint requirements-dev.lock --no-emit-package numpy
