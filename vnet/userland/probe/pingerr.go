package probe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"

	"wireloom/vnet/packet"
)

// showError prints an ICMP error about one of the requests and the header that it
// quotes, except with -Q, and with -q (ping.c, pr_pack, pr_icmph and pr_retip).
func (g *pinger) showError(m packet.ICMP, from netip.Addr) {
	quote, err := packet.ParseIPv4Header(m.Payload())
	if g.opt.quiet > 0 && !g.opt.verbose || err != nil {
		return
	}
	if quote.Dst() != g.opt.dst && !g.opt.verbose {
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d bytes from %s: %s\n", len(m), from, icmpText(m))
	quotedHeader(&b, quote)
	b.WriteByte('\n')
	g.Printf("%s", b.Bytes())
}

// icmpText says in ping's words what an ICMP error means.
func icmpText(m packet.ICMP) string {
	code := m.Code()
	of := func(bad string, texts ...string) string {
		if int(code) < len(texts) {
			return texts[code]
		}
		return fmt.Sprintf("%s, Bad Code: %d", bad, code)
	}
	switch m.Type() {
	case packet.ICMPUnreachable:
		if code == 13 {
			return "Communication prohibited by filter"
		}
		return of("Dest Unreachable", "Destination Net Unreachable", "Destination Host Unreachable", "Destination Protocol Unreachable",
			"Destination Port Unreachable", fmt.Sprintf("frag needed and DF set (MTU %d)", m.Rest()&0xffff), "Source Route Failed")
	case packet.ICMPSourceQuench:
		return "Source Quench"
	case packet.ICMPRedirect:
		return of("Redirect", "Redirect Network", "Redirect Host", "Redirect Type of Service and Network", "Redirect Type of Service and Host") +
			fmt.Sprintf("(New addr: %s)", netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, m.Rest()))))
	case packet.ICMPTimeExceeded:
		return of("Time exceeded", "Time to live exceeded", "Frag reassembly time exceeded")
	case packet.ICMPParamProblem:
		return fmt.Sprintf("Parameter problem: pointer = 0x%02x", m.Rest()>>24)
	}
	return fmt.Sprintf("Bad ICMP type: %d", m.Type())
}

// quotedHeader prints an IP header as ping's pr_iph does.
func quotedHeader(b *bytes.Buffer, h packet.IPv4) {
	b.WriteString("Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst\n")
	fmt.Fprintf(b, " %1x  %1x  %02x %04x %04x", h.Version(), h.HeaderLen()/4, h.TOS(), h.TotalLen(), h.ID())
	fmt.Fprintf(b, "   %1x %04x", h.Flags(), h.FragmentOffset()/8)
	fmt.Fprintf(b, "  %02x  %02x %04x", h.TTL(), h.Protocol(), h.HeaderChecksum())
	fmt.Fprintf(b, " %s  %s ", h.Src(), h.Dst())
	fmt.Fprintf(b, "%x", h.Options())
	b.WriteByte('\n')
}
