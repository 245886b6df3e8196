//go:build wasip1

// Vpnd is one end of a tunnel: it carries the IP packets of a tun device in UDP
// datagrams to another vpnd, and back. It hides nothing and proves nothing.
//
//	vpnd DEVICE LOCAL PEER INNER-LOCAL INNER-PEER NETWORK
//
// The datagrams go from LOCAL to PEER. The device's interface gets the addresses
// INNER-LOCAL and INNER-PEER, and a route to NETWORK, which lies behind the peer.
//
// On the wire, UDP port 7777 at both ends, a datagram is four bytes and, in a packet
// datagram, one IPv4 or IPv6 packet:
//
//	 0               1               2               3
//	+---------------+---------------+---------------+---------------+
//	| version (1)   | type          | 0             | 0             |
//	+---------------+---------------+---------------+---------------+
//
// Type 0 is a packet, type 1 is hello: so that each end knows whether the other is
// there, it says hello every five seconds.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path"
	"time"

	"wireloom/wasm/guest/tuntap"
)

const (
	port       = 7777
	version    = 1
	packet     = 0
	hello      = 1
	headLen    = 4
	helloEvery = 5 * time.Second
	silent     = 16 * time.Second        // without a word: three hellos were lost
	mtu        = 1500 - 20 - 8 - headLen // what fits a frame with all headers
	packetMax  = 65535
)

// An end is one end of the tunnel. A goroutine each reads the device and the socket.
type end struct {
	tun  *tuntap.Tun
	udp  net.PacketConn
	peer *net.UDPAddr
}

func main() {
	if len(os.Args) != 7 {
		fmt.Fprintln(os.Stderr, "usage: vpnd DEVICE LOCAL PEER INNER-LOCAL INNER-PEER NETWORK")
		os.Exit(64)
	}
	peer, err := netip.ParseAddr(os.Args[3])
	check(err)
	udp, err := tuntap.ListenPacket("udp4", fmt.Sprintf("%s:%d", os.Args[2], port))
	check(err)
	tun, err := openTun(os.Args[1], os.Args[4], os.Args[5], os.Args[6])
	check(err)
	e := &end{tun, udp, net.UDPAddrFromAddrPort(netip.AddrPortFrom(peer, port))}

	heard := make(chan struct{})
	go e.fromTun()
	go e.fromPeer(heard)
	e.keepInTouch(heard)
}

// openTun opens the device and sets its modes, then its interface. The order matters:
// FreeBSD forgets addresses and routes when the device is closed, so they are set by
// who has it open.
func openTun(device, local, remote, network string) (*tuntap.Tun, error) {
	tun, err := tuntap.OpenTun(device)
	if err != nil {
		return nil, err
	}
	// With its family before each packet, a tun carries IPv6 as well.
	if err := tun.SetHead(true); err != nil {
		return nil, err
	}
	// Who sends more than fits learns it by ICMP, and the tunnel needs no fragments.
	info, err := tun.Info()
	if err != nil {
		return nil, err
	}
	info.MTU = mtu
	if err := tun.SetInfo(info); err != nil {
		return nil, err
	}
	if err := run("ifconfig", path.Base(device), local, remote, "up"); err != nil {
		return nil, err
	}
	return tun, run("route", "add", network, remote)
}

// run runs a command of the node.
func run(argv ...string) error {
	p, err := tuntap.Spawn(argv, nil)
	if err != nil {
		return err
	}
	status, err := p.Wait()
	if err == nil && status.ExitCode() != 0 {
		err = fmt.Errorf("%s %s failed", argv[0], argv[1])
	}
	return err
}

// keepInTouch says hello, and tells when the peer is there and when no more.
func (e *end) keepInTouch(heard <-chan struct{}) {
	ticks := time.NewTicker(helloEvery)
	there, last := false, time.Time{}
	e.transmit([]byte{0, 0, 0, 0}, hello)
	for {
		select {
		case <-heard:
			if last = time.Now(); !there {
				there = true
				fmt.Println(e.peer.IP, "is there")
			}
		case <-ticks.C:
			e.transmit([]byte{0, 0, 0, 0}, hello)
			if there && time.Since(last) >= silent {
				there = false
				fmt.Println(e.peer.IP, "is silent")
			}
		}
	}
}

// transmit sends a datagram, whose first four bytes it makes. As on any network, it
// may be lost: also when the peer is not there, or there is no way to it just now.
func (e *end) transmit(b []byte, kind byte) {
	copy(b, []byte{version, kind, 0, 0})
	_, _ = e.udp.WriteTo(b, e.peer)
}

// fromTun carries packets to the peer.
func (e *end) fromTun() {
	b := make([]byte, headLen+packetMax)
	for {
		n, err := e.tun.Read(b)
		switch err = tuntap.Explain(err); {
		case errors.Is(err, tuntap.EHOSTDOWN):
			time.Sleep(50 * time.Millisecond) // somebody has taken the interface's address away; it may come back
		default:
			check(err)
		}
		if n > headLen {
			e.transmit(b[:n], packet)
		}
	}
}

// fromPeer takes datagrams, and gives the packets in them to our kernel.
func (e *end) fromPeer(heard chan<- struct{}) {
	b := make([]byte, headLen+packetMax)
	for {
		n, from, err := e.udp.ReadFrom(b)
		if err != nil || from.String() != e.peer.String() {
			continue // an error is of a datagram of ours that was lost: see transmit
		}
		if n < headLen || b[0] != version || b[1] > hello {
			continue
		}
		heard <- struct{}{}
		af := family(b[headLen:n])
		if b[1] != packet || af == 0 {
			continue
		}
		// Our four bytes make room for the four that TUNSIFHEAD demands.
		binary.BigEndian.PutUint32(b, af)
		_, err = e.tun.Write(b[:n])
		err = tuntap.Explain(err)
		if err != nil && !errors.Is(err, tuntap.EHOSTDOWN) && !errors.Is(err, tuntap.ENOBUFS) && !errors.Is(err, io.ErrUnexpectedEOF) {
			fmt.Fprintln(os.Stderr, "vpnd:", err)
		}
	}
}

// family is that of a packet, which a tun wants to know; 0 if it is none. The kernel
// drops what is wrong inside of a packet, as it would from any wire.
func family(p []byte) uint32 {
	switch {
	case len(p) >= 20 && p[0]>>4 == 4:
		return tuntap.AF_INET
	case len(p) >= 40 && p[0]>>4 == 6:
		return tuntap.AF_INET6
	}
	return 0
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "vpnd:", err)
		os.Exit(1)
	}
}
