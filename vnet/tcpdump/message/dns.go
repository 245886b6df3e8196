package message

import (
	"fmt"

	"wireloom/vnet/tcpdump/show"
)

// A message is a DNS message, to whose beginning names refer.
type message struct {
	*show.Text
	b []byte
}

var (
	dnsOps = [...]string{
		"", " inv_q", " stat", " op3", " notify", " update", " op6", " op7", " op8", " updateA", " updateD", " updateDA", " updateM", " updateMA",
		" zoneInit", " zoneRef",
	}
	dnsAnswers = [...]string{
		"", " FormErr", " ServFail", " NXDomain", " NotImp", " Refused", " YXDomain", " YXRRSet", " NXRRSet", " NotAuth", " NotZone", " Resp11",
		" Resp12", " Resp13", " Resp14", " NoChange", " BadVers", "Resp17", " Resp18", " Resp19", " Resp20", "Resp21", " Resp22", " BadCookie",
	}
	dnsTypes = map[int]string{
		1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 11: "WKS", 12: "PTR", 13: "HINFO", 14: "MINFO",
		15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP", 23: "NSAP_PTR", 24: "SIG", 25: "KEY", 26: "PX",
		27: "GPOS", 28: "AAAA", 29: "LOC", 30: "NXT", 31: "EID", 32: "NIMLOC", 33: "SRV", 34: "ATMA", 35: "NAPTR", 36: "KX", 37: "CERT", 38: "A6",
		39: "DNAME", 40: "SINK", 41: "OPT", 42: "APL", 43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 99: "SPF",
		100: "UINFO", 101: "UID", 102: "GID", 103: "UNSPEC", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 253: "MAILB", 254: "MAILA", 255: "ANY", 256: "URI",
	}
	dnsClasses = map[int]string{1: "IN", 3: "CHAOS", 4: "HS", 255: "ANY"}
)

// DNS writes a DNS message, or one of multicast DNS.
func DNS(t *show.Text, b []byte, size int, multicast bool) {
	t.Proto = "domain"
	if size < 12 {
		t.F("domain [length %d < 12]", size)
		t.Invalid()
		return
	}
	if len(b) < 12 {
		t.Truncated()
		return
	}
	m := message{t, b}
	f := t.U16(b, 2)
	var counts [4]int
	for i := range counts {
		counts[i] = t.U16(b, 4+2*i)
	}
	write := m.request
	if f&0x8000 != 0 {
		write = m.response
	}
	if write(f, counts, multicast) {
		t.F(" (%d)", size)
	} else {
		t.Truncated()
	}
}

// answer is how a request went: the header's code, with what EDNS adds to it.
func (m message) answer(f int, counts [4]int) string {
	code := f & 0xf
	at := 12
	var ok bool
	for range counts[0] {
		if at, ok = m.skip(at); !ok || at+4 >= len(m.b) {
			return dnsAnswers[code]
		}
		at += 4
	}
	for i := range counts[1] + counts[2] + counts[3] {
		if at, ok = m.skip(at); !ok {
			break
		}
		if i >= counts[1]+counts[2] && at+5 <= len(m.b) && m.U16(m.b, at) == 41 {
			code |= m.U8(m.b, at+4) << 4
			break
		}
		if at+10 > len(m.b) {
			break
		}
		if at += 10 + m.U16(m.b, at+8); at >= len(m.b) {
			break
		}
	}
	if code < len(dnsAnswers) {
		return dnsAnswers[code]
	}
	return fmt.Sprintf(" Resp%d", code)
}

