// Package dissect says where the fields are in messages that have no fixed form: the
// records of DNS, the options of DHCP, TCP and neighbor discovery, BPDUs. It names
// fields as Wireshark does and knows no more of them; internal/decode says what kind of
// value each has.
//
// Messages are hostile: every length is checked against what is there, a message has
// MaxPlaces fields at most, and a name that refers back does so to what stands before it.
package dissect

import "encoding/binary"

// MaxPlaces is how many fields of one message are found: some more than the largest DNS
// answer over UDP without EDNS has.
const MaxPlaces = 1024

// A Place is where a field is in a message. Several fields may share their bytes, as bits
// of them.
type Place struct {
	Name   string
	Off, N int    // bytes from the message's start
	Value  []byte // the value where it is not those bytes: a domain name; else nil
}

// A Message is what was found in some bytes.
type Message struct {
	Places []Place
	N      int    // bytes that belong to it, from the start
	Bad    string // why it was not read to its end; "" if it was
}

// A cursor goes through a message.
type cursor struct {
	b   []byte
	at  int
	end int // where what is read now ends: an option, or the message
	m   Message
}

func begin(b []byte) *cursor { return &cursor{b: b, end: len(b)} }

// take says that the next n bytes are the fields of those names, and goes past them. It
// returns false where they are not all there.
func (c *cursor) take(n int, names ...string) bool {
	if n > c.end-c.at {
		c.fail("cut short")
		return false
	}
	for _, name := range names {
		c.put(name, c.at, n, nil)
	}
	c.at += n
	return c.m.Bad == ""
}

func (c *cursor) put(name string, off, n int, value []byte) {
	if len(c.m.Places) >= MaxPlaces {
		c.fail("more fields than are shown")
		return
	}
	c.m.Places = append(c.m.Places, Place{name, off, n, value})
}

// fail says why the message can't be read on. The first reason stays.
func (c *cursor) fail(why string) {
	if c.m.Bad == "" {
		c.m.Bad = why
	}
}

func (c *cursor) left() int { return c.end - c.at }

// u8 and u16 are the number that comes n bytes from here, 0 where it is not there.
func (c *cursor) u8(n int) int {
	if n >= c.left() {
		return 0
	}
	return int(c.b[c.at+n])
}

func (c *cursor) u16(n int) int {
	if n+1 >= c.left() {
		return 0
	}
	return int(binary.BigEndian.Uint16(c.b[c.at+n:]))
}

// done ends the message here.
func (c *cursor) done() Message {
	c.m.N = c.at
	return c.m
}
