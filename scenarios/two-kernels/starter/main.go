//go:build wasip1

// Replyd shall answer pings on a tun or a tap of any BSD. This one shows what it
// reads. The places marked TASK are yours.
//
//	replyd DEVICE ADDRESS [MAC]
package main

import (
	"fmt"
	"os"
)

const packetMax = 16384

func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: replyd DEVICE ADDRESS [MAC]")
		os.Exit(64)
	}
	// Package wireloom/wasm/guest/tuntap has OpenTun and OpenTap, with their requests.
	device, err := os.OpenFile(os.Args[1], os.O_RDWR, 0)
	check(err)

	// TASK 1: a tun (three arguments): SetHead, on or off, as you like it.

	// TASK 2: a tap: ask for its IfName; on ENOTTY it is that of the path.
	fmt.Println("answering on", os.Args[1])

	buf := make([]byte, packetMax)
	for {
		// TASK 3: which errors of a read are no reason to give up? (0 bytes are io.EOF.)
		n, err := device.Read(buf)
		check(err)
		fmt.Printf("%d bytes, beginning with % x\n", n, buf[:min(n, 4)])

		// TASK 4: a tun: the packet stands in buf, or behind the four bytes of its
		// address family. Make an echo request to ADDRESS its reply, and write it.

		// TASK 5: a tap: a frame stands in buf. Answer ARP requests, too.
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "replyd:", err)
		os.Exit(1)
	}
}
