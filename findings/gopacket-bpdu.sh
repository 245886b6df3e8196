#!/usr/bin/env bash
# gopacket knows spanning tree by name only.
#
# github.com/google/gopacket v1.1.19 decodes an 802.3 frame to 01:80:c2:00:00:00 to a
# layer STP, and that layer has no field: neither the kind of BPDU, nor flags, root,
# cost, bridge, port or timers are there. A configuration BPDU, a topology change
# notification of four bytes and an RST BPDU all come out alike, without an error.
#
# What it means for a lab: who shows or checks a spanning tree with gopacket must take
# the BPDU apart themselves (IEEE 802.1D-2004, 9.3).
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
	"reflect"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

const (
	macs   = "0180c2000000" + "020000000001"
	llc    = "424203"
	fields = "8000020000000001" + "00000004" + "8000020000000002" + "8001" + "0100" + "1400" + "0200" + "0f00"
)

func main() {
	for _, f := range []struct{ name, hex string }{
		{"configuration", macs + "0026" + llc + "00000000" + "00" + fields},
		{"topology change notification", macs + "0007" + llc + "00000080"},
		{"rapid spanning tree", macs + "0027" + llc + "00000202" + "3c" + fields + "00"},
	} {
		b, err := hex.DecodeString(f.hex)
		if err != nil {
			panic(err)
		}
		b = append(b, make([]byte, max(0, 60-len(b)))...)
		p := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Default)
		stp, ok := p.Layer(layers.LayerTypeSTP).(*layers.STP)
		if !ok {
			fmt.Printf("%s: no layer STP, error %v\n", f.name, p.ErrorLayer())
			continue
		}
		var names []string
		for i := range reflect.TypeOf(*stp).NumField() {
			names = append(names, reflect.TypeOf(*stp).Field(i).Name)
		}
		fmt.Printf("%s: %d bytes, fields %v, error %v\n", f.name, len(stp.Contents), names, p.ErrorLayer() != nil)
	}
}
G
export GOFLAGS=-mod=mod
go mod tidy >/dev/null 2>&1
got=$(go run .)
want='configuration: 35 bytes, fields [BaseLayer], error false
topology change notification: 4 bytes, fields [BaseLayer], error false
rapid spanning tree: 36 bytes, fields [BaseLayer], error false'
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
