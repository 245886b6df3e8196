#!/usr/bin/env bash
# Of two VLAN tags, gopacket's fast parser keeps the inner one only.
#
# A DecodingLayerParser of github.com/google/gopacket v1.1.19 fills the one Dot1Q that it
# was given once for each tag. A frame with a service tag (0x88a8, VLAN 100) and a customer
# tag (0x8100, VLAN 7) leaves VLAN 7 and the layer types [Ethernet Dot1Q Dot1Q IPv4 UDP]:
# the outer VLAN, by which a provider's switch forwards, is overwritten, and nothing says
# so. gopacket.NewPacket keeps both.
#
# What it means for a lab: who filters or shows VLANs with the fast parser must read the
# outer tag from the bytes, or call DecodeFromBytes for each tag.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'M'
module finding

go 1.24

require github.com/google/gopacket v1.1.19
M
cat > main.go <<'G'
package main

import (
	"encoding/hex"
	"fmt"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

func main() {
	b, err := hex.DecodeString("020000000002" + "020000000001" + "88a80064" + "81000007" + "0800" +
		"4500001c00000000401166cf0a0000010a000002" + "0001000200080000")
	if err != nil {
		panic(err)
	}
	var (
		eth  layers.Ethernet
		tag  layers.Dot1Q
		ip   layers.IPv4
		udp  layers.UDP
		seen []gopacket.LayerType
	)
	fast := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &eth, &tag, &ip, &udp)
	err = fast.DecodeLayers(b, &seen)
	fmt.Println("fast parser:", seen, "VLAN", tag.VLANIdentifier, "error", err)
	fmt.Print("whole packet:")
	for _, l := range gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Default).Layers() {
		if t, ok := l.(*layers.Dot1Q); ok {
			fmt.Print(" VLAN ", t.VLANIdentifier)
		}
	}
	fmt.Println()
}
G
export GOFLAGS=-mod=mod
go mod tidy >/dev/null 2>&1
got=$(go run .)
want='fast parser: [Ethernet Dot1Q Dot1Q IPv4 UDP] VLAN 7 error <nil>
whole packet: VLAN 100 VLAN 7'
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
