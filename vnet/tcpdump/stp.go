package tcpdump

import "wireloom/vnet/tcpdump/show"

// stpFlags are those of a BPDU.
var stpFlags = show.Bits{{0x01, "Topology change"}, {0x02, "Proposal"}, {0x10, "Learn"}, {0x20, "Forward"}, {0x40, "Agreement"}, {0x80, "Topology change ACK"}}

var (
	stpVersions = map[int]string{0: "802.1d", 2: "802.1w", 3: "802.1s", 4: "802.1aq"}
	stpTypes    = map[int]string{0: "Config", 2: "Rapid STP", 0x80: "Topology Change"}
	stpRoles    = map[int]string{0: "Unknown", 1: "Alternate", 2: "Root", 3: "Designated"}
)

// stp writes a BPDU.
func (t *text) stp(b []byte, size int) {
	t.Proto = "stp"
	if size < 4 {
		t.Invalid()
		return
	}
	if t.U16(b, 0) != 0 {
		t.F("unknown STP version, length %d", size)
		return
	}
	version := t.U8(b, 2)
	t.F("STP %s", show.Name(stpVersions, version, "Unknown STP protocol (0x%02x)"))
	if _, known := stpVersions[version]; !known {
		return
	}
	typ := t.U8(b, 3)
	t.F(", %s", show.Name(stpTypes, typ, "Unknown BPDU Type (0x%02x)"))
	switch {
	case typ == 0 && size < 35, typ == 2 && version == 2 && size < 36:
		t.Invalid()
	case typ == 0, typ == 2 && version == 2:
		t.config(b, size)
	case typ == 2 && version >= 3:
		t.multiple(b, size)
	}
}

func (t *text) bridgeID(b []byte, off int) string {
	id := show.At(b, off, 8)
	return show.LinkAddress(id[:1]) + show.LinkAddress(id[1:2]) + "." + show.LinkAddress(id[2:])
}

// ages writes the times of a BPDU, which count 256ths of a second.
func (t *text) ages(b []byte) {
	seconds := func(off int) float64 { return float64(t.U16(b, off)) / 256 }
	t.F("\n\tmessage-age %.2fs, max-age %.2fs, hello-time %.2fs, forwarding-delay %.2fs", seconds(27), seconds(29), seconds(31), seconds(33))
}

// config writes a configuration BPDU of STP or RSTP.
func (t *text) config(b []byte, size int) {
	f := t.U8(b, 4)
	t.F(", Flags [%s]", show.Flags(stpFlags, f, ", ", "none"))
	t.F(", bridge-id %s.%04x, length %d", t.bridgeID(b, 17), t.U16(b, 25), size)
	if !t.V(1) {
		return
	}
	t.ages(b)
	t.F("\n\troot-id %s, root-pathcost %d", t.bridgeID(b, 5), t.U32(b, 13))
	if t.U8(b, 2) == 2 {
		t.F(", port-role %s", stpRoles[f>>2&3])
	}
}

// multiple writes a BPDU of MSTP, without what shortest path bridging adds.
func (t *text) multiple(b []byte, size int) {
	const least = 102
	if size < least || t.U8(b, 35) != 0 || size < 36+2+t.U16(b, 36) {
		t.Invalid()
		return
	}
	f := t.U8(b, 4)
	t.F(", CIST Flags [%s], length %d", show.Flags(stpFlags, f, ", ", "none"), size)
	if !t.V(1) {
		return
	}
	t.F("\n\tport-role %s, CIST root-id %s, CIST ext-pathcost %d", stpRoles[f>>2&3], t.bridgeID(b, 5), t.U32(b, 13))
	t.F("\n\tCIST regional-root-id %s, CIST port-id %04x,", t.bridgeID(b, 17), t.U16(b, 25))
	t.ages(b)
	v3 := t.U16(b, 36)
	t.F("\n\tv3len %d, MCID Name ", v3)
	for i := range 32 {
		c := t.U8(b, 39+i)
		if c == 0 {
			break
		}
		t.Char(byte(c))
	}
	t.F(", rev %d,\n\t\tdigest %08x%08x%08x%08x, ", t.U16(b, 71), t.U32(b, 73), t.U32(b, 77), t.U32(b, 81), t.U32(b, 85))
	t.F("CIST int-root-pathcost %d,\n\tCIST bridge-id %s, CIST remaining-hops %d", t.U32(b, 89), t.bridgeID(b, 93), t.U8(b, 101))
	for off := least; v3 >= 64+16; off, v3 = off+16, v3-16 {
		f := t.U8(b, off)
		t.F("\n\tMSTI %d, Flags [%s], port-role %s", t.U16(b, off+1)&0xfff, show.Flags(stpFlags, f, ", ", "none"), stpRoles[f>>2&3])
		t.F("\n\t\tMSTI regional-root-id %s, pathcost %d", t.bridgeID(b, off+1), t.U32(b, off+9))
		t.F("\n\t\tMSTI bridge-prio %d, port-prio %d, hops %d", t.U8(b, off+13)>>4, t.U8(b, off+14)>>4, t.U8(b, off+15))
	}
}