// response writes an answer; false where it was not all captured.
func (m message) response(f int, counts [4]int, multicast bool) bool {
	m.F("%d%s%s%s", m.U16(m.b, 0), dnsOps[f>>11&0xf], m.answer(f, counts), show.Flags(show.Bits{{0x400, "*"}}, f, "", ""))
	if f&0x80 == 0 {
		m.S("-")
	}
	m.S(show.Flags(show.Bits{{0x200, "|"}, {0x20, "$"}}, f, "", ""))
	if counts[0] != 1 {
		m.F(" [%dq]", counts[0])
	}
	at := 12
	var ok bool
	for i := range counts[0] {
		if i > 0 {
			m.S(",")
		}
		if m.V(2) {
			m.S(" q:")
			at, ok = m.question(at, multicast)
		} else {
			at, ok = m.skip(at)
			at += 4
		}
		if !ok {
			return false
		}
	}
	m.F(" %d/%d/%d", counts[1], counts[2], counts[3])
	if counts[1] > 0 {
		if at, ok = m.resources(at, counts[1], multicast); !ok {
			return false
		}
	}
	if !m.V(2) {
		return true
	}
	for i, word := range []string{" ns:", " ar:"} {
		n := counts[2+i]
		if n == 0 {
			continue
		}
		if at >= len(m.b) {
			return false
		}
		m.S(word)
		if at, ok = m.resources(at, n, multicast); !ok {
			return false
		}
	}
	return true
}

// request writes a question; false where it was not all captured.
func (m message) request(f int, counts [4]int, multicast bool) bool {
	m.F("%d%s%s", m.U16(m.b, 0), dnsOps[f>>11&0xf], show.Flags(show.Bits{{0x100, "+"}, {0x10, "%"}}, f, "", ""))
	if odd := f & 0x6cf; odd != 0 {
		m.F(" [b2&3=0x%x]", f)
	}
	usual, order := [2]int{1, 0}, []int{1, 0}
	if f>>11&0xf == 1 { // an inverse query has an answer and no question
		usual, order = [2]int{0, 1}, []int{0, 1}
	}
	for _, i := range order {
		if counts[i] != usual[i] {
			m.F(" [%d%c]", counts[i], "qa"[i])
		}
	}
	if counts[2] > 0 {
		m.F(" [%dn]", counts[2])
	}
	if counts[3] > 0 {
		m.F(" [%dau]", counts[3])
	}
	at := 12
	var ok bool
	for i := range counts[0] {
		if i > 0 && at >= len(m.b) {
			return false
		}
		if at, ok = m.question(at, multicast); !ok {
			return false
		}
	}
	if !m.V(2) {
		return true
	}
	for i, word := range []string{"", " ns:", " ar:"} {
		n := counts[1+i]
		if n == 0 {
			continue
		}
		if i > 0 && at >= len(m.b) {
			return false
		}
		m.S(word)
		if at, ok = m.resources(at, n, multicast); !ok {
			return false
		}
	}
	return true
}

// resources writes n records with commas between.
func (m message) resources(at, n int, multicast bool) (int, bool) {
	var ok bool
	for i := range n {
		if i > 0 {
			if at >= len(m.b) {
				return at, false
			}
			m.S(",")
		}
		if at, ok = m.resource(at, multicast); !ok {
			return at, false
		}
	}
	return at, true
}

// bitLabel begins a label of bits (RFC 2673), which nobody has any more.
const bitLabel = 0x41

// bitBytes is how many bytes a label of bits has.
func bitBytes(bits byte) int {
	if bits == 0 {
		return 32
	}
	return (int(bits) + 7) / 8
}

// skip goes past a name.
func (m message) skip(at int) (int, bool) {
	for at < len(m.b) {
		n := int(m.b[at])
		at++
		switch {
		case n == 0:
			return at, true
		case n >= 0xc0:
			return at + 1, true
		case n == bitLabel && at < len(m.b):
			at += 1 + bitBytes(m.b[at])
			continue
		case n >= 0x40:
			return 0, false
		}
		at += n
	}
	return 0, false
}

