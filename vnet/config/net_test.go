package config

import (
	"net/netip"
	"strings"
	"testing"

	"wireloom/vnet/inet"
)

// TestCheckNet has what a configuration may say wrong about addresses and routes.
func TestCheckNet(t *testing.T) {
	pre := netip.MustParsePrefix
	addr := netip.MustParseAddr
	em0 := []NIC{{Name: "em0", Addresses: []netip.Prefix{pre("10.0.0.1/24")}}}
	tun := func(d Device) Node {
		d.Name = "tun0"
		return Node{Name: "n", NICs: em0, Devices: []Device{d}}
	}
	route := func(r ...Route) Node { return Node{Name: "n", NICs: em0, Routes: r} }
	ok := Device{Addresses: []netip.Prefix{pre("10.8.0.1/32")}, Peer: addr("10.8.0.2")}
	var many []Route
	for i := range inet.MaxRoutes + 1 {
		many = append(many, Route{To: netip.PrefixFrom(netip.AddrFrom4([4]byte{11, byte(i >> 8), byte(i), 0}), 24), Via: addr("10.0.0.2")})
	}
	var crowd []netip.Prefix
	for i := range inet.MaxAddresses + 1 {
		crowd = append(crowd, netip.PrefixFrom(netip.AddrFrom4([4]byte{11, 0, byte(i), 1}), 24))
	}
	for _, c := range []struct {
		name string
		node Node
		want string // "" for nothing wrong
	}{
		{"a router", Node{Name: "n", NICs: em0, Forward: true, Routes: []Route{{To: pre("0.0.0.0/0"), Via: addr("10.0.0.2")}}}, ""},
		{"a tun with its peer", tun(ok), ""},
		{"a tun of IPv6", tun(Device{Addresses: []netip.Prefix{pre("fd00::1/64")}}), ""},
		{"a route by a tun", Node{Name: "n", Devices: []Device{{Name: "tun0", Addresses: ok.Addresses, Peer: ok.Peer}}, Routes: []Route{{To: pre("10.9.0.0/16"), Dev: "tun0"}}}, ""},
		{"an address twice", Node{Name: "n", NICs: append([]NIC{{Name: "em1", Addresses: em0[0].Addresses}}, em0...)}, `"em0": the node has the address 10.0.0.1 already, on em1`},
		{"a group address", Node{Name: "n", NICs: []NIC{{Name: "em0", Addresses: []netip.Prefix{pre("224.0.0.1/4")}}}}, "not an address that a host can have"},
		{"loopback", Node{Name: "n", NICs: []NIC{{Name: "em0", Addresses: []netip.Prefix{pre("127.0.0.1/8")}}}}, "not an address that a host can have"},
		{"too many addresses", Node{Name: "n", NICs: []NIC{{Name: "em0", Addresses: crowd}}}, "it has 65 addresses, at most 64"},
		{"a tun without peer", tun(Device{Addresses: ok.Addresses}), "its address needs a peer"},
		{"a tun with two addresses", tun(Device{Addresses: append([]netip.Prefix{pre("10.8.1.1/32")}, ok.Addresses...), Peer: ok.Peer}), "one address and its peer"},
		{"a peer alone", tun(Device{Peer: ok.Peer}), "a peer needs an address"},
		{"a peer of the other family", tun(Device{Addresses: ok.Addresses, Peer: addr("fd00::1")}), "a peer needs an address of the same family"},
		{"a peer that is itself", tun(Device{Addresses: ok.Addresses, Peer: addr("10.8.0.1")}), "are the same"},
		{"a peer that is a group", tun(Device{Addresses: ok.Addresses, Peer: addr("224.0.0.1")}), "not an address that a peer can have"},
		{"an address and down", tun(Device{Addresses: ok.Addresses, Peer: ok.Peer, Down: true}), "an address brings it up"},
		{"a tap with a peer", Node{Name: "n", Devices: []Device{{Name: "tap0", Addresses: ok.Addresses, Peer: ok.Peer}}}, "a peer is for a tun"},
		{"a tap on a link", Node{Name: "linked", Devices: []Device{{Name: "tap0", Addresses: []netip.Prefix{pre("10.0.0.1/24")}}}}, "it is plugged into a link"},
		{"a route nowhere", route(Route{To: pre("10.1.0.0/16")}), "neither via which gateway nor by which interface"},
		{"a route with bits beyond", route(Route{To: pre("10.1.0.1/16"), Via: addr("10.0.0.2")}), "the network is 10.1.0.0/16"},
		{"a route twice", route(Route{To: pre("10.1.0.0/16"), Via: addr("10.0.0.2")}, Route{To: pre("10.1.0.0/16"), Via: addr("10.0.0.3")}), "is there twice"},
		{"a gateway out of reach", route(Route{To: pre("10.1.0.0/16"), Via: addr("10.2.0.2")}), "the gateway 10.2.0.2 is on no network"},
		{"a gateway of the other family", route(Route{To: pre("10.1.0.0/16"), Via: addr("fd00::1")}), "is of the other address family"},
		{"itself as gateway", route(Route{To: pre("10.1.0.0/16"), Via: addr("10.0.0.1")}), "is the node's own address"},
		{"no such interface", route(Route{To: pre("10.1.0.0/16"), Dev: "tun9"}), `no interface "tun9"`},
		{"no network", route(Route{Via: addr("10.0.0.2")}), "which is no network"},
		{"too many routes", route(many...), "it has 257 routes, at most 256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := Lab{Nodes: []Node{c.node}, Switches: []Switch{{Name: "s1", Ports: 1}}}
			if c.node.Name == "linked" {
				conf.Links = []Link{{A: "linked:tap0", B: "s1.1"}}
			}
			err := conf.Check()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
