//go:build wasip1

// Whichkernel tells by their answers which kernel hosts run.
//
//	whichkernel DEVICE MAC ADDRESS PORT HOST...
//
// Each host gets an echo request, a datagram for a port that is closed, and a SYN for
// PORT, where a program listens. For each a line is printed, in their order: its address,
// and freebsd, dragonfly, netbsd, linux or nobody.
package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"
)

const (
	headerLen = 14
	ipLen     = 20
	frameMax  = 1514
	arpType   = 0x0806
	ipType    = 0x0800
	df        = 0x4000 // don't fragment

	again = 500 * time.Millisecond // what was not answered is asked again
	tries = 10

	icmp, tcp, udp = 1, 6, 17
)

// A host is what is known of one.
type host struct {
	ip       netip.Addr
	mac      net.HardwareAddr // nil: not known
	number   int
	replied  bool // to the echo request
	df       bool // as the request
	refused  bool // the datagram
	tos      byte
	accepted bool // the SYN
	padded   bool // SACK permitted stands behind two nops
	tries    int
}

// A scanner asks, and keeps what it hears.
type scanner struct {
	tap   *os.File
	mac   net.HardwareAddr
	ip    netip.Addr
	port  uint16
	hosts []*host
}

func main() {
	if len(os.Args) < 6 {
		usage()
	}
	s := &scanner{}
	var err error
	if s.mac, err = net.ParseMAC(os.Args[2]); err != nil || len(s.mac) != 6 {
		usage()
	}
	if s.ip, err = netip.ParseAddr(os.Args[3]); err != nil || !s.ip.Is4() {
		usage()
	}
	port, err := strconv.ParseUint(os.Args[4], 10, 16)
	check(err)
	s.port = uint16(port)
	for i, a := range os.Args[5:] {
		ip, err := netip.ParseAddr(a)
		check(err)
		s.hosts = append(s.hosts, &host{ip: ip, number: i})
	}
	s.tap, err = os.OpenFile(os.Args[1], os.O_RDWR, 0)
	check(err)
	// A goroutine reads; this one alone knows the hosts.
	frames := make(chan []byte)
	go func() {
		for {
			buf := make([]byte, frameMax)
			n, err := s.tap.Read(buf)
			check(err)
			frames <- buf[:n]
		}
	}()
	tick := time.NewTicker(again)
	for s.ask() {
		for waiting := true; waiting; {
			select {
			case f := <-frames:
				s.handle(f)
			case <-tick.C:
				waiting = false
			}
		}
	}
	for _, h := range s.hosts {
		fmt.Println(h.ip, h.verdict())
	}
}

// ask asks each host for what it has not answered. It reports whether there was one.
func (s *scanner) ask() (asked bool) {
	for _, h := range s.hosts {
		if h.tries <= tries && !(h.replied && h.refused && h.accepted) {
			asked = true
			s.askOne(h)
		}
	}
	return asked
}

func (s *scanner) askOne(h *host) {
	h.tries++
	if h.mac == nil {
		s.arp(1, nil, h.ip)
		return
	}
	if !h.replied {
		p := make([]byte, 16)
		p[0] = 8
		binary.BigEndian.PutUint16(p[4:], h.source())
		binary.BigEndian.PutUint16(p[2:], checksum(0, p))
		s.packet(h, icmp, p)
	}
	if !h.refused {
		p := make([]byte, 16)
		binary.BigEndian.PutUint16(p, h.source())
		binary.BigEndian.PutUint16(p[2:], 33434)
		binary.BigEndian.PutUint16(p[4:], 16)
		binary.BigEndian.PutUint16(p[6:], checksum(s.pseudo(h, udp, p), p))
		s.packet(h, udp, p)
	}
	if !h.accepted {
		s.segment(h, h.source(), 1000, 0x02, []byte{2, 4, 5, 180, 1, 3, 3, 6, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0})
	}
}

// source is the port from which a host is asked, another one each time.
func (h *host) source() uint16 { return uint16(40000 + h.number*100 + h.tries) }

// segment sends a SYN with options, or a RST.
func (s *scanner) segment(h *host, from uint16, seq uint32, flags byte, options []byte) {
	p := make([]byte, 20, 20+len(options))
	binary.BigEndian.PutUint16(p, from)
	binary.BigEndian.PutUint16(p[2:], s.port)
	binary.BigEndian.PutUint32(p[4:], seq)
	p[12], p[13] = byte((20+len(options))/4)<<4, flags
	binary.BigEndian.PutUint16(p[14:], 65535)
	p = append(p, options...)
	binary.BigEndian.PutUint16(p[16:], checksum(s.pseudo(h, tcp, p), p))
	s.packet(h, tcp, p)
}

// packet sends a packet to a host.
func (s *scanner) packet(h *host, protocol byte, payload []byte) {
	p := make([]byte, ipLen, ipLen+len(payload))
	p[0] = 0x45
	binary.BigEndian.PutUint16(p[2:], uint16(ipLen+len(payload)))
	binary.BigEndian.PutUint16(p[6:], df)
	p[8], p[9] = 64, protocol
	copy(p[12:], s.ip.AsSlice())
	copy(p[16:], h.ip.AsSlice())
	binary.BigEndian.PutUint16(p[10:], checksum(0, p))
	s.transmit(h.mac, ipType, append(p, payload...))
}

