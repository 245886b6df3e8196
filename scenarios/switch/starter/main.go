//go:build wasip1

// Switchd shall be a learning Ethernet switch. This one is a hub, and of its first
// device only: what comes in there goes out of all others. The places marked TASK
// are yours.
//
//	switchd SECONDS DEVICE...
package main

import (
	"fmt"
	"os"
	"strconv"
)

const (
	headerLen = 14 // destination (6 bytes), source (6), type (2)
	frameMax  = 1518
)

func main() {
	if len(os.Args) < 4 {
		usage()
	}
	seconds, err := strconv.Atoi(os.Args[1])
	if err != nil || seconds < 1 {
		usage()
	}
	var ports []*os.File
	for _, name := range os.Args[2:] {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		check(err)
		ports = append(ports, f)
	}
	frame := make([]byte, frameMax)
	for {
		// TASK 1: read from all ports: a goroutine for each, and a channel.
		in := 0
		n, err := ports[in].Read(frame)
		check(err)
		if n < headerLen {
			continue
		}

		// TASK 2: learn that the source, frame[6:12], is on port in, and when that was.

		// TASK 3: if it is known where the destination is, send it there alone;
		// TASK 4: but not back to where it came from,
		// TASK 5: and not if that was last seen that many seconds ago.
		for i, p := range ports {
			if i != in {
				_, err := p.Write(frame[:n])
				check(err)
			}
		}
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: switchd SECONDS DEVICE DEVICE...")
	os.Exit(64)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "switchd:", err)
		os.Exit(1)
	}
}
