package host

import (
	"fmt"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
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
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	before := r.Utime.Nano() + r.Stime.Nano()
	b.Cleanup(func() {
		syscall.Getrusage(syscall.RUSAGE_SELF, &r)
		b.ReportMetric(float64(r.Utime.Nano()+r.Stime.Nano()-before)/float64(b.N), "ns-CPU/op")
	})
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
