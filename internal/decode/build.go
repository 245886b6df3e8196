package decode

import (
	"encoding/binary"
	"fmt"
	"slices"

	"wireloom/vnet/packet"
)

// DefaultMAC is the source address of a built frame when nothing tells a
// better one: locally administered, unicast.
const DefaultMAC = "02:00:00:00:00:fe"

// MaxFields is how many fields one frame may be built from.
const MaxFields = 256

// builder holds the fields that were given.
type builder struct {
	link  Link
	given map[string]value
	spoil map[string]bool   // checksums that are to be wrong
	has   [len(protos)]bool // layers
}

// Build makes a frame from fields, in any order. Which layers it has follows
// from the names: icmp implies ip, icmpv6 implies ipv6, udp and tcp imply ip
// unless an ipv6 field is given. What is not given gets a sensible value:
// types, protocols, lengths and checksums that are right, a TTL of 64, an ARP
// request, an echo request, a SYN; an Ethernet destination that fits the packet
// (broadcast when nothing tells). A length or checksum that is given is used,
// right or wrong; a checksum that is given as bad is certainly wrong. No padding is added unless frame.pad says so.
func Build(link Link, fields []KV) ([]byte, error) {
	bl, err := newBuilder(link, fields)
	if err != nil {
		return nil, err
	}
	b, err := bl.build()
	if err != nil {
		return nil, err
	}
	if pad := int(bl.given["frame.pad"].u); pad > len(b) {
		b = append(b, make([]byte, pad-len(b))...)
	}
	if len(b) > MaxFrame {
		return nil, fmt.Errorf("frame of %d bytes: want at most %d", len(b), MaxFrame)
	}
	return b, nil
}

func newBuilder(link Link, fields []KV) (*builder, error) {
	if link == packet.NoLink || !link.Valid() {
		return nil, fmt.Errorf("link type %d: want Ethernet, raw or null", link)
	}
	if len(fields) > MaxFields {
		return nil, fmt.Errorf("%d fields: want at most %d", len(fields), MaxFields)
	}
	bl := &builder{link: link, given: make(map[string]value, len(fields)), spoil: map[string]bool{}}
	who := [len(protos)]string{} // the field that brought a layer in
	for _, kv := range fields {
		s, err := lookup(kv.Name)
		if err != nil {
			return nil, err
		}
		v, err := s.parse(kv.Value)
		if s.spoils(kv.Value) {
			bl.spoil[s.name], bl.has[s.proto] = true, true
			if who[s.proto] == "" {
				who[s.proto] = kv.Name
			}
			continue
		}
		switch {
		case err != nil:
			return nil, err
		case s.readOnly:
			return nil, fmt.Errorf("%s: can be matched, not built", kv.Name)
		}
		if _, twice := bl.given[s.name]; twice {
			return nil, fmt.Errorf("%s: given twice", kv.Name)
		}
		bl.given[s.name] = v
		for _, p := range []proto{s.proto, s.over} {
			if p != pFrame && !bl.has[p] {
				bl.has[p], who[p] = true, kv.Name
			}
		}
	}
	for _, c := range []struct {
		set  []proto
		what string
	}{
		{[]proto{pARP, pIPv4, pIPv6}, "a frame is ARP, IPv4 or IPv6"},
		{[]proto{pARP, pICMP, pICMPv6, pUDP, pTCP}, "a frame is ARP, ICMP, ICMPv6, UDP or TCP"},
		{[]proto{pICMP, pIPv6}, "ICMP is for IPv4, ICMPv6 for IPv6"},
		{[]proto{pICMPv6, pIPv4}, "ICMPv6 is for IPv6, ICMP for IPv4"},
	} {
		had := ""
		for _, p := range c.set {
			if bl.has[p] && had != "" {
				return nil, fmt.Errorf("%s and %s: %s", had, who[p], c.what)
			}
			if bl.has[p] {
				had = who[p]
			}
		}
	}
	for _, c := range []struct {
		p    proto
		not  []proto
		what string
	}{
		{pDNS, []proto{pARP, pICMP, pICMPv6, pTCP}, "a DNS message that is built goes over UDP"},
		{pLLC, []proto{pARP, pIPv4, pIPv6, pICMP, pICMPv6, pUDP, pTCP, pDNS}, "behind an LLC header comes a BPDU or data"},
		{pSTP, []proto{pARP, pIPv4, pIPv6, pICMP, pICMPv6, pUDP, pTCP, pDNS, pData}, "a BPDU is all that its frame carries"},
	} {
		for _, p := range c.not {
			if bl.has[c.p] && bl.has[p] {
				return nil, fmt.Errorf("%s and %s: %s", who[c.p], who[p], c.what)
			}
		}
	}
	for _, p := range []proto{pNull, pEth, pVLAN, pARP, pLLC, pSTP} {
		if ok := map[Link]bool{Ethernet: p != pNull, Raw: false, Null: p == pNull}[link]; bl.has[p] && !ok {
			return nil, fmt.Errorf("%s: a frame of this link type has no %s header", who[p], protos[p].name)
		}
	}
	bl.has[pUDP] = bl.has[pUDP] || bl.has[pDNS]
	bl.has[pLLC] = bl.has[pLLC] || bl.has[pSTP]
	switch {
	case bl.has[pICMPv6]:
		bl.has[pIPv6] = true
	case bl.has[pICMP], (bl.has[pUDP] || bl.has[pTCP]) && !bl.has[pIPv6]:
		bl.has[pIPv4] = true
	}
	if link != Ethernet && !bl.has[pIPv4] && !bl.has[pIPv6] {
		if link == Raw && !bl.has[pData] {
			return nil, fmt.Errorf("nothing to build: give the fields of an IP packet, such as ip.dst")
		}
	}
	return bl, nil
}

