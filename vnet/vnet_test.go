package vnet

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/signal"
)

// A native is a program made of a Go function.
type native struct {
	name string
	id   string
	main func(p *Proc) Exit
}

func (n native) Name() string      { return n.name }
func (n native) ID() string        { return n.id }
func (n native) Main(p *Proc) Exit { return n.main(p) }

// guest is a native program that counts as the user's: it pays for CPU time.
func guest(main func(p *Proc) Exit) Program { return native{"guest", "aa", main} }

var done = Exit{How: "exit"}

// A bench is a lab under test and what it logged.
type bench struct {
	t *testing.T
	*Lab
	lines []string
}

func newBench(t *testing.T, c Config) *bench {
	t.Helper()
	l, err := New(c, Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, Lab: l}
	l.Log().Subscribe(func(e *event.Event) {
		switch e.Kind {
		case event.Frame:
			b.lines = append(b.lines, fmt.Sprintf("%v frame %s > %s %d %x", e.At, e.Port, e.Peer, e.Frame, e.Data[:min(len(e.Data), 12)]))
		case event.Drop:
			b.lines = append(b.lines, fmt.Sprintf("%v drop %s %s", e.At, e.Port, e.Op))
		case event.Learn:
			b.lines = append(b.lines, fmt.Sprintf("%v learn %s %s", e.At, e.Port, e.Text))
		case event.Forget:
			b.lines = append(b.lines, fmt.Sprintf("%v forget %s %s %s", e.At, e.Port, e.Text, e.Op))
		case event.Console:
			b.lines = append(b.lines, fmt.Sprintf("%v %s:%s says %s", e.At, e.Node, e.Proc, strings.TrimSpace(string(e.Data))))
		case event.Exit:
			b.lines = append(b.lines, fmt.Sprintf("%v %s:%s exit %d %s fuel %d", e.At, e.Node, e.Proc, e.N, e.Op, e.Fuel))
		case event.Limit:
			b.lines = append(b.lines, fmt.Sprintf("%v limit %s", e.At, e.Op))
		default:
		}
	})
	t.Cleanup(l.Close)
	return b
}

// want checks what was logged since the last want.
func (b *bench) want(lines ...string) {
	b.t.Helper()
	got, want := strings.Join(b.lines, "\n"), strings.Join(lines, "\n")
	if got != want {
		b.t.Errorf("log is\n%s\nwant\n%s", got, want)
	}
	b.lines = nil
}

func mac(n byte) packet.MAC { return packet.MAC{2, 0, 0, 0, 0, n} }

func eth(dst, src packet.MAC) []byte {
	return append(packet.AppendEthernet(nil, dst, src, 0x88b5), make([]byte, 46)...)
}

func hosts(n int, delay time.Duration) Config {
	c := Config{Name: "test", Seed: 1, Switches: []SwitchConfig{{Name: "s1", Ports: n}}}
	for i := range n {
		name := fmt.Sprintf("h%d", i+1)
		c.Nodes = append(c.Nodes, NodeConfig{Name: name, NICs: []NICConfig{{Name: "em0", MAC: mac(byte(i + 1))}}})
		c.Links = append(c.Links, LinkConfig{A: name + ":em0", B: fmt.Sprintf("s1.%d", i+1), Delay: delay})
	}
	return c
}

