package vnet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/memory"
	"wireloom/vnet/sys"
)

// A sized is a program that begins with memory, as modules do.
type sized struct {
	native
	memory, instance int64
}

func (s sized) Begins() (memory, instance int64) { return s.memory, s.instance }

// labOf is a node of three programs in a lab that may use so many bytes.
func labOf(memory int64) config.Lab {
	c := one("a", "b", "c")
	c.Memory = memory
	for i := range c.Nodes[0].Programs {
		c.Nodes[0].Programs[i].Start = i == 0
	}
	return c
}

// busy is a lab in which memory comes and goes.
func busy(t *testing.T) *Lab {
	t.Helper()
	c := hosts(2, time.Millisecond)
	for i := range c.Nodes {
		c.Nodes[i].Programs = []config.Program{{Name: "p", Start: true, Slot: true}, {Name: "child", Slot: true}}
	}
	l, err := New(c, Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	for _, n := range []string{"h1", "h2"} {
		child := sized{native{"child.wasm", "cc", func(p *sys.Proc) sys.Exit {
			for i := range int64(5) {
				p.SetMemory(i << 20)
				p.Sleep(time.Millisecond)
			}
			p.SetMemory(0)
			return ending(p)
		}}, 1 << 20, 1 << 16}
		main := guest(func(p *sys.Proc) sys.Exit {
			frame := eth(mac(9), mac(8))
			for i := 0; !p.Dying(); i++ {
				p.Charge(5000)
				if i%7 == 0 {
					p.Spawn([]string{"child"}, nil, std)
				}
				if m := p.System().Kernel().NewFrame(frame); m != nil {
					p.System().Kernel().Ifnet("em0").Transmit(m)
				}
				p.Waitpid(-1, sys.WNOHANG)
				p.Sleep(time.Millisecond)
			}
			return p.Verdict()
		})
		for name, prog := range map[string]sys.Program{"p": main, "child": child} {
			if err := l.Install(n, name, prog); err != nil {
				t.Fatal(err)
			}
		}
	}
	return l
}

// What the host says to a lab that asks leaves no trace in its run: where it says no, the
// run ends there, and what there is of it is what there is without a host.
func TestGrantLeavesNoTrace(t *testing.T) {
	events := func(l *Lab) *[]string {
		var all []string
		l.Log().Subscribe(func(e *event.Event) { all = append(all, fmt.Sprintf("%+v", *e)) })
		return &all
	}
	l := busy(t)
	want := events(l)
	l.Start()
	l.Run(time.Second, NoLimit)
	hash := l.Log().Hash()
	if len(*want) < 1000 {
		t.Fatalf("only %d events: this test tests nothing", len(*want))
	}

	asked, most := 0, int64(0)
	l = busy(t)
	l.SetGrant(func(programs, others int64) bool {
		if p, o := l.Memory(); programs < p || others < o || programs+others == p+o {
			t.Errorf("asked for %d and %d bytes, and has %d and %d", programs, others, p, o)
		}
		asked++
		most = max(most, programs+others)
		return true
	})
	l.Start()
	l.Run(time.Second, NoLimit)
	if got := l.Log().Hash(); got != hash {
		t.Errorf("with a host that grants, the hash is %s, want %s", got, hash)
	}
	if asked < 1000 || most < 8<<20 {
		t.Fatalf("it asked %d times, for %d bytes at most: this test tests nothing", asked, most)
	}

	for _, until := range []int{1, 2, 3, 10, 99, 100, 101, 500, 999} {
		left := until
		l := busy(t)
		got := events(l)
		l.SetGrant(func(int64, int64) bool { left--; return left > 0 })
		l.Start()
		for range 3 {
			if !l.Run(time.Second, NoLimit) {
				t.Errorf("after %d answers: Run has something left to do", until)
			}
		}
		if n := len(*got); n >= len(*want) || !slices.Equal(*got, (*want)[:n]) {
			t.Errorf("after %d answers: the %d events differ from those of a run without a host", until, n)
		}
		if left < -50 {
			t.Errorf("after %d answers it asked %d times more", until, -left)
		}
		l.Close()
	}
}

// Each way to make kernels hold something meets the limit of all kernels, with an error
// that a BSD has for it; and what was held is given back.
func TestKernelsShareALimit(t *testing.T) {
	fill := func(p *sys.Proc) { // all but 10 KiB
		k := p.System().Kernel()
		if !k.Memory().Take(k.Memory().Free() - 10<<10) {
			t.Error("nothing could be taken")
		}
	}
	for _, c := range []struct {
		name string
		do   func(p *sys.Proc) errno.Errno
		want errno.Errno
	}{
		{"a pipe", func(p *sys.Proc) errno.Errno { _, _, e := p.Pipe(); return e }, errno.ENOMEM},
		{"a FIFO", func(p *sys.Proc) errno.Errno {
			p.Mkfifo(sys.AtRoot, "/tmp/f")
			_, e := p.Open("/tmp/f", kern.O_RDWR|kern.O_NONBLOCK)
			return e
		}, errno.ENOMEM},
		{"a file", func(p *sys.Proc) errno.Errno {
			fd, _ := p.Open("/tmp/f", kern.O_RDWR|kern.O_CREAT)
			_, e := p.Write(fd, make([]byte, 10<<10+1))
			return e
		}, errno.ENOSPC},
		{"a file's length", func(p *sys.Proc) errno.Errno {
			fd, _ := p.Open("/tmp/f", kern.O_RDWR|kern.O_CREAT)
			return p.Truncate(fd, 1<<20)
		}, errno.ENOSPC},
		{"a packet", func(p *sys.Proc) errno.Errno {
			if p.System().Kernel().NewFrame(make([]byte, 9000)) == nil {
				return errno.ENOBUFS
			}
			return errno.OK
		}, errno.ENOBUFS},
		{"a registration", func(p *sys.Proc) errno.Errno {
			fd, _ := p.Kqueue()
			for i := range 25 {
				ev := []kern.Kevent{{Ident: i, Filter: kern.EVFILT_TIMER, Flags: kern.EV_ADD, Data: 1e6}}
				if _, e := p.Kevent(fd, ev, nil, 0); e != errno.OK {
					return e
				}
			}
			return errno.OK
		}, errno.ENOMEM},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, one("a"))
			b.program("a", func(p *sys.Proc) sys.Exit {
				fill(p)
				if e := c.do(p); e != c.want {
					t.Errorf("got %v, want %v", e, c.want)
				}
				c.do(p) // is told once
				return done
			})
			b.Start()
			b.Run(time.Minute, NoLimit)
			b.want("0s limit kernel-memory", "0s n:a exit 0 exit fuel 0")
			_, kernels := b.Memory()
			if held := int64(memory.MaxKernel - 10<<10); c.name != "a file" && c.name != "a file's length" && kernels != held {
				t.Errorf("%d bytes are held besides", kernels-held)
			}
		})
	}
}

