//go:build wasip1

// Udpechod is the echo service (RFC 862) on UDP.
//
//	udpechod [-v] [-n datagrams] [-p port]
package main

import (
	"flag"
	"fmt"
	"net"
	"os"

	"wireloom/wasm/guest/tuntap"
)

func main() {
	verbose := flag.Bool("v", false, "tell of each datagram")
	left := flag.Int("n", -1, "end after so many `datagrams`")
	port := flag.String("p", "7", "the `port`")
	flag.Parse()
	c, err := tuntap.ListenPacket("udp4", ":"+*port)
	check(err)
	b := make([]byte, 2048)
	for ; *left != 0; *left-- {
		n, from, err := c.ReadFrom(b)
		check(err)
		if *verbose {
			u := from.(*net.UDPAddr)
			fmt.Printf("%d bytes from %v port %d\n", n, u.IP, u.Port)
		}
		if _, err := c.WriteTo(b[:n], from); err != nil {
			fmt.Fprintln(os.Stderr, "udpechod:", err)
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "udpechod:", err)
		os.Exit(1)
	}
}
