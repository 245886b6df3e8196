package userland_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/host"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland"
)

// A muddle is a program that does one thing after the other, as chance from the lab has
// it: it computes, sleeps, spawns, signals, and uses files, pipes, kqueues and sockets.
type muddle struct{}

func (muddle) Name() string { return "muddle" }
func (muddle) ID() string   { return "aa" }

func (muddle) Main(p *sys.Proc) sys.Exit {
	var seed [32]byte
	p.Random(seed[:])
	r := rand.New(rand.NewChaCha8(seed))
	if r.IntN(2) == 0 {
		for _, sig := range []int{signal.SIGTERM, signal.SIGALRM, signal.SIGPIPE, signal.SIGCHLD, signal.SIGIO} {
			p.Sigaction(sig, signal.Action(r.IntN(4)))
		}
	}
	fds := []int{0, 1}
	fd := func() int { return fds[r.IntN(len(fds))] }
	open := func(n int, e errno.Errno) {
		if e == errno.OK {
			fds = append(fds, n)
		}
	}
	buf := make([]byte, 3000)
	some := func() []byte { return buf[:r.IntN(len(buf))] }
	addr := func() netip.AddrPort {
		host := []string{"10.0.0.1", "10.0.0.2", "127.0.0.1", "10.0.0.9"}[r.IntN(4)]
		return netip.AddrPortFrom(netip.MustParseAddr(host), uint16(7+r.IntN(4)))
	}
	for range 150 {
		if p.Dying() {
			return p.Verdict()
		}
		p.Charge(min(int64(r.IntN(60_000)), p.Budget()))
		p.Budget()
		for p.SignalWaits() {
			sig := p.TakeSignal()
			p.Handle(sig, func() { p.Charge(100) })
		}
		switch r.IntN(26) {
		case 0:
			p.Sleep(time.Duration(r.IntN(5_000_000)))
		case 1:
			p.Spawn([]string{[]string{"m", "cat", "nope"}[r.IntN(3)], "/tmp/a"}, nil, [3]int{fd(), fd(), fd()})
		case 2:
			p.Spawn([]string{"echo", "x"}, nil, [3]int{-1, fd(), -1})
		case 3:
			p.Waitpid(-1, r.IntN(2))
		case 4:
			p.Kill(r.IntN(12)-1, []int{0, signal.SIGTERM, signal.SIGALRM, signal.SIGIO, signal.SIGINT}[r.IntN(5)])
		case 5:
			p.Alarm(time.Duration(r.IntN(3_000_000)))
		case 6:
			a, b, e := p.Pipe()
			open(a, e)
			open(b, e)
		case 7, 8:
			p.SetFlags(fd(), kern.O_NONBLOCK*r.IntN(2))
		case 9:
			open(p.Dup(fd()))
		case 10:
			p.Dup2(fd(), r.IntN(20))
		case 11:
			if len(fds) > 2 {
				i := 2 + r.IntN(len(fds)-2)
				p.Close(fds[i])
				fds = append(fds[:i], fds[i+1:]...)
			}
		case 12:
			open(p.Kqueue())
		case 13:
			var events [3]kern.Kevent
			p.Kevent(fd(), []kern.Kevent{
				{Ident: fd(), Filter: -1 - r.IntN(2), Flags: kern.EV_ADD | kern.EV_CLEAR*r.IntN(2)},
				{Ident: r.IntN(3), Filter: kern.EVFILT_TIMER, Flags: kern.EV_ADD, Data: int64(r.IntN(3))},
			}, events[:], time.Duration(r.IntN(2_000_000)))
		case 14:
			open(p.Open("/tmp/"+string(rune('a'+r.IntN(3))), kern.O_RDWR|kern.O_CREAT|kern.O_NONBLOCK))
		case 15:
			p.Rename(sys.AtRoot, "/tmp/"+string(rune('a'+r.IntN(3))), sys.AtRoot, "/tmp/"+string(rune('a'+r.IntN(3))))
		case 16:
			p.Unlink(sys.AtRoot, "/tmp/"+string(rune('a'+r.IntN(4))))
		case 17:
			p.Mkfifo(sys.AtRoot, "/tmp/"+string(rune('a'+r.IntN(4))))
		case 18:
			open(p.Socket([]inet.SocketKind{inet.SocketUDP, inet.SocketTCP}[r.IntN(2)]))
		case 19:
			n := fd()
			p.Bind(n, netip.AddrPortFrom(netip.IPv4Unspecified(), addr().Port()))
			p.Listen(n, 3)
		case 20:
			n := fd()
			p.SetFlags(n, kern.O_NONBLOCK)
			p.Connect(n, addr())
		case 21:
			n := fd()
			p.SetFlags(n, kern.O_NONBLOCK)
			conn, _, e := p.Accept(n)
			open(conn, e)
		case 22:
			p.SendTo(fd(), some(), addr())
		case 23:
			p.Poll([]file.PollFD{{FD: fd(), Events: kern.POLLIN}, {FD: fd(), Events: kern.POLLOUT}}, time.Duration(r.IntN(2_000_000)))
		case 24:
			n := fd()
			p.SetFlags(n, kern.O_NONBLOCK)
			p.Read(n, some())
		case 25:
			p.Write(fd(), some())
		}
	}
	return sys.Exit{How: "exit"}
}