// number is a given number, or def.
func (bl *builder) number(name string, def uint64) uint64 {
	if v, ok := bl.given[name]; ok {
		return v.u
	}
	return def
}

// bytes is a given address or other bytes, or def.
func (bl *builder) bytes(name string, def []byte) []byte {
	if v, ok := bl.given[name]; ok {
		return v.b
	}
	return def
}

func (bl *builder) isGiven(name string) bool {
	_, ok := bl.given[name]
	return ok
}

// fill writes the given fields of a layer over its defaults; whole fields come
// before their bits in the table.
func (bl *builder) fill(p proto, h []byte) {
	for i := range specs {
		s := &specs[i]
		v, ok := bl.given[s.name]
		if !ok || s.proto != p || s.found || len(s.opt) > 0 || s.n <= 0 || s.off+s.n > len(h) {
			continue
		}
		s.write(h[s.off:s.off+s.n], v)
	}
}

// checkUse reports given ICMP fields that a message of this type does not have.
func (bl *builder) checkUse(p proto, h []byte) error {
	for i := range specs {
		s := &specs[i]
		if s.proto == p && bl.isGiven(s.name) && s.when != nil && !s.when(h) {
			return fmt.Errorf("%s: a message of type %d, code %d has no such field", s.name, h[0], h[1])
		}
	}
	return nil
}

// build works from the payload outwards.
func (bl *builder) build() ([]byte, error) {
	if bl.isGiven("data.data") && bl.isGiven("data.text") {
		return nil, fmt.Errorf("data.data and data.text: give the payload as bytes or as text")
	}
	b := bl.payload()
	var next byte
	var err error
	if bl.has[pDNS] {
		if b, err = bl.dns(b); err != nil {
			return nil, err
		}
	}
	switch {
	case bl.has[pICMP]:
		next = 1
		b, err = bl.icmp(b)
	case bl.has[pICMPv6]:
		next = 58
		b, err = bl.icmp6(b)
	case bl.has[pUDP]:
		next = 17
		b, err = bl.udp(b)
	case bl.has[pTCP]:
		next = 6
		b, err = bl.tcp(b)
	case bl.has[pIPv6]:
		next = 59
	}
	if err != nil {
		return nil, err
	}
	typ := uint16(0x88b5) // IEEE 802 local experimental: only data was given
	switch {
	case bl.has[pIPv4]:
		typ = 0x0800
		b, err = bl.ipv4(next, b)
	case bl.has[pIPv6]:
		typ = 0x86dd
		b, err = bl.ipv6(next, b)
	case bl.has[pARP]:
		typ = 0x0806
		b = bl.arp(b)
	case bl.has[pLLC]:
		b = bl.llc(b)
		typ = uint16(len(b)) // a length, in 802.3's place of the type
	}
	if err != nil {
		return nil, err
	}
	return bl.linkHeader(typ, b), nil
}

