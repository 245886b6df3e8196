package sys

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/tapemu"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/loop"
	"wireloom/vnet/memory"
	"wireloom/vnet/shell"
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

var done = Exit{How: "exit"}

// A setup says what machine a bench has: its programs, and which of them begin with it.
type setup struct {
	programs []string
	start    []string
	files    map[string][]byte
	memory   int64 // of the lab
	fuel     int64 // of each program
	tap      bool  // it has a tap0
}

// one is a machine with programs that all begin with it.
func one(programs ...string) setup { return setup{programs: programs, start: programs} }

// A bench is a machine without a lab: the host of its kernel and of its processes.
type bench struct {
	*System
	t      *testing.T
	conf   setup
	loop   loop.Loop
	log    *event.Log
	rec    event.Recorder
	whole  *memory.Lab
	chance *rand.ChaCha8
	progs  map[string]Executable
	frames uint64
	lines  []string
}

func (b *bench) Now() time.Duration { return b.loop.Now() }
func (b *bench) Random(p []byte)    { _, _ = b.chance.Read(p) }
func (b *bench) Soon(f func())      { b.loop.After(0, f) }
func (b *bench) Emit(e event.Event) { b.rec.Emit(e) }
func (b *bench) NewFrame() uint64   { b.frames++; return b.frames }
func (b *bench) Ended(*Proc)        {}

func (b *bench) After(d time.Duration, f func()) (cancel func()) { return b.loop.After(d, f) }
func (*bench) Lookup(string) (netip.Addr, bool)                  { return netip.Addr{}, false }
func (b *bench) Executables() []string                           { return slices.Sorted(maps.Keys(b.progs)) }

func (b *bench) Executable(name string) (Executable, bool) {
	x, ok := b.progs[path.Base(name)]
	return x, ok
}

func newBench(t testing.TB, c setup) *bench {
	t.Helper()
	b := &bench{conf: c, log: event.NewLog(0), chance: rand.NewChaCha8([32]byte{7}), progs: map[string]Executable{}}
	b.t, _ = t.(*testing.T)
	b.rec = event.Recorder{Log: b.log, Loop: &b.loop}
	b.whole = memory.New(c.memory, b.loop.Cut, func() { b.rec.Emit(event.Event{Kind: event.Limit, Op: "kernel-memory"}) })
	k := kern.New(kern.Config{Dialect: kern.NetBSD, Host: b, Procs: procTable{b}, Memory: b.whole.Kernels().Part()})
	b.System = New(Config{
		Name: "n", Host: b, Kernel: k, Net: inet.New("n", b, k, nil), Files: c.files, Loop: &b.loop, Log: &b.rec, Memory: b.whole.Part(),
	})
	if c.tap {
		root := kern.Thread{PID: 1, PGID: 1}
		if e := k.Load(&root, tapemu.NetBSD()); e != errno.OK {
			t.Fatal(e)
		}
		if _, e := k.IfCreate(&root, "tap0"); e != errno.OK {
			t.Fatal(e)
		}
		if e := k.IfUp(&root, "tap0"); e != errno.OK {
			t.Fatal(e)
		}
	}
	b.log.Subscribe(b.took)
	t.Cleanup(b.Off)
	return b
}

// took notes the events that want is about.
func (b *bench) took(e *event.Event) {
	say := func(format string, args ...any) { b.lines = append(b.lines, fmt.Sprintf(format, args...)) }
	switch e.Kind {
	case event.Console:
		say("%v %s:%s says %s", e.At, e.Node, e.Proc, strings.TrimSpace(string(e.Data)))
	case event.Exit:
		say("%v %s:%s exit %d %s fuel %d", e.At, e.Node, e.Proc, e.N, e.Op, e.Fuel)
	case event.Limit:
		say("%v limit %s", e.At, e.Op)
	default:
	}
}

type procTable struct{ b *bench }

func (t procTable) Exists(id int) bool { return t.b.Exists(id) }
func (t procTable) Signal(id, sig int) { t.b.Post(id, sig) }

// want checks what was logged since the last want.
func (b *bench) want(lines ...string) {
	b.t.Helper()
	got, want := strings.Join(b.lines, "\n"), strings.Join(lines, "\n")
	if got != want {
		b.t.Errorf("log is\n%s\nwant\n%s", got, want)
	}
	b.lines = nil
}

// program puts a program in its place.
func (b *bench) program(name string, main func(p *Proc) Exit) {
	b.install(name, native{"guest", "aa", main})
}

func (b *bench) install(name string, prog Program) {
	b.progs[name] = Executable{Name: name, Program: prog, Fuel: b.conf.fuel}
}

// begin starts a program, as its machine's lab would.
func (b *bench) begin(name string) error {
	_, err := b.System.Start(b.progs[name], name, []string{name})
	return err
}

// Start starts the programs that begin with the machine.
func (b *bench) Start() {
	for _, name := range b.conf.programs {
		if b.progs[name].Program != nil && slices.Contains(b.conf.start, name) {
			if err := b.begin(name); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// line runs a line of the prompt's, and returns the name of the last of its processes.
func (b *bench) line(line string) (string, error) {
	stages, err := shell.Parse(line)
	if err != nil {
		return "", err
	}
	return b.Exec(stages)
}

// Run lets time pass.
func (b *bench) Run(until time.Duration) { b.loop.Run(until, ^uint64(0)) }

// calls collects the calls and signals that are logged, a line each.
func calls(b *bench) *[]string {
	var lines []string
	b.log.Subscribe(func(e *event.Event) {
		switch e.Kind {
		case event.Call:
			s := fmt.Sprintf("%v %s %s(%s) = %d", e.At, e.Proc, e.Op, e.Text, e.N)
			if e.Errno != 0 {
				s += " " + errno.Errno(e.Errno).String()
			}
			lines = append(lines, s)
		case event.Signal:
			lines = append(lines, fmt.Sprintf("%v %s --- %s: %s ---", e.At, e.Proc, e.Op, e.Text))
		case event.Exit:
			lines = append(lines, fmt.Sprintf("%v %s ended: %s %d", e.At, e.Proc, e.Op, e.N))
		case event.Limit:
			lines = append(lines, fmt.Sprintf("%v %s limit %s", e.At, e.Proc, e.Op))
		default:
		}
	})
	return &lines
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the log has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// runOne runs a program as n:a to its end, or for an hour.
func runOne(t *testing.T, main func(p *Proc) Exit) []string {
	t.Helper()
	b := newBench(t, one("a"))
	lines := calls(b)
	b.program("a", main)
	b.Start()
	b.Run(time.Hour)
	return *lines
}

// ending is the end of a program: its process' verdict if it must die.
func ending(p *Proc) Exit {
	if p.Dying() {
		return p.Verdict()
	}
	return done
}

func say(p *Proc, format string, args ...any) { p.Write(1, fmt.Appendf(nil, format, args...)) }
