package dissect

// IGMP finds the fields of an IGMP message (RFC 1112, 2236, 3376).
func IGMP(b []byte) Message {
	c := begin(b)
	typ := c.u8(0)
	if !c.take(1, "igmp.type") {
		return c.done()
	}
	report3 := typ == 0x22
	if report3 || typ == 0x12 {
		c.take(1)
	} else {
		c.take(1, "igmp.max_resp")
	}
	if !c.take(2, "igmp.checksum") {
		return c.done()
	}
	switch {
	case report3:
		n := c.u16(2)
		if c.take(2) && c.take(2, "igmp.num_grp_recs") {
			for range n {
				if !c.groupRecord("igmp.record_type", "igmp.aux_data_len", "igmp.num_src", "igmp.maddr", "igmp.saddr", 4) {
					break
				}
			}
		}
	case typ == 0x11 && len(b) >= 12:
		n := c.u16(6)
		if c.take(4, "igmp.maddr") && c.take(1, "igmp.s", "igmp.qrv") && c.take(1, "igmp.qqic") && c.take(2, "igmp.num_src") {
			for range n {
				if !c.take(4, "igmp.saddr") {
					break
				}
			}
		}
	case typ == 0x11 || typ == 0x12 || typ == 0x16 || typ == 0x17:
		c.take(4, "igmp.maddr")
	}
	c.at = len(b)
	return c.done()
}

// groupRecord reads what IGMPv3 and MLDv2 say of a group.
func (c *cursor) groupRecord(typ, aux, sources, group, source string, size int) bool {
	more, n := 4*c.u8(1), c.u16(2)
	if !c.take(1, typ) || !c.take(1, aux) || !c.take(2, sources) || !c.take(size, group) {
		return false
	}
	for range n {
		if !c.take(size, source) {
			return false
		}
	}
	return c.take(more)
}

// MLD finds the fields of a multicast listener message behind the first four bytes of its
// ICMPv6 header (RFC 2710, 3810). Places count from that header.
func MLD(b []byte) Message {
	c := begin(b)
	typ := c.u8(0)
	if !c.take(4) {
		return c.done()
	}
	if typ == 143 {
		n := c.u16(2)
		if c.take(2) && c.take(2, "icmpv6.mldr.nb_mcast_records") {
			for range n {
				if !c.groupRecord("icmpv6.mldr.mar.record_type", "icmpv6.mldr.mar.aux_data_len", "icmpv6.mldr.mar.nb_sources",
					"icmpv6.mldr.mar.multicast_address", "icmpv6.mldr.mar.source_address", 16) {
					break
				}
			}
		}
		return c.done()
	}
	delay := "icmpv6.mld.maximum_response_delay"
	if typ == 130 && len(b) >= 28 { // of version 2: a code for it
		delay = "icmpv6.mld.maximum_response_code"
	}
	if c.take(2, delay) && c.take(2) && c.take(16, "icmpv6.mld.multicast_address") && typ == 130 && c.left() >= 4 {
		n := c.u16(2)
		if c.take(1, "icmpv6.mld.flag.s", "icmpv6.mld.flag.qrv") && c.take(1, "icmpv6.mld.qqi") && c.take(2, "icmpv6.mld.nb_sources") {
			for range n {
				if !c.take(16, "icmpv6.mld.source_address") {
					break
				}
			}
		}
	}
	return c.done()
}
