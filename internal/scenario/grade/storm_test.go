package grade

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/run"
	"wireloom/tapemu"
	"wireloom/vnet"
	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// relay is a program that writes what it reads from one tap to the other, both ways.
type relay struct{}

func (relay) Name() string { return "relay.wasm" }
func (relay) ID() string   { return strings.Repeat("0", 64) }

func (relay) Main(p *sys.Proc) sys.Exit {
	fds := []file.PollFD{{Events: kern.POLLIN}, {Events: kern.POLLIN}}
	for i, name := range []string{"/dev/tap0", "/dev/tap1"} {
		fd, e := p.Open(name, kern.O_RDWR)
		if e != errno.OK {
			return sys.Exit{Code: 1, How: "exit"}
		}
		fds[i].FD = fd
	}
	buf := make([]byte, 2048)
	for !p.Dying() {
		p.Poll(fds, -1)
		for i := range fds {
			if fds[i].Revents == 0 {
				continue
			}
			n, _ := p.Read(fds[i].FD, buf)
			p.Charge(1000)
			p.Write(fds[1-i].FD, buf[:n])
		}
	}
	return p.Verdict()
}

const relayed = `scenario: relayed
nodes:
  b:
    dialect: netbsd
    devices: {tap0: {port: s1.1}, tap1: {port: s1.2}}
    programs: {relay: {slot: relay}}
switches: {s1: {ports: 3}}
steps:
- {id: a, send: {port: s1.3, packet: {arp.opcode: 1, arp.dst.proto_ipv4: 10.0.0.9}}, expect: {port: s1.3, count: 0, within: 10m}}
`

// What goes round until a limit ends a grading is named, in every run alike.
func TestWhatGoesRoundIsNamed(t *testing.T) {
	const late = "links: {s1.1: {to: s2.1, delay: 1ms}, s1.2: {to: s2.2, delay: 1ms}}"
	timed := strings.Replace(stormScenario, "links: {s1.1: {to: s2.1}, s1.2: {to: s2.2}}", late, 1)
	if timed == stormScenario {
		t.Fatal("the links of stormScenario are others")
	}
	events := func(n uint64) run.Bounds { return bounds(time.Hour, 1<<60, n, 1<<60, 1<<60, 1<<60) }
	for _, tc := range []struct {
		name, src string
		b         run.Bounds
		want      []string
	}{
		{"cables without delay", stormScenario, run.Most, []string{
			"more than 500000 steps at one instant, 1s\n",
			"Frames go round in a loop of cables: s1.1 -> s2.1, s2.2 -> s1.2, and again from s1.1. The first of them is frame 1, sent at 1s: ARP announcement of 0.0.0.0. From then on it passed s1.1 124996 times",
		}},
		{"cables with delay", timed, events(3_000), []string{
			"more than 3000 events at 1.499s",
			"Frames go round in a loop of cables: s1.1 -> s2.1, s2.2 -> s1.2, and again from s1.1. The first of them is frame 1, sent at 1s: ARP announcement of 0.0.0.0. From then on it passed s1.1 ",
		}},
		{"a program that writes what it reads", relayed, events(100_000), []string{
			"more than 100000 events at",
			"b.relay wrote the same packet again,", " times to /dev/tap1 in the last ", ": ARP probe for 10.0.0.9",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := stormy(t, tc.src, tc.b)
			c := r.Checks[0]
			if c.ID != "limits" || c.Status != StatusError || r.Passed {
				t.Fatalf("the first check is %+v, passed %t; want one that says which limit", c, r.Passed)
			}
			for _, w := range tc.want {
				if !strings.Contains(c.Actual, w) {
					t.Errorf("it says\n%s\nwant %q in it", c.Actual, w)
				}
			}
			if again := stormy(t, tc.src, tc.b); again.Hash != r.Hash || again.Checks[0].Actual != c.Actual {
				t.Errorf("another run has hash %s, want %s, and says\n%s", again.Hash, r.Hash, again.Checks[0].Actual)
			}
		})
	}
}

// stormy grades a scenario that a limit must end.
func stormy(t *testing.T, src string, b run.Bounds) *Result {
	t.Helper()
	sc, err := scenario.Parse("f", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	conf := sc.Config(nil)
	conf.Window = -1
	lab, err := vnet.New(conf, vnet.Runtime{Modules: func(kern.Dialect) []kern.Module { return []kern.Module{tapemu.NetBSD()} }})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	for _, sl := range sc.Slots() {
		if err := lab.Install(sl.Node, sl.Proc, relay{}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := within(lab, sc, Options{Audience: scenario.Staff}, b)
	if !errors.Is(err, ErrTooLong) || r == nil {
		t.Fatalf("result %v, error %v; want both", r, err)
	}
	return r
}

// What is outside of the lab may end a grading, which then has no result.
func TestAGradingThatIsStoppedHasNoResult(t *testing.T) {
	sc, err := scenario.Parse("f", []byte(stormScenario))
	if err != nil {
		t.Fatal(err)
	}
	lab, err := vnet.New(sc.Config(nil), vnet.Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	enough, asked := errors.New("enough"), 0
	r, err := Grade(lab, sc, Options{Stop: func() error {
		if asked++; asked > 3 {
			return enough
		}
		return nil
	}})
	if r != nil || !errors.Is(err, enough) || errors.Is(err, ErrTooLong) {
		t.Errorf("result %v, error %v; want none and %v", r, err, enough)
	}
}
