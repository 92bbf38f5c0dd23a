# shellcheck shell=sh
# Functions for scripts that need Debian packages: tell what is missing, install it, or say what to do.

# packages_missing NAME...: those of them that are not installed, one a line
packages_missing()
{
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done
}

# packages_need NAME...: returns when all are installed, after installing what is missing; otherwise ends the script
packages_need()
{
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        echo "This script installs what it needs with apt, and this system has none. It needs these packages of" >&2
        echo "Debian, whatever they are called here: $*" >&2
        exit 1
    fi

    missing=$(packages_missing "$@" | tr '\n' ' ')
    [ -n "$missing" ] || return 0

    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
        if ! command -v sudo >/dev/null; then
            echo "These packages are missing: $missing" >&2
            echo "Install them as root, then call this script again: apt-get install $missing" >&2
            exit 1
        fi
    fi

    echo "Installing with apt: $missing"
    $as_root apt-get update -q || echo "The lists of packages could not be refreshed; trying with the old ones." >&2
    # shellcheck disable=SC2086 # the list is meant to be split into words
    if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing; then
        echo "apt could not install: $missing" >&2
        exit 1
    fi
}

# packages_meson ARGUMENT...: the meson of the system, whatever python3 stands first in PATH
packages_meson()
{
    if [ -x /usr/bin/meson ]; then
        /usr/bin/meson "$@"
    else
        meson "$@"
    fi
}
