package dissect

// LLC finds the fields of an IEEE 802.2 header. Its control field has one byte in
// unnumbered frames, two in others (clause 5.4).
func LLC(b []byte) Message {
	c := begin(b)
	if !c.take(1, "llc.dsap", "llc.dsap.ig") || !c.take(1, "llc.ssap", "llc.ssap.cr") {
		return c.done()
	}
	n := 2
	if c.u8(0)&3 == 3 {
		n = 1
	}
	snap := len(b) > 2 && b[0] == 0xaa && b[1] == 0xaa && b[2] == 0x03
	at := c.at
	if !c.take(n) {
		return c.done()
	}
	control := []byte{b[at]}
	if n == 2 { // the least significant byte is sent first
		control = []byte{b[at+1], b[at]}
	}
	c.put("llc.control", at, n, control)
	if snap {
		_ = c.take(3, "llc.oui") && c.take(2, "llc.type")
	}
	return c.done()
}

// IsBPDU reports whether what follows an LLC header is a BPDU: it is for the spanning tree.
func IsBPDU(b []byte) bool { return len(b) > 0 && b[0] == 0x42 }

// BPDU finds the fields of a configuration, topology change or rapid spanning tree BPDU
// (IEEE 802.1D-2004, 9.3). What a multiple spanning tree adds is left alone.
func BPDU(b []byte) Message {
	c := begin(b)
	version, typ := c.u8(2), c.u8(3)
	if !c.take(2, "stp.protocol") || !c.take(1, "stp.version") || !c.take(1, "stp.type") || typ != 0 && typ != 2 {
		return c.done()
	}
	flags := []string{"stp.flags", "stp.flags.tcack", "stp.flags.tc"}
	if typ == 2 {
		flags = []string{
			"stp.flags", "stp.flags.tcack", "stp.flags.agreement", "stp.flags.forwarding", "stp.flags.learning",
			"stp.flags.port_role", "stp.flags.proposal", "stp.flags.tc",
		}
	}
	ok := c.take(1, flags...) &&
		c.take(2, "stp.root.prio", "stp.root.ext") && c.take(6, "stp.root.hw") && c.take(4, "stp.root.cost") &&
		c.take(2, "stp.bridge.prio", "stp.bridge.ext") && c.take(6, "stp.bridge.hw") && c.take(2, "stp.port") &&
		c.take(2, "stp.msg_age") && c.take(2, "stp.max_age") && c.take(2, "stp.hello") && c.take(2, "stp.forward")
	if ok && typ == 2 && version >= 2 {
		c.take(1, "stp.version_1_length")
	}
	return c.done()
}
