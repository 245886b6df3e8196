//go:build wasip1

// Tunwatch prints what packets come out of a tun device. SIGINFO makes it say how
// many there were, SIGINT says so and ends it; after ten seconds without a packet
// it remarks on the silence.
//
//	tunwatch device
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"wireloom/wasm/guest/tuntap"
)

func main() {
	tun, err := tuntap.OpenTun(os.Args[1])
	check(err)
	check(tun.SetHead(true))

	signals := make(chan os.Signal, 4)
	check(tuntap.Notify(signals, tuntap.SIGINT, tuntap.SIGINFO))
	packets := make(chan []byte)
	go read(tun, packets)

	for count := 0; ; {
		select {
		case p := <-packets:
			show(p)
			count++
		case s := <-signals:
			if s == tuntap.SIGINT {
				fmt.Println(count, "packets")
				return
			}
			fmt.Println(count, "packets so far")
		}
	}
}

// read gives each packet of the device to a channel.
func read(tun *tuntap.Tun, packets chan<- []byte) {
	for {
		b := make([]byte, 16384)
		check(tun.SetReadDeadline(time.Now().Add(10 * time.Second)))
		n, err := tun.Read(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			fmt.Println("nothing for ten seconds")
			continue
		}
		check(err)
		packets <- b[:n]
	}
}

func show(p []byte) {
	family, ip := binary.BigEndian.Uint32(p), p[4:]
	if family != tuntap.AF_INET || len(ip) < 20 {
		fmt.Printf("family %d, %d bytes\n", family, len(ip))
		return
	}
	from, to := netip.AddrFrom4([4]byte(ip[12:])), netip.AddrFrom4([4]byte(ip[16:]))
	fmt.Printf("%v > %v: protocol %d, %d bytes\n", from, to, ip[9], binary.BigEndian.Uint16(ip[2:]))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tunwatch:", tuntap.Explain(err))
		os.Exit(1)
	}
}
