//go:build wasip1

// Tapecho sends back each frame that a tap device receives, to who sent it; not those
// to a group, which is nobody's source.
//
//	tapecho [-n frames] device
package main

import (
	"flag"
	"fmt"
	"os"

	"wireloom/wasm/guest/tuntap"
)

func main() {
	frames := flag.Int("n", -1, "end after so many `frames`")
	flag.Parse()
	tap, err := tuntap.OpenTap(flag.Arg(0))
	check(err)
	if name, err := tap.IfName(); err == nil { // NetBSD's tap alone tells it
		fmt.Printf("%s is %s\n", tap.Name(), name)
	}
	b := make([]byte, 16384)
	for left := *frames; left != 0; {
		n, err := tap.Read(b) // one read, one frame
		check(err)
		if n < 14 || b[0]&1 != 0 {
			continue
		}
		var sender [6]byte
		copy(sender[:], b[6:])
		copy(b[6:], b[:6])
		copy(b, sender[:])
		_, err = tap.Write(b[:n])
		check(err)
		left--
	}
	fmt.Println("done")
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tapecho:", tuntap.Explain(err))
		os.Exit(1)
	}
}
