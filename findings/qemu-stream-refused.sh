#!/usr/bin/env bash
# QEMU says nothing where its network's other end is not there.
#
# QEMU 7.2 (Debian 12, qemu-system-x86) with -netdev stream,server=off, to an address where
# nobody listens: it starts, writes nothing to standard error, boots its machine, and ends with
# 0. The machine has its card, and each frame that it sends is lost. The only trace is in the monitor,
# where "info network" has "connection error". It does not try again. With the older -netdev
# socket,connect= there is not even that: its state is empty.
#
# What it means for a lab: the server has to listen before a machine is started, its port must not
# change while the machine runs, and who debugs a machine without a network looks at the monitor.
set -euo pipefail
command -v qemu-system-x86_64 >/dev/null || { echo "apt install qemu-system-x86" >&2; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# Port 1 of this machine: nobody listens there.
look() {
	{
		echo '{"execute":"qmp_capabilities"}'
		sleep 1 # the connection is refused meanwhile
		echo '{"execute":"human-monitor-command","arguments":{"command-line":"info network"}}'
		echo '{"execute":"quit"}'
		sleep 1
	} | qemu-system-x86_64 -nodefaults -display none -S -qmp stdio -netdev "$1" -device virtio-net-pci,netdev=n0 2>"$dir/err" |
		grep -o '"return": ".*"' | sed 's/"return": //; s/,macaddr=[0-9a-f:]*//'
	echo "exit ${PIPESTATUS[1]}, $(wc -c <"$dir/err") bytes on standard error"
}
got=$(
	qemu-system-x86_64 --version | grep -o 'version [0-9]*\.[0-9]*'
	look stream,id=n0,server=off,addr.type=inet,addr.host=127.0.0.1,addr.port=1
	look socket,id=n0,connect=127.0.0.1:1
)
want='version 7.2
"virtio-net-pci.0: index=0,type=nic,model=virtio-net-pci\r\n \\ n0: index=0,type=stream,connection error\r\n"
exit 0, 0 bytes on standard error
"virtio-net-pci.0: index=0,type=nic,model=virtio-net-pci\r\n \\ n0: index=0,type=socket,\r\n"
exit 0, 0 bytes on standard error'
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
