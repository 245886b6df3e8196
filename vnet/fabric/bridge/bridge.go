// Package bridge is a learning Ethernet switch as a value: what comes in is decided
// here, and nothing is sent, logged or timed. Who owns the switch carries out what it
// is told.
package bridge

import (
	"maps"
	"slices"
	"time"

	"wireloom/vnet/packet"
)

// Limits of a switch.
const (
	MaxMACs = 1024              // addresses that it remembers
	Ageing  = 300 * time.Second // how long an address is remembered (IEEE 802.1D-2004, table 7-5)
)

// A Bridge learns the port behind which a source address is, forwards a frame to the
// port of its destination, and floods it to all others where it doesn't know that or
// the destination is a group (IEEE 802.1D-2004, 7.7 to 7.9, without spanning tree).
// What it learned ages out after Ageing, and goes at once with its port.
//
//	      a frame from it                  Ageing without one: aged
//	unknown ----------> learned at port p -------------------------> unknown
//	                      |  ^              its port goes down: port-down
//	                      `--' a frame from it by another port: moved
//
// Ports are numbered from 0. No method keeps the frame that it is given, and what one
// returns is good until the next call.
type Bridge struct {
	up    []bool // ports that something is plugged into
	table map[key]*entry
	full  bool // the table is full and that has been told
	acts  []Act
}

// An entry of the table: the filtering database of 7.9.
type entry struct {
	port int
	seen time.Duration
}

// A key is a MAC address as a number, which a map finds faster.
type key uint64

func keyOf(m packet.MAC) key {
	return key(m[0])<<40 | key(m[1])<<32 | key(m[2])<<24 | key(m[3])<<16 | key(m[4])<<8 | key(m[5])
}

func (k key) mac() packet.MAC {
	return packet.MAC{byte(k >> 40), byte(k >> 32), byte(k >> 24), byte(k >> 16), byte(k >> 8), byte(k)}
}

// An ActKind says what is to be done.
type ActKind uint8

// The kinds of act.
const (
	Send   ActKind = iota // the frame leaves by Port
	Drop                  // the frame ends here, and Why
	Learn                 // MAC is now known to be behind Port
	Forget                // MAC is no longer known to be behind Port, and Why
	Full                  // the table takes no further address
)

// An Act is one thing that the switch wants done, in the order in which it says so.
type Act struct {
	Kind ActKind
	Port int
	MAC  packet.MAC
	Why  Reason
}

// A Reason is a slug that says why a frame was dropped or an address forgotten.
type Reason string

// The reasons.
const (
	TooShort Reason = "too-short" // no Ethernet header
	Reserved Reason = "reserved"  // to an address that no bridge forwards
	SamePort Reason = "same-port" // its destination is where it came from
	Nowhere  Reason = "nowhere"   // there is no other port

	Aged     Reason = "aged"
	Moved    Reason = "moved"
	PortDown Reason = "port-down"
)

// Text is the reason that a frame was dropped in a sentence, for people.
func (r Reason) Text() string {
	switch r {
	case TooShort:
		return "the frame is shorter than an Ethernet header"
	case Reserved:
		return "a switch does not forward 01:80:c2:00:00:00 to 0f"
	case SamePort:
		return "the destination is behind the port that the frame came from"
	case Nowhere:
		return "the switch has no other port to send it to"
	case Aged, Moved, PortDown:
	}
	return ""
}

// New returns a switch with ports that nothing is plugged into.
func New(ports int) *Bridge {
	return &Bridge{up: make([]bool, ports), table: map[key]*entry{}}
}

// Receive decides about a frame that came in by a port.
func (b *Bridge) Receive(now time.Duration, in int, frame []byte) []Act {
	b.acts = b.acts[:0]
	e, err := packet.ParseEthernet(frame)
	if err != nil {
		return b.drop(TooShort)
	}
	dst := e.Dst()
	b.learn(now, e.Src(), in)
	if reserved(dst) {
		return b.drop(Reserved)
	}
	if e := b.table[keyOf(dst)]; e != nil && !dst.IsMulticast() {
		if e.port == in {
			return b.drop(SamePort)
		}
		b.acts = append(b.acts, Act{Kind: Send, Port: e.port})
		return b.acts
	}
	before := len(b.acts)
	for i, up := range b.up {
		if i != in && up {
			b.acts = append(b.acts, Act{Kind: Send, Port: i})
		}
	}
	if len(b.acts) == before {
		return b.drop(Nowhere)
	}
	return b.acts
}

func (b *Bridge) drop(why Reason) []Act {
	b.acts = append(b.acts, Act{Kind: Drop, Why: why})
	return b.acts
}

// reserved reports whether mac is one of the addresses that a bridge never forwards
// (IEEE 802.1D-2004, table 7-10).
func reserved(mac packet.MAC) bool {
	return mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && mac[3] == 0 && mac[4] == 0 && mac[5]&0xf0 == 0
}

// learn notes that src is behind port in. A group address is never a source.
func (b *Bridge) learn(now time.Duration, src packet.MAC, in int) {
	if src.IsMulticast() {
		return
	}
	k := keyOf(src)
	e := b.table[k]
	if e != nil && e.port == in {
		e.seen = now
		return
	}
	if e != nil {
		b.forget(k, Moved)
	} else if len(b.table) >= MaxMACs {
		if !b.full {
			b.full = true
			b.acts = append(b.acts, Act{Kind: Full})
		}
		return
	}
	b.table[k] = &entry{in, now}
	b.acts = append(b.acts, Act{Kind: Learn, Port: in, MAC: src})
}

func (b *Bridge) forget(k key, why Reason) {
	b.acts = append(b.acts, Act{Kind: Forget, Port: b.table[k].port, MAC: k.mac(), Why: why})
	delete(b.table, k)
	b.full = false
}

// Tick forgets the addresses that have not been seen for Ageing. next is when it wants
// to be called again, below 0 while there is nothing to forget.
func (b *Bridge) Tick(now time.Duration) (acts []Act, next time.Duration) {
	b.acts = b.acts[:0]
	next = -1
	for _, k := range b.sorted() {
		due := b.table[k].seen + Ageing
		if due <= now {
			b.forget(k, Aged)
		} else if next < 0 || due < next {
			next = due
		}
	}
	return b.acts, next
}

// SetPort says whether something is plugged into a port and its link is up. A port that
// goes down takes what was learned there with it.
func (b *Bridge) SetPort(port int, up bool) []Act {
	b.acts = b.acts[:0]
	if b.up[port] && !up {
		for _, k := range b.sorted() {
			if b.table[k].port == port {
				b.forget(k, PortDown)
			}
		}
	}
	b.up[port] = up
	return b.acts
}

// An Entry is an address that a switch has learned.
type Entry struct {
	MAC  packet.MAC
	Port int
	Seen time.Duration // when it was last a source
}

// Table returns what the switch has learned, sorted by address.
func (b *Bridge) Table() []Entry {
	out := make([]Entry, 0, len(b.table))
	for _, k := range b.sorted() {
		e := b.table[k]
		out = append(out, Entry{k.mac(), e.port, e.seen})
	}
	return out
}

func (b *Bridge) sorted() []key { return slices.Sorted(maps.Keys(b.table)) }
