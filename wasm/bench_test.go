package wasm

import (
	"runtime"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/errno"
	"wireloom/vnet/sys"
)

// BenchmarkEcho is a frame's way from a native process on a tap to a C program on
// another one and back: two writes, two reads, twice through the switch, every event logged and hashed.
func BenchmarkEcho(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
	}{{"64", 64}, {"1514", 1514}} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			peer := func(p *sys.Proc) {
				fd, _ := p.Open("/dev/tap0", 2)
				p.Sleep(time.Millisecond)
				in, out := make([]byte, 2000), frame(7, c.size)
				for n < b.N {
					if _, e := p.Write(fd, out); e != errno.OK {
						b.Errorf("write: %v", e)
						return
					}
					if _, e := p.Read(fd, in); e != errno.OK {
						b.Errorf("read: %v", e)
						return
					}
					n++
				}
			}
			r := newRig(b, peer, program{name: "echo", prog: compile(b, engine(b), echo.module(b)), argv: []string{"/dev/tap0"}})
			b.ReportAllocs()
			b.ResetTimer()
			r.Run(vnet.Forever, vnet.NoLimit)
			if n != b.N {
				b.Fatalf("%d frames came back, want %d", n, b.N)
			}
		})
	}
}

// BenchmarkSpawn starts a program up to its first read or sleep, and kills it.
func BenchmarkSpawn(b *testing.B) {
	for _, c := range []struct {
		name   string
		source source
		argv   []string
	}{{"C", echo, []string{"/dev/tap0"}}, {"Go", pingd, []string{"/dev/tap0", "10.0.0.2", "02:00:00:00:00:0b"}}} {
		b.Run(c.name, func(b *testing.B) {
			r := newRig(b, nil, program{name: "p", prog: compile(b, engine(b), c.source.module(b)), argv: c.argv})
			r.Run(time.Second, vnet.NoLimit)
			memory := r.Status().Procs[0].Memory
			for b.Loop() {
				for _, c := range []vnet.Command{vnet.Kill{Node: "bob", Proc: "p"}, vnet.Start{Node: "bob", Proc: "p"}} {
					if _, err := r.Do(c); err != nil {
						b.Fatal(err)
					}
					r.Run(r.Now()+100*time.Millisecond, vnet.NoLimit)
				}
			}
			b.ReportMetric(float64(memory), "guest-bytes")
		})
	}
}

// BenchmarkIdle is what a program that waits keeps of the server's heap.
func BenchmarkIdle(b *testing.B) {
	for _, c := range []struct {
		name   string
		source source
		argv   []string
	}{{"C", cTest, []string{"stdin"}}, {"Go", goTest, []string{"sleep"}}} {
		b.Run(c.name, func(b *testing.B) {
			const many = 16
			p := compile(b, engine(b), c.source.module(b))
			var programs []program
			for i := range many {
				programs = append(programs, program{name: "p" + string(rune('a'+i)), prog: p, argv: c.argv})
			}
			heap := func() int64 {
				runtime.GC()
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return int64(m.HeapInuse + m.StackInuse)
			}
			for b.Loop() {
				before := heap()
				r := newRig(b, nil, programs...)
				r.Run(100*time.Millisecond, vnet.NoLimit)
				b.ReportMetric(float64(heap()-before)/many, "B/process")
				r.Close()
			}
		})
	}
}

// BenchmarkCall is one host call of the cheapest kind, from C.
func BenchmarkCall(b *testing.B) {
	const w = "wasi_snapshot_preview1"
	body := []byte{0x03, 0x40, 0x10, 1, 0x1a, 0x0c, 0, 0x0b} // loop: call, drop, br
	p := compile(b, engine(b), tiny([]imported{
		{w, "proc_exit", call{module: w, name: "proc_exit"}.function().signature()},
		{w, "sched_yield", call{module: w, name: "sched_yield"}.function().signature()},
	}, body...))
	r := newRig(b, nil, program{name: "p", prog: p})
	b.ResetTimer()
	r.Run(vnet.Forever, uint64(b.N)) // each call moves the clock, which is a step
}
