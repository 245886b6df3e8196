package decode

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Packet is a frame, and what is known of it besides its bytes. A display filter may
// ask for all of it.
type Packet struct {
	Link  Link
	Data  []byte        // all of it, or its beginning
	Len   int           // bytes that it had on the wire; 0: those of Data
	At    time.Duration // when it was seen, since the first or since the lab began
	Iface string        // where: "s1.2", "bob:tap0"; "" if that is not known
}

// A Frame is a packet whose layers have been found.
type Frame struct {
	packet Packet
	layers []*layer // outermost first, each followed by those of the packet that it quotes
	b      []byte
}

// Open finds the layers of a packet. What is longer than MaxFrame is cut.
func Open(p Packet) *Frame {
	f := &Frame{packet: p}
	f.b, _ = clip(p.Data)
	f.collect(whole(walk(p.Link, f.b), f.b))
	return f
}

func (f *Frame) collect(ls []layer) {
	for i := range ls {
		f.layers = append(f.layers, &ls[i])
		f.collect(ls[i].quoted)
	}
}

// A Type is what kind of value a key has.
type Type uint8

// The types.
const (
	Number   Type = iota // Datum.Num
	Bool                 // Datum.Num, 0 or 1
	Seconds              // Datum.Num, in nanoseconds
	MAC                  // Datum.Bytes, as those that follow
	IPv4                 //
	IPv6                 //
	Bytes                //
	Text                 //
	Protocol             // all bytes from its header on
)

var typeNames = [...]string{"number", "boolean", "seconds", "MAC address", "IPv4 address", "IPv6 address", "bytes", "text", "protocol"}

// String is the type in words.
func (t Type) String() string { return typeNames[t] }

// IsNumber reports whether values of the type are in Datum.Num.
func (t Type) IsNumber() bool { return t <= Seconds }

// A Datum is one of the values that a key has in a frame.
type Datum struct {
	Num   uint64
	Bytes []byte
}

// A Key is a name that a display filter may use: a field, several fields that are one
// question, as eth.addr, or a protocol.
type Key struct {
	Name, Doc string
	Type      Type
	Max       uint64            // the largest number that its bytes can hold
	Names     map[uint64]string // what its numbers mean

	proto proto
	also  proto // another protocol that has it; pFrame: none
	specs []*spec
	of    func(f *Frame) (Datum, bool) // of the packet as a whole
	in    func(l *layer, b []byte) (Datum, bool)
}

// Each calls yield with each value of a key in the frame, in the order of the frame's
// layers, and with which layer of that protocol it is in, from 1. It ends when yield
// returns false.
func (f *Frame) Each(k *Key, yield func(v Datum, layer int) bool) {
	if k.of != nil {
		if v, ok := k.of(f); ok {
			yield(v, 1)
		}
		return
	}
	n := 0
	for _, l := range f.layers {
		if l.proto != k.proto && (k.also == pFrame || l.proto != k.also) {
			continue
		}
		if n++; !k.each(l, f.b, func(v Datum) bool { return yield(v, n) }) {
			return
		}
	}
}

func (k *Key) each(l *layer, b []byte, yield func(Datum) bool) bool {
	if k.in != nil {
		v, ok := k.in(l, b)
		return !ok || yield(v)
	}
	for _, s := range k.specs {
		if s.proto == l.proto && !l.every(s, b, func(v value) bool { return yield(s.outside(v)) }) {
			return false
		}
	}
	return true
}

// every calls yield with each value that a field has in the layer.
func (l *layer) every(s *spec, b []byte, yield func(value) bool) bool {
	switch {
	case s.found:
		for i := range l.places {
			if l.places[i].spec == s && !yield(l.places[i].read(b)) {
				return false
			}
		}
		return true
	case len(s.opt) > 0:
		for _, o := range l.options {
			if slices.Contains(s.opt, o.kind) && s.off+s.n <= o.n && !yield(s.read(b[l.off+o.off+s.off:][:s.n])) {
				return false
			}
		}
		return true
	}
	v, _, _, ok := l.value(s, b)
	return !ok || yield(v)
}

