//go:build wasip1

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
	"time"

	"wireloom/wasm/guest/tuntap"
)

const (
	headLen  = 14
	frameMax = 1514
	arpLen   = 28
	hostsMax = 64
	askAgain = time.Second

	typeIP  = 0x0800
	typeARP = 0x0806
)

var (
	broadcast = net.HardwareAddr{255, 255, 255, 255, 255, 255}
	nobody    = make(net.HardwareAddr, 6)
	arpStart  = []byte{0, 1, 8, 0, 6, 4, 0}
)

// A host is a neighbour, and a frame that waits for its answer.
type host struct {
	mac     net.HardwareAddr // nil: not known yet
	asked   time.Time
	waiting []byte
}

// A side is one of the two networks. Only the goroutine that has the table of mappings
// touches it; another reads its device.
type side struct {
	device  *os.File
	mac     net.HardwareAddr
	net     netip.Prefix // with our own address
	gateway netip.Addr
	hosts   map[netip.Addr]*host
}

func openSide(device, mac, prefix string) (*side, error) {
	s := &side{hosts: map[netip.Addr]*host{}}
	var err error
	if s.mac, err = net.ParseMAC(mac); err != nil {
		return nil, err
	}
	if s.net, err = netip.ParsePrefix(prefix); err != nil {
		return nil, err
	}
	s.device, err = os.OpenFile(device, os.O_RDWR, 0)
	return s, err
}

// read gives the frames for us to a channel. One for another host comes where a switch
// did not know better.
func (s *side) read(to chan<- []byte) {
	for {
		b := make([]byte, frameMax)
		n, err := s.device.Read(b)
		switch err = tuntap.Explain(err); {
		case errors.Is(err, tuntap.EHOSTDOWN): // the interface is down, and may come up again
			time.Sleep(50 * time.Millisecond)
			continue
		case errors.Is(err, io.EOF): // it was down for a moment
			continue
		}
		check(err)
		if n >= headLen && (b[0]&1 != 0 || bytes.Equal(b[:6], s.mac)) {
			to <- b[:n]
		}
	}
}

// transmit writes a frame. What the kernel does not take is lost, as on any wire.
func (s *side) transmit(to net.HardwareAddr, etherType uint16, payload []byte) {
	frame := make([]byte, 0, headLen+len(payload))
	frame = append(append(frame, to...), s.mac...)
	frame = append(binary.BigEndian.AppendUint16(frame, etherType), payload...)
	if _, err := s.device.Write(frame); err != nil {
		fmt.Fprintln(os.Stderr, "natd:", err)
	}
}

// sendARP sends an ARP message (RFC 826): 1 asks for an address, 2 answers.
func (s *side) sendARP(op byte, to, target net.HardwareAddr, address netip.Addr) {
	p := append(bytes.Clone(arpStart), op)
	p = append(append(p, s.mac...), s.net.Addr().AsSlice()...)
	p = append(append(p, target...), address.AsSlice()...)
	s.transmit(to, typeARP, p)
}

// arp takes an ARP message. Who asks for us is answered, and worth knowing; what
// others tell us is, only if we have asked. Who just tries whether an address is free
// asks as 0.0.0.0.
func (s *side) arp(p []byte) {
	if len(p) < arpLen || !bytes.Equal(p[:7], arpStart) || netip.AddrFrom4([4]byte(p[24:])) != s.net.Addr() {
		return
	}
	isRequest, mac, address := p[7] == 1, bytes.Clone(p[8:14]), netip.AddrFrom4([4]byte(p[14:]))
	if h := s.host(address, isRequest); h != nil && s.net.Contains(address) {
		h.mac = mac
		if h.waiting != nil {
			s.transmit(mac, typeIP, h.waiting)
			h.waiting = nil
		}
	}
	if isRequest {
		s.sendARP(2, mac, mac, address)
	}
}

// host returns the neighbour with an address; one that is not there yet it makes, if
// it is to.
func (s *side) host(a netip.Addr, make bool) *host {
	h := s.hosts[a]
	if h != nil || !make || !s.net.Contains(a) {
		return h
	}
	if len(s.hosts) == hostsMax {
		clear(s.hosts) // those that are still there will be asked for again
	}
	h = &host{}
	s.hosts[a] = h
	return h
}

// send sends a packet to its next hop; if that must be asked for first, the packet
// waits.
func (s *side) send(p packet, now time.Time) {
	hop := p.address(atDst)
	if !s.net.Contains(hop) {
		hop = s.gateway
	}
	if !hop.IsValid() {
		return
	}
	h := s.host(hop, true)
	if h == nil {
		return
	}
	if h.mac != nil {
		s.transmit(h.mac, typeIP, p)
		return
	}
	h.waiting = p // the newest counts (RFC 1122, 2.3.2.2)
	if now.Sub(h.asked) >= askAgain {
		h.asked = now
		s.sendARP(1, broadcast, nobody, hop)
	}
}

// sendICMP answers the sender of p with an ICMP message, whose body is given.
func (s *side) sendICMP(p packet, kind byte, body []byte, now time.Time) {
	q := make(packet, ipLen+4, ipLen+4+len(body))
	q = append(q, body...)
	q[0], q[atTTL], q[atProto] = 0x45, 64, icmp
	binary.BigEndian.PutUint16(q[2:], uint16(len(q)))
	copy(q[atSrc:], s.net.Addr().AsSlice())
	copy(q[atDst:], p[atSrc:atDst])
	binary.BigEndian.PutUint16(q[atSum:], sum(q[:ipLen]))
	q[ipLen] = kind
	binary.BigEndian.PutUint16(q[ipLen+2:], sum(q[ipLen:]))
	s.send(q, now)
}

// tooOld tells the sender that the time to live is over (RFC 792): header and eight
// bytes.
func (s *side) tooOld(p packet, now time.Time) {
	if !p.isError() {
		s.sendICMP(p, 11, append(make([]byte, 4), p[:p.headLen()+8]...), now)
	}
}