// payload is the innermost data.
func (bl *builder) payload() []byte {
	b := bl.bytes("data.text", bl.bytes("data.data", nil))
	if !bl.isGiven("data.len") {
		return b
	}
	out := make([]byte, bl.number("data.len", 0))
	for i := range out {
		if out[i] = byte(i); len(b) > 0 {
			out[i] = b[i%len(b)]
		}
	}
	return out
}

func (bl *builder) linkHeader(typ uint16, b []byte) []byte {
	switch bl.link {
	case Ethernet, packet.NoLink:
	case Null:
		family := byte(2)
		if typ == 0x86dd {
			family = 28 // FreeBSD's
		}
		h := []byte{family, 0, 0, 0}
		bl.fill(pNull, h)
		return append(h, b...)
	case Raw:
		return b
	}
	if bl.has[pVLAN] {
		tag := []byte{0, 0, byte(typ >> 8), byte(typ)}
		bl.fill(pVLAN, tag)
		b, typ = append(tag, b...), 0x8100
	}
	h := make([]byte, 14, 14+len(b))
	src, _ := hexBytes(DefaultMAC)
	copy(h, bl.destination())
	copy(h[6:], bl.bytes("arp.src.hw_mac", src))
	binary.BigEndian.PutUint16(h[12:], typ)
	if v, ok := bl.given["eth.len"]; ok {
		binary.BigEndian.PutUint16(h[12:], uint16(v.u))
	}
	bl.fill(pEth, h)
	return append(h, b...)
}

// destination is the Ethernet address a frame goes to when none is given.
func (bl *builder) destination() []byte {
	if bl.has[pARP] && bl.number("arp.opcode", 1) != 1 {
		return bl.bytes("arp.dst.hw_mac", broadcast)
	}
	if bl.has[pSTP] { // 802.1D-2004, table 7-10
		return []byte{1, 0x80, 0xc2, 0, 0, 0}
	}
	if ip := bl.bytes("ip.dst", nil); len(ip) == 4 && ip[0]>>4 == 14 { // RFC 1112 section 6.4
		return []byte{1, 0, 0x5e, ip[1] & 0x7f, ip[2], ip[3]}
	}
	if ip := bl.bytes("ipv6.dst", nil); len(ip) == 16 && ip[0] == 0xff { // RFC 2464 section 7
		return append([]byte{0x33, 0x33}, ip[12:]...)
	}
	return broadcast
}

var broadcast = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func (bl *builder) arp(payload []byte) []byte {
	h := make([]byte, 28)
	copy(h, []byte{0, 1, 8, 0, 6, 4, 0, 1})
	src, _ := hexBytes(DefaultMAC)
	copy(h[8:], bl.bytes("eth.src", src))
	if bl.number("arp.opcode", 1) != 1 && bl.isGiven("eth.dst") {
		copy(h[18:], bl.bytes("eth.dst", nil))
	}
	bl.fill(pARP, h)
	return append(h, payload...)
}

