package userland_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"wireloom/vnet/config"
	"wireloom/vnet/inet"
)

func TestStatusShowsTheNetwork(t *testing.T) {
	pre := netip.MustParsePrefix
	b := netBench(t, "r", []config.Node{{
		Name:    "r",
		NICs:    []config.NIC{{Name: "em0", Addresses: []netip.Prefix{pre("10.0.0.1/24")}}},
		Devices: []config.Device{{Name: "tun0", Addresses: []netip.Prefix{pre("10.8.0.1/32")}, Peer: netip.MustParseAddr("10.8.0.2")}},
		Routes:  []config.Route{{To: pre("10.9.0.0/16"), Via: netip.MustParseAddr("10.8.0.2")}},
		Forward: true,
	}, {Name: "h"}}, nil, nil)
	_, before := b.Log().Bounds()
	s := b.Status()
	if _, after := b.Log().Bounds(); after != before {
		t.Errorf("to look at the lab made %d events, want none", after-before)
	}
	var got []string
	for _, i := range s.Ifaces {
		got = append(got, fmt.Sprint(i.Port, " ", i.Kind, " ", strings.Join(i.Addresses, ", ")))
	}
	want := []string{"r:em0 nic 10.0.0.1/24", "r:tun0 tun 10.8.0.1 --> 10.8.0.2"}
	if !slices.Equal(got, want) {
		t.Errorf("interfaces: got %q, want %q", got, want)
	}
	if len(s.Nodes) != 2 || !s.Nodes[0].Forward4 || !s.Nodes[0].Forward6 || s.Nodes[1].Forward4 || len(s.Nodes[1].Routes) != 0 {
		t.Fatalf("nodes: got %+v", s.Nodes)
	}
	if !slices.ContainsFunc(s.Nodes[0].Routes, func(r inet.Route) bool {
		return r.To == pre("10.9.0.0/16") && r.Dev == "tun0" && r.Flags == "UGS"
	}) {
		t.Errorf("routes: got %v, want the one that the configuration has", s.Nodes[0].Routes)
	}
}
