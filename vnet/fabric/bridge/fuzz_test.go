package bridge

import (
	"testing"
	"time"

	"wireloom/vnet/packet"
)

// Any frames, into any port, in any configuration: no frame goes back where it came
// from, out of a port that is not a member, or out twice; tables keep their limits.
func FuzzReceive(f *testing.F) {
	f.Add([]byte{0}, []byte("\x01\x00\x5e\x01\x02\x03\x02\x00\x00\x00\x00\xbb\x08\x00\x46\xc0\x00\x20"))
	f.Add([]byte{7, 9, 40}, append(make([]byte, 12), 0x81, 0, 0xf0, 10, 0x81, 0, 0, 20, 8, 0))
	f.Fuzz(func(t *testing.T, how, data []byte) {
		at := func(i int) byte {
			if i < len(how) {
				return how[i]
			}
			return 0
		}
		c := Config{
			Dialect: Dialect(at(0) & 1), Filtering: at(0)&2 != 0, Snooping: at(0)&4 != 0, Querier: at(0)&8 != 0, STP: at(0)&16 != 0,
			Shared: at(0)&32 != 0, MaxMACs: 5, MAC: mac(99), Ports: make([]PortConfig, 4),
		}
		if at(0)&64 != 0 {
			c.TPID = TPID8021AD
		}
		for i := range c.Ports {
			for vid := range uint16(3) {
				if at(1)>>(uint16(i)*2+vid)&1 != 0 {
					c.Ports[i].VLANs = append(c.Ports[i].VLANs, VLAN{VID: 10 * (vid + 1), PVID: vid == 0, Untagged: at(2)>>vid&1 != 0})
				}
			}
			c.Ports[i].Storm, c.Ports[i].MTU = int(at(3)), 1500
		}
		b := New(c)
		for i := range c.Ports {
			b.SetPort(0, i, true)
		}
		now := time.Duration(0)
		for n := 0; len(data) > 0; n++ {
			size := min(len(data), 1+int(data[0])%90)
			frame := data[:size]
			data = data[size:]
			now += time.Duration(at(n)) * time.Second
			in := n % len(c.Ports)
			seen := map[int]bool{}
			for _, a := range b.Receive(now, in, frame) {
				if a.Kind != Send {
					continue
				}
				if a.Port == in || seen[a.Port] {
					t.Fatalf("a frame from port %d leaves by port %d, again: %v", in, a.Port, seen[a.Port])
				}
				seen[a.Port] = true
				if c.Filtering && !member(b, a.Port, a.VLAN) {
					t.Fatalf("a frame of VLAN %d leaves by port %d, which has %v", a.VLAN, a.Port, b.VLANs(a.Port))
				}
			}
			count := map[uint16]int{}
			for _, e := range b.Table() {
				if count[e.VLAN]++; count[e.VLAN] > c.MaxMACs {
					t.Fatalf("VLAN %d has %d addresses", e.VLAN, count[e.VLAN])
				}
			}
			b.Tick(now)
		}
	})
}

func member(b *Bridge, port int, vlan uint16) bool {
	for _, v := range b.VLANs(port) {
		if v.VID == vlan {
			return true
		}
	}
	return false
}

// What the standard's switch does otherwise than Linux's, a row each; docs name them.
func TestDialects(t *testing.T) {
	bpdus := packet.MAC{1, 0x80, 0xc2, 0, 0, 0}
	lldp := packet.MAC{1, 0x80, 0xc2, 0, 0, 0x0e}
	for _, tc := range []struct {
		name            string
		dst             packet.MAC
		standard, linux string
	}{
		{"a BPDU where no spanning tree runs", bpdus, "learn 1 at 0; drop reserved", "learn 1 at 0; send 1"},
		{"a link-local frame, no difference", lldp, "learn 1 at 0; drop reserved", "learn 1 at 0; drop reserved"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for d, want := range []string{tc.standard, tc.linux} {
				b := New(Config{Dialect: Dialect(d), Ports: make([]PortConfig, 2)})
				b.SetPort(0, 0, true)
				b.SetPort(0, 1, true)
				if got := words(b.Receive(0, 0, frame(tc.dst, mac(1)))); got != want {
					t.Errorf("dialect %d: got %q, want %q", d, got, want)
				}
			}
		})
	}
	t.Run("a static entry whose address speaks elsewhere", func(t *testing.T) {
		for d, want := range []int{1, 0} {
			b := New(Config{Dialect: Dialect(d), Ports: make([]PortConfig, 3)})
			for i := range 3 {
				b.SetPort(0, i, true)
			}
			if err := b.AddStatic(0, 1, mac(1), 0); err != nil {
				t.Fatal(err)
			}
			b.Receive(0, 0, frame(mac(2), mac(1)))
			if e := b.Table()[0]; e.Port != want || !e.Static {
				t.Errorf("dialect %d: it is at port %d, want %d", d, e.Port, want)
			}
		}
	})
}
