package decode

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// put writes a field over b where it is given, from its first byte on.
func (bl *builder) put(b []byte, name string) {
	if v, ok := bl.given[name]; ok {
		s := byName[name]
		s.write(b[:s.n], v)
	}
}

// puts is put of fields that share their bytes: the whole, and bits of it.
func (bl *builder) puts(b []byte, names ...string) {
	for _, n := range names {
		bl.put(b, n)
	}
}

// dnsRecords are the records that can be built, in this order, by what is in them.
var dnsRecords = []struct {
	name string
	typ  uint16
}{{"dns.cname", 5}, {"dns.ns", 2}, {"dns.ptr.domain_name", 12}, {"dns.a", 1}, {"dns.aaaa", 28}}

// answers reports whether the DNS message is a response: it says so, or has records.
func (bl *builder) answers() bool {
	if v, given := bl.given["dns.flags.response"]; given {
		return v.u == 1
	}
	if v, given := bl.given["dns.flags"]; given {
		return v.u&0x8000 != 0
	}
	for _, r := range dnsRecords {
		if bl.isGiven(r.name) {
			return true
		}
	}
	return bl.isGiven("dns.flags.rcode") || bl.isGiven("dns.flags.authoritative") || bl.isGiven("dns.flags.recavail")
}

// dns is a DNS message (RFC 1035, 4): a question, and each record that is given, with the
// counts that fit where they are not given. rest comes behind it.
func (bl *builder) dns(rest []byte) ([]byte, error) {
	h := make([]byte, 12)
	h[1], h[2] = 1, 1 // number 1, recursion desired
	if bl.answers() {
		h[2] |= 0x80
	}
	bl.put(h, "dns.id")
	bl.puts(
		h[2:], "dns.flags", "dns.flags.response", "dns.flags.opcode", "dns.flags.authoritative", "dns.flags.truncated", "dns.flags.recdesired",
		"dns.flags.recavail", "dns.flags.z", "dns.flags.authenticated", "dns.flags.checkdisable", "dns.flags.rcode",
	)
	b := h
	asks := bl.isGiven("dns.qry.name") || bl.isGiven("dns.qry.type") || bl.isGiven("dns.qry.class")
	if asks {
		name, err := bl.domain("dns.qry.name")
		if err != nil {
			return nil, err
		}
		b = append(append(b, name...), 0, 1, 0, 1)
		bl.put(b[len(b)-4:], "dns.qry.type")
		bl.put(b[len(b)-2:], "dns.qry.class")
		binary.BigEndian.PutUint16(b[4:], 1)
	}
	of := []byte{0}
	switch {
	case bl.isGiven("dns.resp.name"):
		var err error
		if of, err = bl.domain("dns.resp.name"); err != nil {
			return nil, err
		}
	case asks:
		of = []byte{0xc0, 12} // the question's
	}
	records := uint16(0)
	for _, r := range dnsRecords {
		v, given := bl.given[r.name]
		if !given {
			continue
		}
		data := v.b
		if byName[r.name].kind == kName {
			var err error
			if data, err = bl.domain(r.name); err != nil {
				return nil, err
			}
		}
		records++
		b = append(b, of...)
		b = binary.BigEndian.AppendUint16(b, r.typ)
		b = append(b, 0, 1, 0, 0, 0, 60) // class IN, a minute
		bl.put(b[len(b)-4:], "dns.resp.ttl")
		b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
		b = append(b, data...)
	}
	if records == 0 && (bl.isGiven("dns.resp.name") || bl.isGiven("dns.resp.ttl")) {
		return nil, fmt.Errorf("dns.resp.name and dns.resp.ttl are of a record: give what is in it, such as dns.a")
	}
	binary.BigEndian.PutUint16(b[6:], records)
	for i, count := range []string{"dns.count.queries", "dns.count.answers", "dns.count.auth_rr", "dns.count.add_rr"} {
		bl.put(b[4+2*i:], count)
	}
	return append(b, rest...), nil
}

// rootName is what the name of the root is called, which has no labels.
const rootName = "<Root>"

