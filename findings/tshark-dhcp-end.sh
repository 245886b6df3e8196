#!/usr/bin/env bash
# To tshark the option that ends a DHCP message is of type 0, as padding is.
#
# tshark 4.0.17 shows "Option: (255) End", and has dhcp.option.end = 255 for it; but its
# dhcp.option.type, which every option has, is 0. So `dhcp.option.type == 255` chooses no
# message, and `dhcp.option.type == 0` chooses every one that has an end, padded or not.
#
# What it means for a lab: a comparison with tshark, field by field, has to know it, and
# who looks for messages with padding looks for dhcp.option.padding.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
zeros() { printf '00%.0s' $(seq "$1"); }
# Ethernet, IPv4, UDP 68 to 67, BOOTP of 236 bytes, the cookie, DISCOVER, the end: 286 bytes.
frame="ffffffffffff0200000000aa0800450001100000000040113adf00000000ffffffff0044004300fc0000"
frame+="01010600$(zeros 24)0200000000aa$(zeros 202)63825363350101ff"
{
	printf '\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0'
	printf '\0\0\0\0\0\0\0\0\x1e\x01\0\0\x1e\x01\0\0'
	printf '%b' "$(printf '%s' "$frame" | sed 's/../\\x&/g')"
} > "$dir/one.pcap"
got=$(tshark -n -r "$dir/one.pcap" -T fields -e dhcp.option.type -e dhcp.option.end -e dhcp.option.padding 2>/dev/null)
for f in 'dhcp.option.type == 255' 'dhcp.option.type == 0'; do
	got+=$(printf '\n%s: %s' "$f" "$(tshark -n -r "$dir/one.pcap" -Y "$f" 2>/dev/null | wc -l)")
done
want=$(printf '53,0\t255\t\ndhcp.option.type == 255: 0\ndhcp.option.type == 0: 1')
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
