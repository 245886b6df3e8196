package pcapfilter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// Ethernet types, and access points of 802.2.
const (
	typeIP, typeARP, typeRARP, typeIP6 = 0x800, 0x806, 0x8035, 0x86dd
	typeAtalk, typeAarp                = 0x809b, 0x80f3
	typeIPX                            = 0x8137

	sapIP, sapSTP, sapIPX, sapNetBEUI, sapISO = 6, 0x42, 0xe0, 0xf0, 0xfe

	maxLength = 1500 // of an Ethernet type that is a length

	protoTCP, protoUDP, protoSCTP, protoFragment = 6, 17, 132, 44
)

// ipProtos are the words that are a protocol of IP: its number, and which IP carries it.
var ipProtos = map[string]struct {
	n      uint32
	v4, v6 bool
}{
	"sctp": {protoSCTP, true, true}, "tcp": {protoTCP, true, true}, "udp": {protoUDP, true, true}, "icmp": {1, true, false}, "igmp": {2, true, false},
	"igrp": {9, true, false}, "pim": {103, true, true}, "vrrp": {112, true, false}, "carp": {112, true, false}, "icmp6": {58, false, true},
	"ah": {51, true, true}, "esp": {50, true, true},
}

// linkProtos are the words that are a protocol of the link.
var linkProtos = map[string]uint32{
	"ip": typeIP, "arp": typeARP, "rarp": typeRARP, "ip6": typeIP6, "atalk": typeAtalk, "aarp": typeAarp, "decnet": 0x6003, "lat": 0x6004,
	"sca": 0x6007, "mopdl": 0x6001, "moprc": 0x6002, "iso": sapISO, "stp": sapSTP, "ipx": sapIPX, "netbeui": sapNetBEUI,
}

// offsets say where the type of what is carried stands, and where that begins. The word
// vlan moves both, for all that follows it in the text.
type offsets struct{ typ, payload uint32 }

func firstOffsets(l Link) offsets {
	switch l {
	case Ethernet:
		return offsets{12, 14}
	case Null:
		return offsets{0, 4}
	case Raw:
	}
	return offsets{}
}

// A qual is what stands before a name or number: whose it is, in which direction, and what
// it names. undef is that of a place where nothing can be inherited.
type qual struct {
	proto string // "" for any; else a word of ipProtos, linkProtos, or "ether"
	dir   string // "", "src", "dst", "or", "and"
	addr  string // "", "host", "net", "port", "portrange", "proto", "protochain", "gateway"
	undef bool
}

// A gen makes nodes.
type gen struct {
	env  Env
	link offsets
}

func at(off uint32, size int, v uint32) field { return field{off: off, size: size, value: v} }

// payload is a comparison with what stands in the payload of the link.
func (g *gen) payload(off uint32, size int, v uint32) field { return at(g.link.payload+off, size, v) }

// linkType is true where the link carries a protocol: gen_linktype.
func (g *gen) linkType(typ uint32) node {
	switch g.env.Link {
	case Raw:
		switch typ {
		case typeIP:
			return field{off: g.link.payload, size: 1, mask: 0xf0, value: 0x40}
		case typeIP6:
			return field{off: g.link.payload, size: 1, mask: 0xf0, value: 0x60}
		}
		return truth(false)
	case Null:
		switch typ { // the family in little-endian order, read as the filter reads: big-endian
		case typeIP:
			return at(g.link.typ, 4, 2<<24)
		case typeIP6: // that of each BSD
			return anyOf(at(g.link.typ, 4, 28<<24), at(g.link.typ, 4, 24<<24), at(g.link.typ, 4, 30<<24))
		}
		return truth(false)
	case Ethernet:
	}
	short := field{off: g.link.typ, size: 2, rel: lessEqual, value: maxLength}
	switch typ {
	case sapISO, sapIP, sapNetBEUI:
		return all(short, g.payload(0, 2, typ<<8|typ))
	case sapIPX:
		return anyOf(at(g.link.typ, 2, typeIPX), all(short, anyOf(g.snap(0, typeIPX), g.payload(0, 1, sapIPX), g.payload(0, 2, 0xffff))))
	case typeAtalk:
		return anyOf(at(g.link.typ, 2, typ), all(short, g.snap(0x080007, typ)))
	case typeAarp:
		return anyOf(at(g.link.typ, 2, typ), all(short, g.snap(0, typ)))
	}
	if typ <= maxLength {
		return all(short, at(g.link.typ+2, 1, typ))
	}
	return at(g.link.typ, 2, typ)
}

// snap is true of a frame of 802.2 with SNAP that carries a protocol.
func (g *gen) snap(org, typ uint32) node {
	return all(g.payload(0, 4, 0xaaaa0300|org>>16), g.payload(4, 4, org<<16|typ))
}

