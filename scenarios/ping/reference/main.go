//go:build wasip1

// Pingd is a host made of one program: it answers ARP requests and pings for one
// address on a tap device.
//
//	pingd /dev/tap0 10.0.0.2 02:00:00:00:00:0b
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: pingd DEVICE ADDRESS MAC")
		os.Exit(64)
	}
	ip, err := netip.ParseAddr(os.Args[2])
	check(err)
	mac, err := net.ParseMAC(os.Args[3])
	check(err)
	tap, err := os.OpenFile(os.Args[1], os.O_RDWR, 0)
	check(err)
	fmt.Printf("%v is at %v on %s\n", ip, mac, tap.Name())

	frame := make([]byte, 2048)
	for {
		n, err := tap.Read(frame) // one read, one frame
		check(err)
		if reply := answer(frame[:n], ip.AsSlice(), mac); reply != nil {
			_, err = tap.Write(reply)
			check(err)
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pingd:", err)
		os.Exit(1)
	}
}

// answer turns a frame that asks for us into the frame that answers it, in place;
// nil if it doesn't.
func answer(f, ip, mac []byte) []byte {
	if len(f) < 14 {
		return nil
	}
	switch p := f[14:]; binary.BigEndian.Uint16(f[12:]) {
	case 0x0806: // ARP (RFC 826): operation, then sender and target
		if len(p) < 28 || !bytes.Equal(p[:8], []byte{0, 1, 8, 0, 6, 4, 0, 1}) || !bytes.Equal(p[24:28], ip) {
			return nil
		}
		f = f[:14+28]
		p[7] = 2              // a reply
		copy(p[18:28], p[8:]) // to who asked
		copy(p[8:], mac)      // from us
		copy(p[14:], ip)
	case 0x0800: // IPv4 (RFC 791)
		if len(p) < 20 || p[0]>>4 != 4 || !bytes.Equal(p[16:20], ip) {
			return nil
		}
		// The header may have options, and the frame may be longer than the packet:
		// Ethernet pads what is too short. Only the header's own lengths count.
		head, size := int(p[0]&15)*4, int(binary.BigEndian.Uint16(p[2:]))
		if head < 20 || size < head+8 || size > len(p) || checksum(p[:head]) != 0 {
			return nil
		}
		if binary.BigEndian.Uint16(p[6:])&0x3fff != 0 {
			return nil // a fragment: we don't put them together
		}
		icmp := p[head:size]
		if p[9] != 1 || icmp[0] != 8 || icmp[1] != 0 || checksum(icmp) != 0 {
			return nil // not an echo request (RFC 792)
		}
		f = f[:14+size]
		icmp[0] = 0 // an echo reply
		sum(icmp, 2)
		copy(p[16:20], p[12:16])
		copy(p[12:16], ip)
		p[8] = 64 // time to live
		sum(p[:head], 10)
	default:
		return nil
	}
	copy(f[0:], f[6:12])
	copy(f[6:], mac)
	return f
}

// sum puts the checksum of b at offset at.
func sum(b []byte, at int) {
	binary.BigEndian.PutUint16(b[at:], 0)
	binary.BigEndian.PutUint16(b[at:], checksum(b))
}

// checksum is the Internet checksum (RFC 1071). Over bytes that hold the right
// checksum it is 0. A last odd byte counts as if a zero followed it.
func checksum(b []byte) uint16 {
	var s uint32
	for i, c := range b {
		s += uint32(c) << (8 * (1 - i&1))
	}
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return ^uint16(s)
}
