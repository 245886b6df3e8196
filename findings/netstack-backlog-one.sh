#!/usr/bin/env bash
# netstack's listen with a backlog of 1 answers with SYN cookies from the first connection on.
#
# With gvisor.dev/gvisor v0.0.0-20260905035102-160fafc42237, a TCP endpoint that listens with
# Listen(1) keeps no state of the very first SYN, though nothing waits: its SYN-ACK is a
# cookie. What follows must then have the sequence number that the handshake's last ACK has.
# Where a link reorders, and the client's first data overtake that ACK, they are answered
# with a reset and the connection is lost, though both ends were right. With Listen(5) the
# same segments make a connection.
#
# What it means for a lab: listen(fd, 1), which is all that a small server needs, is not
# robust on links with jitter; and a capture shows a SYN-ACK without a window scale.
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
	"context"
	"fmt"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
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

var us, them = tcpip.AddrFrom4([4]byte{10, 0, 0, 1}), tcpip.AddrFrom4([4]byte{10, 0, 0, 2})

// segment sends one to the stack, and returns what it answers.
func segment(link *channel.Endpoint, flags header.TCPFlags, seq, ack uint32, data string) header.TCP {
	n := header.TCPMinimumSize + len(data)
	b := make([]byte, header.IPv4MinimumSize+n)
	ip := header.IPv4(b)
	ip.Encode(&header.IPv4Fields{TotalLength: uint16(len(b)), TTL: 64, Protocol: uint8(header.TCPProtocolNumber), SrcAddr: us, DstAddr: them})
	ip.SetChecksum(^ip.CalculateChecksum())
	t := header.TCP(b[header.IPv4MinimumSize:])
	t.Encode(&header.TCPFields{SrcPort: 4000, DstPort: 80, SeqNum: seq, AckNum: ack, DataOffset: header.TCPMinimumSize, Flags: flags, WindowSize: 65535})
	copy(t[header.TCPMinimumSize:], data)
	sum := header.PseudoHeaderChecksum(header.TCPProtocolNumber, us, them, uint16(n))
	t.SetChecksum(^t.CalculateChecksum(checksum.Checksum(t.Payload(), sum)))
	link.InjectInbound(header.IPv4ProtocolNumber, stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(b)}))
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	p := link.ReadContext(ctx)
	if p == nil {
		return nil
	}
	return header.TCP(header.IPv4(p.ToView().AsSlice()).Payload())
}

func main() {
	for _, backlog := range []int{1, 5} {
		link := channel.New(16, 1500, "")
		s := stack.New(stack.Options{
			NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
			TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
		})
		must("CreateNIC", s.CreateNIC(1, link))
		must("AddProtocolAddress", s.AddProtocolAddress(1, tcpip.ProtocolAddress{
			Protocol: ipv4.ProtocolNumber, AddressWithPrefix: tcpip.AddressWithPrefix{Address: them, PrefixLen: 24},
		}, stack.AddressProperties{}))
		s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: 1}})
		var q waiter.Queue
		listener, err := s.NewEndpoint(tcp.ProtocolNumber, ipv4.ProtocolNumber, &q)
		must("NewEndpoint", err)
		must("Bind", listener.Bind(tcpip.FullAddress{Port: 80}))
		must("Listen", listener.Listen(backlog))
		synAck := segment(link, header.TCPFlagSyn, 1000, 0, "")
		answer := segment(link, header.TCPFlagAck|header.TCPFlagPsh, 1001+5, synAck.SequenceNumber()+1, "world") // "hello" comes late
		reset := answer != nil && answer.Flags().Contains(header.TCPFlagRst)
		fmt.Printf("backlog %d: data that come before the handshake's last ACK are answered with a reset: %v\n", backlog, reset)
	}
}
G
export GOFLAGS=-mod=mod
go mod tidy >/dev/null 2>&1
got=$(go run .)
want="backlog 1: data that come before the handshake's last ACK are answered with a reset: true
backlog 5: data that come before the handshake's last ACK are answered with a reset: false"
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
