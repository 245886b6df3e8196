package product

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wireloom/internal/pcap"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric/netem"
	"wireloom/vnet/kern"
)

// capturing captures a lab at points, until the function is called that it returns, which
// returns the file.
func capturing(t *testing.T, lab *vnet.Lab, names ...string) (file func() string) {
	t.Helper()
	points, err := pcap.FindPoints(names, lab.Ends())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	c, err := pcap.New(&b, pcap.Config{Points: points})
	if err != nil {
		t.Fatal(err)
	}
	lab.Log().Subscribe(func(e *event.Event) {
		if !lab.Passes(e) {
			return
		}
		if err := c.Event(e); err != nil {
			t.Error(err)
		}
	})
	return sync.OnceValue(func() string {
		if err := c.Close(lab.Now()); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "lab.pcapng")
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	})
}

// tshark returns fields of the frames of a capture that a display filter takes, a line for
// each. It fails the test where one of them is malformed.
func tshark(t *testing.T, file, filter string, fields ...string) []string {
	t.Helper()
	args := []string{"-n", "-r", file, "-Y", filter, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-T", "fields"}
	bad := []string{"_ws.malformed", "ip.checksum.status", "tcp.checksum.status", "icmp.checksum.status"}
	for _, f := range slices.Concat(fields, bad) {
		args = append(args, "-e", f)
	}
	out, err := exec.CommandContext(t.Context(), "tshark", args...).Output()
	if err != nil {
		t.Fatalf("tshark, which this test needs (apt-get install tshark): %v", err)
	}
	var lines []string
	for l := range strings.Lines(string(out)) {
		got := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		if tail := got[len(fields):]; tail[0] != "" || slices.Contains(tail, "0") {
			t.Errorf("tshark finds a bad frame: %q", l)
		}
		lines = append(lines, strings.TrimRight(strings.Join(got[:len(fields)], " "), " "))
	}
	return lines
}

// fabric is a lab with all that puts something into frames: a trunk with tags between two
// switches, a spanning tree, a mirror, a link that loses, and a port that leads nowhere.
func fabricLab(t *testing.T) *vnet.Lab {
	t.Helper()
	host := func(name, addr string) config.Node {
		return config.Node{Name: name, Dialect: kern.FreeBSD, NICs: []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.MustParsePrefix(addr)}}}}
	}
	access := func(port int, vlan uint16) config.Port {
		return config.Port{Port: port, VLAN: &config.PortVLAN{Access: vlan}, Edge: true}
	}
	trunk := func(port int) config.Port {
		return config.Port{Port: port, VLAN: &config.PortVLAN{Native: 1, Trunk: []uint16{10, 20}}}
	}
	mirrored := access(1, 10)
	mirrored.Mirror = &config.PortMirror{To: 4, In: true, Out: true}
	lab, err := vnet.New(config.Lab{
		Name: "fabric", Seed: 1,
		Nodes: []config.Node{host("alice", "10.0.0.1/24"), host("bob", "10.0.0.2/24"), host("eve", "10.0.0.3/24"), host("mon", "10.9.9.9/24")},
		Switches: []config.Switch{
			{Name: "s1", Ports: 5, Tree: &config.Tree{Mode: "rstp"}, Set: []config.Port{mirrored, trunk(2), trunk(3), {Port: 4, Edge: true}}},
			{Name: "s2", Ports: 4, Tree: &config.Tree{Mode: "stp"}, Set: []config.Port{access(1, 10), trunk(2), trunk(3), access(4, 20)}},
		},
		Links: []config.Link{
			{A: "alice:em0", B: "s1.1", Delay: time.Millisecond},
			{A: "bob:em0", B: "s2.1", Delay: time.Millisecond, BtoA: netem.Words{"loss 30%"}},
			{A: "eve:em0", B: "s2.4", Delay: time.Millisecond},
			{A: "mon:em0", B: "s1.4", Delay: time.Millisecond},
			{A: "s1.2", B: "s2.2", Delay: time.Millisecond},
			{A: "s1.3", B: "s2.3", Delay: time.Millisecond},
		},
	}, Runtime())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	return lab
}

