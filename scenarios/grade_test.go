package scenarios

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
)

// bare grades a scenario without drivers, IP stacks and programs.
func bare(t *testing.T, src string, b bounds) (*Result, error) {
	t.Helper()
	sc, err := Parse("f", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	conf := sc.Config(nil)
	conf.Window = -1
	lab, err := vnet.New(conf, vnet.Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	return grade(lab, sc, Options{Audience: Staff}, b)
}

// A storm is two switches that are connected twice: a broadcast goes round for ever,
// and takes no time.
const storm = `scenario: storm
nodes: {}
switches: {s1: {ports: 3}, s2: {ports: 3}}
links: {s1.1: {to: s2.1}, s1.2: {to: s2.2}}
steps:
- wait: 1s
- send: {port: s1.3, packet: {arp.opcode: 1}}
- wait: 1s
`

func TestGradingsWithoutEndAreEnded(t *testing.T) {
	for _, tc := range []struct {
		name, src string
		b         bounds
		want      string
	}{
		{"a storm, by its turns", storm, bounds{time.Hour, 50_000, 1 << 60, 1 << 60, 1, 1 << 60}, "f:8: the grading takes too long: more than 50000 turns of the lab at 1s"},
		{"a storm, by its events", storm, bounds{time.Hour, 1 << 60, 50_000, 1 << 60, 1, 1 << 60}, "f:8: the grading takes too long: more than 50000 events at 1s"},
		{"a storm, by its bytes", storm, bounds{time.Hour, 1 << 60, 1 << 60, 50_000, 1, 1 << 60}, "f:8: the grading takes too long: events of more than 50000 bytes at 1s"},
		{
			"many comparisons", "scenario: x\nnodes: {}\nswitches: {s1: {ports: 2}, s2: {ports: 1}}\nlinks: {s1.2: {to: s2.1}}\nsteps:\n- {send: {port: s1.1, repeat: 10000, packet: {arp.opcode: 1}}, expect: {port: s1.2, within: 1ms, packets: [{arp.opcode: 3}, {arp.opcode: 4}, {arp.opcode: 5}]}}\n",
			bounds{time.Hour, 1 << 60, 1 << 60, 1 << 60, 1, 10_000},
			"more than 10000 comparisons of frames",
		},
		{"hours", "scenario: x\nnodes: {}\nsteps:\n- for: {times: 100, steps: [{wait: 10m}]}\n", most, "f:4: the grading takes too long: it would go beyond 1h0m0s of virtual time"},
		{
			"many frames", "scenario: x\nnodes: {}\nswitches: {s1: {ports: 1}}\nsteps:\n- for: {times: 10, steps: [{send: {port: s1.1, repeat: 100000, packet: {arp.opcode: 1}}}]}\n",
			bounds{time.Hour, 1 << 60, 150_000, 1 << 60, 1, 1 << 60},
			"more than 150000 events",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := bare(t, tc.src, tc.b)
			if !errors.Is(err, ErrTooLong) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("result %v, error %v, want one with %q", r, err, tc.want)
			}
		})
	}
}

// The result of a run without hidden steps is that of a run that has them and does not
// show them, bit by bit but for what says that something is withheld.
func TestWhatIsHiddenHasNoTrace(t *testing.T) {
	const base = `scenario: x
nodes: {}
switches: {s1: {ports: 2}}
steps:
- {id: a, points: 1, send: {port: s1.1, packet: {arp.opcode: 1}}, expect: {port: s1.2, within: 1ms, count: 0}}
`
	const hidden = "- {id: b, visible: after-due, points: 7, send: {port: s1.2, packet: {arp.opcode: 2}}, expect: {port: s1.2}}\n- {id: c, visible: staff, expect: {port: s1.2}}\n"
	run := func(src string, a Audience) *Result {
		t.Helper()
		sc, err := Parse("f", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		lab, err := vnet.New(sc.Config(nil), vnet.Runtime{})
		if err != nil {
			t.Fatal(err)
		}
		defer lab.Close()
		r, err := Grade(lab, sc, Options{Audience: a})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	plain, shown := run(base, Student), run(base+hidden, Student)
	if plain.Hidden || !shown.Hidden {
		t.Errorf("withheld %t and %t", plain.Hidden, shown.Hidden)
	}
	shown.Hidden = false
	a, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("without hidden steps\n%s\nwith them\n%s", a, b)
	}
	if all := run(base+hidden, Staff); len(all.Checks) != 3 || all.Hash == plain.Hash {
		t.Errorf("staff see %d checks", len(all.Checks))
	}
}

func TestResultAsJSON(t *testing.T) {
	r := &Result{Scenario: "x", Audience: AfterDue, Checks: []Check{{ID: "a", Status: StatusPassed}}}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(b), `{"format":1,"scenario":"x","audience":"after-due",`) {
		t.Errorf("%s", b)
	}
	var back Result
	if err := json.Unmarshal(b, &back); err != nil || back.Audience != AfterDue || back.Checks[0].ID != "a" {
		t.Errorf("read back %+v, error %v", back, err)
	}
}

func TestAnswers(t *testing.T) {
	for _, tc := range []struct {
		want, got string
		ok        bool
	}{
		{"", "0", true},
		{"ok", "12", true},
		{"ok", "-1 EWOULDBLOCK (Resource temporarily unavailable)", false},
		{"any", "-1 EIO (Input/output error)", true},
		{"EWOULDBLOCK", "-1 EWOULDBLOCK (Resource temporarily unavailable)", true},
		{"EAGAIN", "-1 EWOULDBLOCK (Resource temporarily unavailable)", true},
		{"EIO", "-1 EWOULDBLOCK (Resource temporarily unavailable)", false},
		{"EIO", "4", false},
		{"42", "42", true},
		{"42", "41", false},
		{"1..60", "60", true},
		{"1..60", "61", false},
		{"1..", "0", false},
		{"..5", "5", true},
		{"0 [tap1]", "0 [tap1]", true},
		{"0 [tap1]", "0 [tap2]", false},
		{"-1", "-1 EIO (Input/output error)", false},
	} {
		a, err := parseAnswer(tc.want)
		if err != nil {
			if tc.want != "-1" {
				t.Errorf("%q: %v", tc.want, err)
			}
			continue
		}
		if got := a.is(tc.got); got != tc.ok {
			t.Errorf("%q for %q: %t, want %t", tc.got, tc.want, got, tc.ok)
		}
	}
}

// The log of a step keeps its beginning and its end.
func TestLogKeepsBothEnds(t *testing.T) {
	var src strings.Builder
	src.WriteString("scenario: x\nnodes: {}\nswitches: {s1: {ports: 1}}\nsteps:\n- {id: a, send: {port: s1.1, repeat: 100, every: 1ms, packet: {arp.opcode: 1}}, expect: {port: s1.1, within: 1ms, packet: {arp.opcode: 2}}}\n")
	r, err := bare(t, src.String(), most)
	if err != nil {
		t.Fatal(err)
	}
	log := r.Checks[0].Log
	if len(log) != MaxLogLines+1 || !strings.Contains(log[0], " 0s ") || log[firstLines] != "... 176 more ..." || !strings.Contains(log[len(log)-1], "99ms") {
		t.Errorf("%d lines:\n%s", len(log), strings.Join(log, "\n"))
	}
}
