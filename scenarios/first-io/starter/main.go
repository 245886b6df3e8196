//go:build wasip1

// Mirror shall send every frame back to where it came from. This one opens the
// device, reads one frame and shows it. The places marked TASK are yours.
//
//	mirror DEVICE COUNT
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	if len(os.Args) != 3 {
		usage()
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil || count < 1 {
		usage()
	}
	device, err := os.OpenFile(os.Args[1], os.O_RDWR, 0)
	check(err)

	frame := make([]byte, 256) // TASK 3: how long can a frame be?
	// TASK 1: COUNT frames, not one.
	n, err := device.Read(frame)
	check(err)
	fmt.Printf("%d bytes\n", n) // TASK 4: ... from 02:00:00:00:00:aa

	// TASK 2: swap the addresses, destination and source, and device.Write it.

	// TASK 5: say how many frames and bytes it were.
	check(device.Close())
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: mirror DEVICE COUNT")
	os.Exit(64)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "mirror:", err)
		os.Exit(1)
	}
}
