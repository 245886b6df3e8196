package userland_test

import (
	"testing"

	"wireloom/vnet/config"
	"wireloom/vnet/kern"
)

// A router advertises when it is told, and a host that asks has an address and a way out.
func TestRouterAdvertisement(t *testing.T) {
	for _, dialect := range []kern.Dialect{kern.FreeBSD, kern.NetBSD, kern.DragonFly} {
		t.Run(dialect.String(), func(t *testing.T) {
			b := netBench(t, "alice", []config.Node{
				{Name: "alice", Dialect: dialect, NICs: nics("10.0.0.2/24")},
				{Name: "r", Dialect: dialect, Forward: true, NICs: nics("fd01::1/64", "fd02::1/64")},
				{Name: "bob", Dialect: dialect, NICs: nics("fd02::2/64"), Routes: []config.Route{via("::/0", "fd02::1")}},
			}, []config.Link{cable("alice:em0", "r:em0"), cable("r:em1", "bob:em0")}, nil)
			b.want("sleep 5", 0, "")
			b.want("rtsol em0", 1, "rtsol: kernel is configured not to accept RAs\n")
			b.want("sysctl net.inet6.ip6.accept_rtadv=1", 0, "net.inet6.ip6.accept_rtadv: 0 -> 1\n")
			b.want("rtadvd em0", 1, "rtadvd: IPv6 forwarding is disabled: sysctl net.inet6.ip6.forwarding=1\n")
			b.want("rtsol", 1, "usage: rtsol interface ...\n")
			b.want("rtsol em7", 1, "rtsol: em7: Device not configured\n")
			b.on("r").want("rtadvd em0", 0, "")
			b.want("rtadvctl", 1, "usage: rtadvctl enable | disable interface ...\n")
			b.on("alice").want("rtsol em0", 0, "")
			b.want("sleep 3", 0, "")
			b.contains("ifconfig em0", "inet6 fd01::")
			b.contains("ping6 -c 1 fd02::2", "64 bytes from fd02::2, icmp_seq=0 hlim=63")
			b.on("r").want("rtadvctl disable em0", 0, "")
			b.want("sleep 1", 0, "")
			b.on("alice").contains("ping6 -c 1 fd02::2", "No route to host")
		})
	}
}