// abbrev is a protocol's word alone: gen_proto_abbrev.
func (g *gen) abbrev(word string) (node, error) {
	if typ, ok := linkProtos[word]; ok {
		return g.linkType(typ), nil
	}
	p, ok := ipProtos[word]
	if !ok {
		if word == "ether" {
			return nil, errors.New("link layer applied in wrong context")
		}
		return nil, fmt.Errorf("'%s' is not a valid protocol type", word)
	}
	switch {
	case p.v4 && p.v6:
		return or{g.ip4Proto(p.n), g.ip6Proto(p.n)}, nil
	case p.v4:
		return g.ip4Proto(p.n), nil
	}
	return g.ip6Proto(p.n), nil
}

func (g *gen) ip4Proto(n uint32) node { return all(g.linkType(typeIP), g.payload(9, 1, n)) }

// ip6Proto looks behind one fragment header too.
func (g *gen) ip6Proto(n uint32) node {
	return all(g.linkType(typeIP6), anyOf(g.payload(6, 1, n), all(g.payload(6, 1, protoFragment), g.payload(40, 1, n))))
}

// proto is "proto N": gen_proto.
func (g *gen) proto(n uint32, q qual) (node, error) {
	if q.dir != "" {
		return nil, errors.New("direction applied to 'proto'")
	}
	switch q.proto {
	case "":
		return or{g.ip4Proto(n), g.ip6Proto(n)}, nil
	case "ether":
		return g.linkType(n), nil
	case "ip":
		return g.ip4Proto(n), nil
	case "ip6":
		return g.ip6Proto(n), nil
	case "arp", "rarp":
		return nil, fmt.Errorf("%s does not encapsulate another protocol", q.proto)
	case "iso":
		return all(g.linkType(sapISO), g.payload(3, 1, n)), nil
	case "atalk":
		return nil, errors.New("AppleTalk encapsulation is not specifiable")
	}
	return nil, fmt.Errorf("'%s proto' is bogus", q.proto)
}

// directed joins what is asked of the source and of the destination: src is asked first.
func directed(dir string, src, dst node) node {
	switch dir {
	case "src":
		return src
	case "dst":
		return dst
	case "and":
		return and{src, dst}
	}
	return or{src, dst}
}

// host is an IPv4 host or network: gen_host.
func (g *gen) host(addr, mask uint32, q qual) (node, error) {
	op := func(typ, src, dst uint32) node {
		one := func(off uint32) node {
			f := g.payload(off, 4, addr)
			f.mask, f.none = mask, mask == 0
			return all(g.linkType(typ), f)
		}
		return directed(q.dir, one(src), one(dst))
	}
	what := "host"
	if q.addr == "net" {
		what = "net"
	}
	switch q.proto {
	case "":
		return anyOf(op(typeIP, 12, 16), op(typeARP, 14, 24), op(typeRARP, 14, 24)), nil
	case "ip":
		return op(typeIP, 12, 16), nil
	case "arp":
		return op(typeARP, 14, 24), nil
	case "rarp":
		return op(typeRARP, 14, 24), nil
	case "ip6":
		return nil, errors.New("'ip6' modifier applied to ip host")
	case "ether":
		return nil, fmt.Errorf("link-layer modifier applied to %s", what)
	}
	return nil, fmt.Errorf("'%s' modifier applied to %s", q.proto, what)
}

// host6 is an IPv6 host or network: gen_host6.
func (g *gen) host6(p netip.Prefix, q qual) (node, error) {
	what := "host"
	if q.addr == "net" {
		what = "net"
	}
	switch q.proto {
	case "", "ip6":
	case "ether":
		return nil, fmt.Errorf("link-layer modifier applied to ip6 %s", what)
	default:
		return nil, fmt.Errorf("'%s' modifier applied to ip6 %s", q.proto, what)
	}
	addr := p.Addr().As16()
	one := func(off uint32) node {
		x := g.linkType(typeIP6)
		for i := uint32(0); i < 16; i += 4 {
			bits := min(max(p.Bits()-int(i)*8, 0), 32)
			f := g.payload(off+i, 4, binary.BigEndian.Uint32(addr[i:]))
			f.mask, f.none = ^uint32(0)<<(32-bits), bits == 0
			x = and{x, f}
		}
		return x
	}
	return directed(q.dir, one(8), one(24)), nil
}

// etherHost is an Ethernet address: gen_ehostop.
func (g *gen) etherHost(a [6]byte, dir string) node {
	one := func(off uint32) node {
		return all(at(off+2, 4, binary.BigEndian.Uint32(a[2:])), at(off, 2, uint32(binary.BigEndian.Uint16(a[:]))))
	}
	return directed(dir, one(6), one(0))
}

