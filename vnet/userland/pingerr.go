package userland

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"

	"wireloom/vnet/packet"
)

func printf(b *bytes.Buffer, format string, args ...any) { fmt.Fprintf(b, format, args...) }

// showError prints an ICMP error about one of the requests and the header that it
// quotes, except with -Q, and with -q (ping.c, pr_pack, pr_icmph and pr_retip).
func (g *pinger) showError(m []byte, from netip.Addr) {
	quote := m[packet.ICMPLen:]
	if g.opt.quiet > 0 && !g.opt.verbose || len(quote) < packet.IPv4Len {
		return
	}
	if dst := netip.AddrFrom4([4]byte(quote[16:])); dst != g.opt.dst && !g.opt.verbose {
		return
	}
	var b bytes.Buffer
	printf(&b, "%d bytes from %s: %s\n", len(m), from, icmpText(m))
	quotedHeader(&b, quote)
	b.WriteByte('\n')
	g.printf("%s", b.Bytes())
}

// icmpText says in ping's words what an ICMP error of at least 8 bytes means.
func icmpText(m []byte) string {
	code := m[1]
	of := func(bad string, texts ...string) string {
		if int(code) < len(texts) {
			return texts[code]
		}
		return fmt.Sprintf("%s, Bad Code: %d", bad, code)
	}
	switch m[0] {
	case packet.ICMPUnreachable:
		if code == 13 {
			return "Communication prohibited by filter"
		}
		return of("Dest Unreachable", "Destination Net Unreachable", "Destination Host Unreachable", "Destination Protocol Unreachable",
			"Destination Port Unreachable", fmt.Sprintf("frag needed and DF set (MTU %d)", binary.BigEndian.Uint16(m[6:])), "Source Route Failed")
	case 4:
		return "Source Quench"
	case packet.ICMPRedirect:
		return of("Redirect", "Redirect Network", "Redirect Host", "Redirect Type of Service and Network", "Redirect Type of Service and Host") +
			fmt.Sprintf("(New addr: %s)", netip.AddrFrom4([4]byte(m[4:8])))
	case packet.ICMPTimeExceeded:
		return of("Time exceeded", "Time to live exceeded", "Frag reassembly time exceeded")
	case packet.ICMPParamProblem:
		return fmt.Sprintf("Parameter problem: pointer = 0x%02x", m[4])
	}
	return fmt.Sprintf("Bad ICMP type: %d", m[0])
}

// quotedHeader prints an IP header of at least 20 bytes as ping's pr_iph does.
func quotedHeader(b *bytes.Buffer, h []byte) {
	u16 := func(i int) uint16 { return binary.BigEndian.Uint16(h[i:]) }
	b.WriteString("Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst\n")
	printf(b, " %1x  %1x  %02x %04x %04x", h[0]>>4, h[0]&15, h[1], u16(2), u16(4))
	printf(b, "   %1x %04x", u16(6)>>13, u16(6)&0x1fff)
	printf(b, "  %02x  %02x %04x", h[8], h[9], u16(10))
	printf(b, " %s  %s ", netip.AddrFrom4([4]byte(h[12:16])), netip.AddrFrom4([4]byte(h[16:20])))
	for i := 20; i < min(int(h[0]&15)*4, len(h)); i++ {
		printf(b, "%02x", h[i])
	}
	b.WriteByte('\n')
}
