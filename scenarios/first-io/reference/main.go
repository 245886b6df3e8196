//go:build wasip1

// Mirror sends every frame back to where it came from: the first program that
// reads and writes a network device.
//
//	mirror DEVICE COUNT
//
// It opens the device, and then COUNT times reads a frame, swaps its two Ethernet
// addresses, writes it back, and says so in a line:
//
//	60 bytes from 02:00:00:00:00:aa
//
// Then it prints how many frames and bytes those were, and exits with 0. It exits
// with 64 if it was called wrongly, and with 1 if the device failed, with the
// reason on standard error.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
)

const (
	headerLen = 14   // destination, source, and a type of two bytes
	frameMax  = 1514 // the header, and 1500 bytes: the device's MTU
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

	frame := make([]byte, frameMax)
	frames, bytes := 0, 0
	for frames < count {
		// One call, one frame. A read waits until there is one, and returns its
		// length; what does not fit into the buffer is lost.
		n, err := device.Read(frame)
		check(err)
		if n < headerLen {
			continue // no Ethernet frame
		}
		frames++
		bytes += n
		fmt.Printf("%d bytes from %v\n", n, net.HardwareAddr(frame[6:12]))

		// Here too: the length of the frame, not that of the buffer.
		swap(frame)
		_, err = device.Write(frame[:n])
		check(err)
	}
	fmt.Printf("%d frames, %d bytes\n", frames, bytes)
	check(device.Close())
}

// swap turns a frame round: who sent it shall receive it.
func swap(frame []byte) {
	var destination [6]byte
	copy(destination[:], frame)
	copy(frame, frame[6:12])
	copy(frame[6:], destination[:])
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
