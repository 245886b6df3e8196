package vnet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
)

// A native is a program made of a Go function.
type native struct {
	name string
	id   string
	main func(p *sys.Proc) sys.Exit
}

func (n native) Name() string              { return n.name }
func (n native) ID() string                { return n.id }
func (n native) Main(p *sys.Proc) sys.Exit { return n.main(p) }

// guest is a native program that counts as the user's: it pays for CPU time.
func guest(main func(p *sys.Proc) sys.Exit) sys.Program { return native{"guest", "aa", main} }

var done = sys.Exit{How: "exit"}

// ending is the end of a program: its process' verdict if it must die.
func ending(p *sys.Proc) sys.Exit {
	if p.Dying() {
		return p.Verdict()
	}
	return done
}

func code(n int) func(*sys.Proc) sys.Exit {
	return func(*sys.Proc) sys.Exit { return sys.Exit{Code: n, How: "exit"} }
}

func sleeps(p *sys.Proc) sys.Exit {
	p.Sleep(10 * time.Second)
	return ending(p)
}

// std are the files of a child that has those of its parent.
var std = [3]int{0, 1, 2}

// A bench is a lab under test and what it logged.
type bench struct {
	t *testing.T
	*Lab
	lines []string
}

func newBench(t *testing.T, c config.Lab) *bench {
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

func hosts(n int, delay time.Duration) config.Lab {
	c := config.Lab{Name: "test", Seed: 1, Switches: []config.Switch{{Name: "s1", Ports: n}}}
	for i := range n {
		name := fmt.Sprintf("h%d", i+1)
		c.Nodes = append(c.Nodes, config.Node{Name: name, NICs: []config.NIC{{Name: "em0", MAC: mac(byte(i + 1))}}})
		c.Links = append(c.Links, config.Link{A: name + ":em0", B: fmt.Sprintf("s1.%d", i+1), Delay: delay})
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
	if _, err := b.Do(Inject{Port: "h1:em0", Hex: make([]byte, config.MaxFrame+1)}); err == nil {
		t.Error("a frame that is too long was taken")
	}
	if _, err := b.Do(Inject{Port: "nowhere", Hex: nil}); err == nil {
		t.Error("a port that is not there took a frame")
	}
}

// one is a lab of one node with programs.
func one(programs ...string) config.Lab {
	c := config.Lab{Name: "one", Seed: 7, Nodes: []config.Node{{Name: "n", Dialect: kern.NetBSD}}}
	for _, p := range programs {
		c.Nodes[0].Programs = append(c.Nodes[0].Programs, config.Program{Name: p, Start: true, Slot: true})
	}
	return c
}

func (b *bench) program(name string, main func(p *sys.Proc) sys.Exit) {
	b.t.Helper()
	if err := b.Install("n", name, guest(main)); err != nil {
		b.t.Fatal(err)
	}
}

func say(p *sys.Proc, format string, args ...any) { p.Write(1, fmt.Appendf(nil, format, args...)) }

// Where the caller of Run stops must not be visible in the run.
func TestWhereARunStopsDoesNotMatter(t *testing.T) {
	build := func() *bench {
		b := newBench(t, one("a", "b"))
		b.program("a", func(p *sys.Proc) sys.Exit {
			for i := range 200 {
				p.Charge(int64(i * 37 % 1000))
				say(p, "%d", i)
				if i%50 == 0 {
					p.Sleep(time.Duration(i) * time.Microsecond)
				}
			}
			return done
		})
		b.program("b", func(p *sys.Proc) sys.Exit {
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
		b.program("a", func(p *sys.Proc) sys.Exit {
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
		b.program("a", func(p *sys.Proc) sys.Exit {
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

func TestConfigErrorsAllAtOnce(t *testing.T) {
	c := config.Lab{
		Nodes: []config.Node{
			{Name: "Bob", NICs: []config.NIC{{Name: "em"}, {Name: "tap0"}}},
			{Name: "a", Programs: []config.Program{{Name: "x", Memory: -1}, {Name: "x"}}},
			{Name: "a"},
		},
		Switches: []config.Switch{{Name: "s1", Ports: 0}},
		Links:    []config.Link{{A: "a:em0", B: "a:em0", Delay: -1}},
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
		b.program(name, func(p *sys.Proc) sys.Exit {
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
