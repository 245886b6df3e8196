#!/usr/bin/env bash
# The first ICMP redirect to a gateway that a Linux host does not know is only a question.
#
# Linux 6.1.192 (Debian 12) and 6.18: a host sends to 10.9.9.9 by its gateway, 10.0.0.2, which says
# in a redirect (RFC 792, type 5, code 1): use 10.0.0.3. If the host has no ARP entry of 10.0.0.3, it asks
# for its hardware address, and goes on by 10.0.0.2, also when the answer is there. Only the next
# redirect takes effect (net/ipv4/route.c, __ip_do_redirect: a neighbour that is not valid is asked for,
# nothing else is done). FreeBSD and NetBSD obey the first one.
#
# What it means for a lab: one redirect shows nothing. Send two, with a pause, or let the hosts know each other.
set -euo pipefail
for tool in ip unshare python3; do
	command -v "$tool" >/dev/null || { echo "apt install iproute2 util-linux python3; root" >&2; exit 1; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/look.py" <<'PY'
import socket, struct, time
# The kernel has the end host0 of a cable; this program is what is at wire0: 10.0.0.2 and 10.0.0.3.
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind(("wire0", 0))
wire.settimeout(0.05)
mac = {"10.0.0.2": bytes([2, 0, 0, 0, 0, 2]), "10.0.0.3": bytes([2, 0, 0, 0, 0, 3])}
def check(b):
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16: s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff
def listen(seconds):
    last, end = None, time.time() + seconds
    while time.time() < end:
        try: f = wire.recv(2000)
        except socket.timeout: continue
        if f[6:12] in mac.values(): continue # ours
        if f[12:14] == b"\x08\x06" and f[21] == 1 and socket.inet_ntoa(f[38:42]) in mac:
            m = mac[socket.inet_ntoa(f[38:42])]
            print("it asks for", socket.inet_ntoa(f[38:42]))
            wire.send(f[6:12] + m + f[12:21] + b"\x02" + m + f[38:42] + f[22:32])
        elif f[12:14] == b"\x08\x00" and f[23] == 17:
            last = f
    return last
def send():
    udp.sendto(b"x", ("10.9.9.9", 9))
    f = listen(0.5)
    print("a datagram goes to", {m: ip for ip, m in mac.items()}[f[:6]])
    return f
def redirect(f):
    body = socket.inet_aton("10.0.0.3") + f[14:42]
    icmp = struct.pack("!BBH", 5, 1, check(b"\x05\x01\0\0" + body)) + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0) + socket.inet_aton("10.0.0.2") + socket.inet_aton("10.0.0.1")
    head = head[:10] + struct.pack("!H", check(head)) + head[12:]
    wire.send(f[6:12] + mac["10.0.0.2"] + b"\x08\x00" + head + icmp)
    print("redirect to 10.0.0.3")
    listen(0.5)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
f = send()
redirect(f)
f = send()
redirect(f)
send()
PY
got=$(unshare -n bash -c "
	ip link add host0 type veth peer name wire0
	ip addr add 10.0.0.1/24 dev host0
	sysctl -qw net.ipv6.conf.all.disable_ipv6=1 || true
	ip link set host0 up; ip link set wire0 up; ip link set lo up
	ip route add default via 10.0.0.2
	python3 $dir/look.py")
want='it asks for 10.0.0.2
a datagram goes to 10.0.0.2
redirect to 10.0.0.3
it asks for 10.0.0.3
a datagram goes to 10.0.0.2
redirect to 10.0.0.3
a datagram goes to 10.0.0.3'
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
