#!/bin/sh
# run.sh - every benchmark: the programs built from tests/bench/*.c, then tests/bench/*.sh and *.py, one
# after the other on an otherwise idle machine. Python ones get the peers of tests/peers/run.sh. A benchmark
# that promises a figure exits non-zero when it misses it; so does this script then.
cd "$(dirname "$0")/../.." || exit 1
PEERS_PYTHON=$(tests/peers/run.sh --python) || exit 1
export PEERS_PYTHON PYTHON="$PEERS_PYTHON" BUILD="${BUILD:-build}" SHAKEDOWN="$PWD/shakedown" PYTHONDONTWRITEBYTECODE=1 \
    PYTHONWARNINGS=ignore MPLBACKEND=Agg
missed=0
echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
for source in tests/bench/*.c; do
    [ -f "$source" ] || continue
    name=$(basename "$source" .c)
    # a program with a script of the same name is that script's tool
    [ -f "tests/bench/$name.sh" ] || [ -f "tests/bench/$name.py" ] && continue
    echo "$name:"
    "$BUILD/tests/bench/$name" || missed=1
done
for script in tests/bench/*.sh tests/bench/*.py; do
    case $script in tests/bench/_* | */run.sh | *'*'*) continue ;; esac
    echo "$(basename "$script"):"
    case $script in *.py) "$PEERS_PYTHON" "$script" ;; *) sh "$script" ;; esac || missed=1
done
exit $missed
