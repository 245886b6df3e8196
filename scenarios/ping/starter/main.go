//go:build wasip1

// Pingd is to answer ARP requests and pings on a tap device. This one only shows
// what arrives.
//
//	GOOS=wasip1 GOARCH=wasm go build -o pingd.wasm .
package main

import (
	"fmt"
	"os"
)

func main() {
	tap, err := os.OpenFile(os.Args[1], os.O_RDWR, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	frame := make([]byte, 2048)
	for {
		n, err := tap.Read(frame) // one read, one frame
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Printf("%d bytes: % x\n", n, frame[:n])
	}
}
