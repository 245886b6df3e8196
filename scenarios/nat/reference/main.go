//go:build wasip1

// Natd is a router that lets a whole network use one address (NAPT: RFC 3022, and
// RFC 4787, 5382 and 5508 for what UDP, TCP and ICMP need of it).
//
//	natd DEVICE MAC ADDRESS/LEN DEVICE MAC ADDRESS/LEN [GATEWAY]
//
// The first tap is the inside, the second the outside, whose ADDRESS is what others
// see. What is not on the outside's own network goes to GATEWAY.
package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"time"
)

// A router is the program: its two sides, and the translation between them.
type router struct {
	inside, outside *side
	nat             nat
}

func main() {
	a := os.Args
	if len(a) != 7 && len(a) != 8 {
		fmt.Fprintln(os.Stderr, "usage: natd DEVICE MAC ADDRESS/LEN DEVICE MAC ADDRESS/LEN [GATEWAY]")
		os.Exit(64)
	}
	r := &router{}
	var err error
	r.inside, err = openSide(a[1], a[2], a[3])
	check(err)
	r.outside, err = openSide(a[4], a[5], a[6])
	check(err)
	if len(a) == 8 {
		r.outside.gateway, err = netip.ParseAddr(a[7])
		check(err)
	}
	r.nat = nat{r.outside.net.Addr(), table{}}

	in, out := make(chan []byte), make(chan []byte)
	go r.inside.read(in)
	go r.outside.read(out)
	for {
		select {
		case frame := <-in:
			r.receive(r.inside, frame, r.fromInside)
		case frame := <-out:
			r.receive(r.outside, frame, r.fromOutside)
		}
	}
}

// receive gives what is in a frame to who knows about it.
func (r *router) receive(s *side, frame []byte, ip func(packet, time.Time)) {
	isGroup, payload := frame[0]&1 != 0, frame[headLen:]
	switch binary.BigEndian.Uint16(frame[12:]) {
	case typeARP:
		s.arp(payload)
	case typeIP:
		if p := sound(payload); p != nil && !isGroup {
			ip(p, time.Now())
		}
	}
}

// fromInside takes a packet that came from the inside.
func (r *router) fromInside(p packet, now time.Time) {
	to := p.address(atDst)
	switch {
	case to == r.inside.net.Addr() && p.proto() == icmp && p.payload()[0] == echoRequest:
		r.inside.sendICMP(p, echoReply, p.payload()[4:], now)
		return
	case r.inside.net.Contains(to) || !r.inside.net.Contains(p.address(atSrc)):
		return // for a neighbour, or from nobody that we know
	case p[atTTL] <= 1:
		r.inside.tooOld(p, now)
		return
	}
	p.age()
	if !r.nat.translateOut(p, now) {
		return
	}
	// Two hosts inside may know each other by what they are outside (RFC 4787, REQ-9).
	if to != r.nat.outside {
		r.outside.send(p, now)
	} else if r.nat.translateIn(p, now) {
		r.inside.send(p, now)
	}
}

// fromOutside takes a packet that came from the outside.
func (r *router) fromOutside(p packet, now time.Time) {
	if p.address(atDst) != r.nat.outside {
		return
	}
	if p[atTTL] <= 1 {
		r.outside.tooOld(p, now)
		return
	}
	p.age()
	if r.nat.translateIn(p, now) {
		r.inside.send(p, now)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "natd:", err)
		os.Exit(1)
	}
}
