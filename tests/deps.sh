#!/bin/sh
# deps.sh PACKAGE... - installs the Debian packages that are missing, as root or through sudo.
# On a system without apt-get it prints the list and stops.
missing=
for package in "$@"; do
    # npm and nodejs may come from elsewhere than Debian; the command is what counts.
    case $package in
    nodejs) command -v node >/dev/null && continue ;;
    npm) command -v npm >/dev/null && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if ! command -v apt-get >/dev/null; then
    echo "This system has no apt-get. sisetu needs what Debian 12 calls:$missing" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    echo "Missing packages:$missing. Run as root: apt-get install$missing" >&2
    exit 1
fi
echo "Installing:$missing"
$as_root apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
    echo "Could not install:$missing" >&2
    exit 1
}
