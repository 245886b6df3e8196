#!/usr/bin/env bash
# Makes sure that what `make test` needs is installed. On Debian as root the
# missing packages are installed; elsewhere they are named and the script fails.
set -euo pipefail

node_min=20.19

fail() {
	echo "prereqs: $*" >&2
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

for tool in go node npm; do
	have "$tool" || fail "$tool is missing: install Go, Node ($node_min or later) and npm"
done
node_version=$(node --version)
if [ "$(printf '%s\n' "$node_min" "${node_version#v}" | sort -V | head -n1)" != "$node_min" ]; then
	fail "node is $node_version: install $node_min or later"
fi

# The clang that compiles C programs a second time, and its run-time library.
has_wasm_runtime() {
	local lib
	have clang || return 1
	lib=$(clang --target=wasm32-wasi --print-libgcc-file-name 2>/dev/null) || return 1
	[ -e "$lib" ] || [ -e "$(clang --print-resource-dir)/lib/wasi/libclang_rt.builtins-wasm32.a" ]
}

# has_wasm_library tells whether there is a C++ library for WebAssembly.
has_wasm_library() { [ -e /usr/include/wasm32-wasi/c++/v1/vector ] || [ -n "${WASI_SYSROOT:-}" ]; }

# has_server tells whether a proxy is installed, which may be where only root looks.
has_server() { have "$1" || [ -x "/usr/sbin/$1" ]; }

# has_postgres tells whether PostgreSQL's server is installed: Debian doesn't put it in PATH.
has_postgres() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

# missing prints the Debian package of everything that is not there.
missing() {
	have chromium || have chromium-browser || have google-chrome || echo chromium
	have tshark || echo tshark
	have tcpdump || echo tcpdump
	have xmllint || echo libxml2-utils
	have gcc || echo gcc
	have zsh || echo zsh
	have fish || echo fish
	[ "$(uname)" != Linux ] || have dpkg-deb || echo dpkg # what make dist makes, and how its test tries it
	[ "$(uname)" != Linux ] || have lintian || echo lintian
	[ "$(uname)" != Linux ] || has_server adduser || echo adduser
	[ "$(uname)" != Linux ] || have systemd-analyze || echo systemd
	[ "$(uname)" != Linux ] || have man || echo man-db
	has_server nginx || echo nginx-light
	has_server caddy || echo caddy
	has_server haproxy || echo haproxy
	has_postgres || echo postgresql-15 # the tests start a server of their own, as nobody
	[ -e /usr/include/stdlib.h ] || [ "$(uname)" != Linux ] || echo libc6-dev
	[ "$(uname)" != Linux ] || have ip || echo iproute2 # the tests of doors make network namespaces
	[ "$(uname)" != Linux ] || have ping || echo iputils-ping
	[ "$(uname)" != Linux ] || have iperf3 || echo iperf3
	[ "$(uname)" != Linux ] || have qemu-system-x86_64 || echo qemu-system-x86
	[ "$(uname)" != Linux ] || [ -e /usr/lib/debian-installer/images/12/amd64/text ] || echo debian-installer-12-netboot-amd64
	[ "$(uname)" != Linux ] || have qemu-aarch64-static || echo qemu-user-static # another architecture's hashes
	have clang || echo clang
	have wasm-ld || echo lld
	[ -d /usr/include/wasm32-wasi ] || [ -n "${WASI_SYSROOT:-}" ] || echo wasi-libc
	has_wasm_library || echo "libc++-$(clang_major)-dev-wasm32 libc++abi-$(clang_major)-dev-wasm32"
	has_wasm_runtime || echo "libclang-rt-$(clang_major)-dev-wasm32"
}

# clang_major is the version of the clang that is, or would be, installed.
clang_major() {
	local v
	v=$(clang -dumpversion 2>/dev/null || apt-cache policy clang 2>/dev/null | sed -n 's/.*Candidate: \([0-9]*:\)\{0,1\}//p')
	v=${v%%.*}
	echo "${v:-14}"
}

packages=$(missing)
[ -n "$packages" ] || exit 0
packages=$(echo "$packages" | tr '\n' ' ')

if [ ! -e /etc/debian_version ]; then
	fail "install the equivalents of these Debian packages: $packages"
fi
if [ "$(id -u)" != 0 ]; then
	fail "run as root: apt-get install $packages"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
packages=$(missing | tr '\n' ' ') # the version of clang is known only now
echo "prereqs: installing $packages"
# The tests start the proxies that docs/hosting.md is about, on ports of their own:
# installing them must not (invoke-rc.d(8), policy-rc.d).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	trap 'rm -f "$policy"' EXIT
fi
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $packages </dev/null >/dev/null
packages=$(missing | tr '\n' ' ')
[ -z "$packages" ] || fail "still missing after apt-get install: $packages"
