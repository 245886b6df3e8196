#!/usr/bin/env bash
# A display filter of Wireshark takes a byte for hex if its number has two digits, and for
# decimal if it has one.
#
# tshark 4.0.17: `eth.src[5] == 9` is a last byte of 9, and so is `== 0x09`; but
# `eth.src[5] == 10` is a last byte of 16, as if it were 0x10, without a warning. So a
# filter that counts up, 8, 9, 10, 11, steps over 10 to 15. A field that is a number,
# such as ip.ttl, takes 10 for ten.
#
# What it means for a lab: a language that has Wireshark's filters must say which it
# means, or refuse two digits for a byte.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
frame() { printf '%s' "ffffffffffff0200000000$1""88b5" | sed 's/../\\x&/g'; }
{
	printf '\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0'
	for last in 09 0a 10; do
		printf '\0\0\0\0\0\0\0\0\x0e\0\0\0\x0e\0\0\0'
		printf '%b' "$(frame $last)"
	done
} > "$dir/three.pcap"
ask() { printf '%-18s %s\n' "$1" "$(tshark -n -r "$dir/three.pcap" -Y "$1" -T fields -e eth.src 2>/dev/null | tr '\n' ' ')"; }
got=$(for f in 'eth.src[5] == 9' 'eth.src[5] == 0x09' 'eth.src[5] == 10' 'eth.src[5] == 0x0a'; do ask "$f"; done)
want='eth.src[5] == 9    02:00:00:00:00:09 
eth.src[5] == 0x09 02:00:00:00:00:09 
eth.src[5] == 10   02:00:00:00:00:10 
eth.src[5] == 0x0a 02:00:00:00:00:0a '
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