// outside is a value as others see it.
func (s *spec) outside(v value) Datum {
	if s.kind == kAge {
		return Datum{Num: v.u * uint64(time.Second) / 256}
	}
	return Datum{Num: v.u, Bytes: v.b}
}

var kindTypes = [...]Type{kUint: Number, kHex: Number, kBool: Bool, kMAC: MAC, kIPv4: IPv4, kIPv6: IPv6, kBytes: Bytes, kStatus: Number, kText: Text, kName: Text, kAge: Seconds}

// groups are names that stand for several fields.
var groups = []struct {
	name, doc string
	of        []string
}{
	{"eth.addr", "source or destination", []string{"eth.dst", "eth.src"}},
	{"eth.lg", "of source or destination", []string{"eth.dst.lg", "eth.src.lg"}},
	{"eth.ig", "of source or destination", []string{"eth.dst.ig", "eth.src.ig"}},
	{"ip.version", "4, and 6 of IPv6", []string{"ip.version", "ipv6.version"}},
	{"ip.addr", "source or destination", []string{"ip.src", "ip.dst"}},
	{"ipv6.addr", "source or destination", []string{"ipv6.src", "ipv6.dst"}},
	{"udp.port", "source or destination", []string{"udp.srcport", "udp.dstport"}},
	{"tcp.port", "source or destination", []string{"tcp.srcport", "tcp.dstport"}},
}

// refused are names that Wireshark has and a filter here may not use, because one frame
// does not tell what they are there.
var refused = map[string]string{
	"tcp.seq":         "Wireshark counts it from the connection's first, which one frame does not tell: use tcp.seq_raw",
	"tcp.ack":         "Wireshark counts it from the connection's first, which one frame does not tell: use tcp.ack_raw",
	"tcp.window_size": "Wireshark multiplies it by what the connection's SYN said, which one frame does not tell: use tcp.window_size_value",
	"frame.number":    "frames are numbered when they are in a file, and not before: use frame.time_relative",
	"frame.pad":       "it is for building frames: use frame.len, or eth.padding",
	"data.text":       "it is for checks: use data.data contains \"...\"",
}

// allKeys are all of them, in the order of the documentation.
var allKeys = makeKeys()

func makeKeys() []*Key {
	whole := func(of func(f *Frame) (Datum, bool)) func(f *Frame) (Datum, bool) { return of }
	all := []*Key{
		{Name: "frame", Type: Protocol, Doc: "all frames", of: whole(func(f *Frame) (Datum, bool) { return Datum{Bytes: f.b}, true })},
		{Name: "frame.time_relative", Type: Seconds, Doc: "seconds since the lab began; in a capture of Wireshark's, since its first frame", of: func(f *Frame) (Datum, bool) {
			return Datum{Num: uint64(f.packet.At)}, true
		}},
		{Name: "frame.len", Type: Number, Max: 1<<32 - 1, Doc: "length on the wire in bytes", of: func(f *Frame) (Datum, bool) {
			return Datum{Num: uint64(max(f.packet.Len, len(f.packet.Data)))}, true
		}},
		{Name: "frame.cap_len", Type: Number, Max: 1<<32 - 1, Doc: "how many of its bytes are there", of: func(f *Frame) (Datum, bool) {
			return Datum{Num: uint64(len(f.packet.Data))}, true
		}},
		{Name: "frame.interface_name", Type: Text, Doc: "where it was seen: s1.2, bob:tap0", of: func(f *Frame) (Datum, bool) {
			return Datum{Bytes: []byte(f.packet.Iface)}, f.packet.Iface != ""
		}},
	}
	payload := func(l *layer, b []byte) (Datum, bool) {
		return Datum{Bytes: l.payload(b)}, l.payLen > 0 && !l.noData(b)
	}
	for p := pNull; p <= pDHCP; p++ {
		all = append(all, &Key{Name: protos[p].name, Type: Protocol, Doc: protos[p].label, proto: p, in: func(l *layer, b []byte) (Datum, bool) {
			return Datum{Bytes: b[l.off:l.reach]}, true
		}})
		for i := range specs {
			if s := &specs[i]; s.proto == p && refused[s.name] == "" && !isGroup(s.name) {
				all = append(all, s.key())
			}
		}
		for _, g := range groups {
			if byName[g.of[0]].proto != p {
				continue
			}
			k := byName[g.of[0]].key()
			k.Name, k.Doc = g.name, g.doc
			for _, more := range g.of[1:] {
				k.specs = append(k.specs, byName[more])
				if also := byName[more].proto; also != p {
					k.also = also
				}
			}
			all = append(all, k)
		}
		switch p { //nolint:exhaustive // others have no payload of a name
		case pUDP:
			all = append(all, &Key{Name: "udp.payload", Type: Bytes, Doc: "what the datagram carries", proto: p, in: payload})
		case pTCP:
			all = append(all, &Key{Name: "tcp.payload", Type: Bytes, Doc: "what the segment carries", proto: p, in: payload},
				&Key{Name: "tcp.len", Type: Number, Max: 1<<32 - 1, Doc: "bytes that the segment carries", proto: p, in: func(l *layer, _ []byte) (Datum, bool) {
					return Datum{Num: uint64(l.payLen)}, l.hdr >= 20
				}})
		}
	}
	return all
}

