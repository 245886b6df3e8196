package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/packet"
)

// A mistake says where it is, so that nobody reads its sentence for that.
func TestMistakesHaveAPlace(t *testing.T) {
	prefix := netip.MustParsePrefix
	for _, c := range []struct {
		name string
		c    Lab
		path string
		say  string
	}{
		{"a node's name", Lab{Nodes: []Node{{Name: "Alice"}}}, "nodes Alice", "lower-case"},
		{"a switch that a node is called as", Lab{Nodes: []Node{{Name: "a"}}, Switches: []Switch{{Name: "a", Ports: 2}}}, "switches a", "has this name"},
		{"too many ports", Lab{Switches: []Switch{{Name: "s1", Ports: MaxPorts + 1}}}, "switches s1", "1025 ports"},
		{"an interface's name", Lab{Nodes: []Node{{Name: "a", NICs: []NIC{{Name: "em"}}}}}, "nodes a nics em", "unit number"},
		{"a group as address", Lab{Nodes: []Node{{Name: "a", Devices: []Device{{Name: "tap0", MAC: packet.Broadcast}}}}}, "nodes a devices tap0", "group address"},
		{"a program twice", Lab{Nodes: []Node{{Name: "a", Programs: []Program{{Name: "p"}, {Name: "p"}}}}}, "nodes a programs p", "no two"},
		{"a file in /dev", Lab{Nodes: []Node{{Name: "a", Files: map[string][]byte{"/dev/x": nil}}}}, "nodes a files", "/dev"},
		{"no address of a host", Lab{Nodes: []Node{{Name: "a", NICs: []NIC{{Name: "em0", Addresses: []netip.Prefix{prefix("224.0.0.1/4")}}}}}}, "nodes a nics em0", "that a host can have"},
		{"a tun without a peer", Lab{Nodes: []Node{{Name: "a", Devices: []Device{{Name: "tun0", Addresses: []netip.Prefix{prefix("10.0.0.1/24")}}}}}}, "nodes a devices tun0", "needs a peer"},
		{"a route to nowhere", Lab{Nodes: []Node{{Name: "a", Routes: []Route{{To: prefix("10.0.0.0/8")}}}}}, "nodes a routes 10.0.0.0/8", "neither via"},
		{"a link to nothing", Lab{Switches: []Switch{{Name: "s1", Ports: 1}}, Links: []Link{{A: "s1.1", B: "x:em0"}}}, "links x:em0", `no "x:em0"`},
		{"a delay of a year", Lab{Switches: []Switch{{Name: "s1", Ports: 2}}, Links: []Link{{A: "s1.1", B: "s1.2", Delay: 9000 * time.Hour}}}, "links s1.1", "the delay"},
		{"an impairment that nobody knows", Lab{Switches: []Switch{{Name: "s1", Ports: 2}}, Links: []Link{{A: "s1.1", B: "s1.2", BtoA: []string{"slow"}}}}, "links s1.1", "there is no word"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.c.Check()
			if len(got) != 1 || strings.Join(got[0].Path, " ") != c.path || !strings.Contains(got[0].Say, c.say) {
				t.Errorf("got %q, want one at %q that says %q", got, c.path, c.say)
			}
		})
	}
	if m := (&Lab{}).Check(); m.Err() != nil {
		t.Errorf("an empty lab has the mistakes %q", m)
	}
}