// arp sends an ARP packet: a request to everybody, or a reply.
func (s *scanner) arp(op byte, mac net.HardwareAddr, ip netip.Addr) {
	p := make([]byte, 28)
	copy(p, []byte{0, 1, 8, 0, 6, 4, 0, op})
	copy(p[8:], s.mac)
	copy(p[14:], s.ip.AsSlice())
	copy(p[18:], mac)
	copy(p[24:], ip.AsSlice())
	to := mac
	if to == nil {
		to = net.HardwareAddr{255, 255, 255, 255, 255, 255}
	}
	s.transmit(to, arpType, p)
}

func (s *scanner) transmit(to net.HardwareAddr, typ uint16, payload []byte) {
	f := append(append(make([]byte, 0, frameMax), to...), s.mac...)
	f = append(binary.BigEndian.AppendUint16(f, typ), payload...)
	if _, err := s.tap.Write(f); err != nil {
		fmt.Fprintln(os.Stderr, "whichkernel:", err) // it is asked again
	}
}

// pseudo is the sum of the pseudo-header (RFC 9293, 3.1).
func (s *scanner) pseudo(h *host, protocol byte, payload []byte) uint32 {
	a, b := s.ip.As4(), h.ip.As4()
	return sum(sum(uint32(protocol)+uint32(len(payload)), a[:]), b[:])
}

func sum(n uint32, p []byte) uint32 {
	for ; len(p) > 1; p = p[2:] {
		n += uint32(binary.BigEndian.Uint16(p))
	}
	if len(p) > 0 {
		n += uint32(p[0]) << 8
	}
	return n
}

// checksum is the Internet checksum (RFC 1071) of bytes and what was added up before.
func checksum(n uint32, p []byte) uint16 {
	n = sum(n, p)
	for n>>16 != 0 {
		n = n&0xffff + n>>16
	}
	return ^uint16(n)
}

func (s *scanner) find(ip []byte) *host {
	for _, h := range s.hosts {
		if h.ip == netip.AddrFrom4([4]byte(ip)) {
			return h
		}
	}
	return nil
}

func (s *scanner) handle(f []byte) {
	if len(f) < headerLen {
		return
	}
	switch p := f[headerLen:]; binary.BigEndian.Uint16(f[12:]) {
	case arpType:
		s.resolved(p)
	case ipType:
		s.answered(p)
	}
}

func (s *scanner) resolved(p []byte) {
	if len(p) < 28 || [7]byte(p) != [7]byte{0, 1, 8, 0, 6, 4, 0} || netip.AddrFrom4([4]byte(p[24:])) != s.ip {
		return
	}
	if p[7] == 1 {
		s.arp(2, net.HardwareAddr(p[8:14]), netip.AddrFrom4([4]byte(p[14:])))
	}
	if h := s.find(p[14:]); h != nil && h.mac == nil {
		h.mac, h.tries = net.HardwareAddr(p[8:14]), 0
		s.askOne(h)
	}
}

func (s *scanner) answered(p []byte) {
	if len(p) < ipLen+8 || p[0] != 0x45 || netip.AddrFrom4([4]byte(p[16:])) != s.ip {
		return
	}
	n := int(binary.BigEndian.Uint16(p[2:]))
	h := s.find(p[12:])
	if h == nil || n < ipLen+8 || n > len(p) {
		return
	}
	switch l := p[ipLen:n]; p[9] {
	case icmp:
		switch {
		case l[0] == 0 && !h.replied:
			h.replied, h.df = true, binary.BigEndian.Uint16(p[6:])&df != 0
		case l[0] == 3 && l[1] == 3:
			h.refused, h.tos = true, p[1]
		}
	case tcp:
		if len(l) < 20 || binary.BigEndian.Uint16(l) != s.port || l[13]&0x12 != 0x12 {
			return
		}
		if head := int(l[12]>>4) * 4; head >= 20 && head <= len(l) {
			s.segment(h, binary.BigEndian.Uint16(l[2:]), 1001, 0x04, nil) // we don't want to talk to it
			h.accepted, h.padded = true, padded(l[20:head])
		}
	}
}

// padded reports whether SACK permitted stands behind two nops.
func padded(o []byte) bool {
	nops := 0
	for len(o) > 0 && o[0] != 0 {
		switch {
		case o[0] == 1:
			nops++
			o = o[1:]
			continue
		case o[0] == 4:
			return nops >= 2
		case len(o) < 2 || o[1] < 2 || int(o[1]) > len(o):
			return false
		}
		nops, o = 0, o[o[1]:]
	}
	return false
}

// verdict: Linux marks its ICMP errors as internetwork control (RFC 1812, 4.3.2.5).
// FreeBSD and DragonFly send an echo request's header back with the reply, DF and all. Of
// these two DragonFly aligns the options of TCP.
func (h *host) verdict() string {
	switch {
	case h.mac == nil:
		return "nobody"
	case h.tos >= 0xc0:
		return "linux"
	case !h.df:
		return "netbsd"
	case h.padded:
		return "dragonfly"
	}
	return "freebsd"
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: whichkernel DEVICE MAC ADDRESS PORT HOST...")
	os.Exit(64)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "whichkernel:", err)
		os.Exit(1)
	}
}
