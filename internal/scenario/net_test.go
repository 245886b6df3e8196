package scenario

import (
	"fmt"
	"strings"
	"testing"
)

const routed = `scenario: routed
nodes:
  gw:
    nics:
      em0: {address: 10.0.0.1/24}
    devices:
      tun0: {address: 10.8.0.1, peer: 10.8.0.2}
    routes:
      - {to: default, via: 10.0.0.2}
      - {to: 10.9.0.0/16, via: 10.8.0.2}
      - {to: 10.10.0.0/16, dev: tun0}
    forward: true
  host:
    dialect: netbsd
    devices:
      tap0: {address: 10.1.0.1/24, addresses: ["fd00::1/64"]}
    routes: [{to: default, via: "fd00::2"}]
`

func TestAddressesAndRoutes(t *testing.T) {
	sc, err := Parse("f", []byte(routed))
	if err != nil {
		t.Fatal(err)
	}
	nodes := sc.Config(nil).Nodes
	gw, host := nodes[0], nodes[1]
	got := fmt.Sprint(gw.Devices[0].Addresses, gw.Devices[0].Peer, gw.Routes, gw.Forward, host.Devices[0].Addresses, host.Routes, host.Forward)
	want := "[10.8.0.1/32]10.8.0.2[{0.0.0.0/0 10.0.0.2 } {10.9.0.0/16 10.8.0.2 } {10.10.0.0/16 invalid IP tun0}]true [10.1.0.1/24 fd00::1/64] [{::/0 fd00::2 }] false"
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, tc := range []struct{ name, old, new, want string }{
		{"no network", "10.9.0.0/16", "10.9.0.0", `to is "10.9.0.0", want a network, such as 10.1.0.0/16, or default`},
		{"a gateway with a length", "via: 10.0.0.2", "via: 10.0.0.2/24", `via is "10.0.0.2/24", want an IP address`},
		{"a gateway out of reach", "via: 10.0.0.2", "via: 10.4.0.2", "the gateway 10.4.0.2 is on no network"},
		{"a tun without peer", ", peer: 10.8.0.2", "", "its address needs a peer"},
		{"no address", "address: 10.8.0.1,", "address: here,", `address is "here", want an address, such as 10.8.0.1, or with its prefix length`},
		{"a route without an end", "{to: 10.10.0.0/16, dev: tun0}", "{via: 10.0.0.2}", `lacks "to"`},
		{"forward what", "forward: true", "forward: 7", "true or false"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("f", []byte(strings.Replace(routed, tc.old, tc.new, 1)))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v\nwant %q in it", err, tc.want)
			}
		})
	}
}
