#!/usr/bin/env bash
# netstack's TCP does not say how much waits to be acknowledged.
#
# gvisor.dev/gvisor v0.0.0-20260905035102-160fafc42237 declares the option
# tcpip.SendQueueSizeOption, "the amount of data that is in a socket's send queue", and a
# TCP endpoint that holds 1.5 MB which its peer does not read answers
# "unknown option for protocol" and -1. ReceiveQueueSizeOption of the other end works.
#
# What it means for a lab: the column Send-Q of netstat, SIOCOUTQ and a count of what a
# stack's sockets hold can't be had from the public interface; who takes the value without
# looking at the error shows -1 or 0.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'M'
module finding

go 1.24

require gvisor.dev/gvisor v0.0.0-20260905035102-160fafc42237
M
cat > main.go <<'G'
package main

import (
	"bytes"
	"fmt"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/pipe"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

func must(what string, err tcpip.Error) {
	if err != nil {
		panic(what + ": " + err.String())
	}
}

func host(ep stack.LinkEndpoint, a tcpip.Address) *stack.Stack {
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
	})
	must("CreateNIC", s.CreateNIC(1, ep))
	must("AddProtocolAddress", s.AddProtocolAddress(1, tcpip.ProtocolAddress{
		Protocol: ipv4.ProtocolNumber, AddressWithPrefix: tcpip.AddressWithPrefix{Address: a, PrefixLen: 24},
	}, stack.AddressProperties{}))
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: 1}})
	return s
}

func main() {
	a, b := tcpip.AddrFrom4([4]byte{10, 0, 0, 1}), tcpip.AddrFrom4([4]byte{10, 0, 0, 2})
	left, right := pipe.New("\x02\x00\x00\x00\x00\x01", "\x02\x00\x00\x00\x00\x02", 1500)
	var ours, theirs waiter.Queue
	listener, err := host(right, b).NewEndpoint(tcp.ProtocolNumber, ipv4.ProtocolNumber, &theirs)
	must("NewEndpoint", err)
	must("Bind", listener.Bind(tcpip.FullAddress{Port: 80}))
	must("Listen", listener.Listen(1))
	c, err := host(left, a).NewEndpoint(tcp.ProtocolNumber, ipv4.ProtocolNumber, &ours)
	must("NewEndpoint", err)
	writable, ready := waiter.NewChannelEntry(waiter.WritableEvents)
	ours.EventRegister(&writable)
	c.Connect(tcpip.FullAddress{Addr: b, Port: 80})
	<-ready
	for wrote := 0; wrote < 1<<20; { // nobody reads at the other end
		n, err := c.Write(bytes.NewReader(make([]byte, 64<<10)), tcpip.WriteOptions{})
		if _, full := err.(*tcpip.ErrWouldBlock); full {
			<-ready
			continue
		}
		must("Write", err)
		wrote += int(n)
	}
	n, err := c.GetSockOptInt(tcpip.SendQueueSizeOption)
	fmt.Printf("a MiB was written and is not read: send queue %d, %v\n", n, err)
}
G
export GOFLAGS=-mod=mod
go mod tidy >/dev/null 2>&1
got=$(go run .)
want='a MiB was written and is not read: send queue -1, unknown option for protocol'
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
