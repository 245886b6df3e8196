package pcb

import (
	"net/netip"
	"testing"
)

func at(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// TestTaken: who is in the way of whom, as in_pcbbind has it.
func TestTaken(t *testing.T) {
	cases := []struct {
		name     string
		has, new PCB
		taken    bool
	}{
		{"the same address and port", PCB{LocalAddr: at("10.0.0.1:7"), Device: -1}, PCB{LocalAddr: at("10.0.0.1:7"), Device: -1}, true},
		{"another address", PCB{LocalAddr: at("10.0.0.1:7"), Device: -1}, PCB{LocalAddr: at("10.0.0.2:7"), Device: -1}, false},
		{"any address after one", PCB{LocalAddr: at("10.0.0.1:7"), Device: -1}, PCB{LocalAddr: at("0.0.0.0:7"), Device: -1}, true},
		{"any address after one, with SO_REUSEADDR", PCB{LocalAddr: at("10.0.0.1:7"), Device: -1}, PCB{LocalAddr: at("0.0.0.0:7"), Device: -1, ReuseAddr: true}, false},
		{"the same with SO_REUSEADDR alone", PCB{LocalAddr: at("10.0.0.1:7"), Device: -1, ReuseAddr: true}, PCB{LocalAddr: at("10.0.0.1:7"), Device: -1, ReuseAddr: true}, true},
		{"the same with SO_REUSEPORT of both", PCB{LocalAddr: at("10.0.0.1:7"), Device: -1, ReusePort: true}, PCB{LocalAddr: at("10.0.0.1:7"), Device: -1, ReusePort: true}, false},
		{"of one alone", PCB{LocalAddr: at("10.0.0.1:7"), Device: -1}, PCB{LocalAddr: at("10.0.0.1:7"), Device: -1, ReusePort: true}, true},
		{"another family", PCB{LocalAddr: at("10.0.0.1:7"), Device: -1}, PCB{LocalAddr: at("[::]:7"), Device: -1, V6: true}, false},
		{"bound to another interface", PCB{LocalAddr: at("0.0.0.0:7"), Device: 1}, PCB{LocalAddr: at("0.0.0.0:7"), Device: 2}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var ports Ports
			ports.Put(&c.has)
			if got := ports.Taken(&c.new, c.new.LocalAddr); got != c.taken {
				t.Errorf("taken: %t, want %t", got, c.taken)
			}
		})
	}
}

// TestFind: a connection gets its packets before the socket of the address, and that
// before the socket of any.
func TestFind(t *testing.T) {
	any := &PCB{LocalAddr: at("0.0.0.0:7"), Device: -1}
	one := &PCB{LocalAddr: at("10.0.0.1:7"), Device: -1}
	conn := &PCB{LocalAddr: at("10.0.0.1:7"), RemoteAddr: at("10.0.0.9:1"), Device: -1}
	bound := &PCB{LocalAddr: at("0.0.0.0:8"), Device: 3}
	var ports Ports
	for _, k := range []*PCB{any, one, conn, bound} {
		ports.Put(k)
	}
	cases := []struct {
		name          string
		local, remote string
		nic           int
		want          *PCB
	}{
		{"of the connection", "10.0.0.1:7", "10.0.0.9:1", 1, conn},
		{"from another port of the peer", "10.0.0.1:7", "10.0.0.9:2", 1, one},
		{"to another address", "10.0.0.2:7", "10.0.0.9:1", 1, any},
		{"by the interface that it is bound to", "10.0.0.1:8", "10.0.0.9:1", 3, bound},
		{"by another one", "10.0.0.1:8", "10.0.0.9:1", 1, nil},
		{"to a port that nobody has", "10.0.0.1:9", "10.0.0.9:1", 1, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := ports.Find(at(c.local), at(c.remote), c.nic); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
	ports.Take(conn)
	ports.Take(conn) // a second time changes nothing
	if got := ports.Find(at("10.0.0.1:7"), at("10.0.0.9:1"), 1); got != one {
		t.Errorf("after the connection has gone: %+v, want the socket of the address", got)
	}
}

// TestEphemeral: ports go round, over those that are taken, and end.
func TestEphemeral(t *testing.T) {
	var ports Ports
	free := netip.IPv4Unspecified()
	last := uint16(65534)
	for _, want := range []uint16{65535, 65533, 65534, 0} {
		got := ports.Ephemeral(&PCB{Device: -1}, free, 65533, 65535, last)
		if got != want {
			t.Fatalf("port %d, want %d", got, want)
		}
		if got != 0 {
			ports.Put(&PCB{LocalAddr: netip.AddrPortFrom(free, got), Device: -1})
			last = got
		}
	}
}