// tshark finds in captures of the fabric what the lab's log has: which points, which way,
// tags, BPDUs, what was lost and why; and nothing malformed.
func TestCapturesOfTheFabric(t *testing.T) {
	points := map[string][]string{
		"the whole lab": {"all"}, "ends": {"alice:em0", "s1.1", "s2.1"}, "a trunk": {"s1.2-s2.2"}, "a mirror": {"s1.4"}, "a switch": {"s2"},
	}
	lab := fabricLab(t)
	files := map[string]func() string{}
	for what, names := range points {
		files[what] = capturing(t, lab, names...)
	}
	drops := map[string]int{} // by port
	lab.Log().Subscribe(func(e *event.Event) {
		if lab.Passes(e) && e.Kind == event.Drop {
			drops[e.Port]++
		}
	})
	lab.Start()
	lab.Run(60*time.Second, vnet.NoLimit) // until the trees have settled
	for i, node := range []string{"alice", "bob", "eve"} {
		if _, err := lab.Do(vnet.Exec{Node: node, Line: fmt.Sprintf("ping -c 20 10.0.0.%d", 2-i%2)}); err != nil {
			t.Fatal(err)
		}
	}
	lab.Run(90*time.Second, vnet.NoLimit)
	read := func(what, filter string, fields ...string) []string {
		return tshark(t, files[what](), filter, fields...)
	}

	whole := read("the whole lab", "", "frame.interface_name", "frame.packet_flags_direction", "frame.protocols", "vlan.id", "frame.comment")
	count := func(lines []string, parts ...string) (n int) {
		for _, l := range lines {
			if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(l, p) }) {
				n++
			}
		}
		return n
	}
	for _, want := range []struct {
		what  string
		parts []string
		least int
	}{
		{"requests of alice", []string{"alice:em0 0x00000002", "icmp"}, 20},
		{"what has a tag on the trunk", []string{"s1.2 0x00000002", "vlan", "10"}, 10},
		{"BPDUs", []string{"s1.2 0x00000002", "stp"}, 20},
		{"what the mirror sends", []string{"s1.4 0x00000002", "icmp"}, 20},
		{"what the link lost", []string{"s2.1 0x00000002", "icmp", "dropped (loss): lost by chance on the link (netem loss)"}, 2},
	} {
		if n := count(whole, want.parts...); n < want.least {
			t.Errorf("the whole lab has %d of %s, want %d or more", n, want.what, want.least)
		}
	}
	lost := 0
	for _, n := range drops {
		lost += n
	}
	if n := count(whole, "dropped ("); n != lost || lost == 0 {
		t.Errorf("%d frames have been lost, and %d say why", lost, n)
	}

	ends := read("ends", "icmp", "frame.interface_name", "frame.packet_flags_direction", "frame.time_epoch", "frame.packet_id", "icmp.seq", "icmp.type")
	if len(ends) == 0 || count(ends, "alice:em0 0x00000002") != count(ends, "s1.1 0x00000001") || count(ends, "s1.1 0x00000002") != count(ends, "alice:em0 0x00000001") {
		t.Errorf("what one end of a link sends is not what comes in by the other:\n%s", strings.Join(ends, "\n"))
	}
	// What leaves alice arrives a millisecond later, and is the same frame.
	var out, in string
	for _, l := range ends {
		switch f := strings.Fields(l); {
		case out == "" && f[0] == "alice:em0" && f[1] == "0x00000002":
			out = f[2] + " " + f[3]
		case in == "" && f[0] == "s1.1" && f[1] == "0x00000001":
			in = f[2] + " " + f[3]
		}
	}
	var sent, came float64
	var id, same uint64
	if _, err := fmt.Sscan(out, &sent, &id); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(in, &came, &same); err != nil {
		t.Fatal(err)
	}
	if d := came - sent; d < 0.0009999 || d > 0.0010001 || id != same || id == 0 {
		t.Errorf("frame %d leaves alice at %v, and %d arrives at %v", id, sent, same, came)
	}
	trunk := read("a trunk", "", "frame.interface_name", "frame.packet_flags_direction", "frame.protocols")
	if count(trunk, "s1.2-s2.2 0x00000001") == 0 || count(trunk, "s1.2-s2.2 0x00000002") == 0 || count(trunk, "s1.2-s2.2") != len(trunk) {
		t.Errorf("the trunk has frames both ways, of one interface: %q", trunk[:min(len(trunk), 9)])
	}
	if mirror := read("a mirror", "icmp.type == 8 && frame.packet_flags_direction == 2", "icmp.seq"); len(mirror) < 20 {
		t.Errorf("the mirror has %d requests", len(mirror))
	}
	if s2 := read("a switch", "vlan", "frame.interface_name"); count(s2, "s2.2") == 0 || count(s2, "s2.1") > 0 {
		t.Errorf("tags are on the trunk alone: %q", s2[:min(len(s2), 9)])
	}
	stats, err := exec.CommandContext(t.Context(), "tshark", "-r", files["ends"](), "-X", "read_format:MIME Files Format", "-T", "fields",
		"-e", "pcapng.options.option.data.interface.received", "-e", "pcapng.options.option.data.interface.dropped").Output()
	if want := fmt.Sprintf("\t%d,%d,%d\n", drops["alice:em0"], drops["s1.1"], drops["s2.1"]); err != nil || drops["s2.1"] == 0 || !strings.HasSuffix(string(stats), want) {
		t.Errorf("tshark reads of what was lost %q, %v; want %q", stats, err, want)
	}
}
