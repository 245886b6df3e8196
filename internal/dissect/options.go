package dissect

// NDOptions finds the options of a neighbor discovery message, which begin at byte at of
// it (RFC 4861, 4.6; RFC 8106).
func NDOptions(b []byte, at int) Message {
	c := begin(b)
	c.at = at
	for c.left() >= 2 {
		typ, n := c.u8(0), 8*c.u8(1)
		if n == 0 || n > c.left() {
			c.fail("cut short in an option")
			break
		}
		next := c.at + n
		c.end = next
		_ = c.take(1, "icmpv6.opt.type") && c.take(1, "icmpv6.opt.length")
		switch typ {
		case 1:
			c.take(6, "icmpv6.opt.src_linkaddr")
		case 2:
			c.take(6, "icmpv6.opt.target_linkaddr")
		case 3:
			_ = c.take(1, "icmpv6.opt.prefix.length") &&
				c.take(1, "icmpv6.opt.prefix.flag", "icmpv6.opt.prefix.flag.l", "icmpv6.opt.prefix.flag.a") &&
				c.take(4, "icmpv6.opt.prefix.valid_lifetime") && c.take(4, "icmpv6.opt.prefix.preferred_lifetime") &&
				c.take(4) && c.take(16, "icmpv6.opt.prefix")
		case 5:
			_ = c.take(2) && c.take(4, "icmpv6.opt.mtu")
		case 25:
			_ = c.take(2) && c.take(4, "icmpv6.opt.rdnss.lifetime")
			for c.left() >= 16 {
				c.take(16, "icmpv6.opt.rdnss")
			}
		}
		c.at, c.end = next, len(b)
		if c.m.Bad != "" {
			break
		}
	}
	return c.done()
}

// TCPOptions finds the options of a TCP header of which b has all (RFC 9293, 3.1; RFC 2018).
// Those that end the list or fill it up have one byte.
func TCPOptions(b []byte) Message {
	c := begin(b)
	if !c.take(20) {
		return c.done()
	}
	for c.left() > 0 {
		kind := c.u8(0)
		if !c.take(1, "tcp.option_kind") {
			break
		}
		if kind <= 1 {
			continue
		}
		n := c.u8(0)
		if !c.take(1, "tcp.option_len") {
			break
		}
		if n < 2 || n-2 > c.left() {
			c.fail("cut short in an option")
			break
		}
		next := c.at + n - 2
		switch {
		case kind == 5 && n%8 == 2:
			for at := c.at; at < next; at += 8 {
				c.put("tcp.options.sack_le", at, 4, nil)
				c.put("tcp.options.sack_re", at+4, 4, nil)
			}
		}
		c.at = next
	}
	c.at = len(b)
	return c.done()
}
