//go:build wasip1

package main

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"time"
)

// The messages of DHCP (RFC 2131, section 2; the options in RFC 2132).

// A kind is a kind of message (RFC 2132, 9.6).
type kind byte

const (
	discover kind = iota + 1
	offer
	request
	decline
	ack
	nak
	release
	inform
)

// Where the fields of the fixed part are.
const (
	atOp     = 0
	atHType  = 1
	atHLen   = 2
	atXID    = 4
	atFlags  = 10
	atCIAddr = 12
	atYIAddr = 16
	atGIAddr = 24
	atCHAddr = 28
	fixedLen = 236
	replyLen = 300 // what BOOTP clients and relays want at least

	clientMax = 32 // bytes of a client's identity
)

const (
	optPad     = 0
	optNetmask = 1
	optRouter  = 3
	optDNS     = 6
	optWanted  = 50
	optLease   = 51
	optKind    = 53
	optServer  = 54
	optRenew   = 58
	optRebind  = 59
	optClient  = 61
	optEnd     = 255
)

var cookie = []byte{99, 130, 83, 99}

// A message is one of a client, as far as the server looks at it. An address that is
// not given is the zero Addr.
type message struct {
	kind           kind
	fixed          []byte // its fixed part, of which a reply repeats some
	ciaddr, giaddr netip.Addr
	hw             net.HardwareAddr
	client         string     // who it is: its identifier, or its hardware address
	wanted, server netip.Addr // options 50 and 54
}

// address reads one of four bytes; 0.0.0.0 is none.
func address(b []byte) netip.Addr {
	a := netip.AddrFrom4([4]byte(b))
	if a.IsUnspecified() {
		return netip.Addr{}
	}
	return a
}

// parse reads a message; nil if it is not one of a client on Ethernet.
func parse(b []byte) *message {
	const ethernet, hwLen = 1, 6
	head := fixedLen + len(cookie)
	if len(b) < head || b[atOp] != 1 || b[atHType] != ethernet || b[atHLen] != hwLen || !bytes.Equal(b[fixedLen:head], cookie) {
		return nil
	}
	m := &message{
		fixed:  bytes.Clone(b[:fixedLen]),
		ciaddr: address(b[atCIAddr:]),
		giaddr: address(b[atGIAddr:]),
		hw:     bytes.Clone(b[atCHAddr : atCHAddr+hwLen]),
	}
	// Who gives no identifier is known by the type and the bytes of his address (9.14).
	m.client = string([]byte{ethernet}) + string(m.hw)
	for b = b[head:]; len(b) > 0 && b[0] != optEnd; {
		if b[0] == optPad {
			b = b[1:]
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return nil
		}
		m.option(b[0], b[2:2+int(b[1])])
		b = b[2+int(b[1]):]
	}
	if m.kind < discover || m.kind > inform {
		return nil
	}
	return m
}

// option takes one option of a client's; those that it does not know it leaves.
func (m *message) option(code byte, value []byte) {
	switch {
	case code == optKind && len(value) == 1:
		m.kind = kind(value[0])
	case code == optWanted && len(value) == 4:
		m.wanted = address(value)
	case code == optServer && len(value) == 4:
		m.server = address(value)
	case code == optClient && len(value) >= 2 && len(value) <= clientMax:
		m.client = string(value)
	}
}

// reply makes the answer to a message. Yours is the client's address; none in a NAK,
// and to who has one (inform).
func (c *config) reply(m *message, k kind, yours netip.Addr) []byte {
	b := make([]byte, fixedLen, replyLen)
	b[atOp], b[atHType], b[atHLen] = 2, 1, 6
	copy(b[atXID:atXID+4], m.fixed[atXID:])
	copy(b[atFlags:atFlags+2], m.fixed[atFlags:])
	if k == ack {
		copy(b[atCIAddr:], m.ciaddr.AsSlice())
	}
	// Behind a relay the client can't know that his address is wrong (4.3.2).
	if k == nak && m.giaddr.IsValid() {
		b[atFlags] |= 0x80
	}
	copy(b[atYIAddr:], yours.AsSlice())
	copy(b[atGIAddr:], m.giaddr.AsSlice())
	copy(b[atCHAddr:atCHAddr+16], m.fixed[atCHAddr:])
	b = append(b, cookie...)
	b = append(b, optKind, 1, byte(k))
	b = addAddress(b, optServer, c.address)
	if yours.IsValid() {
		b = addTime(b, optLease, c.lease)
		b = addTime(b, optRenew, c.lease/2)
		b = addTime(b, optRebind, c.lease/8*7)
	}
	if k != nak {
		b = addAddress(b, optNetmask, c.netmask)
		b = addAddress(b, optRouter, c.router)
		b = addAddress(b, optDNS, c.dns)
	}
	b = append(b, optEnd)
	return append(b, make([]byte, max(0, replyLen-len(b)))...)
}

// addAddress appends an option, unless there is no address.
func addAddress(b []byte, code byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return b
	}
	return append(append(b, code, 4), a.AsSlice()...)
}

// addTime appends an option in seconds.
func addTime(b []byte, code byte, d time.Duration) []byte {
	return binary.BigEndian.AppendUint32(append(b, code, 4), uint32(d/time.Second))
}
