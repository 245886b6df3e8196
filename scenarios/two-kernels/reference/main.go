//go:build wasip1

// Replyd answers pings for one address, on a tun or a tap, and on any of the BSDs
// that have these: FreeBSD, DragonFly and NetBSD.
//
//	replyd DEVICE ADDRESS [MAC]
//
// On a tap, that is with a hardware address, it answers ARP requests, too. The
// kernels agree on what the calls are; this program is about where they differ.
package main

import (
	"bytes"
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
	etherLen  = 14
	familyLen = 4     // what stands before a packet with TUNSIFHEAD
	packetMax = 16384 // more than any of the drivers queues
	pause     = 50 * time.Millisecond
)

// A host is who answers: an address and, on a tap, a hardware address.
type host struct {
	ip  []byte
	mac net.HardwareAddr // nil on a tun
}

func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: replyd DEVICE ADDRESS [MAC]")
		os.Exit(64)
	}
	ip, err := netip.ParseAddr(os.Args[2])
	check(err)
	h := host{ip: ip.AsSlice()}
	if len(os.Args) == 4 {
		h.mac, err = net.ParseMAC(os.Args[3])
		check(err)
	}
	device, name, err := open(os.Args[1], h.mac != nil)
	check(err)
	fmt.Println("answering on", name)

	buf := make([]byte, packetMax)
	for {
		n, err := device.Read(buf)
		err = tuntap.Explain(err)
		switch {
		case errors.Is(err, tuntap.EHOSTDOWN):
			// While it is down, NetBSD's tap says so; the others let us sleep. That is a
			// reason to wait, not to give up.
			time.Sleep(pause)
			continue
		case errors.Is(err, io.EOF):
			// NetBSD's tap wakes who reads when it goes down. If it is up again by then,
			// there is no error: 0 bytes are no end of file, there is just no frame.
			continue
		}
		check(err)
		if !h.answer(buf[:n]) {
			continue
		}
		// A reply may be lost, as on any network: while the interface is down,
		// FreeBSD's tun writes nothing and says 0, DragonFly's says all is well.
		_, err = device.Write(buf[:n])
		err = tuntap.Explain(err)
		if !errors.Is(err, tuntap.EHOSTDOWN) && !errors.Is(err, tuntap.ENOBUFS) && !errors.Is(err, io.ErrUnexpectedEOF) {
			check(err)
		}
	}
}

// open opens the device, sets it to what we expect, and finds out its name.
func open(device string, isTap bool) (*os.File, string, error) {
	if isTap {
		tap, err := tuntap.OpenTap(device)
		if err != nil {
			return nil, "", err
		}
		// Who opens NetBSD's /dev/tap gets a new interface, and must ask for its name.
		// DragonFly knows no such question; there the path says it.
		name, err := tap.IfName()
		if errors.Is(err, tuntap.ENOTTY) {
			name, err = path.Base(device), nil
		}
		return tap.File, name, err
	}
	tun, err := tuntap.OpenTun(device)
	if err != nil {
		return nil, "", err
	}
	// Whether a tun's packets begin with their address family is a mode of the device,
	// which outlives a close: it may be on from who had it before us. Without it there
	// is no IPv6. So it is set, not assumed.
	return tun.File, path.Base(device), tun.SetHead(true)
}

// answer makes of what was read what is to be written, and tells whether there is
// anything to write. Before a tun's packet stands its address family, because open
// has asked for that; it goes back as it came.
func (h *host) answer(b []byte) bool {
	if h.mac == nil {
		return len(b) > familyLen && binary.BigEndian.Uint32(b) == tuntap.AF_INET && h.echo(b[familyLen:])
	}
	if len(b) < etherLen {
		return false
	}
	ok := false
	switch binary.BigEndian.Uint16(b[12:]) {
	case 0x0806:
		ok = h.arp(b[etherLen:])
	case 0x0800:
		ok = h.echo(b[etherLen:])
	}
	copy(b, b[6:12])
	copy(b[6:], h.mac)
	return ok
}

// arp makes a reply of an ARP request for us, in place, and tells whether it was one.
func (h *host) arp(p []byte) bool {
	if len(p) < 28 || !bytes.Equal(p[:8], []byte{0, 1, 8, 0, 6, 4, 0, 1}) || !bytes.Equal(p[24:28], h.ip) {
		return false
	}
	p[7] = 2
	copy(p[18:28], p[8:18])
	copy(p[8:], h.mac)
	copy(p[14:], h.ip)
	return true
}

// echo makes a reply of an echo request to us, in place, and tells whether it was one.
func (h *host) echo(p []byte) bool {
	if len(p) < 20 || p[0]>>4 != 4 || !bytes.Equal(p[16:20], h.ip) || p[9] != 1 {
		return false
	}
	head, size := int(p[0]&15)*4, int(binary.BigEndian.Uint16(p[2:]))
	if head < 20 || size < head+8 || size > len(p) || p[head] != 8 || binary.BigEndian.Uint16(p[6:])&0x3fff != 0 {
		return false
	}
	p[head] = 0
	putSum(p[head:size], 2)
	copy(p[16:20], p[12:16])
	copy(p[12:], h.ip)
	p[8] = 64
	putSum(p[:head], 10)
	return true
}

// putSum puts the Internet checksum (RFC 1071) of b at offset at.
func putSum(b []byte, at int) {
	binary.BigEndian.PutUint16(b[at:], 0)
	var sum uint32
	for i, c := range b {
		sum += uint32(c) << (8 * (1 - i&1))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	binary.BigEndian.PutUint16(b[at:], ^uint16(sum))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "replyd:", err)
		os.Exit(1)
	}
}
