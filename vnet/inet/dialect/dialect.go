// Package dialect names the kernels whose network stacks a node can have.
package dialect

// A Dialect is the kernel that a node's IP stack answers as; vnet/kern has
// its own of these.
type Dialect uint8

// The dialects. FreeBSD is 9.1, DragonFly the sources of 2005 to 2008, NetBSD 7.99
// of 2016. Linux, of the years of 6.x, is for plain hosts: its nodes have no tun and no tap.
const (
	FreeBSD Dialect = iota
	DragonFly
	NetBSD
	Linux
)

// All are the dialects in their order.
var All = [...]Dialect{FreeBSD, DragonFly, NetBSD, Linux}

// String is the dialect's name in a scenario: "freebsd", "dragonfly", "netbsd" or "linux".
func (d Dialect) String() string {
	switch d {
	case FreeBSD:
		return "freebsd"
	case DragonFly:
		return "dragonfly"
	case NetBSD:
		return "netbsd"
	case Linux:
		return "linux"
	}
	return "unknown"
}
