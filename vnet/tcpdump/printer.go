// Package tcpdump says in the words of tcpdump(1) what a packet holds. Its text is that of
// tcpdump 4.99, so that what is read at a node's prompt agrees with what a student reads on
// a machine of their own; the tests put both beside each other. What a lab has no use for
// (routing protocols, RPC, telephony) is shown as its transport's length alone.
//
// Packets are hostile: whatever is loaded beyond the bytes that were captured ends the
// packet's text with " [|proto]", as it does there.
package tcpdump

import (
	"fmt"
	"strings"
	"time"

	"wireloom/vnet/pcapfilter"
	"wireloom/vnet/tcpdump/show"
)

// maxConns is of how many TCP connections a Printer remembers the first sequence numbers.
// Beyond it all are forgotten: what comes next counts from itself.
const maxConns = 1 << 14

// A Printer prints the packets of one capture, in their order.
type Printer struct {
	opt    show.Options
	conns  map[conn]initial
	seen   int
	ref    time.Duration
	hasRef bool
}

// New returns a printer.
func New(opt show.Options) *Printer { return &Printer{opt: opt, conns: map[conn]initial{}} }

// A Packet is a packet as it was captured.
type Packet struct {
	Link pcapfilter.Link
	At   time.Duration // since the epoch, which is the lab's beginning
	Data []byte
	Size int // how long it was on the wire
}

// A text is what is made of one packet.
type text struct {
	*show.Text
	p     *Printer
	depth int // of IP headers within each other
}

// maxDepth is how many IP headers within each other are read: a packet may hold thousands,
// and with -v each costs a checksum of all that is in it.
const maxDepth = 16

// Append appends a packet's text to b, with its newline.
func (p *Printer) Append(b []byte, k Packet) []byte {
	p.seen++
	t := &text{Text: &show.Text{Options: p.opt, Out: b}, p: p}
	if p.opt.Count {
		t.F("%5d  ", p.seen)
	}
	if bad := t.refuse(k); bad {
		return append(t.Out, "]\n"...)
	}
	t.stamp(k.At)
	t.packet(k)
	t.dump(k.Data)
	return append(t.Out, '\n')
}

// refuse says what is wrong with a packet that can't be one.
func (t *text) refuse(k Packet) bool {
	var bad []string
	if len(k.Data) == 0 {
		bad = append(bad, "caplen==0")
	}
	switch {
	case k.Size == 0:
		bad = append(bad, "len==0")
	case k.Size < len(k.Data):
		bad = append(bad, fmt.Sprintf("len(%d) < caplen(%d)", k.Size, len(k.Data)))
	}
	if len(bad) == 0 {
		return false
	}
	t.F("[Invalid header: %s", strings.Join(bad, ", "))
	return true
}

// packet writes what the protocols have. It alone catches the end that cut is.
func (t *text) packet(k Packet) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case show.Cut:
			t.Truncated()
			t.Header = 0
		default:
			panic(e)
		}
	}()
	switch k.Link {
	case pcapfilter.Ethernet:
		t.Proto = "ether"
		t.Header = t.ether(k.Data, k.Size)
	case pcapfilter.Null:
		t.null(k.Data, k.Size)
	case pcapfilter.Raw:
		t.Proto = "raw"
		if t.Link {
			t.S("ip: ")
		}
		t.anyIP(k.Data, k.Size)
	}
}

// dump writes the bytes that -x, -X or -A ask for.
func (t *text) dump(data []byte) {
	from := func(n int) []byte {
		if n > 1 {
			return data
		}
		return data[min(t.Header, len(data)):]
	}
	switch {
	case t.HexASCII > 0:
		t.HexLetters("\n\t", from(t.HexASCII))
	case t.Hex > 0:
		t.Hexdump("\n\t", from(t.Hex))
	case t.ASCII > 0:
		if b := from(t.ASCII); len(b) > 0 || t.ASCII > 1 {
			t.Letters(b)
		}
	}
}

// stamp writes a packet's time.
func (t *text) stamp(now time.Duration) {
	p := t.p
	clock := func(d time.Duration) {
		us := int64(d / time.Microsecond)
		sec := us / 1e6
		t.F("%02d:%02d:%02d.%06d", sec/3600%24, sec/60%60, sec%60, us%1e6)
	}
	switch p.opt.Stamp {
	case show.Clock:
		clock(now)
	case show.NoStamp:
		return
	case show.Seconds:
		t.F("%d.%06d", now/time.Second, now%time.Second/time.Microsecond)
	case show.Dated:
		t.S(time.Unix(0, 0).UTC().Add(now).Format("2006-01-02 "))
		clock(now)
	case show.SinceOne, show.SinceAll:
		if !p.hasRef || p.ref == 0 { // tcpdump takes a time of 0 for none
			p.ref, p.hasRef = now, true
		}
		d := now.Truncate(time.Microsecond) - p.ref.Truncate(time.Microsecond)
		if d < 0 {
			t.S("-")
			d = -d
		} else {
			t.S(" ")
		}
		clock(d)
		if p.opt.Stamp == show.SinceOne {
			p.ref = now
		}
	}
	t.S(" ")
}
