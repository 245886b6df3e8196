package situation

import (
	"slices"
	"strings"
	"time"

	"wireloom/internal/kernelconform/peer"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
)

// addressUp sets an address while the interface is up already.
func addressUp(n *peer.Node) {
	n.Up(0)
	n.Wait(20 * time.Second)
	n.Step("address set:")
	n.AddAddress(0, "10.0.0.1/24")
	n.Wait(12 * time.Second)
	n.Show()
}

// moves asks what the node learns of ARP, by where its next datagram goes.
func moves(n *peer.Node) {
	mac := func(last byte) packet.MAC { return packet.MAC{2, 0, 0, 0, 0, last} }
	s := n.Socket(inet.SocketUDP)
	// goes is the last byte of the MAC that a datagram to an address goes to; 0 if it is asked for.
	goes := func(to string) byte {
		n.Step("")
		s.SendTo([]byte("abcd"), to+":9")
		n.Wait(100 * ms)
		for _, x := range n.Seen() {
			if _, ok := udpData(x.Frame); ok {
				return x.Frame[5]
			}
		}
		return 0
	}
	var learned []string
	n.Answers = nil
	for i, a := range []peer.ARP{
		{Op: 1, SHA: mac(0xa0), SPA: peer.Peer, TPA: peer.Peer},
		{Op: 2, SHA: mac(0xa1), SPA: peer.Peer, TPA: peer.Peer, THA: packet.Broadcast},
		{Op: 2, SHA: mac(0xa2), SPA: peer.Peer, TPA: peer.Host, THA: n.MAC},
		{Op: 1, SHA: mac(0xa3), SPA: peer.Peer, TPA: ip("10.0.0.77")},
	} {
		n.Wait(2 * time.Second)
		n.Send(0, a.Frame())
		n.Wait(100 * ms)
		learned = append(learned, map[bool]string{true: "yes", false: "no"}[goes("10.0.0.2") == 0xa0+byte(i)])
	}
	n.Send(0, peer.ARP{Op: 2, SHA: mac(0x50), SPA: ip("10.0.0.50"), TPA: peer.Host, THA: n.MAC}.Frame())
	unknown := "ignored"
	if goes("10.0.0.50") == 0x50 {
		unknown = "entry made"
	}
	answered := func(frames ...[]byte) string {
		var out []string
		for _, f := range frames {
			n.Step("")
			n.Send(0, f)
			n.Wait(pause)
			word := "ignored"
			for _, x := range n.Frames() {
				if x.Proto == "ARP" && x.Get("op") == "2" {
					word = "answered"
				}
			}
			out = append(out, word)
		}
		return strings.Join(out, ", ")
	}
	strange := answered(
		peer.ARP{Op: 1, SHA: mac(0x53), SPA: ip("192.168.1.1"), TPA: peer.Host}.Frame(),
		peer.ARP{Op: 1, SHA: mac(0x54), SPA: ip("0.0.0.0"), TPA: peer.Host}.Frame())
	entry := "no entry"
	if slices.ContainsFunc(n.Neighbours(), func(x inet.Neighbour) bool { return x.Addr == ip("192.168.1.1") || x.Addr == ip("0.0.0.0") }) {
		entry = "entry made"
	}
	said := 0
	var conflict strings.Builder
	for _, target := range []string{"10.0.0.77", "10.0.0.1"} {
		one := answered(peer.ARP{Op: 1, SHA: mac(0x99), SPA: peer.Host, TPA: ip(target)}.Frame())
		said += len(n.Console())
		conflict.WriteString(one + ", ")
	}
	message := "no message"
	if said > 0 {
		message = "kernel message"
	}
	n.Step("moves")
	n.Note("takes effect: %s", strings.Join(learned, " "))
	n.Note("unknown: %s", unknown)
	n.Note("off-net, probe: %s; %s", strange, entry)
	n.Note("conflict: %s; %s", strings.TrimSuffix(conflict.String(), ", "), message)
}

// overlaps sends fragments that overlap, none below 68 bytes: both kernels take those.
func overlaps(n *peer.Node) {
	s := n.Bound(7000)
	whole := peer.UDP(peer.Peer, peer.Host, 1111, 7000, make([]byte, 312))
	whole[6], whole[7] = 0, 0
	letters := func(c byte, size int) []byte {
		b := make([]byte, size)
		for i := range b {
			b[i] = c
		}
		return b
	}
	// The datagram is 320 bytes: a header, and then As to 120, Bs to 240, Cs.
	copy(whole[8:], letters('A', 112))
	copy(whole[120:], letters('B', 120))
	copy(whole[240:], letters('C', 80))
	type piece struct {
		off int
		b   []byte
	}
	put := func(id uint16, all ...piece) string {
		for _, p := range all {
			n.IP(0, peer.IP{ID: id, Proto: udp, MF: p.off+len(p.b) < len(whole), Off: p.off, Payload: p.b})
		}
		n.Wait(pause)
		r := s.Take(1000)
		if !r.Done || len(r.Data) != 312 {
			n.Forget(r)
			return ""
		}
		return string(r.Data)
	}
	verdict := func(data string, words map[string]string, at int) string {
		if data == "" {
			return "nothing"
		}
		return words[data[at-8:at-7]]
	}
	wins := map[string]string{"B": "earlier data wins", "X": "later wins"}
	headed := append(slices.Clone(whole[:8]), letters('X', 152)...)
	tail := put(1, piece{0, whole[:160]}, piece{120, letters('X', 120)}, piece{240, whole[240:]})
	front := put(2, piece{120, whole[120:240]}, piece{0, headed}, piece{240, whole[240:]})
	inside := put(3, piece{0, whole[:240]}, piece{80, letters('X', 80)}, piece{240, whole[240:]})
	cover := put(4, piece{120, letters('Y', 40)}, piece{80, whole[80:240]}, piece{0, whole[:80]}, piece{240, whole[240:]})
	n.Step("overlaps")
	n.Note("merged: %s, %s, %s, %s", verdict(tail, wins, 130), verdict(front, wins, 130),
		verdict(inside, map[string]string{"A": "dropped", "X": "kept"}, 90), verdict(cover, map[string]string{"B": "replaced", "Y": "kept"}, 130))
}
