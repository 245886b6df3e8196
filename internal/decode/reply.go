package decode

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// Reply returns the fields that an answer to a frame must have: addresses, and
// where there are some ports, swapped; the same identifier, number and data of an
// echo; the answer's opcode or type. What a group address was leaves its place in
// the answer open. The error says that nothing answers such a frame.
func Reply(link Link, b []byte) ([]KV, error) {
	r := replier{link: link, b: b}
	if mac, ok := r.get("eth.src"); ok {
		r.want("eth.dst", mac)
		if dst, _ := r.get("eth.dst"); !group(dst) {
			r.want("eth.src", dst)
		}
	}
	r.copy("vlan.id", "vlan.id")
	if op, ok := r.get("arp.opcode"); ok {
		if op != "1" {
			return nil, errors.New("it is an ARP message that is no request")
		}
		r.want("arp.opcode", "2")
		r.copy("arp.src.proto_ipv4", "arp.dst.proto_ipv4")
		r.copy("arp.dst.hw_mac", "arp.src.hw_mac")
		r.copy("arp.dst.proto_ipv4", "arp.src.proto_ipv4")
		return r.out, nil
	}
	if typ, ok := r.get("icmpv6.type"); ok && typ == "135" {
		r.want("icmpv6.type", "136")
		r.copy("ipv6.dst", "ipv6.src")
		r.copy("icmpv6.nd.na.target_address", "icmpv6.nd.ns.target_address")
		r.want("icmpv6.nd.na.flag.s", "1")
		return r.out, nil
	}
	r.copy("ip.dst", "ip.src")
	if dst, ok := r.get("ip.dst"); ok && !groupIP(dst) {
		r.want("ip.src", dst)
	}
	r.copy("ipv6.dst", "ipv6.src")
	if dst, ok := r.get("ipv6.dst"); ok && !strings.HasPrefix(dst, "ff") {
		r.want("ipv6.src", dst)
	}
	switch {
	case r.is("icmp.type", "8"):
		r.want("icmp.type", "0")
		r.want("icmp.code", "0")
		r.copy("icmp.ident", "icmp.ident")
		r.copy("icmp.seq", "icmp.seq")
		r.copy("data.data", "data.data")
	case r.is("icmpv6.type", "128"):
		r.want("icmpv6.type", "129")
		r.want("icmpv6.code", "0")
		r.copy("icmpv6.echo.identifier", "icmpv6.echo.identifier")
		r.copy("icmpv6.echo.sequence_number", "icmpv6.echo.sequence_number")
		r.copy("data.data", "data.data")
	case r.has("udp.srcport"):
		r.copy("udp.srcport", "udp.dstport")
		r.copy("udp.dstport", "udp.srcport")
	case r.has("tcp.srcport"):
		r.copy("tcp.srcport", "tcp.dstport")
		r.copy("tcp.dstport", "tcp.srcport")
		r.want("tcp.ack_raw", strconv.FormatUint(uint64(r.covers()), 10))
	default:
		return nil, errors.New("it is neither an ARP request, an echo request, a neighbour solicitation, UDP nor TCP")
	}
	return r.out, nil
}

type replier struct {
	link Link
	b    []byte
	out  []KV
}

func (r *replier) get(name string) (string, bool) { return Value(r.link, r.b, name) }

func (r *replier) has(name string) bool {
	_, ok := r.get(name)
	return ok
}

func (r *replier) is(name, value string) bool {
	v, ok := r.get(name)
	return ok && v == value
}

func (r *replier) want(name, value string) { r.out = append(r.out, KV{name, value}) }

// copy wants of the reply's field what the frame's is.
func (r *replier) copy(to, from string) {
	if v, ok := r.get(from); ok {
		r.want(to, v)
	}
}

// covers is the acknowledgement number of a segment's end (RFC 9293 section 3.4).
func (r *replier) covers() uint32 {
	number := func(name string) uint64 {
		v, _ := r.get(name)
		n, _ := strconv.ParseUint(v, 10, 64) // a field that is not there counts as 0
		return n
	}
	data, _ := r.get("data.data")
	return uint32(number("tcp.seq_raw") + uint64(hex.DecodedLen(len(data))) + number("tcp.flags.syn") + number("tcp.flags.fin"))
}

// group reports whether a MAC address, as Value writes it, is a group's.
func group(mac string) bool {
	b, err := hexBytes(mac)
	return err != nil || len(b) == 0 || b[0]&1 != 0
}

// groupIP reports whether an IPv4 address is of a group or the broadcast address.
func groupIP(a string) bool {
	return a == "255.255.255.255" || len(a) > 3 && a[:3] >= "224" && a[:3] <= "239" && a[3] == '.'
}
