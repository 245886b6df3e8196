//go:build wasip1

// Arpd answers ARP requests (RFC 826) for some IPv4 addresses on a tap device: it
// tells who asks that these addresses are at one hardware address.
//
//	arpd DEVICE MAC ADDRESS...
//
// Before it answers anybody it announces each address (RFC 5227, 2.3), so that a
// host that remembers another hardware address for it forgets that.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
)

const (
	frameMax   = 1514
	arpLen     = 28 // bytes of an ARP packet for IPv4 on Ethernet
	headerLen  = 14 // bytes of the Ethernet header before it
	opRequest  = 1
	opReply    = 2
	atType     = 12 // offsets in the frame
	atKinds    = 14
	atOp       = 20
	atSender   = 22 // hardware address, then IPv4 address
	atTarget   = 32
	addressLen = 6 + 4
)

// kinds is how ARP for IPv4 on Ethernet begins: hardware and protocol, and how long
// an address of each is.
var kinds = []byte{0, 1, 8, 0, 6, 4}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: arpd DEVICE MAC ADDRESS...")
		os.Exit(64)
	}
	mac, err := net.ParseMAC(os.Args[2])
	check(err)
	var mine []netip.Addr
	for _, arg := range os.Args[3:] {
		ip, err := netip.ParseAddr(arg)
		check(err)
		mine = append(mine, ip)
	}
	tap, err := os.OpenFile(os.Args[1], os.O_RDWR, 0)
	check(err)

	for _, ip := range mine {
		_, err := tap.Write(announcement(mac, ip.AsSlice()))
		check(err)
	}
	frame := make([]byte, frameMax)
	for {
		n, err := tap.Read(frame)
		check(err)
		if isQuestion(frame[:n], mine) {
			_, err := tap.Write(answer(frame, mac))
			check(err)
		}
	}
}

// announcement asks everybody for our own address, which nobody else should have.
func announcement(mac, ip []byte) []byte {
	f := make([]byte, headerLen+arpLen)
	copy(f, bytes.Repeat([]byte{0xff}, 6)) // to everybody
	copy(f[6:], mac)
	binary.BigEndian.PutUint16(f[atType:], 0x0806)
	copy(f[atKinds:], kinds)
	f[atOp+1] = opRequest
	copy(f[atSender:], mac)
	copy(f[atSender+6:], ip)
	copy(f[atTarget+6:], ip)
	return f
}

// isQuestion tells whether a frame asks for one of our addresses. A short frame is
// padded: it has more bytes than ARP needs.
func isQuestion(f []byte, mine []netip.Addr) bool {
	if len(f) < headerLen+arpLen || binary.BigEndian.Uint16(f[atType:]) != 0x0806 {
		return false
	}
	if !bytes.Equal(f[atKinds:atOp], kinds) || binary.BigEndian.Uint16(f[atOp:]) != opRequest {
		return false
	}
	return slices.Contains(mine, netip.AddrFrom4([4]byte(f[atTarget+6:])))
}

// answer makes a reply of a question: sender and target change places, and the
// sender is us.
func answer(question []byte, mac []byte) []byte {
	f := slices.Clone(question[:headerLen+arpLen])
	sender, target := question[atSender:][:addressLen], question[atTarget:][:addressLen]
	f[atOp+1] = opReply
	copy(f[atTarget:], sender)
	copy(f[atSender:], mac)
	copy(f[atSender+6:], target[6:])
	copy(f, sender[:6])
	copy(f[6:], mac)
	return f
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "arpd:", err)
		os.Exit(1)
	}
}
