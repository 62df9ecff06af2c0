#!/bin/sh
# Writes requirements.lock (what the product and its build need) and requirements-dev.lock (that, and the tools of
# development and benchmarks), with hashes, for every system and every Python from 3.11 on. Settings of this machine stay out.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}

lock() {
    output=$1
    shift
    UV_CUSTOM_COMPILE_COMMAND="make lock" "$uv" --no-config pip compile pyproject.toml \
        --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
        --all-extras --group build "$@" --quiet --output-file "$output"
}

if [ "${1:-}" = upgrade ]; then
    rm -f requirements.lock requirements-dev.lock
fi
lock requirements.lock
lock requirements-dev.lock --group dev --group bench --constraint requirements.lock
