//go:build wasip1

// Pingd shall be a host made of one program: it answers ARP requests and pings for
// one address. This one only shows what arrives. The places marked TASK are yours.
//
//	pingd DEVICE ADDRESS MAC
package main

import (
	"encoding/binary"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: pingd DEVICE ADDRESS MAC")
		os.Exit(64)
	}
	tap, err := os.OpenFile(os.Args[1], os.O_RDWR, 0)
	check(err)
	frame := make([]byte, 2048)
	for {
		n, err := tap.Read(frame) // one read, one frame
		check(err)
		if n < 14 {
			continue
		}
		fmt.Printf("%d bytes of type %04x\n", n, binary.BigEndian.Uint16(frame[12:]))

		// TASK 1: of type 0x0806, an ARP request for os.Args[2]: write the reply.

		// TASK 2: of type 0x0800, an echo request to that address (protocol 1, type 8):
		// swap the addresses, make it type 0, compute both checksums, write it.

		// TASK 3: lengths, checksums, fragments: which requests are none?
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pingd:", err)
		os.Exit(1)
	}
}
