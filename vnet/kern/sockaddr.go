package kern

import "net/netip"

// A Sockaddr is a struct sockaddr as if_output gets it, bytes and all: a tun
// in link-layer mode puts them before the packet.
type Sockaddr struct {
	Len    uint8
	Family uint8
	Data   [26]byte
}

// SockaddrOf is the sockaddr of an address with port 0: 16 bytes for IPv4,
// 28 for IPv6.
func (d Dialect) SockaddrOf(a netip.Addr) Sockaddr {
	if a.Is6() && !a.Is4In6() {
		sa := Sockaddr{Len: 28, Family: uint8(d.Inet6())}
		b := a.As16()
		copy(sa.Data[6:], b[:])
		return sa
	}
	sa := Sockaddr{Len: 16, Family: AF_INET}
	if a.IsValid() {
		b := a.Unmap().As4()
		copy(sa.Data[2:], b[:])
	}
	return sa
}

// Put writes the first Len bytes to p, which has that many.
func (s *Sockaddr) Put(p []byte) {
	p[0], p[1] = s.Len, s.Family
	copy(p[2:], s.Data[:])
}