// list is a header's options, from the whole list or one by one, padded.
func (bl *builder) list(p proto, whole string) ([]byte, error) {
	out := slices.Clone(bl.bytes(whole, nil))
	at := map[byte]int{} // where an option of a kind begins
	for i := range specs {
		s := &specs[i]
		v, ok := bl.given[s.name]
		if !ok || s.proto != p || len(s.opt) == 0 {
			continue
		}
		if bl.isGiven(whole) {
			return nil, fmt.Errorf("%s and %s: give the options as bytes or one by one", whole, s.name)
		}
		start, known := at[s.opt[0]]
		if !known {
			start = len(out)
			at[s.opt[0]] = start
			out = append(out, s.opt[0], byte(s.optLen))
			out = append(out, make([]byte, s.optLen-2)...)
		}
		s.write(out[start+s.off:start+s.off+s.n], v)
	}
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	return out, nil
}

func (bl *builder) ipv4(next byte, payload []byte) ([]byte, error) {
	opts, err := bl.list(pIPv4, "ip.options")
	if err != nil {
		return nil, err
	}
	h := append(make([]byte, 20), opts...)
	total := len(h) + len(payload)
	if total > 0xffff {
		return nil, fmt.Errorf("data.data: an IPv4 packet of %d bytes: want at most 65535", total)
	}
	h[0] = 0x40 | byte(len(h)/4)
	binary.BigEndian.PutUint16(h[2:], uint16(total))
	h[8], h[9] = 64, next
	copy(h[16:20], broadcast) // 255.255.255.255
	bl.fill(pIPv4, h)
	if !bl.isGiven("ip.checksum") {
		bl.putChecksum("ip.checksum", h[10:], ^fold(sum(0, h)))
	}
	b := append(h, payload...)
	bl.messageChecksum(b[len(h):], int(binary.BigEndian.Uint16(h[2:]))-len(h), sum(0, b[12:20]))
	return b, nil
}

func (bl *builder) ipv6(next byte, payload []byte) ([]byte, error) {
	if len(payload) > 0xffff {
		return nil, fmt.Errorf("data.data: an IPv6 payload of %d bytes: want at most 65535", len(payload))
	}
	h := make([]byte, 40, 40+len(payload))
	h[0], h[6], h[7] = 0x60, next, 64
	binary.BigEndian.PutUint16(h[4:], uint16(len(payload)))
	typ, _ := bl.implied(pICMPv6, 128, 0)
	if typ := bl.number("icmpv6.type", uint64(typ)); bl.has[pICMPv6] && typ >= 133 && typ <= 137 {
		h[7] = 255 // RFC 4861 section 7.1: neighbor discovery is not forwarded
	}
	bl.fill(pIPv6, h)
	b := append(h, payload...)
	bl.messageChecksum(b[40:], int(binary.BigEndian.Uint16(h[4:])), sum(0, b[8:40]))
	return b, nil
}

// putChecksum writes a checksum that is right, or, where it is to be bad, one that
// no way of counting takes for it (0 and 0xffff are the same in one's complement)
// and that is not UDP's 0 for none.
func (bl *builder) putChecksum(name string, at []byte, c uint16) {
	if bl.spoil[name] {
		if c ^= 0x1111; c == 0 {
			c = 0x2222
		}
	}
	binary.BigEndian.PutUint16(at, c)
}

// messageChecksum fills in the checksum of what an IP packet carries, unless it was given.
// It covers what the lengths say that there is of the message, of which length is what the
// IP header says: bytes beyond are no part of it. acc is the sum of the addresses.
func (bl *builder) messageChecksum(m []byte, length int, acc uint32) {
	put := func(name string, off int, number uint32, header int) {
		if number == 17 && len(m) >= 8 {
			length = min(length, int(binary.BigEndian.Uint16(m[4:])))
		}
		if length >= header && length < len(m) { // what has no whole header is no message, and no receiver looks at its checksum
			m = m[:length]
		}
		if bl.isGiven(name) || len(m) < off+2 {
			return
		}
		if number != 1 { // ICMP's covers no addresses
			acc += number + uint32(len(m))
		} else {
			acc = 0
		}
		c := ^fold(sum(acc, m))
		if c == 0 && number == 17 {
			c = 0xffff // RFC 768: 0 is for "none"
		}
		bl.putChecksum(name, m[off:], c)
	}
	switch {
	case bl.has[pUDP]:
		put("udp.checksum", 6, 17, minHeader[pUDP])
	case bl.has[pTCP]:
		put("tcp.checksum", 16, 6, minHeader[pTCP])
	case bl.has[pICMPv6]:
		put("icmpv6.checksum", 2, 58, minHeader[pICMPv6])
	case bl.has[pICMP]:
		put("icmp.checksum", 2, 1, minHeader[pICMP])
	}
}