func isGroup(name string) bool {
	for _, g := range groups {
		if g.name == name {
			return true
		}
	}
	return false
}

func (s *spec) key() *Key {
	k := &Key{Name: s.name, Doc: s.doc, Type: kindTypes[s.kind], Names: s.names, proto: s.proto, specs: []*spec{s}}
	if s.name == "udp.checksum.status" {
		k.Doc += "; 3 none, 4 none though IPv6 wants one"
		k.in = func(l *layer, b []byte) (Datum, bool) {
			v, _, _, ok := l.value(s, b)
			if ok && b[l.off+6] == 0 && b[l.off+7] == 0 {
				v.u = 3
				if l.check.known {
					v.u = 4
				}
			}
			return Datum{Num: v.u}, ok
		}
	}
	if k.Max = 1<<32 - 1; s.n > 0 && s.n < 4 {
		k.Max = 1<<(8*s.n) - 1
	}
	return k
}

// Keys are all names that a display filter may use.
func Keys() []*Key { return allKeys }

var keyByName = func() map[string]*Key {
	m := map[string]*Key{}
	for _, k := range allKeys {
		m[k.Name] = k
	}
	return m
}()

// FindKey returns the key of a name. The error says which name is meant, as far as that
// can be guessed.
func FindKey(name string) (*Key, error) {
	if k, ok := keyByName[name]; ok {
		return k, nil
	}
	if why := refused[name]; why != "" {
		return nil, fmt.Errorf("%s: %s", name, why)
	}
	if near := nearKeys(name); len(near) > 0 {
		return nil, fmt.Errorf("there is no field %q: did you mean %s?", shorten(name), strings.Join(near, ", "))
	}
	return nil, fmt.Errorf("there is no field %q: names are Wireshark's, such as eth.dst, arp.opcode or ip.ttl", shorten(name))
}

func shorten(name string) string {
	const limit = 64
	if len(name) > limit {
		return name[:limit] + "..."
	}
	return name
}

// nearKeys are a few names like one: those of its protocol that end as it does, or else
// those with the fewest letters changed.
func nearKeys(name string) []string {
	const limit = 3
	low := strings.ToLower(name)
	proto, last, dotted := strings.Cut(low, ".")
	var near []string
	add := func(is func(k string) bool) {
		for _, k := range allKeys {
			if len(near) < limit && is(k.Name) {
				near = append(near, k.Name)
			}
		}
	}
	if dotted && len(last) > 1 {
		add(func(k string) bool { return strings.HasPrefix(k, proto+".") && strings.HasSuffix(k, "."+last) })
	}
	for d := 0; d <= 3 && len(name) <= 64 && len(near) == 0; d++ {
		add(func(k string) bool { return distance(low, k) == d && len(k) > d })
	}
	if len(near) == 0 && dotted {
		add(func(k string) bool { return strings.HasPrefix(k, proto+".") })
	}
	return near
}
