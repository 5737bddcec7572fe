#!/bin/sh
# run.sh - side by side with the Python programs: every tests/peers/*.py and *.sh (but this one). They are
# installed from PyPI, pinned, into build/peers; PEERS_PYTHON names another Python that has them.
# Shows what each says; ends with how many 'known difference' lines there were, if any, and 'N passed, N failed'.
cd "$(dirname "$0")/../.." || exit 1
PINNED='ase==3.29.0 tblite==0.8.0 dscribe==2.1.2 shakenbreak==3.4.4 doped==3.2.1 spglib==2.8.0 numpy==2.4.6'

install_peers() { # prints nothing on standard output
    python=build/peers/bin/python
    [ "$(cat build/peers/pinned 2>/dev/null)" = "$PINNED" ] && return 0
    tests/deps.sh python3 python3-venv >&2 || return 1
    echo "installing into build/peers: $PINNED" >&2
    # shellcheck disable=SC2086
    python3 -m venv --clear build/peers >&2 && "$python" -m pip install -q --disable-pip-version-check $PINNED >&2 &&
        echo "$PINNED" >build/peers/pinned
}

mkdir -p build
if [ -n "$PEERS_PYTHON" ]; then
    python=$PEERS_PYTHON
else
    install_peers || exit 1
fi
if [ "$1" = --python ]; then
    echo "$python"
    exit 0
fi

scratch=$(mktemp) || exit 1
trap 'rm -f "$scratch"' EXIT
passed=0
failed=0
known=0
export PEERS_PYTHON="$python" PYTHON="$python" BUILD="${BUILD:-build}" SHAKEDOWN="$PWD/shakedown" PYTHONPATH="$PWD/tests/peers" \
    OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore MPLBACKEND=Agg
for script in tests/peers/*.py tests/peers/*.sh; do
    case $script in tests/peers/_* | */run.sh | *'*'*) continue ;; esac
    case $script in *.py) set -- "$python" "$script" ;; *) set -- sh "$script" ;; esac
    echo "$script:"
    "$@" >"$scratch" 2>&1 </dev/null
    status=$?
    sed 's/^/    /' "$scratch"
    good=$(grep -c '^ok ' "$scratch")
    bad=$(grep -cE '^(not ok|FAIL) ' "$scratch")
    known=$((known + $(grep -c '^known difference ' "$scratch")))
    [ $((good + bad)) = 0 ] && [ $status = 0 ] && good=1
    [ $status != 0 ] && [ "$bad" = 0 ] && bad=1
    passed=$((passed + good))
    failed=$((failed + bad))
done
[ "$known" = 0 ] || echo "$known known differences"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