// implied is the type and code that the given fields of a protocol imply.
func (bl *builder) implied(p proto, typ, code byte) (byte, byte) {
	for i := range specs {
		if s := &specs[i]; s.proto == p && s.typ != 0 && bl.isGiven(s.name) {
			return byte(s.typ), byte(s.code)
		}
	}
	return typ, code
}

func (bl *builder) icmp(payload []byte) ([]byte, error) {
	h := make([]byte, 8)
	h[0], h[1] = bl.implied(pICMP, 8, 0)
	typ := byte(bl.number("icmp.type", uint64(h[0])))
	h[0] = typ
	if echo(h) {
		h[5], h[7] = 1, 1
	}
	bl.fill(pICMP, h)
	if err := bl.checkUse(pICMP, h); err != nil {
		return nil, err
	}
	return append(h, payload...), nil
}

func (bl *builder) icmp6(payload []byte) ([]byte, error) {
	typ, code := bl.implied(pICMPv6, 128, 0)
	typ = byte(bl.number("icmpv6.type", uint64(typ)))
	n := 8
	switch typ {
	case 134:
		n = 16
	case 135, 136:
		n = 24
	}
	h := make([]byte, n)
	h[0], h[1] = typ, code
	if echo6(h) {
		h[5], h[7] = 1, 1
	}
	bl.fill(pICMPv6, h)
	if err := bl.checkUse(pICMPv6, h); err != nil {
		return nil, err
	}
	if mac := bl.bytes("icmpv6.opt.linkaddr", nil); mac != nil {
		kind := byte(1) // source; an advertisement's is the target's
		if typ == 136 {
			kind = 2
		}
		h = append(append(h, kind, 1), mac...)
	}
	h = bl.ndOptions(h)
	return append(h, payload...), nil
}

func (bl *builder) udp(payload []byte) ([]byte, error) {
	if n := 8 + len(payload); n > 0xffff {
		return nil, fmt.Errorf("data.data: a UDP datagram of %d bytes: want at most 65535", n)
	}
	h := make([]byte, 8, 8+len(payload))
	src, dst := uint16(49152), uint16(7)
	switch {
	case bl.has[pDNS] && bl.answers():
		src, dst = 53, 49152
	case bl.has[pDNS]:
		dst = 53
	}
	binary.BigEndian.PutUint16(h, src)
	binary.BigEndian.PutUint16(h[2:], dst)
	binary.BigEndian.PutUint16(h[4:], uint16(8+len(payload)))
	bl.fill(pUDP, h)
	return append(h, payload...), nil
}

func (bl *builder) tcp(payload []byte) ([]byte, error) {
	opts, err := bl.list(pTCP, "tcp.options")
	if err != nil {
		return nil, err
	}
	h := append(make([]byte, 20), opts...)
	binary.BigEndian.PutUint16(h, 49152)
	binary.BigEndian.PutUint16(h[2:], 7)
	h[12] = byte(len(h)/4) << 4
	if !bl.anyFlag() {
		h[13] = 2 // SYN
	}
	binary.BigEndian.PutUint16(h[14:], 65535)
	bl.fill(pTCP, h)
	return append(h, payload...), nil
}

// anyFlag reports whether any of TCP's flags was given.
func (bl *builder) anyFlag() bool {
	for i := range specs {
		if s := &specs[i]; s.proto == pTCP && s.off == 12 && s.n == 2 && bl.isGiven(s.name) {
			return true
		}
	}
	return false
}
