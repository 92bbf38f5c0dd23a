#!/bin/sh
# Builds with another libre than the machine's, put beside the build, and runs the suites that use it:
#   sh tests/libre.sh 2.0.1           Debian 13's; 1.1.0 is Debian 12's
#   sh tests/libre.sh source PATH     any source tree with a CMakeLists.txt, 2.5 or later
# Ends with 77 and a reason when that libre cannot be had.
set -eu

cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

skip()
{
    echo "skipped: $*"
    exit 77
}

# The machine's own mirror of Debian, for another release: its lists and packages stay in the folder.
mirror_apt()
{
    as=$1
    shift
    "$as" -q -o Dir::State="$folder/apt" -o Dir::State::status=/dev/null -o Dir::Cache="$folder/apt" \
        -o Dir::Etc::sourcelist="$folder/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o APT::Sandbox::User="$(id -un)" \
        -o Acquire::Retries=1 -o Acquire::http::Timeout=20 "$@"
}

mirror_open()
{
    command -v apt-get >/dev/null || skip "this system has no apt"
    own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    uri=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v own="$own" '$2 == own && $3 == "main" { print $1; exit }')
    [ -n "$uri" ] || skip "apt has no source of the release \"$own\" to tell a mirror from"

    mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $1 main" >"$folder/apt/sources.list"
    mirror_apt apt-get update >"$folder/apt.log" 2>&1 || true # without a list nothing is found, and that is told
}

# Its own folder takes the place of /usr, and libre.so is made of libre.a: the package is of a newer glibc, from 2.38 on,
# whose headers give two functions other names. Their difference, numbers in binary, is of no matter to libre.
unpack()
{
    prefix=$folder/usr
    dpkg-deb -x "$folder"/libre-dev_*.deb "$folder"
    pc=$(find "$prefix" -name libre.pc)
    lib=$(dirname "$(dirname "$pc")")
    sed -i "s|=/usr|=$prefix|" "$pc"
    objcopy --redefine-sym __isoc23_strtol=strtol --redefine-sym __isoc23_fscanf=__isoc99_fscanf "$lib/libre.a"
    rm "$lib/libre.so"
    cc -shared -Wl,-soname,libre-beside.so -o "$lib/libre-beside.so" \
        -Wl,--whole-archive "$lib/libre.a" -Wl,--no-whole-archive -lssl -lcrypto -lz
    ln -s libre-beside.so "$lib/libre.so"
}

get_package()
{
    case $version in
    1.1.0) mirror_open bookworm ;;
    2.0.1) mirror_open trixie ;;
    *) skip "no release of Debian is known to have libre $version" ;;
    esac
    found=$(mirror_apt apt-cache show libre-dev 2>/dev/null | sed -n 's/^Version: //p' | head -n 1)
    case $found in
    "$version"-*) ;;
    *) skip "the mirror has ${found:-no version} of libre-dev, see $folder/apt.log" ;;
    esac
    (cd "$folder" && mirror_apt apt-get download libre-dev) >>"$folder/apt.log" 2>&1 ||
        skip "libre-dev $found could not be downloaded, see $folder/apt.log"
    unpack
}

get_source()
{
    packages_need cmake
    cmake -S "$1" -B "$folder/cmake" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
        -DCMAKE_INSTALL_PREFIX="$folder/usr" -DCMAKE_INSTALL_LIBDIR=lib
    cmake --build "$folder/cmake" --target re re-shared
    cmake --install "$folder/cmake"
}

build_and_run()
{
    pc=$(find "$folder/usr" -name libre.pc)
    build=$folder/build
    if [ ! -f "$build/build.ninja" ]; then
        packages_meson setup "$build" --werror --pkg-config-path "$(dirname "$pc")" >"$folder/build.log" 2>&1 ||
            { cat "$folder/build.log"; exit 1; }
    fi
    packages_meson test -C "$build" --timeout-multiplier 10 --num-processes $(($(nproc) * 2)) --print-errorlogs --suite libre \
        --suite adapter
}

version=${1:-}
folder=$PWD/build-tests/libre-$version
case $#-$version in
2-source)
    mkdir -p "$folder"
    [ -d "$folder/usr" ] || get_source "$2" >"$folder/cmake.log" 2>&1 || { tail -n 60 "$folder/cmake.log"; exit 1; }
    ;;
1-[0-9]*)
    [ -n "$(find "$folder/usr" -name libre-beside.so 2>/dev/null)" ] || get_package
    ;;
*)
    sed -n '2,5s/^# //p' "$0"
    exit 2
    ;;
esac
build_and_run