// Frames in flight are held by bytes, in all links together, and not by their number on
// each alone.
func TestFramesInFlightAreHeld(t *testing.T) {
	c := hosts(2, config.MaxDelay)
	c.Nodes[0].Programs = []config.Program{{Name: "p", Start: true, Slot: true}}
	b := newBench(t, c)
	sent, lost := 0, 0
	b.Log().Subscribe(func(e *event.Event) {
		switch {
		case e.Kind == event.Frame && e.Port == "h1:em0":
			sent++
		case e.Kind == event.Drop && e.Op == "no-buffers":
			lost++
		}
	})
	if err := b.Install("h1", "p", guest(func(p *sys.Proc) sys.Exit {
		frame := make([]byte, 60_000)
		copy(frame, eth(mac(2), mac(1)))
		for range 3000 {
			if m := p.System().Kernel().NewFrame(frame); m != nil {
				p.System().Kernel().Ifnet("em0").Transmit(m)
			} else {
				lost++ // there is no room for a copy of it
			}
		}
		return done
	})); err != nil {
		t.Fatal(err)
	}
	b.Start()
	b.Run(time.Second, NoLimit)
	_, kernels := b.Memory()
	if sent+lost != 3000 || lost == 0 || kernels > memory.MaxKernel || kernels < int64(sent)*60_000 {
		t.Errorf("%d frames are in flight and %d are lost, the kernels hold %d bytes of %d", sent, lost, kernels, int64(memory.MaxKernel))
	}
	b.Run(time.Minute, NoLimit)
	if _, kernels := b.Memory(); kernels != 0 {
		t.Errorf("the kernels hold %d bytes when all frames have arrived", kernels)
	}
	if n := b.Log().Count(event.Limit); n != 1 {
		t.Errorf("%d limit events, want 1", n)
	}
}

func TestMemoryOfAConfiguration(t *testing.T) {
	for _, c := range []struct {
		lab, program int64
		want         string
	}{
		{0, 0, ""},
		{memory.MinLab, 0, ""},
		{memory.MaxLab, sys.MaxMemory, ""},
		{memory.MinLab - 1, 0, "memory: 1048575 bytes for all programs; 1048576 to 1073741824 are allowed"},
		{memory.MaxLab + 1, 0, "memory: 1073741825 bytes"},
		{-1, 0, "memory: -1 bytes"},
		{0, memory.DefaultLab + 1, `program "a": 268435457 bytes of memory, and all programs of the lab may have 268435456 together`},
		{64 << 20, 65 << 20, "all programs of the lab may have 67108864 together"},
	} {
		conf := labOf(c.lab)
		conf.Nodes[0].Programs[0].Memory = c.program
		err := conf.Check().Err()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("memory %d, of a program %d: got %v, want %q", c.lab, c.program, err, c.want)
		}
	}
}

// A machine that is taken out of the lab takes nothing along: what its processes had and
// its kernel held is free again.
func TestARemovedNodeHoldsNothing(t *testing.T) {
	b := newBench(t, one("a", "b", "c"))
	b.program("a", func(p *sys.Proc) sys.Exit {
		p.SetMemory(10 << 20)
		p.SetInstance(1 << 20)
		p.SetStack(1 << 20)
		p.Spawn([]string{"b"}, nil, std) // a zombie soon
		p.Spawn([]string{"c"}, nil, std)
		p.Pipe()
		fd, _ := p.Open("/tmp/f", kern.O_RDWR|kern.O_CREAT)
		p.Write(fd, make([]byte, 5000))
		q, _ := p.Kqueue()
		p.Kevent(q, []kern.Kevent{{Ident: 1, Filter: kern.EVFILT_TIMER, Flags: kern.EV_ADD, Data: 1e6}}, nil, 0)
		p.Sleep(time.Hour)
		return ending(p)
	})
	b.program("b", code(0))
	b.program("c", sleeps)
	b.Start()
	b.Run(time.Second, NoLimit)
	if programs, others := b.Memory(); programs < 11<<20+3*sys.ProcMemory || others < 1<<20+file.PipeSize+5000+512 {
		t.Fatalf("%d and %d bytes count: this test tests nothing", programs, others)
	}
	if _, err := b.Do(RemoveNode{Node: "n"}); err != nil {
		t.Fatal(err)
	}
	if programs, others := b.Memory(); programs != 0 || others != 0 {
		t.Errorf("%d and %d bytes count still", programs, others)
	}
	b.Run(time.Minute, NoLimit)
}
