package host

import (
	"fmt"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
)

// BenchmarkIdle makes hosts that do nothing, and tells how many bytes each holds.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		const hosts = 250
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		w := newWorld(b, hosts)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/hosts, "B/host")
		runtime.KeepAlive(w)
		w.close()
	}
}

// cpu tells how much CPU an operation takes, which another's load does not change.
func cpu(b *testing.B) {
	used := func() int64 {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return r.Utime.Nano() + r.Stime.Nano()
	}
	before := used()
	b.Cleanup(func() { b.ReportMetric(float64(used()-before)/float64(b.N), "ns-CPU/op") })
}

// BenchmarkPing sends an echo request from one host to another and takes the reply.
func BenchmarkPing(b *testing.B) {
	w := newWorld(b, 2)
	k := w.hosts[0].socket(inet.SocketICMP)
	req := append([]byte{packet.ICMPEcho, 0, 0, 0, 0, 0, 0, 9}, make([]byte, 56)...)
	cpu(b)
	to, buf := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), 0), make([]byte, 100)
	for b.Loop() {
		k.Send(req, to)
		w.run(20 * time.Millisecond)
		if n, _, e := k.Recv(buf); n != len(req) {
			b.Fatal(n, e)
		}
	}
}

// BenchmarkStream sends a MiB from one host to another.
func BenchmarkStream(b *testing.B) {
	b.SetBytes(1 << 20)
	cpu(b)
	for b.Loop() {
		w := newWorld(b, 2)
		w.transfer(b, 1<<20)
		w.close()
	}
}

// BenchmarkConnections has many connections that do nothing, beside one that does.
func BenchmarkConnections(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld(b, 2)
			ks, peers := w.connect(w.hosts[0], w.hosts[1], n)
			p := make([]byte, 1400)
			for b.Loop() {
				ks[n-1].Send(p, netip.AddrPort{})
				w.run(20 * time.Millisecond)
				peers[n-1].Recv(p)
			}
		})
	}
}

// TestAPacketAllocatesNothing: what comes in and goes out leaves nothing for the collector.
func TestAPacketAllocatesNothing(t *testing.T) {
	quiet := &deaf{host: *newHost(&world{t: t}, 0, dialect.FreeBSD)}
	s, err := New(quiet, []inet.StackNIC{{Name: "em0", MAC: macOfHost(0), MTU: 1500, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	me, peer := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	s.Deliver(0, packettest.AppendARP(packet.AppendEthernet(nil, macOfHost(0), macOfHost(1), packet.TypeARP), packet.ARPRequest, macOfHost(1), peer, packet.MAC{}, me))
	f := packet.AppendEthernet(nil, macOfHost(0), macOfHost(1), packet.TypeIPv4)
	f, _ = packet.AppendIPv4(f, packet.IPv4Header{TTL: 9, Protocol: packet.ProtoICMP, Src: peer, Dst: me}, 64)
	f, _ = packet.AppendICMPv4Echo(f, false, 5, 5, make([]byte, 56))
	if n := testing.AllocsPerRun(100, func() { s.Deliver(0, f) }); n != 0 || quiet.sent < 100 {
		t.Errorf("an echo request and its reply: %v allocations; %d were answered", n, quiet.sent)
	}
}

// A deaf host counts what it sends.
type deaf struct {
	host
	sent int
}

func (d *deaf) Transmit(int, []byte, netip.Addr) errno.Errno {
	d.sent++
	return errno.OK
}

// TestAnIdleHostIsSmall: labs of a thousand nodes are made of them.
func TestAnIdleHostIsSmall(t *testing.T) {
	const hosts, limit = 200, 12 << 10
	before := inUse()
	w := newWorld(t, hosts)
	if n := (inUse() - before) / hosts; n > limit {
		t.Errorf("a host that does nothing takes %d bytes, want %d or less", n, limit)
	}
	runtime.KeepAlive(w)
}
