#!/bin/sh
# Installs the Debian packages that tests need, where it may; else says what is left out, and fails with STRICT=1.
# Usage: systemd/debian.sh PACKAGE…
set -u
missing=""
for package in "$@"; do
    case $package in
        chromium) command -v chromium >/dev/null 2>&1 || missing="$missing chromium" ;;
        systemd) command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd" ;;
        *) dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package" ;;
    esac
done
[ -z "$missing" ] && exit 0
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo -n"
    $as_root true 2>/dev/null || as_root="none"
fi
if [ "$as_root" != none ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian packages:$missing"
    $as_root env DEBIAN_FRONTEND=noninteractive sh -c "apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing" \
        >/dev/null && exit 0
fi
echo "Left out, because these Debian packages are missing and may not be installed here:$missing" >&2
[ "${STRICT:-}" = 1 ] && exit 1
case "$missing" in *python3-venv*) exit 1 ;; esac
exit 0