// domain is a name as it is sent: its labels, each behind its length (RFC 1035, 3.1).
func (bl *builder) domain(field string) ([]byte, error) {
	text := string(bl.bytes(field, nil))
	if text == "" || text == rootName {
		return []byte{0}, nil
	}
	var b []byte
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 {
			return nil, fmt.Errorf("%s: %.40q is no label of a name: want 1 to 63 bytes between two dots", field, label)
		}
		b = append(append(b, byte(len(label))), label...)
	}
	if len(b) > 254 {
		return nil, fmt.Errorf("%s: a name of %d bytes: want at most 254", field, len(b))
	}
	return append(b, 0), nil
}

// llc is an 802.2 header, and a BPDU behind it or other data.
func (bl *builder) llc(rest []byte) []byte {
	h := []byte{0x42, 0x42, 3} // 802.1D-2004, 9.3
	for i, name := range []string{"llc.dsap", "llc.ssap", "llc.control"} {
		if v, ok := bl.given[name]; ok {
			h[i] = byte(v.u)
		}
	}
	if bl.has[pSTP] {
		rest = bl.bpdu()
	}
	return append(h, rest...)
}

// bpdu is a configuration BPDU where nothing else is said; a rapid one where its type or
// version or a flag of it is given (IEEE 802.1D-2004, 9.3).
func (bl *builder) bpdu() []byte {
	b := make([]byte, 35, 36)
	for _, rapid := range []string{"stp.flags.agreement", "stp.flags.forwarding", "stp.flags.learning", "stp.flags.port_role", "stp.flags.proposal", "stp.version_1_length"} {
		if bl.isGiven(rapid) {
			b[2], b[3] = 2, 2
		}
	}
	bl.put(b, "stp.protocol")
	bl.put(b[3:], "stp.type")
	if b[3] == 2 {
		b[2] = 2
	}
	bl.put(b[2:], "stp.version")
	if b[3] == 0x80 { // a topology change notification says no more
		return b[:4]
	}
	bl.puts(b[4:], "stp.flags", "stp.flags.tcack", "stp.flags.agreement", "stp.flags.forwarding", "stp.flags.learning", "stp.flags.port_role", "stp.flags.proposal", "stp.flags.tc")
	b[5], b[17] = 0x80, 0x80 // priority 32768
	own, _ := hexBytes(DefaultMAC)
	own = bl.bytes("eth.src", own)
	copy(b[7:], own)
	copy(b[19:], own)
	b[25], b[26] = 0x80, 1
	b[29], b[31], b[33] = 20, 2, 15 // seconds, in 256ths
	bl.puts(b[5:], "stp.root.prio", "stp.root.ext")
	bl.put(b[7:], "stp.root.hw")
	bl.put(b[13:], "stp.root.cost")
	bl.puts(b[17:], "stp.bridge.prio", "stp.bridge.ext")
	bl.put(b[19:], "stp.bridge.hw")
	for i, name := range []string{"stp.port", "stp.msg_age", "stp.max_age", "stp.hello", "stp.forward"} {
		bl.put(b[25+2*i:], name)
	}
	if b[3] == 2 {
		b = append(b, 0)
		bl.put(b[35:], "stp.version_1_length")
	}
	return b
}

// ndOptions appends the prefix and MTU options that are given (RFC 4861, 4.6.2 and 4.6.4).
func (bl *builder) ndOptions(h []byte) []byte {
	for i := range messageSpecs {
		if s := &messageSpecs[i]; strings.HasPrefix(s.name, "icmpv6.opt.prefix") && bl.isGiven(s.name) {
			o := make([]byte, 32)
			o[0], o[1], o[2], o[3] = 3, 4, 64, 0xc0
			binary.BigEndian.PutUint32(o[4:], 30*86400) // RFC 4861, 6.2.1
			binary.BigEndian.PutUint32(o[8:], 7*86400)
			bl.put(o[2:], "icmpv6.opt.prefix.length")
			bl.puts(o[3:], "icmpv6.opt.prefix.flag", "icmpv6.opt.prefix.flag.l", "icmpv6.opt.prefix.flag.a")
			bl.put(o[4:], "icmpv6.opt.prefix.valid_lifetime")
			bl.put(o[8:], "icmpv6.opt.prefix.preferred_lifetime")
			bl.put(o[16:], "icmpv6.opt.prefix")
			h = append(h, o...)
			break
		}
	}
	if bl.isGiven("icmpv6.opt.mtu") {
		o := []byte{5, 1, 0, 0, 0, 0, 0, 0}
		bl.put(o[4:], "icmpv6.opt.mtu")
		h = append(h, o...)
	}
	return h
}
