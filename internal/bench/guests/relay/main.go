//go:build wasip1

// Command relay answers each frame of a device, with its addresses exchanged, as a
// Go program does it: with an os.File, whose reads park a goroutine.
//
//	relay DEVICE
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: relay DEVICE")
		os.Exit(64)
	}
	fmt.Fprintln(os.Stderr, "relay:", relay(os.Args[1]))
	os.Exit(1)
}

// relay goes on until the device fails it, and returns why.
func relay(device string) error {
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	frame := make([]byte, 65536)
	for {
		n, err := f.Read(frame)
		if err != nil {
			return err
		}
		var mac [6]byte
		copy(mac[:], frame)
		copy(frame, frame[6:12])
		copy(frame[6:12], mac[:])
		if _, err := f.Write(frame[:n]); err != nil {
			return err
		}
	}
}
