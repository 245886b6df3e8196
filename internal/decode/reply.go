package decode

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// Reply returns the fields that an answer to a frame has, as far as each has one value:
// addresses, and where there are some ports, swapped; the same identifier, number and data
// of an echo; the answer's opcode or type. The error says that nothing answers such a frame.
func Reply(link Link, b []byte) ([]KV, error) {
	r, err := reply(link, b, nil)
	if err != nil {
		return nil, err
	}
	var out []KV
	for _, d := range r.out {
		if d.op == WantIs && len(d.values) == 1 && d.when == nil && d.offered == 0 {
			out = append(out, KV{d.name, d.values[0]})
		}
	}
	return out, nil
}

// Answer returns what an answer to a frame must be: the fields of [Reply], and those that
// may be one of several, or depend on what else the answer says. broadcast reports which
// addresses are the broadcast address of a network; it may be nil.
func Answer(link Link, b []byte, broadcast func(netip.Addr) bool) ([]Want, error) {
	r, err := reply(link, b, broadcast)
	if err != nil {
		return nil, err
	}
	out := make([]Want, 0, len(r.out))
	for _, d := range r.out {
		w, err := d.make()
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// A demand is what one field of an answer must be.
type demand struct {
	name    string
	op      WantOp
	values  []string
	when    *KV // it counts only where this field is so
	offered int // or what the payload has from here on; 0 for nothing
}

// make is the demand as a Want.
func (d *demand) make() (Want, error) {
	w, err := NewWant(d.name, d.op, d.values...)
	if err != nil {
		return w, err
	}
	if d.offered > 0 {
		w.conds[0].tests = append(w.conds[0].tests, test{kind: testPayload, lo: uint64(d.offered)})
		w.Text += " or the offered address"
	}
	if d.when != nil {
		when, err := NewWant(d.when.Name, WantIs, d.when.Value)
		if err != nil {
			return w, err
		}
		w.when = &when
	}
	return w, nil
}

// reply collects what an answer to a frame must be.
func reply(link Link, b []byte, broadcast func(netip.Addr) bool) (*replier, error) {
	r := &replier{link: link, b: b, broadcast: broadcast}
	dad := r.is("icmpv6.type", "135") && r.is("ipv6.src", "::")
	nameless := r.is("ip.src", "0.0.0.0")
	if mac, ok := r.get("eth.src"); ok {
		switch {
		case dad:
			r.want("eth.dst", "33:33:00:00:00:01")
		case nameless: // who has no address yet is answered by broadcast, too
			r.out = append(r.out, demand{name: "eth.dst", values: []string{mac, "ff:ff:ff:ff:ff:ff"}})
		default:
			r.want("eth.dst", mac)
		}
		if dst, _ := r.get("eth.dst"); !group(dst) {
			r.want("eth.src", dst)
		}
	}
	if !r.is("vlan.id", "0") { // IEEE 802.1Q, 6.9: such a tag has a priority only, and is of no VLAN
		r.copy("vlan.id", "vlan.id")
	}
	if op, ok := r.get("arp.opcode"); ok {
		if op != "1" {
			return nil, errors.New("it is an ARP message that is no request")
		}
		r.want("arp.opcode", "2")
		r.copy("arp.src.proto_ipv4", "arp.dst.proto_ipv4")
		r.copy("arp.dst.hw_mac", "arp.src.hw_mac")
		r.copy("arp.dst.proto_ipv4", "arp.src.proto_ipv4")
		return r, nil
	}
	if typ, ok := r.get("icmpv6.type"); ok && typ == "135" {
		r.want("icmpv6.type", "136")
		solicited := "1"
		if dad { // RFC 4861 section 7.2.4: nobody can be told alone, so all nodes are
			solicited = "0"
			r.want("ipv6.dst", "ff02::1")
		} else {
			r.copy("ipv6.dst", "ipv6.src")
		}
		r.copy("icmpv6.nd.na.target_address", "icmpv6.nd.ns.target_address")
		r.want("icmpv6.nd.na.flag.s", solicited)
		return r, nil
	}
	r.addresses(nameless)
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
		return r, r.tcp()
	default:
		return nil, errors.New("it is neither an ARP request, an echo request, a neighbour solicitation, UDP nor TCP")
	}
	return r, nil
}

// addresses swaps the IP addresses. What was sent to many is answered by one of them; who
// has no address yet, from all alike or at the address that a DHCP server offers.
func (r *replier) addresses(nameless bool) {
	switch {
	case nameless && r.dhcp() && !r.dhcpBroadcast(): // RFC 2131 section 4.1
		r.out = append(r.out, demand{name: "ip.dst", values: []string{"255.255.255.255"}, offered: yiaddr})
	case nameless && r.dhcp():
		r.want("ip.dst", "255.255.255.255")
	case nameless:
		r.out = append(r.out, demand{name: "ip.dst", op: WantNot, values: []string{"0.0.0.0"}})
	default:
		r.copy("ip.dst", "ip.src")
	}
	if dst, ok := r.get("ip.dst"); ok {
		if r.many(dst) {
			r.out = append(r.out, demand{name: "ip.src", op: WantNot, values: []string{dst, "0.0.0.0", "255.255.255.255", "224.0.0.0/4"}})
		} else {
			r.want("ip.src", dst)
		}
	}
	r.copy("ipv6.dst", "ipv6.src")
	if dst, ok := r.get("ipv6.dst"); ok {
		if strings.HasPrefix(dst, "ff") {
			r.out = append(r.out, demand{name: "ipv6.src", op: WantNot, values: []string{"::", "ff00::/8"}})
		} else {
			r.want("ipv6.src", dst)
		}
	}
}

// tcp demands of a segment's answer what RFC 9293 section 3.10.7.1 says: it acknowledges
// the segment's end; where the segment has an acknowledgement itself, a reset may take that
// as its sequence number and acknowledge nothing.
func (r *replier) tcp() error {
	if r.is("tcp.flags.reset", "1") {
		return errors.New("it is a TCP reset, which nobody answers")
	}
	r.copy("tcp.srcport", "tcp.dstport")
	r.copy("tcp.dstport", "tcp.srcport")
	covers := strconv.FormatUint(uint64(r.covers()), 10)
	if !r.is("tcp.flags.ack", "1") {
		r.want("tcp.ack_raw", covers)
		return nil
	}
	ack, _ := r.get("tcp.ack_raw")
	acks, plain := &KV{"tcp.flags.ack", "1"}, &KV{"tcp.flags.ack", "0"}
	r.out = append(r.out, demand{name: "tcp.ack_raw", values: []string{covers}, when: acks},
		demand{name: "tcp.flags.reset", values: []string{"1"}, when: plain},
		demand{name: "tcp.seq_raw", values: []string{ack}, when: plain})
	return nil
}

type replier struct {
	link      Link
	b         []byte
	broadcast func(netip.Addr) bool
	out       []demand
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

func (r *replier) want(name, value string) {
	r.out = append(r.out, demand{name: name, values: []string{value}})
}

// copy wants of the reply's field what the frame's is.
func (r *replier) copy(to, from string) {
	if v, ok := r.get(from); ok {
		r.want(to, v)
	}
}

// many reports whether an IPv4 address is of more than one node. A network's broadcast
// address is known by the networks that there are, or looks like one in a frame to a group.
func (r *replier) many(dst string) bool {
	if groupIP(dst) {
		return true
	}
	if a, err := netip.ParseAddr(dst); err == nil && r.broadcast != nil && r.broadcast(a) {
		return true
	}
	mac, ok := r.get("eth.dst")
	return ok && group(mac) && strings.HasSuffix(dst, ".255")
}

// Where the things of a DHCP message are (RFC 2131 section 2).
const (
	dhcpFlags  = 10
	yiaddr     = 16 // the address that a server offers
	dhcpCookie = 236
)

// dhcp reports whether the frame is a request to a DHCP server.
func (r *replier) dhcp() bool {
	data, _ := r.get("udp.payload")
	return r.is("udp.dstport", "67") && len(data) > 2*(dhcpCookie+4) && data[:2] == "01" && data[2*dhcpCookie:2*dhcpCookie+8] == "63825363"
}

// dhcpBroadcast reports whether a DHCP client can hear no other address than that of all.
func (r *replier) dhcpBroadcast() bool {
	data, _ := r.get("udp.payload")
	return data[2*dhcpFlags] >= '8'
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