// name writes a name and returns where the next field begins; false where it can't be read.
func (m message) name(at int) (next int, ok bool) {
	const longest = 255 // characters that are written
	b, start, limit, chars := m.b, at, at, 0
	next = -1
	if at >= len(b) {
		return 0, false
	}
	if b[at] == 0 {
		m.S(".")
		return at + 1, true
	}
	for {
		if at >= len(b) {
			return 0, false
		}
		n := int(b[at])
		switch {
		case n == 0:
			if next < 0 {
				next = at + 1
			}
			if chars > longest {
				m.S("<DOMAIN NAME TOO LONG>")
			}
			return next, true
		case at+1 >= len(b) && (n < 0x40 || n >= 0xc0): // what it leads to was not captured
			if next < 0 {
				next = at + 1 + n
			}
			return next, n < 0x40 || at != start
		case n >= 0xc0:
			if next < 0 {
				next = at + 2
			}
			to := (n&0x3f)<<8 | int(b[at+1])
			if to >= limit {
				m.S("<BAD PTR>")
				return 0, false
			}
			limit, at = to, to
			continue
		case n >= 0x80:
			m.S("<BAD LABEL TYPE>")
			return 0, false
		case n == bitLabel:
			if at+1 >= len(b) {
				return 0, false
			}
			m.bits(at + 1)
			at += 2 + bitBytes(b[at+1])
			chars++
			m.S(".")
			continue
		case n >= 0x40:
			m.F("<ELT %d>", n&0x3f)
			return 0, false
		}
		shown := n
		if chars+n > longest {
			shown = max(longest-chars, 0)
		}
		if !m.Chars(show.After(b, at+1), shown) {
			return 0, false
		}
		chars += n
		at += 1 + n
		if chars <= longest {
			m.S(".")
		}
		chars++
	}
}

// bits writes a label of bits.
func (m message) bits(at int) {
	n := m.U8(m.b, at)
	if n == 0 {
		n = 256
	}
	m.S("\\[x")
	left := n
	for at++; left > 7; at, left = at+1, left-8 {
		m.F("%02x", m.U8(m.b, at))
	}
	switch {
	case left > 4:
		m.F("%02x", m.U8(m.b, at)&(0xff<<(8-left)))
	case left > 0:
		m.F("%1x", m.U8(m.b, at)>>4&(0xf<<(4-left)))
	}
	m.F("/%d]", n)
}

// question writes what is asked.
func (m message) question(at int, multicast bool) (int, bool) {
	end, ok := m.skip(at)
	if !ok || end+4 > len(m.b) {
		return 0, false
	}
	m.F(" %s", show.Name(dnsTypes, m.U16(m.b, end), "Type%d"))
	raw := m.U16(m.b, end+2)
	class := raw
	if multicast {
		class &= 0x7fff
	}
	if class != 1 {
		m.F(" %s", show.Name(dnsClasses, class, "(Class %d)"))
	}
	if multicast {
		m.S([...]string{" (QM)", " (QU)"}[raw>>15])
	}
	m.S("? ")
	at, ok = m.name(at)
	return at + 4, ok
}

// resource writes a record.
func (m message) resource(at int, multicast bool) (int, bool) {
	var ok bool
	if m.V(1) {
		m.S(" ")
		if at, ok = m.name(at); !ok {
			return 0, false
		}
	} else {
		at, ok = m.skip(at)
	}
	if !ok || at+10 > len(m.b) {
		return len(m.b), true
	}
	typ, raw := m.U16(m.b, at), m.U16(m.b, at+2)
	class := raw
	if multicast {
		class &= 0x7fff
	}
	if class != 1 && typ != 41 {
		m.F(" %s", show.Name(dnsClasses, class, "(Class %d)"))
	}
	if multicast && raw&0x8000 != 0 {
		m.S(" (Cache flush)")
	}
	if typ != 41 && m.V(3) {
		m.S(" [")
		m.Relative(m.U32(m.b, at+4))
		m.S("]")
	}
	options := m.U16(m.b, at+6)
	n := m.U16(m.b, at+8)
	at += 10
	m.F(" %s", show.Name(dnsTypes, typ, "Type%d"))
	if at+n > len(m.b) {
		return 0, false
	}
	if typ == 41 {
		m.F(" UDPsize=%d", class)
		if options&0x8000 != 0 {
			m.S(" DO")
		}
		return at + n, m.edns(at, at+n)
	}
	return at + n, m.data(typ, at, n)
}