func TestSwitchLearnsForwardsAndFloods(t *testing.T) {
	b := newBench(t, hosts(3, time.Millisecond))
	send := func(port string, dst, src packet.MAC) {
		t.Helper()
		if _, err := b.Do(Inject{Port: port, Hex: eth(dst, src)}); err != nil {
			t.Fatal(err)
		}
	}
	run := func() { b.Run(b.Now()+10*time.Millisecond, NoLimit) }

	send("h1:em0", mac(2), mac(1))
	run()
	b.want(
		"0s frame h1:em0 > s1.1 1 020000000002020000000001",
		"1ms learn s1.1 02:00:00:00:00:01",
		"1ms frame s1.2 > h2:em0 1 020000000002020000000001",
		"1ms frame s1.3 > h3:em0 1 020000000002020000000001",
	)
	send("h2:em0", mac(1), mac(2))
	run()
	b.want(
		"10ms frame h2:em0 > s1.2 2 020000000001020000000002",
		"11ms learn s1.2 02:00:00:00:00:02",
		"11ms frame s1.1 > h1:em0 2 020000000001020000000002",
	)
	send("h3:em0", packet.Broadcast, mac(1)) // the address moves
	run()
	b.want(
		"20ms frame h3:em0 > s1.3 3 ffffffffffff020000000001",
		"21ms forget s1.1 02:00:00:00:00:01 moved",
		"21ms learn s1.3 02:00:00:00:00:01",
		"21ms frame s1.1 > h1:em0 3 ffffffffffff020000000001",
		"21ms frame s1.2 > h2:em0 3 ffffffffffff020000000001",
	)
	send("h3:em0", mac(1), mac(3)) // it is behind the same port
	run()
	b.want(
		"30ms frame h3:em0 > s1.3 4 020000000001020000000003",
		"31ms learn s1.3 02:00:00:00:00:03",
		"31ms drop s1.3 same-port",
	)
	send("h1:em0", packet.MAC{1, 0x80, 0xc2, 0, 0, 0}, mac(3)) // spanning tree stays on its link
	run()
	b.want(
		"40ms frame h1:em0 > s1.1 5 0180c2000000020000000003",
		"41ms forget s1.3 02:00:00:00:00:03 moved",
		"41ms learn s1.1 02:00:00:00:00:03",
		"41ms drop s1.1 reserved",
	)
	b.Run(41*time.Millisecond+bridge.Ageing, NoLimit)
	b.want(
		"5m0.011s forget s1.2 02:00:00:00:00:02 aged",
		"5m0.021s forget s1.3 02:00:00:00:00:01 aged",
		"5m0.041s forget s1.1 02:00:00:00:00:03 aged",
	)
	if got := b.MACs("s1"); len(got) != 0 {
		t.Errorf("after ageing the table holds %v", got)
	}
}

func TestSwitchTableIsBounded(t *testing.T) {
	b := newBench(t, hosts(2, 0))
	for i := range bridge.MaxMACs + 5 {
		_, err := b.Do(Inject{Port: "h1:em0", Hex: eth(packet.Broadcast, packet.MAC{2, 9, 0, 0, byte(i >> 8), byte(i)})})
		if err != nil {
			t.Fatal(err)
		}
	}
	b.Run(time.Second, NoLimit)
	if n := len(b.MACs("s1")); n != bridge.MaxMACs {
		t.Errorf("the table holds %d addresses, want %d", n, bridge.MaxMACs)
	}
	if n := b.Log().Count(event.Limit); n != 1 {
		t.Errorf("the limit was reported %d times, want once", n)
	}
}

func TestLinkIsBounded(t *testing.T) {
	b := newBench(t, hosts(2, time.Second))
	for range fabric.MaxInFlight + 3 {
		_, _ = b.Do(Inject{Port: "h1:em0", Hex: eth(mac(2), mac(1))})
	}
	if n := b.Log().Count(event.Drop); n != 3 {
		t.Errorf("%d frames dropped, want 3", n)
	}
	b.lines = nil
	if _, err := b.Do(Inject{Port: "h1:em0", Hex: make([]byte, MaxFrame+1)}); err == nil {
		t.Error("a frame that is too long was taken")
	}
	if _, err := b.Do(Inject{Port: "nowhere", Hex: nil}); err == nil {
		t.Error("a port that is not there took a frame")
	}
}

// one is a lab of one node with programs.
func one(programs ...string) Config {
	c := Config{Name: "one", Seed: 7, Nodes: []NodeConfig{{Name: "n", Dialect: kern.NetBSD}}}
	for _, p := range programs {
		c.Nodes[0].Programs = append(c.Nodes[0].Programs, ProgramConfig{Name: p, Start: true, Slot: true})
	}
	return c
}

func (b *bench) program(name string, main func(p *Proc) Exit) {
	b.t.Helper()
	if err := b.Install("n", name, guest(main)); err != nil {
		b.t.Fatal(err)
	}
}

func say(p *Proc, format string, args ...any) { p.Write(1, fmt.Appendf(nil, format, args...)) }

func TestFuelIsTime(t *testing.T) {
	b := newBench(t, one("a"))
	b.program("a", func(p *Proc) Exit {
		say(p, "begin")
		p.Charge(150)
		say(p, "150 units later")
		p.Charge(SliceFuel * 2)
		say(p, "two slices later")
		return done
	})
	b.Start()
	b.Run(time.Second, NoLimit)
	b.want(
		"0s n:a says begin",
		"1.5µs n:a says 150 units later",
		"2.0015ms n:a says two slices later",
		"2.0015ms n:a exit 0 exit fuel 200150",
	)
}

