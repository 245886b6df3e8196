package kern

import "wireloom/vnet/inet/dialect"

// A Dialect is which kernel a node behaves as.
type Dialect uint8

// The dialects. FreeBSD is the kernel of FreeBSD 9.1, DragonFly that of the
// years 2005 to 2008 and NetBSD that of 2021. Linux, that of Debian 12, is for plain
// hosts: it has no driver here, and what a program sees of it, numbers and structures, is
// as on FreeBSD, for which programs are compiled. What differs is how it answers on a wire.
const (
	FreeBSD   = Dialect(dialect.FreeBSD)
	DragonFly = Dialect(dialect.DragonFly)
	NetBSD    = Dialect(dialect.NetBSD)
	Linux     = Dialect(dialect.Linux)
)

// Dialects are all dialects.
func Dialects() []Dialect { return []Dialect{FreeBSD, DragonFly, NetBSD, Linux} }

// String is the dialect's name in a scenario: "freebsd", "dragonfly", "netbsd" or "linux".
func (d Dialect) String() string { return dialect.Dialect(d).String() }

// Address families of <sys/socket.h>. AF_INET6 has two numbers: see
// [Dialect.Inet6].
const (
	AF_UNSPEC    = 0
	AF_INET      = 2
	AF_APPLETALK = 16
	AF_LINK      = 18
	AF_IPX       = 23
)

// Inet6 is the number of AF_INET6.
func (d Dialect) Inet6() int {
	if d == NetBSD {
		return 24
	}
	return 28
}

// FamilyName is a family as events and messages show it: "inet", "ipx", or
// "other" for what no kernel here knows.
func (d Dialect) FamilyName(af int) string {
	switch af {
	case AF_UNSPEC:
		return "unspec"
	case AF_INET:
		return "inet"
	case AF_APPLETALK:
		return "appletalk"
	case AF_LINK:
		return "link"
	case AF_IPX:
		return "ipx"
	case d.Inet6():
		return "inet6"
	}
	return "other"
}
