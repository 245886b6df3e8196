package bridge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/packet"
)

func mac(n byte) packet.MAC { return packet.MAC{2, 0, 0, 0, 0, n} }

func frame(dst, src packet.MAC) []byte {
	return append(packet.AppendEthernet(nil, dst, src, 0x88b5), make([]byte, 46)...)
}

// words are acts in words, as a person would tell them.
func words(acts []Act) string {
	var out []string
	for _, a := range acts {
		switch a.Kind {
		case Send:
			out = append(out, fmt.Sprintf("send %d", a.Port))
		case Drop:
			out = append(out, "drop "+string(a.Why))
		case Learn:
			out = append(out, fmt.Sprintf("learn %v at %d", a.MAC[5], a.Port))
		case Forget:
			out = append(out, fmt.Sprintf("forget %v at %d, %s", a.MAC[5], a.Port, a.Why))
		case Full:
			out = append(out, "full")
		case BPDU:
			out = append(out, "bpdu")
		case Copy:
			out = append(out, fmt.Sprintf("copy %d", a.Port))
		}
	}
	return strings.Join(out, "; ")
}

// A transcript is what a switch of four ports, the last of them without a link, does
// one thing after the other.
func TestTranscript(t *testing.T) {
	group := packet.MAC{1, 0, 0x5e, 0, 0, 1}
	b := plain(4)
	for i := range 3 {
		if acts := b.SetPort(0, i, true); len(acts) > 0 {
			t.Fatalf("a port that comes up does %q", words(acts))
		}
	}
	at := func(s time.Duration) time.Duration { return s * time.Second }
	step := func(name string, acts []Act, want string) {
		t.Helper()
		if got := words(acts); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	step("a frame to an unknown address is flooded, but neither back nor where nothing is", b.Receive(at(0), 0, frame(mac(2), mac(1))), "learn 1 at 0; send 1; send 2")
	step("the answer goes to its port alone", b.Receive(at(1), 1, frame(mac(1), mac(2))), "learn 2 at 1; send 0")
	step("a broadcast is flooded", b.Receive(at(2), 0, frame(packet.Broadcast, mac(1))), "send 1; send 2")
	step("a group is flooded", b.Receive(at(3), 0, frame(group, mac(1))), "send 1; send 2")
	step("and is nobody's source", b.Receive(at(3), 0, frame(group, group)), "drop bad-source")
	step("nor is nobody", b.Receive(at(3), 0, frame(mac(2), packet.MAC{})), "drop bad-source")
	step("an address moves with its frame", b.Receive(at(4), 2, frame(mac(2), mac(1))), "forget 1 at 0, moved; learn 1 at 2; send 1")
	step("what is behind the same port stays there", b.Receive(at(5), 2, frame(mac(1), mac(3))), "learn 3 at 2; drop same-port")
	step("a frame for bridges goes no further", b.Receive(at(6), 1, frame(packet.MAC{1, 0x80, 0xc2, 0, 0, 0x0f}, mac(2))), "drop reserved")
	step("its neighbour is an ordinary group", b.Receive(at(7), 1, frame(packet.MAC{1, 0x80, 0xc2, 0, 0, 0x10}, mac(2))), "send 0; send 2")
	step("a frame that ends in its header", b.Receive(at(8), 1, make([]byte, 13)), "drop too-short")
	step("a port that goes down takes its addresses with it, in order", b.SetPort(at(8), 2, false), "forget 1 at 2, port-down; forget 3 at 2, port-down")
	step("and is flooded to no more", b.Receive(at(9), 1, frame(mac(1), mac(2))), "send 0")
	step("it goes down once", b.SetPort(at(8), 2, false), "")
	b.SetPort(at(9), 0, false)
	step("the last port has nowhere to send to", b.Receive(at(10), 1, frame(mac(1), mac(2))), "drop nowhere")
	acts, next := b.Tick(at(10) + Ageing - 1)
	step("an address that was heard is remembered", acts, "")
	if want := at(10) + Ageing; next != want {
		t.Errorf("the next tick is at %v, want %v", next, want)
	}
	acts, next = b.Tick(next)
	step("and ages out", acts, "forget 2 at 1, aged")
	if next >= 0 {
		t.Errorf("an empty table wants a tick at %v", next)
	}
}

// A table that is full says so once, and again after it had room.
func TestFull(t *testing.T) {
	b := plain(2)
	b.SetPort(0, 0, true)
	b.SetPort(0, 1, true)
	from := func(i int) packet.MAC { return packet.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)} }
	said := 0
	hear := func(n int) {
		for i := range n {
			for _, a := range b.Receive(0, 0, frame(packet.Broadcast, from(i))) {
				if a.Kind == Full {
					said++
				}
			}
		}
	}
	hear(MaxMACs + 3)
	if got := len(b.Table()); got != MaxMACs || said != 1 {
		t.Errorf("the table holds %d addresses and said %d times that it is full, want %d and once", got, said, MaxMACs)
	}
	if _, next := b.Tick(Ageing); next >= 0 || len(b.Table()) != 0 {
		t.Errorf("after its time it holds %d addresses", len(b.Table()))
	}
	hear(MaxMACs + 1)
	if said != 2 {
		t.Errorf("it was full again and said so %d times in all, want 2", said)
	}
}

// A switch decides about a frame without an allocation once it knows the addresses.
func TestReceiveAllocatesNothing(t *testing.T) {
	b := plain(3)
	for i := range 3 {
		b.SetPort(0, i, true)
	}
	f := frame(mac(9), mac(1))
	b.Receive(0, 0, f)
	if n := testing.AllocsPerRun(100, func() { b.Receive(1, 0, f) }); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// plain returns a switch that knows no VLANs.
func plain(ports int) *Bridge { return New(Config{Ports: make([]PortConfig, ports)}) }
