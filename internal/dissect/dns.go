package dissect

// Limits of a domain name (RFC 1035, 2.3.4), and of how often one refers back: as often
// as it has labels.
const (
	maxNameBytes = 255
	maxLabels    = 128
)

// DNS finds the fields of a DNS message (RFC 1035, 4).
func DNS(b []byte) Message {
	c := begin(b)
	response := c.u8(2)&0x80 != 0
	flags := []string{"dns.flags", "dns.flags.response", "dns.flags.opcode"}
	if response {
		flags = append(flags, "dns.flags.authoritative")
	}
	flags = append(flags, "dns.flags.truncated", "dns.flags.recdesired")
	if response {
		flags = append(flags, "dns.flags.recavail")
	}
	flags = append(flags, "dns.flags.z")
	if response {
		flags = append(flags, "dns.flags.authenticated")
	}
	flags = append(flags, "dns.flags.checkdisable")
	if response {
		flags = append(flags, "dns.flags.rcode")
	}
	if !c.take(2, "dns.id") || !c.take(2, flags...) {
		return c.done()
	}
	var counts [4]int
	for i, name := range []string{"dns.count.queries", "dns.count.answers", "dns.count.auth_rr", "dns.count.add_rr"} {
		counts[i] = c.u16(0)
		if !c.take(2, name) {
			return c.done()
		}
	}
	for range counts[0] {
		if !c.question() {
			return c.done()
		}
	}
	for range counts[1] + counts[2] + counts[3] {
		if !c.record() {
			return c.done()
		}
	}
	return c.done()
}

func (c *cursor) question() bool {
	return c.name("dns.qry.name") && c.take(2, "dns.qry.type") && c.take(2, "dns.qry.class")
}

// Types of records.
const (
	typeA, typeNS, typeCNAME, typePTR, typeMX, typeTXT, typeAAAA, typeOPT = 1, 2, 5, 12, 15, 16, 28, 41
)

func (c *cursor) record() bool {
	if !c.name("dns.resp.name") {
		return false
	}
	typ := c.u16(0)
	ok := c.take(2, "dns.resp.type")
	if typ == typeOPT { // RFC 6891, 6.1.2: what others have for class and TTL means something else
		ok = ok && c.take(2, "dns.rr.udp_payload_size") && c.take(4)
	} else {
		ok = ok && c.take(2, "dns.resp.class") && c.take(4, "dns.resp.ttl")
	}
	n := c.u16(0)
	if !ok || !c.take(2, "dns.resp.len") {
		return false
	}
	if n > c.left() {
		c.fail("cut short")
		return false
	}
	end, next := c.end, c.at+n
	c.end = next
	switch {
	case typ == typeA && n == 4:
		c.take(4, "dns.a")
	case typ == typeAAAA && n == 16:
		c.take(16, "dns.aaaa")
	case typ == typeNS:
		c.name("dns.ns")
	case typ == typeCNAME:
		c.name("dns.cname")
	case typ == typePTR:
		c.name("dns.ptr.domain_name")
	case typ == typeMX:
		_ = c.take(2, "dns.mx.preference") && c.name("dns.mx.mail_exchange")
	case typ == typeTXT:
		for c.left() > 0 {
			l := c.u8(0)
			if !c.take(1, "dns.txt.length") || !c.take(l, "dns.txt") {
				break
			}
		}
	}
	c.at, c.end = next, end
	return c.m.Bad == ""
}

// name reads a domain name, which may end in a reference to an earlier one (RFC 1035,
// 4.1.4). The value has dots between the labels, and is "<Root>" of the root.
func (c *cursor) name(field string) bool {
	start, at, next := c.at, c.at, -1 // next: where the message goes on, once a reference was followed
	var text []byte
	for labels := 0; ; {
		if at >= len(c.b) || next < 0 && at >= c.end {
			c.fail("cut short in a name")
			return false
		}
		n := int(c.b[at])
		switch {
		case n == 0:
			if next < 0 {
				next = at + 1
			}
			if labels == 0 {
				text = []byte("<Root>")
			}
			c.put(field, start, next-start, text)
			c.at = next
			return c.m.Bad == ""
		case n&0xc0 == 0xc0:
			if at+1 >= len(c.b) {
				c.fail("cut short in a name")
				return false
			}
			to := (n&0x3f)<<8 | int(c.b[at+1])
			if next < 0 {
				next = at + 2
			}
			if to >= at { // backwards only, so that it ends
				c.fail("a name refers to what comes later")
				return false
			}
			at = to
		case n&0xc0 != 0 || at+1+n > len(c.b):
			c.fail("cut short in a name")
			return false
		default:
			if labels++; labels > maxLabels || len(text)+n+1 > maxNameBytes {
				c.fail("a name is too long")
				return false
			}
			if labels > 1 {
				text = append(text, '.')
			}
			text = append(text, c.b[at+1:at+1+n]...)
			at += 1 + n
		}
	}
}