func TestProcessesShareTheCPU(t *testing.T) {
	b := newBench(t, one("a", "b"))
	for _, name := range []string{"a", "b"} {
		b.program(name, func(p *Proc) Exit {
			for i := range 3 {
				p.Charge(p.Budget())
				say(p, "slice %d", i)
			}
			return done
		})
	}
	b.Start()
	b.Run(time.Second, NoLimit)
	b.want(
		"1ms n:a says slice 0",
		"2ms n:b says slice 0",
		"3ms n:a says slice 1",
		"4ms n:b says slice 1",
		"5ms n:a says slice 2",
		"5ms n:a exit 0 exit fuel 300000",
		"6ms n:b says slice 2",
		"6ms n:b exit 0 exit fuel 300000",
	)
}

func TestASleeperGivesTheCPUAway(t *testing.T) {
	b := newBench(t, one("a", "b"))
	b.program("a", func(p *Proc) Exit {
		if e := p.Sleep(5 * time.Millisecond); e != errno.OK {
			return Exit{Code: 1, How: "exit", Why: e.String()}
		}
		say(p, "awake")
		return done
	})
	b.program("b", func(p *Proc) Exit {
		p.Charge(SliceFuel / 2)
		say(p, "half a slice")
		return done
	})
	b.Start()
	b.Run(time.Second, NoLimit)
	b.want(
		"500µs n:b says half a slice",
		"500µs n:b exit 0 exit fuel 50000",
		"5ms n:a says awake",
		"5ms n:a exit 0 exit fuel 0",
	)
}

// Where the caller of Run stops must not be visible in the run.
func TestWhereARunStopsDoesNotMatter(t *testing.T) {
	build := func() *bench {
		b := newBench(t, one("a", "b"))
		b.program("a", func(p *Proc) Exit {
			for i := range 200 {
				p.Charge(int64(i * 37 % 1000))
				say(p, "%d", i)
				if i%50 == 0 {
					p.Sleep(time.Duration(i) * time.Microsecond)
				}
			}
			return done
		})
		b.program("b", func(p *Proc) Exit {
			for i := range 100 {
				p.Charge(int64(i * 91 % 3000))
				say(p, "%d", i)
			}
			return done
		})
		b.Start()
		return b
	}
	whole := build()
	whole.Run(50*time.Millisecond, NoLimit)
	want, steps := whole.Log().Hash(), whole.Steps()
	for _, tc := range []struct {
		name string
		run  func(b *bench)
	}{
		{"one step at a time", func(b *bench) {
			for s := uint64(1); !b.Run(50*time.Millisecond, s); s++ {
			}
		}},
		{"one microsecond at a time", func(b *bench) {
			for at := time.Duration(0); at <= 50*time.Millisecond; at += time.Microsecond {
				b.Run(at, NoLimit)
			}
		}},
		{"7 steps and 333 ns at a time", func(b *bench) {
			for at := time.Duration(0); b.Now() < 50*time.Millisecond; at += 333 {
				for !b.Run(min(at, 50*time.Millisecond), b.Steps()+7) {
				}
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := build()
			tc.run(b)
			if got := b.Log().Hash(); got != want || b.Steps() != steps {
				t.Errorf("hash %s after %d steps, want %s after %d", got[:8], b.Steps(), want[:8], steps)
			}
		})
	}
}

func TestEveryInputReachesTheHash(t *testing.T) {
	type knobs struct {
		seed    uint64
		fuel    int64
		payload byte
		fd      int
	}
	hash := func(k knobs) string {
		c := one("a")
		c.Seed = k.seed
		b := newBench(t, c)
		b.program("a", func(p *Proc) Exit {
			var r [8]byte
			p.Random(r[:])
			say(p, "%x", r)
			p.Charge(1000 + k.fuel)
			p.Write(1, []byte{k.payload})
			p.Read(k.fd, r[:]) // EBADF or 0 bytes of /dev/null
			return done
		})
		b.Start()
		b.Run(time.Second, NoLimit)
		return b.Log().Hash()
	}
	base := knobs{seed: 1, payload: 'x', fd: 3}
	want := hash(base)
	if got := hash(base); got != want {
		t.Fatalf("the same run twice: %s and %s", got, want)
	}
	for _, tc := range []struct {
		name string
		k    knobs
	}{
		{"another seed", knobs{seed: 2, payload: 'x', fd: 3}},
		{"one unit of fuel more", knobs{seed: 1, fuel: 1, payload: 'x', fd: 3}},
		{"one bit of payload", knobs{seed: 1, payload: 'y', fd: 3}},
		{"another errno", knobs{seed: 1, payload: 'x', fd: 9}},
	} {
		if hash(tc.k) == want {
			t.Errorf("%s does not change the hash", tc.name)
		}
	}
}

func TestASeedChangesEventsAfterTheFirst(t *testing.T) {
	events := func(seed uint64) (out []string) {
		c := one("a")
		c.Seed = seed
		b := newBench(t, c)
		b.program("a", func(p *Proc) Exit {
			var r [4]byte
			p.Random(r[:])
			say(p, "%x", r)
			return done
		})
		b.Start()
		b.Run(time.Second, NoLimit)
		return b.lines
	}
	if a, b := events(1), events(2); strings.Join(a, "\n") == strings.Join(b, "\n") {
		t.Errorf("seeds 1 and 2 log the same after the first event: %q", a)
	}
}

func TestSignals(t *testing.T) {
	spin := func(p *Proc) Exit {
		for !p.Dying() {
			p.Charge(p.Budget())
		}
		return p.Verdict()
	}
	for _, tc := range []struct {
		name string
		main func(p *Proc) Exit
		do   Command
		want string
	}{
		{"stop ends a program that spins", spin, Stop{Node: "n", Proc: "a"}, "11ms n:a exit 143 killed fuel 1100000"},
		{"kill ends a program that spins", spin, Kill{Node: "n", Proc: "a"}, "11ms n:a exit 137 killed fuel 1100000"},
		{"kill ends a program that sleeps", func(p *Proc) Exit {
			if e := p.Sleep(time.Hour); e != errno.EINTR {
				return Exit{Code: 1, How: "exit", Why: e.String()}
			}
			return p.Verdict()
		}, Kill{Node: "n", Proc: "a"}, "10ms n:a exit 137 killed fuel 0"},
		{"a program that reads its console is interrupted", func(p *Proc) Exit {
			if _, e := p.Read(0, make([]byte, 10)); e != errno.EINTR {
				return Exit{Code: 1, How: "exit", Why: e.String()}
			}
			return p.Verdict()
		}, Stop{Node: "n", Proc: "a"}, "10ms n:a exit 143 killed fuel 0"},
		{"a program may catch SIGTERM", func(p *Proc) Exit {
			p.Catch(signal.SIGTERM)
			p.Sleep(time.Hour)
			return Exit{Code: p.TakeSignal(), How: "exit"}
		}, Stop{Node: "n", Proc: "a"}, "10ms n:a exit 15 exit fuel 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t, one("a"))
			b.program("a", tc.main)
			b.Start()
			b.Run(10*time.Millisecond, NoLimit)
			b.lines = nil
			if _, err := b.Do(tc.do); err != nil {
				t.Fatal(err)
			}
			b.Run(20*time.Millisecond, NoLimit)
			b.want(tc.want)
			if _, err := b.Do(Start{Node: "n", Proc: "a"}); err != nil {
				t.Errorf("starting it again: %v", err)
			}
		})
	}
}

