package wasm

import (
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// release is the version of each system that a node behaves as: that of its
// drivers' sources.
func release(d kern.Dialect) (system, release string) {
	switch d {
	case kern.DragonFly:
		return "DragonFly", "1.4-RELEASE"
	case kern.NetBSD:
		return "NetBSD", "9.99.82"
	case kern.Linux:
		return "Linux", "6.1.0"
	case kern.FreeBSD:
	}
	return "FreeBSD", "9.1-RELEASE"
}

// uname is uname(3): the system's name, the node's, the release, the version and
// the machine, each ended by a NUL, into a buffer that has room for them all.
func uname(g *guest, a args) uint32 {
	node := g.p.System()
	system, release := release(node.Dialect())
	text := strings.Join([]string{system, node.Name(), release, system + " " + release, "wasm32", ""}, "\x00")
	if a.u32(1) < uint32(len(text)) {
		return negative(errno.ENAMETOOLONG)
	}
	b, ok := g.at(a.u32(0), uint32(len(text)))
	if !ok {
		return negative(errno.EFAULT)
	}
	copy(b, text)
	return 0
}
