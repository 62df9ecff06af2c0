#!/bin/sh
# Makes the virtual environment, installs Lamsach into it from the locked, hashed requirements, and builds the hunt's machine code.
#   scripts/install.sh run    the hunt and the portal, which `make demo` shows
#   scripts/install.sh dev    every extra, and the tools for tests, checks and benchmarks
# A second call with nothing changed ends at once. Asks nothing. VENV names another folder, PYTHON another interpreter.
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
kind=${1:-run}
case $kind in
run) lock=requirements.lock ;;
dev) lock=requirements-dev.lock ;;
*)
    echo "install.sh: run or dev, not $kind" >&2
    exit 2
    ;;
esac

say() { printf '%s\n' "$*" >&2; }

fingerprint() { cksum requirements.lock requirements-dev.lock pyproject.toml scripts/install.sh && pwd; }

is_current() {
    for made in "$@"; do
        if [ -f "$venv/.installed-$made" ] && [ "$(cat "$venv/.installed-$made")" = "$(fingerprint)" ]; then
            return 0
        fi
    done
    return 1
}

is_recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3}; do
        if command -v "$candidate" >/dev/null 2>&1 && is_recent_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

# Runs a command as root when that needs no password; fails otherwise.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

# The package that brings ensurepip for an interpreter: python3.13-venv, or python3-venv when there is no such package.
apt_install_venv() {
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root true || return 1
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "Installing python$version-venv with apt-get ..."
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || return 1
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "python$version-venv" >&2 ||
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2
}

make_venv() {
    python=$1
    if "$python" -c 'import venv, ensurepip' 2>/dev/null && "$python" -m venv --clear "$venv" >&2; then
        return 0
    fi
    if apt_install_venv "$python" && "$python" -m venv --clear "$venv" >&2; then
        return 0
    fi
    rm -rf "$venv"
    if "$python" -m virtualenv --version >/dev/null 2>&1 && "$python" -m virtualenv --quiet "$venv" >&2; then
        return 0
    fi
    if "$python" -m venv --without-pip "$venv" 2>/dev/null &&
        "$python" -m pip --python "$venv/bin/python" install --quiet pip >&2; then
        return 0
    fi
    rm -rf "$venv"
    return 1
}

pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }
builds() { PYTHONPATH="$PWD/src:${tools:-}" "$venv/bin/python" -m lamsach.hunt.kernel.build "$@"; }

# The search's machine code, where it is missing or its sources changed. Its compilers stay in the environment for development only;
# else they are put aside, and the linker that comes as a package only where the system has none.
build_kernel() {
    if builds --check; then
        return 0
    fi
    tools=
    if ! "$venv/bin/python" -c 'import llvmlite, numba' 2>/dev/null; then
        tools=$(mktemp -d)
        trap 'rm -rf "$tools"' EXIT
        without=
        if command -v ld >/dev/null 2>&1; then without=ziglang; fi
        awk -v without="$without" '/^[a-z]/ { kept = without == "" || index($0, without) != 1 } kept' requirements-kernel.lock >"$tools/lock"
        say "Fetching the compiler of the search ..."
        if ! pip install --quiet --no-compile --no-deps --only-binary :all: --require-hashes --target "$tools" -r "$tools/lock" >&2; then
            say "The packages of requirements-kernel.lock could not be installed. A network without internet: see 'Without internet' in README.md."
            exit 1
        fi
    fi
    builds
}

# The same packages by uv, where the lock has it: sooner than by pip. Under settings that only pip knows it fails, and pip installs.
install_with_uv() {
    uv_lock=$(mktemp)
    awk '/^[a-z]/ { kept = index($0, "uv==") == 1 } kept' "$lock" >"$uv_lock"
    [ -s "$uv_lock" ] && pip install --quiet --only-binary :all: --require-hashes -r "$uv_lock" >&2 &&
        env ${PIP_CERT:+"SSL_CERT_FILE=$PIP_CERT"} UV_DEFAULT_INDEX="$(pip config get global.index-url 2>/dev/null)" \
            "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --compile-bytecode --only-binary :all: --require-hashes -r "$lock" >&2
    done=$?
    rm -f "$uv_lock"
    return $done
}

if is_current "$kind" dev && [ -x "$venv/bin/lamsach" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    build_kernel
    exit 0
fi

if ! { [ -x "$venv/bin/python" ] && is_recent_enough "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
    if ! python=$(find_python); then
        say "Lamsach needs Python 3.11 or later, and none was found."
        say "On Debian 12+ and Ubuntu 24.04+: sudo apt-get install python3 python3-venv; then run this again."
        exit 1
    fi
    say "Making $venv with $python ..."
    if ! make_venv "$python"; then
        say "A virtual environment could not be made: this Python lacks the module ensurepip."
        say "Run: sudo apt-get install python3-venv    (then run this again)"
        exit 1
    fi
fi

say "Installing from $lock (the first time takes a minute or two) ..."
rm -f "$venv/.installed-run" "$venv/.installed-dev"
if ! install_with_uv && ! pip install --quiet --only-binary :all: --require-hashes -r "$lock" >&2; then
    say "The packages of $lock could not be installed. A network without internet: see 'Without internet' in README.md."
    exit 1
fi
pip install --quiet --no-deps --no-index --no-build-isolation -e . >&2
build_kernel
fingerprint >"$venv/.installed-$kind"