func TestConsoleIsReadAndBounded(t *testing.T) {
	b := newBench(t, one("a"))
	b.program("a", func(p *Proc) Exit {
		buf := make([]byte, 4)
		for {
			n, e := p.Read(0, buf)
			if e != errno.OK || n == 0 {
				return done
			}
			say(p, "got %s", buf[:n])
		}
	})
	b.Start()
	b.Run(time.Millisecond, NoLimit)
	for _, c := range []Command{Stdin{Node: "n", Proc: "a", Text: "hello"}, Stdin{Node: "n", Proc: "a", EOF: true}} {
		if _, err := b.Do(c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Do(Stdin{Node: "n", Proc: "a", Text: strings.Repeat("x", MaxStdin)}); err == nil {
		t.Error("more than fits was taken")
	}
	b.Run(2*time.Millisecond, NoLimit)
	b.want("1ms limit stdin", "1ms n:a says got hell", "1ms n:a says got o", "1ms n:a exit 0 exit fuel 0")

	b = newBench(t, one("a"))
	b.program("a", func(p *Proc) Exit {
		for range 3 {
			p.Write(2, bytes.Repeat([]byte("x"), MaxConsole/2))
		}
		p.Write(2, []byte("y"))
		p.Sleep(time.Second)
		say(p, "fresh")
		return done
	})
	b.Start()
	var shown int
	b.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Console {
			shown += len(e.Data)
		}
	})
	b.Run(2*time.Second, NoLimit)
	if shown != MaxConsole+len("fresh") || b.Log().Count(event.Limit) != 1 {
		t.Errorf("%d bytes shown and %d limits reported, want %d and 1", shown, b.Log().Count(event.Limit), MaxConsole+5)
	}
}