// first is true of a datagram, and of the first fragment of one: gen_ipfrag.
func (g *gen) first() node {
	return not{field{off: g.link.payload + 6, size: 2, rel: someBits, value: 0x1fff}}
}

// ports are those from lo to hi, of the protocols given: gen_port, gen_portrange and theirs
// for IPv6.
func (g *gen) ports(lo, hi uint32, protos []uint32, dir string) node {
	in := func(f field) node {
		f.size = 2
		if lo == hi {
			f.value = lo
			return f
		}
		above, below := f, f
		above.rel, above.value, below.rel, below.value = greaterEqual, lo, lessEqual, hi
		return all(above, below)
	}
	var v4, v6 []node
	for _, p := range protos {
		src4, dst4 := field{tran: true, ip: g.link.payload}, field{tran: true, ip: g.link.payload, off: 2}
		v4 = append(v4, all(g.payload(9, 1, p), g.first(), directed(dir, in(src4), in(dst4))))
		src6, dst6 := field{off: g.link.payload + 40}, field{off: g.link.payload + 42}
		v6 = append(v6, all(g.payload(6, 1, p), directed(dir, in(src6), in(dst6))))
	}
	return or{all(g.linkType(typeIP6), anyOf(v6...)), all(g.linkType(typeIP), anyOf(v4...))}
}

// vlan is a frame with a tag, and moves where all that follows is looked for: gen_vlan.
func (g *gen) vlan(id uint32, any bool) (node, error) {
	if g.env.Link != Ethernet {
		return nil, fmt.Errorf("no VLAN support for %s", g.env.Link.describe())
	}
	x := anyOf(g.linkType(0x8100), g.linkType(0x88a8), g.linkType(0x9100))
	if !any {
		if id > 0xfff {
			return nil, fmt.Errorf("VLAN tag %d greater than maximum %d", id, 0xfff)
		}
		f := g.payload(0, 2, id)
		f.mask = 0xfff
		x = and{x, f}
	}
	g.link.typ += 4
	g.link.payload += 4
	return x, nil
}

// describe is what libpcap calls the link.
func (l Link) describe() string {
	return [...]string{"Ethernet", "Raw IP", "BSD loopback"}[l]
}

// cast is broadcast or multicast of a protocol: gen_broadcast, gen_multicast.
func (g *gen) cast(broadcast bool, proto string) (node, error) {
	switch proto {
	case "", "ether":
		switch {
		case g.env.Link != Ethernet && broadcast:
			return nil, errors.New("not a broadcast link")
		case g.env.Link != Ethernet:
		case broadcast:
			return g.etherHost([6]byte{255, 255, 255, 255, 255, 255}, "dst"), nil
		default:
			return field{size: 1, rel: someBits, value: 1}, nil
		}
	case "ip":
		if broadcast {
			host := ^g.env.Netmask
			zeros, ones := g.payload(16, 4, 0), g.payload(16, 4, host)
			zeros.mask, ones.mask = host, host
			return all(g.linkType(typeIP), anyOf(zeros, ones)), nil
		}
		return all(g.linkType(typeIP), field{off: g.link.payload + 16, size: 1, rel: greaterEqual, value: 224}), nil
	case "ip6":
		if !broadcast {
			return all(g.linkType(typeIP6), g.payload(24, 1, 255)), nil
		}
	}
	if broadcast {
		return nil, errors.New("only link-layer/IP broadcast filters supported")
	}
	return nil, errors.New("link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel")
}

// bytesOf is "proto[index:size]", and guard what must hold for it: gen_load.
func (g *gen) bytesOf(word string, index sum, size uint32) (s sum, guard node, err error) {
	if size != 1 && size != 2 && size != 4 {
		return nil, nil, errors.New("data size must be 1, 2, or 4")
	}
	b := bytesAt{base: g.link.payload, index: index, size: int(size)}
	switch word {
	case "ether":
		b.base = 0
		return b, nil, nil
	case "icmp6":
		b.base += 40
		return b, all(g.linkType(typeIP6), g.payload(6, 1, 58)), nil
	case "ip", "arp", "rarp", "ip6", "atalk", "decnet", "sca", "lat", "moprc", "mopdl":
		guard, err = g.abbrev(word)
		return b, guard, err
	case "sctp", "tcp", "udp", "icmp", "igmp", "igrp", "pim", "vrrp", "carp":
		b.tran = true
		guard, err = g.abbrev(word)
		return b, all(g.linkType(typeIP), guard, g.first()), err
	}
	return nil, nil, errors.New("unsupported index operation")
}
