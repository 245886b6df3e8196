package session

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/recording"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/memory"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
)

// A native is a program made of a Go function. Its bytes are its name.
type native struct {
	name string
	main func(p *sys.Proc) sys.Exit
}

func (n native) Name() string              { return n.name }
func (n native) ID() string                { return hashOf(n.name) }
func (n native) Main(p *sys.Proc) sys.Exit { return n.main(p) }

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

var done = sys.Exit{How: "exit"}

// talk puts a frame on the wire every period.
func talk(period time.Duration) func(p *sys.Proc) sys.Exit {
	return func(p *sys.Proc) sys.Exit {
		k := p.System().Kernel()
		frame := make([]byte, 98)
		copy(frame, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5")
		for n := uint64(0); ; n++ {
			binary.BigEndian.PutUint64(frame[20:], n)
			p.Random(frame[28:32])
			if m := k.NewFrame(frame); m != nil {
				k.Ifnet("em0").Transmit(m)
			}
			p.Charge(100)
			if p.Sleep(period); p.Dying() {
				return p.Verdict()
			}
		}
	}
}

func spin(p *sys.Proc) sys.Exit {
	for !p.Dying() {
		p.Charge(p.Budget())
	}
	return p.Verdict()
}

// deaf catches SIGTERM and goes on.
func deaf(p *sys.Proc) sys.Exit {
	p.Catch(signal.SIGTERM)
	for !p.Dying() {
		p.Sleep(300 * time.Millisecond)
	}
	return p.Verdict()
}

func echo(p *sys.Proc) sys.Exit {
	b := make([]byte, 256)
	for {
		n, e := p.Read(0, b)
		if e != errno.OK || n == 0 || p.Dying() {
			return done
		}
		_, _ = p.Write(1, b[:n])
	}
}

// hoard takes ten MiB more every ten milliseconds, up to 60, and keeps them.
func hoard(p *sys.Proc) sys.Exit {
	for n := int64(10); n <= 60; n += 10 {
		p.SetMemory(n << 20)
		p.Charge(100)
		p.Sleep(10 * time.Millisecond)
	}
	p.Sleep(time.Hour)
	return p.Verdict()
}

// breathe takes memory and gives it back, for ever.
func breathe(p *sys.Proc) sys.Exit {
	for n := int64(0); !p.Dying(); n++ {
		p.SetMemory((n * 7 % 50) << 20)
		p.Charge(1000)
		p.Sleep(7 * time.Millisecond)
	}
	return p.Verdict()
}

// nest makes nested calls that take so much of the host.
func nest(p *sys.Proc) sys.Exit {
	p.SetStack(MaxStacks + memory.MaxKernel + 1)
	p.Sleep(time.Hour)
	return p.Verdict()
}

func buggy(*sys.Proc) sys.Exit { panic("a bug of ours") }

// programs are what tests can install, by name.
func programs() map[string]sys.Program {
	m := map[string]sys.Program{}
	for name, main := range map[string]func(*sys.Proc) sys.Exit{
		"talk20": talk(20 * time.Millisecond), "talk1": talk(time.Millisecond), "flood": talk(0), "spin": spin, "deaf": deaf, "echo": echo,
		"hoard": hoard, "breathe": breathe, "nest": nest, "buggy": buggy, "quiet": func(*sys.Proc) sys.Exit { return done },
	} {
		m[name] = native{name, main}
	}
	return m
}

// configOf is two hosts and a switch, with a slot on each host.
func configOf(seed uint64) config.Lab {
	c := config.Lab{Name: "test", Seed: seed, Switches: []config.Switch{{Name: "s1", Ports: 2}}}
	for i := range 2 {
		name := fmt.Sprintf("h%d", i+1)
		c.Nodes = append(c.Nodes, config.Node{
			Name: name, Dialect: kern.NetBSD, NICs: []config.NIC{{Name: "em0"}},
			Programs: []config.Program{{Name: "p", Start: true, Slot: true}},
		})
		c.Links = append(c.Links, config.Link{A: name + ":em0", B: fmt.Sprintf("s1.%d", i+1), Delay: time.Millisecond})
	}
	return c
}

func newLab(c config.Lab) (*vnet.Lab, error) {
	return vnet.New(c, vnet.Runtime{Commands: map[string]sys.Program{"echo": programs()["echo"]}})
}

// build makes a lab whose hosts run the programs of those names.
func build(seed uint64, names ...string) (*vnet.Lab, Setup, error) {
	lab, err := newLab(configOf(seed))
	if err != nil {
		return nil, Setup{}, err
	}
	setup := Setup{Scenario: "test", Title: "A test", Brief: "Try it.", Seed: seed}
	for i, name := range names {
		p := programs()[name]
		node := fmt.Sprintf("h%d", i+1)
		setup.Programs = append(setup.Programs, recording.Program{Node: node, Proc: "p", Name: name, Hash: p.ID(), Size: int64(len(name))})
		if err := lab.Install(node, "p", p); err != nil {
			return nil, Setup{}, err
		}
	}
	return lab, setup, nil
}

// builder makes the labs of build again.
var builder = recording.Builder{
	Lab: newLab,
	Program: func(hash string) ([]byte, error) {
		for name, p := range programs() {
			if p.ID() == hash {
				return []byte(name), nil
			}
		}
		return nil, nil
	},
	Compile: func(_ context.Context, name string, _ []byte) (sys.Program, error) {
		if p := programs()[name]; p != nil {
			return p, nil
		}
		return nil, errors.New("no such program")
	},
}

// A bench is a live session under test.
type bench struct {
	*Session
	t    *testing.T
	stop context.CancelCauseFunc
}

// live starts a session inside a synctest bubble, where real time is fake.
func live(t *testing.T, o Options, names ...string) *bench {
	t.Helper()
	lab, setup, err := build(1, names...)
	if err != nil {
		t.Fatal(err)
	}
	return liveLab(t, o, func() (*vnet.Lab, Setup) { return lab, setup })
}

// looped is a lab of two switches with two cables between them.
func looped() (*vnet.Lab, Setup) {
	c := configOf(1)
	c.Links = []config.Link{{A: "s1.1", B: "s2.1"}, {A: "s1.2", B: "s2.2"}}
	c.Switches = append(c.Switches, config.Switch{Name: "s2", Ports: 2})
	lab, err := vnet.New(c, vnet.Runtime{})
	if err == nil {
		err = lab.Install("h1", "p", programs()["quiet"])
	}
	if err != nil {
		panic(err)
	}
	return lab, Setup{Scenario: "test", Seed: 1}
}

// liveLab is live with a lab of another make.
func liveLab(t *testing.T, o Options, build func() (*vnet.Lab, Setup)) *bench {
	t.Helper()
	lab, setup := build()
	o.Dir = t.TempDir()
	s, err := New(lab, setup, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	go s.Run(ctx)
	t.Cleanup(func() {
		stop(nil)
		<-s.Done()
	})
	synctest.Wait()
	return &bench{s, t, stop}
}

func (b *bench) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// now is the lab's virtual time and its steps, after what is due has happened.
func (b *bench) now() (at time.Duration, steps uint64) {
	b.t.Helper()
	synctest.Wait()
	type moment struct {
		at    time.Duration
		steps uint64
	}
	m, err := query(b.t.Context(), b.Session, func() (moment, error) {
		b.catchUp()
		return moment{b.lab.Now(), b.lab.Steps()}, nil
	})
	b.ok(err)
	return m.at, m.steps
}

func (b *bench) watch() (detach func()) {
	b.t.Helper()
	detach, err := b.Attach(b.t.Context())
	b.ok(err)
	return detach
}

func (b *bench) install(node, name string) {
	b.t.Helper()
	b.ok(b.Install(b.t.Context(), node, "p", programs()[name], []byte(name)))
}

// command is one by its name.
func command(t testing.TB, op, node, proc string) vnet.Command {
	t.Helper()
	c, err := vnet.DecodeCommand(fmt.Appendf(nil, `{"op":%q,"node":%q,"proc":%q}`, op, node, proc), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (b *bench) do(op, node, proc string) {
	b.t.Helper()
	_, err := b.Do(b.t.Context(), command(b.t, op, node, proc))
	b.ok(err)
}

// near reports whether a virtual time is want, but for what waits for a turn at 10x.
func near(got, want time.Duration) bool { return (got - want).Abs() <= 10*grain }