func TestFilesOfAProcess(t *testing.T) {
	b := newBench(t, one("a"))
	b.program("a", func(p *Proc) Exit {
		check := func(what string, got, want errno.Errno) {
			if got != want {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		_, e := p.Open("/nowhere", kern.O_RDWR)
		check("open of nothing", e, errno.ENOENT)
		_, e = p.Read(77, nil)
		check("read of nothing", e, errno.EBADF)
		check("close of nothing", p.Close(-1), errno.EBADF)
		fd, e := p.Open("/dev/null", kern.O_RDWR)
		check("open /dev/null", e, errno.OK)
		if fd != 4 {
			t.Errorf("the first open returns %d, want 4", fd)
		}
		n, e := p.Write(fd, make([]byte, 10))
		if n != 10 || e != errno.OK {
			t.Errorf("write to /dev/null: %d, %v", n, e)
		}
		check("close", p.Close(fd), errno.OK)
		zero, _ := p.Open("dev/zero", kern.O_RDWR)
		buf := []byte{1, 2, 3}
		if n, e := p.Read(zero, buf); n != 3 || e != errno.OK || buf[2] != 0 {
			t.Errorf("read of /dev/zero: %d, %v, %v", n, e, buf)
		}
		for range MaxFiles {
			_, e = p.Open("/dev/null", kern.O_RDWR)
		}
		check("one file too many", e, errno.EMFILE)
		return done
	})
	b.Start()
	b.Run(time.Second, NoLimit)
	if b.Log().Count(event.Exit) != 1 {
		t.Error("the program did not end")
	}
}

func TestConfigErrorsAllAtOnce(t *testing.T) {
	c := Config{
		Nodes: []NodeConfig{
			{Name: "Bob", NICs: []NICConfig{{Name: "em"}, {Name: "tap0"}}},
			{Name: "a", Programs: []ProgramConfig{{Name: "x", Memory: -1}, {Name: "x"}}},
			{Name: "a"},
		},
		Switches: []SwitchConfig{{Name: "s1", Ports: 0}},
		Links:    []LinkConfig{{A: "a:em0", B: "a:em0", Delay: -1}},
	}
	_, err := New(c, Runtime{})
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{
		`node "Bob": a name is`, `interface "em"`, `tun and tap are devices`, `-1 bytes of memory`, `program "x": a name is`,
		`another node or switch`, `it has 0 ports`, `there is no "a:em0"`, `has a link already`, `the delay -1ns`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestCommandsThatFailSaySo(t *testing.T) {
	b := newBench(t, one("a"))
	for _, tc := range []struct {
		c    Command
		want string
	}{
		{Start{Node: "x"}, `no node "x"`},
		{Start{Node: "n", Proc: "b"}, `no program "b"`},
		{Start{Node: "n", Proc: "a"}, "no program yet"},
		{Stop{Node: "n", Proc: "a"}, "is not running"},
		{Install{Node: "n", Proc: "a", Hash: "ff"}, "are not here"},
		{Exec{Node: "n", Argv: []string{"nmap"}}, "command not found"},
		{Exec{Node: "n"}, "empty command"},
		{Stdin{Node: "n", Proc: "a"}, "is not running"},
	} {
		if _, err := b.Do(tc.c); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: error %v, want one that says %q", tc.c, err, tc.want)
		}
	}
	if b.Log().Count(event.Command) != 8 {
		t.Errorf("%d commands recorded, want all 8", b.Log().Count(event.Command))
	}
}

func TestCloseUnwindsEveryProcess(t *testing.T) {
	b := newBench(t, one("a", "b", "c"))
	unwound := 0
	for _, name := range []string{"a", "b"} {
		b.program(name, func(p *Proc) Exit {
			defer func() { unwound++ }()
			if name == "a" {
				p.Sleep(time.Hour)
			}
			for {
				p.Charge(p.Budget())
			}
		})
	}
	b.Start()
	b.Run(10*time.Millisecond, NoLimit)
	b.Close()
	if unwound != 2 {
		t.Errorf("%d of 2 processes were unwound", unwound)
	}
	if _, err := b.Do(Start{Node: "n", Proc: "c"}); err == nil {
		t.Error("a closed lab takes a command")
	}
	if !b.Run(time.Second, NoLimit) {
		t.Error("a closed lab has something to run")
	}
}

func TestSendingAllocatesNothingOnceWarm(t *testing.T) {
	b := newBench(t, hosts(2, 0))
	b.log = event.NewLog(1 << 20)
	frame := &Inject{Port: "h1:em0", Hex: eth(mac(2), mac(1))}
	step := func() {
		_, _ = b.Do(frame)
		b.Run(b.Now()+1000, NoLimit)
	}
	for range 10 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n > 0.1 {
		t.Errorf("%.2f allocations a frame", n)
	}
}
