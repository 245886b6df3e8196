package situation

import (
	"fmt"
	"strings"
	"time"

	"wireloom/internal/kernelconform/peer"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
)

// tuned sets sysctls while the node runs, and looks at what they change. A line is a
// name, the value, and what is so then.
func tuned(n *peer.Node) {
	broadcastEcho := func() string {
		n.Step("")
		n.IP(0, peer.IP{Dst: ip("10.0.0.255"), To: packet.Broadcast, Proto: icmp, Payload: ping("abcd")})
		n.Wait(pause)
		return fmt.Sprint(len(n.Frames()))
	}
	unreachables := func() string {
		n.Wait(3 * time.Second)
		n.Step("")
		for range 600 {
			n.UDP(1234, 33434, []byte("abcd"))
		}
		n.Wait(pause)
		return fmt.Sprint(len(n.Frames()))
	}
	l := n.Listener(80, 50)
	port := uint16(7000)
	firstSegments := func() string {
		port++
		c := must(n, l, port)
		c.sock.SendTo(make([]byte, 20000), "")
		n.Wait(50 * ms)
		return fmt.Sprint(len(short(n)))
	}
	acknowledged := func() string {
		port++
		c := must(n, l, port)
		c.data(10)
		n.Wait(500 * ms)
		if all := n.Frames(); len(all) > 0 {
			return fmt.Sprintf("%.1f s", all[0].At)
		}
		return "never"
	}
	options := func() string {
		port++
		n.Step("")
		n.TCP(peer.TCP{SPort: port, DPort: 80, Seq: 1000, Flags: peer.SYN, Window: 65535, Options: allOpts})
		n.Wait(50 * ms)
		for _, f := range synAcks(n, port) {
			before, _, _ := strings.Cut(f.Get("options"), "ts=")
			return strings.TrimSuffix(before, ",")
		}
		return "no SYN+ACK"
	}
	ttl := func() string {
		n.Step("")
		n.Socket(inet.SocketUDP).SendTo([]byte("abcd"), "10.0.0.2:9")
		n.Wait(50 * ms)
		for _, f := range n.Frames() {
			return f.Get("ttl")
		}
		return "nothing"
	}
	var out []string
	for _, q := range []struct {
		bsd, netbsd, value string // the name, NetBSD's where it is another
		shows              func() string
	}{
		{"net.inet.icmp.bmcastecho", "net.inet.icmp.bmcastecho", "1", broadcastEcho},
		{"net.inet.icmp.icmplim", "net.inet.icmp.errppslimit", "50", unreachables},
		{"net.inet.ip.ttl", "net.inet.ip.ttl", "99", ttl},
		{"net.inet.tcp.delayed_ack", "net.inet.tcp.delack_ticks", "0", acknowledged},
		{"net.inet.tcp.rfc1323", "net.inet.tcp.rfc1323", "0", options},
		{"net.inet.tcp.rfc3390", "net.inet.tcp.init_win_local", "0", firstSegments},
	} {
		name := q.bsd
		if strings.HasPrefix(n.Ifname(0), "tap") {
			name = q.netbsd
		}
		before := q.shows()
		e := n.SetSysctl(name, q.value)
		out = append(out, fmt.Sprintf("%s=%s e=%d: %s, then %s", name, q.value, e, before, q.shows()))
	}
	n.Step("tuned")
	for _, s := range out {
		n.Note("%s", s)
	}
}