// muddleLab is two hosts on a cable, each with programs that start at once.
func muddleLab(t testing.TB, seed uint64) *vnet.Lab {
	t.Helper()
	c := config.Lab{Name: "muddle", Seed: seed, Links: []config.Link{{A: "a:em0", B: "b:em0", Delay: 50 * time.Microsecond}}}
	for i, name := range []string{"a", "b"} {
		c.Nodes = append(c.Nodes, config.Node{
			Name: name,
			NICs: []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), 24)}}},
			Programs: []config.Program{
				{Name: "m", Start: true}, {Name: "n", Start: true, Fuel: 3_000_000},
			},
		})
	}
	l, err := vnet.New(c, vnet.Runtime{NewStack: host.New, Commands: userland.Commands()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	for _, n := range []string{"a", "b"} {
		for _, p := range []string{"m", "n"} {
			if err := l.Install(n, p, muddle{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.Start()
	return l
}

// muddleCommands are what a person does, by time.
var muddleCommands = []struct {
	at time.Duration
	vnet.Command
}{
	{1500 * time.Microsecond, vnet.Exec{Node: "a", Line: "cat /dev/zero | cat > /tmp/z"}},
	{3000 * time.Microsecond, vnet.Exec{Node: "b", Line: "ping -c 3 10.0.0.1 | cat > /tmp/b"}},
	{4100 * time.Microsecond, vnet.Kill{Node: "a", Proc: "m"}},
	{7000 * time.Microsecond, vnet.Start{Node: "a", Proc: "m"}},
	{9003 * time.Microsecond, vnet.Exec{Node: "b", Line: "m | m | m"}},
	{15000 * time.Microsecond, vnet.Stop{Node: "b", Proc: "n"}},
	{20000 * time.Microsecond, vnet.Exec{Node: "a", Line: "nc -u 10.0.0.2 8 < /dev/random"}},
	{30000 * time.Microsecond, vnet.Stdin{Node: "b", Proc: "m", Text: "hello\n\x03", EOF: true}},
}

// muddleRun runs a lab to its end, with stops where chop says, and tells how it was.
func muddleRun(t testing.TB, seed uint64, chop func(l *vnet.Lab) (time.Duration, uint64)) string {
	t.Helper()
	const end = 60 * time.Millisecond
	l := muddleLab(t, seed)
	commands := muddleCommands
	for l.Now() < end {
		next := end
		if len(commands) > 0 {
			next = commands[0].at
		}
		until, steps := chop(l)
		if all := l.Run(min(until, next), steps); all && l.Now() == next && len(commands) > 0 {
			_, _ = l.Do(commands[0].Command) // which may fail: the same in each run
			commands = commands[1:]
		}
	}
	result := fmt.Sprintf("%d steps, %v, %s", l.Steps(), l.Now(), l.Log().Hash())
	l.Close()
	return result
}

// TestRunStopsAnywhere: what happens in a lab does not depend on where Run is told to
// stop, by steps or by time, between processes that start, signal and wait for each other.
func TestRunStopsAnywhere(t *testing.T) {
	for seed := range uint64(8) {
		want := muddleRun(t, seed, func(*vnet.Lab) (time.Duration, uint64) { return vnet.Forever, vnet.NoLimit })
		for _, c := range []struct {
			name string
			chop func(r *rand.Rand, l *vnet.Lab) (time.Duration, uint64)
		}{
			{"the same again", func(*rand.Rand, *vnet.Lab) (time.Duration, uint64) { return vnet.Forever, vnet.NoLimit }},
			{"step by step", func(_ *rand.Rand, l *vnet.Lab) (time.Duration, uint64) { return vnet.Forever, l.Steps() + 1 }},
			{"some steps", func(r *rand.Rand, l *vnet.Lab) (time.Duration, uint64) {
				return vnet.Forever, l.Steps() + 1 + r.Uint64N(40)
			}},
			{"some time", func(r *rand.Rand, l *vnet.Lab) (time.Duration, uint64) {
				return l.Now() + time.Duration(r.IntN(300_000)), vnet.NoLimit
			}},
			{"both", func(r *rand.Rand, l *vnet.Lab) (time.Duration, uint64) {
				return l.Now() + time.Duration(r.IntN(30_000)), l.Steps() + 1 + r.Uint64N(3)
			}},
		} {
			r := rand.New(rand.NewPCG(seed, 1))
			got := muddleRun(t, seed, func(l *vnet.Lab) (time.Duration, uint64) { return c.chop(r, l) })
			if got != want {
				t.Errorf("seed %d, %s: %s, want %s", seed, c.name, got, want)
			}
		}
	}
}

// FuzzRunStopsAnywhere is TestRunStopsAnywhere with other seeds and stops.
func FuzzRunStopsAnywhere(f *testing.F) {
	f.Add(uint64(1), []byte{1, 2, 3, 200})
	f.Add(uint64(99), []byte{0, 0, 255, 7, 31})
	f.Fuzz(func(t *testing.T, seed uint64, stops []byte) {
		want := muddleRun(t, seed, func(*vnet.Lab) (time.Duration, uint64) { return vnet.Forever, vnet.NoLimit })
		i := 0
		got := muddleRun(t, seed, func(l *vnet.Lab) (time.Duration, uint64) {
			if len(stops) == 0 {
				return vnet.Forever, vnet.NoLimit
			}
			b := stops[i%len(stops)]
			i++
			if b < 128 {
				return vnet.Forever, l.Steps() + 1 + uint64(b)
			}
			return l.Now() + time.Duration(b)*time.Microsecond, vnet.NoLimit
		})
		if got != want {
			t.Errorf("stops %v: %s, want %s", stops, got, want)
		}
	})
}
