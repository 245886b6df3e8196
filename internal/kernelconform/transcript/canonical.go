package transcript

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// A canon is what a transcript's own numbers are measured from: the kernel's MACs and
// link-local addresses, each connection's first sequence number and time stamp, and the
// identification of the packet before.
type canon struct {
	names map[string]string // what stands for what: a MAC, an address made of it
	hex   *strings.Replacer // the same within a payload in hexadecimal
	base  map[*Frame]origin
}

// An origin is what a frame's numbers count from.
type origin struct {
	seq     int64
	id      int64 // of the kernel's packet before that had one
	ts      int64
	tsKnown bool
}

var ownAddress = regexp.MustCompile(`^(10\.0\.0\.1|10\.0\.0\.7|10\.0\.1\.1|10\.0\.2\.1)$`)

// small is the greatest sequence number that a peer of the suite chooses; a kernel's are
// greater.
const small = 1 << 20

func canonical(t *Transcript) *canon {
	c := &canon{names: map[string]string{}, base: map[*Frame]origin{}}
	first := map[string]origin{} // by connection
	lastID := int64(0)
	var hexes []string
	learn := func(f *Frame) {
		switch {
		case f.Proto == "ARP":
			src, _, _ := strings.Cut(f.Get("eth"), ">")
			if c.names[src] == "" {
				c.names[src] = fmt.Sprintf("mac%d", len(c.names))
			}
		case f.Proto == "ICMP6":
			hexes = append(hexes, c.learn6(f)...)
		}
	}
	for i := range t.Steps {
		for j := range t.Steps[i].Frames {
			f := &t.Steps[i].Frames[j]
			learn(f)
			src, _, _ := strings.Cut(f.Get("addresses"), ">")
			src, _, _ = strings.Cut(src, ":")
			o := origin{id: lastID}
			if f.Proto == "TCP" {
				o = c.connection(f, first)
				o.id = lastID
			}
			if id := f.Int("id"); id > 0 && ownAddress.MatchString(src) {
				lastID = int64(id)
			}
			c.base[f] = o
		}
	}
	c.hex = strings.NewReplacer(hexes...)
	return c
}

// connection is the origin of a TCP frame's numbers: the first of its connection that are a
// kernel's.
func (c *canon) connection(f *Frame, first map[string]origin) origin {
	key := f.Get("addresses")
	o := first[key]
	seq, _ := strconv.ParseInt(f.Get("seq"), 10, 64) // digits
	if o.seq == 0 && seq > small {
		o.seq = seq
	}
	if ts, ok := timestamp(f.Get("options")); ok && !o.tsKnown {
		o.ts, o.tsKnown = ts, true
	}
	first[key] = o
	return o
}

// timestamp is TSval in the options.
func timestamp(options string) (int64, bool) {
	_, ts, ok := strings.Cut(options, "ts=")
	if !ok || len(ts) < 8 {
		return 0, false
	}
	n, err := strconv.ParseInt(ts[:8], 16, 64)
	return n, err == nil
}

// learn6 finds in an ICMPv6 message the kernel's link-local address, the group of its node
// information and the solicited-node group of its address.
func (c *canon) learn6(f *Frame) (hexes []string) {
	from, to, _ := strings.Cut(f.Get("addresses"), ">")
	for _, text := range []string{from, to} {
		a, err := netip.ParseAddr(text)
		if err != nil || c.names[text] != "" {
			continue
		}
		b := a.As16()
		name := ""
		switch x := hex.EncodeToString(b[:]); {
		case strings.HasPrefix(x, "fe80"):
			name = "link-local"
			mac := []byte{b[8] ^ 2, b[9], b[10], b[13], b[14], b[15]}
			hexes = append(hexes, hex.EncodeToString(mac), "(mac)")
			group := netip.AddrFrom16([16]byte([]byte("\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff" + string(b[13:]))))
			c.names[group.String()] = "solicited-node"
			hexes = append(hexes, hex.EncodeToString(group.AsSlice()), "(solicited-node)")
		case strings.HasPrefix(x, "ff02000000000000000000000002"):
			name = "node-information"
		default:
			continue
		}
		c.names[text] = name
		hexes = append(hexes, hex.EncodeToString(b[:]), "("+name+")")
	}
	return hexes
}

// eph is the port of a socket that the kernel chose.
var eph = regexp.MustCompile(`^(10\.0\.[0-9.]+:)[1-9]\d{4}>`)

func (c *canon) address(s string) string {
	s = eph.ReplaceAllString(s, "${1}EPHEMERAL>")
	from, to, ok := strings.Cut(s, ">")
	if !ok {
		return s
	}
	return c.name(from) + ">" + c.name(to)
}

func (c *canon) name(s string) string {
	if n := c.names[s]; n != "" {
		return n
	}
	return s
}

func (c *canon) arp(s string) string {
	ip, mac, ok := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	if !ok {
		return s
	}
	return ip + "(" + c.name(mac) + ")"
}

func (c *canon) shape(f *Frame) string {
	var s strings.Builder
	s.WriteString(f.Proto)
	for _, name := range []string{"iface", "op", "sender", "target", "t", "c", "addresses", "flags", "nh", "proto", "off"} {
		s.WriteString(" " + c.value(name, f.Get(name)))
	}
	return s.String()
}

func (c *canon) value(name, v string) string {
	switch name {
	case "addresses", "eth":
		return c.address(v)
	case "sender", "target":
		return c.arp(v)
	case "pl":
		return c.hex.Replace(v)
	}
	return v
}

// same says whether a field of one transcript's frame is that of another's.
func (c *canon) same(other *canon, a, b *Frame, name, got, want string) bool {
	if c.value(name, got) == other.value(name, want) && name != "seq" {
		return true
	}
	x, errX := strconv.ParseInt(got, 10, 64)
	y, errY := strconv.ParseInt(want, 10, 64)
	number := errX == nil && errY == nil
	switch name {
	case "seq":
		if number && y > small && x > small {
			return uint32(x-c.base[a].seq) == uint32(y-other.base[b].seq)
		}
		return got == want
	case "id":
		// A counter's number is that of the packet before, and so many more.
		if number && x != 0 && y != 0 {
			from, to := c.base[a].id, other.base[b].id
			return from == 0 && to == 0 || uint16(x-from) == uint16(y-to)
		}
	case "ck":
		return eph.MatchString(a.Get("addresses"))
	case "options":
		return c.sameOptions(other, a, b, got, want)
	}
	return false
}

// sameOptions lets the kernel's own time stamp begin anywhere: it has to advance alike.
func (c *canon) sameOptions(other *canon, a, b *Frame, got, want string) bool {
	x, ok := timestamp(got)
	y, ok2 := timestamp(want)
	if !ok || !ok2 {
		return got == want
	}
	cut := func(s string) string {
		before, after, _ := strings.Cut(s, "ts=")
		return before + "ts=" + after[8:]
	}
	if y < small>>12 { // a clock that begins with the connection, as NetBSD's
		c.base[a], other.base[b] = origin{}, origin{}
	}
	dx, dy := float64(uint32(x-c.base[a].ts)), float64(uint32(y-other.base[b].ts))
	return cut(got) == cut(want) && math.Abs(dx-dy) <= max(1, 0.05*dy)
}
