package probe

import (
	"bytes"
	"fmt"
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
	"wireloom/vnet/userland/command"
)

// What ping6(8) of FreeBSD 9 does otherwise than ping(8): ping6.c.

// Ping6 is the command Ping6.
func Ping6() *command.Command {
	return command.New("ping6", "send ICMPv6 echo requests to a host",
		ping6Usage, pingMain)
}

// sourceFor is the address that packets to dst come from: the KAME programs ask by connecting
// a UDP socket. iface is the interface that they go out of, or "".
func sourceFor(p *command.Proc, dst netip.Addr, iface string) (netip.Addr, errno.Errno) {
	fd, e := p.Socket(inet.SocketUDP6)
	if e != errno.OK {
		return netip.Addr{}, e
	}
	defer p.Close(fd)
	if iface != "" {
		if e := p.BindDevice(fd, iface); e != errno.OK {
			return netip.Addr{}, e
		}
	}
	const dummyPort = 10101
	if e := p.Connect(fd, netip.AddrPortFrom(dst, dummyPort)); e != errno.OK {
		return netip.Addr{}, e
	}
	at, _, e := p.SocketAddrs(fd)
	return at.Addr(), e
}

// notSent says that a request did not go.
func (g *pinger) notSent(e errno.Errno) {
	if !g.opt.six() {
		g.Warn("sendto: %s", e.Message())
		return
	}
	g.Warn("sendmsg: %s", e.Message())
	g.Printf("ping6: wrote %s %d chars, ret=-1\n", g.opt.host, len(g.out))
}

// showError6 prints with -v an ICMPv6 error about one of the requests, and the header that
// it quotes (pr_icmph, pr_retip).
func (g *pinger) showError6(m packet.ICMP, from netip.Addr) {
	if !g.opt.verbose {
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d bytes from %s: %s\n", len(m), from, icmp6Text(m))
	if h, err := packet.ParseIPv6Header(m.Payload()); err == nil {
		flow := uint32(h[1]&0xf)<<16 | uint32(h[2])<<8 | uint32(h[3])
		b.WriteString("Vr TC  Flow Plen Nxt Hlim\n")
		fmt.Fprintf(&b, " %1x  %02x %05x %04x  %02x   %02x\n", h[0]>>4, h[0]<<4|h[1]>>4, flow, uint16(h[4])<<8|uint16(h[5]), h[6], h[7])
		fmt.Fprintf(&b, "%s->%s\n", h.Src(), h.Dst())
	}
	b.WriteByte('\n')
	g.Printf("%s", b.Bytes())
}

// icmp6Text says in ping6's words what an ICMPv6 error means.
func icmp6Text(m packet.ICMP) string {
	of := func(bad string, texts ...string) string {
		if int(m.Code()) < len(texts) {
			return texts[m.Code()]
		}
		return fmt.Sprintf("%s, Bad Code: %d", bad, m.Code())
	}
	switch m.Type() { // RFC 4443, 3
	case 1:
		return of("Destination Unreachable", "No Route to Destination", "Destination Administratively Unreachable", "Destination Unreachable Beyond Scope",
			"Destination Host Unreachable", "Destination Port Unreachable")
	case 2:
		return fmt.Sprintf("Packet too big mtu = %d", m.Rest())
	case 3:
		return of("Time exceeded", "Time to live exceeded", "Frag reassembly time exceeded")
	case 4:
		return of("Parameter problem", "Parameter problem: Erroneous Header ", "Parameter problem: Unknown Nextheader ", "Parameter problem: Unrecognized Option ") +
			fmt.Sprintf("pointer = 0x%02x", m.Rest())
	}
	return fmt.Sprintf("Bad ICMP type: %d", m.Type())
}
