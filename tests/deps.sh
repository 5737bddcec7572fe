#!/bin/sh
# deps.sh PACKAGE... - makes sure that these Debian packages are installed. Silent if they are; as root it
# installs what is missing; otherwise it says the one command that does.
missing=
for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    # not Debian: believe the compiler, which will say what it lacks
    echo "shakedown: not a Debian system; needed here are the counterparts of:$missing" >&2
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "shakedown: packages are missing; install them and run make again:" >&2
    echo "    sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi
echo "installing Debian packages:$missing"
log=$(mktemp) || exit 1
export DEBIAN_FRONTEND=noninteractive
if apt-get -qq update >"$log" 2>&1 &&
    apt-get -qq install -y --no-install-recommends $missing >>"$log" 2>&1; then
    rm -f "$log"
    exit 0
fi
tail -n 20 "$log" >&2
rm -f "$log"
echo "shakedown: the packages above could not be installed" >&2
exit 1
