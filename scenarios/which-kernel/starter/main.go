//go:build wasip1

// Whichkernel shall tell by their answers which kernel hosts run. This one asks for their
// hardware addresses, pings who answers, and shows what comes. The places marked TASK are
// yours.
//
//	whichkernel DEVICE MAC ADDRESS PORT HOST...
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
	patience  = 3 * time.Second
)

// A host is what is known of one.
type host struct {
	ip  netip.Addr
	mac net.HardwareAddr // nil: not known
	// TASK 3: what else do you know of a host, and what have you asked?
}

// A scanner asks, and keeps what it hears.
type scanner struct {
	tap   *os.File
	mac   net.HardwareAddr
	ip    netip.Addr
	port  uint16 // that is open
	hosts []*host
}

func main() {
	if len(os.Args) < 6 {
		fmt.Fprintln(os.Stderr, "usage: whichkernel DEVICE MAC ADDRESS PORT HOST...")
		os.Exit(64)
	}
	s := &scanner{}
	var err error
	s.mac, err = net.ParseMAC(os.Args[2])
	check(err)
	s.ip, err = netip.ParseAddr(os.Args[3])
	check(err)
	port, err := strconv.ParseUint(os.Args[4], 10, 16)
	check(err)
	s.port = uint16(port)
	for _, a := range os.Args[5:] {
		ip, err := netip.ParseAddr(a)
		check(err)
		s.hosts = append(s.hosts, &host{ip: ip})
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
	for _, h := range s.hosts {
		s.askEverybody(h.ip)
	}
	// TASK 6: what is lost must be asked again, and who knows all need not wait.
	end := time.After(patience)
	for waiting := true; waiting; {
		select {
		case f := <-frames:
			s.handle(f)
		case <-end:
			waiting = false
		}
	}
	fmt.Fprintln(os.Stderr, "port", s.port, "was not asked")
	for _, h := range s.hosts {
		fmt.Println(h.ip, h.verdict())
	}
}

// askEverybody sends an ARP request for an address.
func (s *scanner) askEverybody(ip netip.Addr) {
	p := make([]byte, 28)
	copy(p, []byte{0, 1, 8, 0, 6, 4, 0, 1})
	copy(p[8:], s.mac)
	copy(p[14:], s.ip.AsSlice())
	copy(p[24:], ip.AsSlice())
	s.transmit(net.HardwareAddr{255, 255, 255, 255, 255, 255}, arpType, p)
}

func (s *scanner) echo(h *host) {
	p := make([]byte, 16)
	p[0] = 8
	binary.BigEndian.PutUint16(p[2:], checksum(0, p))
	s.packet(h, 1, p)
}

// TASK 2: a datagram for a port that is closed, and a SYN, with options, for the open one.

// packet sends a packet to a host.
func (s *scanner) packet(h *host, protocol byte, payload []byte) {
	p := make([]byte, ipLen, ipLen+len(payload))
	p[0] = 0x45
	binary.BigEndian.PutUint16(p[2:], uint16(ipLen+len(payload)))
	p[8], p[9] = 64, protocol
	copy(p[12:], s.ip.AsSlice())
	copy(p[16:], h.ip.AsSlice())
	binary.BigEndian.PutUint16(p[10:], checksum(0, p))
	s.transmit(h.mac, ipType, append(p, payload...))
}

func (s *scanner) transmit(to net.HardwareAddr, typ uint16, payload []byte) {
	f := append(append(make([]byte, 0, frameMax), to...), s.mac...)
	f = append(binary.BigEndian.AppendUint16(f, typ), payload...)
	if _, err := s.tap.Write(f); err != nil {
		fmt.Fprintln(os.Stderr, "whichkernel:", err)
	}
}

// checksum is the Internet checksum (RFC 1071) of bytes and what was added up before: for
// UDP and TCP the pseudo-header, which is both addresses, the protocol and the length.
func checksum(n uint32, p []byte) uint16 {
	for ; len(p) > 1; p = p[2:] {
		n += uint32(binary.BigEndian.Uint16(p))
	}
	if len(p) > 0 {
		n += uint32(p[0]) << 8
	}
	for n>>16 != 0 {
		n = n&0xffff + n>>16
	}
	return ^uint16(n)
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
	if len(p) < 28 || p[7] != 2 {
		return // TASK 1: answer requests for our address
	}
	for _, h := range s.hosts {
		if h.ip == netip.AddrFrom4([4]byte(p[14:])) {
			h.mac = net.HardwareAddr(p[8:14])
			s.echo(h)
		}
	}
}

func (s *scanner) answered(p []byte) {
	if len(p) < ipLen || netip.AddrFrom4([4]byte(p[16:])) != s.ip {
		return
	}
	fmt.Fprintf(os.Stderr, "%v: protocol %d, %d bytes, ttl %d, tos %#x, id %d, flags %#x\n", netip.AddrFrom4([4]byte(p[12:])), p[9],
		binary.BigEndian.Uint16(p[2:]), p[8], p[1], binary.BigEndian.Uint16(p[4:]), p[6]>>5)
	// TASK 4: what does it say of who sent it?
}

func (h *host) verdict() string {
	if h.mac == nil {
		return "nobody"
	}
	return "TASK 5"
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "whichkernel:", err)
		os.Exit(1)
	}
}
