//go:build wasip1

// Arpd shall answer ARP requests for some IPv4 addresses. This one shows who asks
// for what. The places marked TASK are yours.
//
//	arpd DEVICE MAC ADDRESS...
package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
)

const frameMax = 1514

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: arpd DEVICE MAC ADDRESS...")
		os.Exit(64)
	}
	// TASK 1: keep the hardware address, os.Args[2] (net.ParseMAC), and the addresses,
	// os.Args[3:] (netip.ParseAddr).

	tap, err := os.OpenFile(os.Args[1], os.O_RDWR, 0)
	check(err)

	// TASK 4: announce each address: ask everybody for it, once.

	frame := make([]byte, frameMax)
	for {
		n, err := tap.Read(frame)
		check(err)
		f := frame[:n]
		if len(f) < 42 || binary.BigEndian.Uint16(f[12:]) != 0x0806 {
			continue
		}
		// The operation is at f[20:], the sender's hardware and IPv4 address at f[22:]
		// and f[28:], the target's at f[32:] and f[38:].
		fmt.Println("somebody asks for", netip.AddrFrom4([4]byte(f[38:])))

		// TASK 2: is it a request, for IPv4 on Ethernet, and for an address of yours?

		// TASK 3: write the reply: sender and target change places, and the sender is you.
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "arpd:", err)
		os.Exit(1)
	}
}
