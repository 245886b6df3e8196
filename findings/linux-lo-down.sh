#!/usr/bin/env bash
# A Linux kernel whose lo is down does not learn that a host is absent.
#
# Linux 6.1.192 (Debian 12) and 6.18: nobody answers ARP for 10.0.0.9. After three requests the
# kernel sends an ICMP host unreachable to itself, and connect(2) fails with EHOSTUNREACH after three
# seconds, as everybody knows it. That message goes by lo. In a network namespace lo is down
# until somebody brings it up: there the message is lost, and connect(2) goes on until its SYNs have been
# sent for two minutes, ETIMEDOUT. Nothing says why.
#
# What it means for a lab: a namespace that stands for a host needs `ip link set lo up` even if it
# speaks with nobody but others, and who records what a kernel does in one gets other answers without.
set -euo pipefail
for tool in ip unshare python3; do
	command -v "$tool" >/dev/null || { echo "apt install iproute2 util-linux python3; root" >&2; exit 1; }
done
look() { # the state of lo
	unshare -n bash -c "
		ip link add host0 type veth peer name wire0
		ip addr add 10.0.0.1/24 dev host0
		ip link set host0 up; ip link set wire0 up; ip link set lo $1
		python3 -c '
import errno, socket, time
s = socket.socket()
s.settimeout(8)
t = time.time()
try:
    s.connect((\"10.0.0.9\", 80))
except socket.timeout:
    print(\"lo $1: still waiting after 8 s\")
except OSError as e:
    print(\"lo $1: %s after %.0f s\" % (errno.errorcode[e.errno], time.time() - t))
'"
}
got=$(look down; look up)
want='lo down: still waiting after 8 s
lo up: EHOSTUNREACH after 3 s'
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