// data writes the data of a record; false where it can't be read.
func (m message) data(typ, at, n int) bool {
	end := at + n
	named := func(at int) bool { _, ok := m.name(at); return ok }
	switch typ {
	case 1:
		if at+4 > len(m.b) {
			return false
		}
		m.F(" %s", m.IP4(m.b, at))
	case 28:
		if at+16 > len(m.b) {
			return false
		}
		m.F(" %s", m.IP6(m.b, at))
	case 2, 5, 12, 39:
		m.S(" ")
		return named(at)
	case 6:
		if !m.V(1) {
			return true
		}
		for range 2 {
			m.S(" ")
			var ok bool
			if at, ok = m.name(at); !ok {
				return false
			}
		}
		if at+20 > len(m.b) {
			return false
		}
		for i := range 5 {
			m.F(" %d", m.U32(m.b, at+4*i))
		}
	case 15:
		m.S(" ")
		if at+2 > len(m.b) || !named(at+2) {
			return false
		}
		m.F(" %d", m.U16(m.b, at))
	case 16:
		for at < end {
			m.S(" \"")
			if at >= len(m.b) {
				return false
			}
			l := int(m.b[at])
			if !m.Chars(show.After(m.b, at+1), l) {
				return false
			}
			m.S("\"")
			at += 1 + l
		}
	case 33:
		m.S(" ")
		if at+6 > len(m.b) || !named(at+6) {
			return false
		}
		m.F(":%d %d %d", m.U16(m.b, at+4), m.U16(m.b, at), m.U16(m.b, at+2))
	case 256:
		m.F(" %d %d ", m.U16(m.b, at), m.U16(m.b, at+2))
		return m.Chars(show.After(m.b, at+4), max(n-4, 0))
	}
	return true
}

var ednsOptions = map[int]string{
	1: "LLQ", 2: "UL", 3: "NSID", 5: "DAU", 6: "DHU", 7: "N3U", 8: "ECS", 9: "EXPIRE", 10: "COOKIE", 11: "KEEPALIVE", 12: "PADDING", 13: "CHAIN",
	14: "KEY-TAG", 16: "CLIENT-TAG", 17: "SERVER-TAG",
}

// edns writes the options of an OPT record, those that few have by their bytes.
func (m message) edns(at, end int) bool {
	if at >= end {
		return true
	}
	m.S(" [")
	for at < end {
		if at+4 > len(m.b) {
			return false
		}
		opt, n := m.U16(m.b, at), m.U16(m.b, at+2)
		m.S(show.Name(ednsOptions, opt, "Opt%d"))
		at += 4
		if at+n > len(m.b) {
			return false
		}
		o := m.b[at : at+n]
		switch {
		case n == 0:
		case opt == 10 && (n < 8 || n > 8 && n < 16 || n > 40), opt == 11 && n != 2, opt == 9 && n != 4:
			m.S(" ")
			m.Invalid()
		case opt == 10 && n > 8:
			m.F(" %x %x", o[:8], o[8:])
		case opt == 11:
			m.F(" %.1f sec", float64(m.U16(o, 0))/10)
		case opt == 9:
			m.F(" %d sec", m.U32(o, 0))
		case opt == 12:
			m.F(" (%d)", n)
		default:
			m.F(" %x", o)
		}
		if at += n; at < end {
			m.S(",")
		}
	}
	m.S("]")
	return true
}

// Name writes the domain name that begins at off in b, whose beginning names refer to, and
// returns where the next field begins; false where it can't be read.
func Name(t *show.Text, b []byte, off int) (int, bool) { return message{t, b}.name(off) }
