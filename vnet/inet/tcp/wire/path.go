package wire

import "net/netip"

// A Path is what TCP has to know of the way to a peer.
type Path struct {
	MTU      int  // largest IP packet, in bytes
	OnLink   bool // the peer is on a net of the host
	Loopback bool // the peer is the host
}

// minMSS is the smallest segment that a path is taken to carry, in bytes of data.
const minMSS = 64

// MSS is the largest segment that the path carries to a peer, in bytes of data.
func (p Path) MSS(remote netip.Addr) int { return max(p.MTU-Headers(remote), minMSS) }

// Headers is the length of the IP and TCP headers of a segment to a peer, without options.
func Headers(remote netip.Addr) int {
	if remote.Is6() {
		return 40 + HeaderLen
	}
	return 20 + HeaderLen
}

// LowerMTU is a likely MTU below n (RFC 1191, 7).
func LowerMTU(n int) int {
	for _, p := range [...]int{32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296} {
		if p < n {
			return p
		}
	}
	return 68
}
