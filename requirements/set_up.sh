#!/bin/sh
# Called by make: finds a Python that can carry .venv, and hands over to set_up.py.
set -eu
cd "$(dirname "$0")/.."

TESTED="3.14 3.13 3.12 3.11" # newest first; newer ones come last, because not every package has wheels for them yet

# 0: yes; 3: too old; 4: it has no venv; anything else: it does not run (a pyenv shim of an inactive version, say)
try() {
    "$1" -c 'import sys
if sys.version_info < (3, 11): sys.exit(3)
try: import ensurepip, venv
except ImportError: sys.exit(4)' >/dev/null 2>&1
}

hand_over() {
    exec "$1" -E -s -S requirements/set_up.py
}

give_up() {
    echo "$1" >&2
    exit 2
}

PLENTY="loanwatch needs Python 3.11 or newer"
if [ -n "${PYTHON:-}" ]; then
    result=0
    try "$PYTHON" || result=$?
    case $result in
        0) hand_over "$PYTHON" ;;
        3) give_up "$PLENTY, and PYTHON=$PYTHON is older." ;;
        4) give_up "PYTHON=$PYTHON has no venv. On Debian and Ubuntu: apt install $(basename "$PYTHON")-venv" ;;
        *) give_up "PYTHON=$PYTHON does not run. Name another, or leave it out: make then looks for one." ;;
    esac
fi

# The environment's own Python, as long as it runs: a newer one that is installed later changes nothing by itself.
! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || hand_over .venv/bin/python

without_venv=
for version in $TESTED 3; do
    result=0
    try "python$version" || result=$?
    [ $result -ne 0 ] || hand_over "python$version"
    [ $result -ne 4 ] || without_venv=${without_venv:-python$version}
done

# Those that uv manages need not be on the PATH.
if command -v uv >/dev/null; then
    for version in $TESTED; do
        found=$(UV_PYTHON_DOWNLOADS=never uv python find --system "$version" 2>/dev/null) || continue
        ! try "$found" || hand_over "$found"
    done
fi

[ -z "$without_venv" ] || give_up "$without_venv has no venv. On Debian and Ubuntu: apt install $without_venv-venv; then make again."
! command -v uv >/dev/null || give_up "$PLENTY, and none is on the PATH. uv brings one: uv python install 3.13; then make again."
give_up "$PLENTY, and none is on the PATH. Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python; or name one: make PYTHON=/path/to/python3.13"
