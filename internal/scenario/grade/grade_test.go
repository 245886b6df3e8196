package grade

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/vnet"
)

func bounds(virtual time.Duration, turns, events, bytes uint64, fuel int64, looks uint64) run.Bounds {
	return run.Bounds{Virtual: virtual, Turns: turns, Events: events, Bytes: bytes, Fuel: fuel, Looks: looks}
}

// bare grades a scenario without drivers, IP stacks and programs.
func bare(t *testing.T, src string, b run.Bounds) (*Result, error) {
	t.Helper()
	sc, err := scenario.Parse("f", []byte(src))
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
	return within(lab, sc, Options{Audience: scenario.Staff}, b)
}

// stormScenario is two switches that are connected twice: a broadcast goes round for ever,
// and takes no time.
const stormScenario = `scenario: storm
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
		b         run.Bounds
		want      string
	}{
		{"a storm, by its turns", stormScenario, bounds(time.Hour, 50_000, 1<<60, 1<<60, 1, 1<<60), "f:8: the grading takes too long: more than 50000 turns of the lab at 1s"},
		{"a storm, by its events", stormScenario, bounds(time.Hour, 1<<60, 50_000, 1<<60, 1, 1<<60), "f:8: the grading takes too long: more than 50000 events at 1s"},
		{"a storm, by its bytes", stormScenario, bounds(time.Hour, 1<<60, 1<<60, 50_000, 1, 1<<60), "f:8: the grading takes too long: events of more than 50000 bytes at 1s"},
		{
			"many comparisons", "scenario: x\nnodes: {}\nswitches: {s1: {ports: 2}, s2: {ports: 1}}\nlinks: {s1.2: {to: s2.1}}\nsteps:\n- {send: {port: s1.1, repeat: 10000, packet: {arp.opcode: 1}}, expect: {port: s1.2, within: 1ms, packets: [{arp.opcode: 3}, {arp.opcode: 4}, {arp.opcode: 5}]}}\n",
			bounds(time.Hour, 1<<60, 1<<60, 1<<60, 1, 10_000),
			"more than 10000 comparisons of frames",
		},
		{"hours", "scenario: x\nnodes: {}\nsteps:\n- for: {times: 100, steps: [{wait: 10m}]}\n", run.Most, "f:4: the grading takes too long: it would go beyond 1h0m0s of virtual time"},
		{
			"many frames", "scenario: x\nnodes: {}\nswitches: {s1: {ports: 1}}\nsteps:\n- for: {times: 10, steps: [{send: {port: s1.1, repeat: 100000, packet: {arp.opcode: 1}}}]}\n",
			bounds(time.Hour, 1<<60, 150_000, 1<<60, 1, 1<<60),
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

// A grading that a limit ended keeps what was found until then.
func TestAGradingThatIsEndedHasAResult(t *testing.T) {
	const src = `scenario: x
nodes: {}
switches: {s1: {ports: 2}, s2: {ports: 1}}
links: {s1.2: {to: s2.1}}
steps:
- {id: a, points: 1, send: {port: s1.1, packet: {arp.opcode: 1}}, expect: {port: s1.2, direction: out}}
- {id: b, points: 2, send: {port: s1.1, repeat: 10000, packet: {arp.opcode: 1}}, expect: {port: s1.2, count: 0, within: 1s}}
- {id: c, points: 4, expect: {port: s1.2, within: 1ms}}
`
	r, err := bare(t, src, bounds(time.Hour, 1<<60, 5_000, 1<<60, 1, 1<<60))
	if !errors.Is(err, ErrTooLong) || r == nil {
		t.Fatalf("result %v, error %v", r, err)
	}
	var got []string
	for _, c := range r.Checks {
		got = append(got, c.ID+" "+c.Status+" "+c.Because)
	}
	if got, want := strings.Join(got, ", "), "a passed , limits error , b skipped limits, c skipped limits"; got != want || r.Score != 1 || r.MaxScore != 7 || r.Passed {
		t.Errorf("%s, %d of %d, passed %t; want %s", got, r.Score, r.MaxScore, r.Passed, want)
	}
}

// Of a stage that an audience does not see, not even its setup is run.
func TestAHiddenStageIsNotBegun(t *testing.T) {
	sc, err := scenario.Parse("f", []byte(`scenario: x
nodes: {}
switches: {s1: {ports: 2}}
stages: {late: {setup: [{wait: 1s}]}}
steps:
- {id: a, stage: late, visible: staff, send: {port: s1.1, packet: {arp.opcode: 1}}, expect: {port: s1.2}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for a, want := range map[scenario.Audience]int{scenario.Student: 0, scenario.Staff: 2} {
		if steps, err := plan(sc, Options{Stage: "late", Audience: a}); len(steps) != want || err != nil {
			t.Errorf("%v: %d steps, error %v, want %d", a, len(steps), err, want)
		}
	}
}

// A check shows its line of the file, unless there is more in it than its audience
// may see.
func TestLinesWithWhatIsWithheldAreNotShown(t *testing.T) {
	for _, tc := range []struct {
		name, steps string
		shown       bool
	}{
		{"a line of its own", "- {id: a, wait: 1s}\n- {id: b, visible: staff, wait: 1s}\n", true},
		{"with a text for staff", "- {id: a, staff: secret, wait: 1s}\n", false},
		{"that begins with a text for staff", "- staff: secret\n  id: a\n  wait: 1s\n", false},
		{"with a text for staff below", "- id: a\n  wait: 1s\n  staff: secret\n", true},
		{"with a hidden step", "  [{id: a, wait: 1s}, {id: b, visible: staff, wait: 1s}]\n", false},
		{"of a loop with a hidden step", "- for: {times: 1, steps: [{id: a, wait: 1s}, {id: b, visible: after-due, wait: 1s}]}\n", false},
		{"of a list that begins before it", "  [{id: z, wait: 1s},\n  {id: a, wait: 1s}]\n", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sc, err := scenario.Parse("f", []byte("scenario: x\nnodes: {}\nsteps:\n"+tc.steps))
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(sc.Steps, func(s scenario.Step) bool { return s.ID == "a" })
			student, staff := check(sc, &sc.Steps[i], Options{}), check(sc, &sc.Steps[i], Options{Audience: scenario.Staff})
			if shown := student.Source != ""; shown != tc.shown || staff.Source == "" {
				t.Errorf("students see %q, staff %q", student.Source, staff.Source)
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
	graded := func(src string, a scenario.Audience) *Result {
		t.Helper()
		sc, err := scenario.Parse("f", []byte(src))
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
	plain, shown := graded(base, scenario.Student), graded(base+hidden, scenario.Student)
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
	if all := graded(base+hidden, scenario.Staff); len(all.Checks) != 3 || all.Hash == plain.Hash {
		t.Errorf("staff see %d checks", len(all.Checks))
	}
}

func TestResultAsJSON(t *testing.T) {
	r := &Result{Scenario: "x", Audience: scenario.AfterDue, Checks: []Check{{ID: "a", Status: StatusPassed}}}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(b), `{"format":1,"scenario":"x","audience":"after-due",`) {
		t.Errorf("%s", b)
	}
	var back Result
	if err := json.Unmarshal(b, &back); err != nil || back.Audience != scenario.AfterDue || back.Checks[0].ID != "a" {
		t.Errorf("read back %+v, error %v", back, err)
	}
}

// The log of a step keeps its beginning and its end.
func TestLogKeepsBothEnds(t *testing.T) {
	var src strings.Builder
	src.WriteString("scenario: x\nnodes: {}\nswitches: {s1: {ports: 1}}\nsteps:\n- {id: a, send: {port: s1.1, repeat: 100, every: 1ms, packet: {arp.opcode: 1}}, expect: {port: s1.1, within: 1ms, packet: {arp.opcode: 2}}}\n")
	r, err := bare(t, src.String(), run.Most)
	if err != nil {
		t.Fatal(err)
	}
	log := r.Checks[0].Log
	if len(log) != MaxLogLines+1 || !strings.Contains(log[0], " 0s ") || log[firstLines] != "... 176 more ..." || !strings.Contains(log[len(log)-1], "99ms") {
		t.Errorf("%d lines:\n%s", len(log), strings.Join(log, "\n"))
	}
}

// What an audience does not see is not run.
func TestPlansHoldWhatIsSeen(t *testing.T) {
	hidden, err := scenario.Parse("f", []byte(`scenario: x
nodes: {}
switches: {s1: {ports: 1}}
steps:
- {id: a, expect: {port: s1.1}}
- {id: b, visible: after-due, points: 3, expect: {port: s1.1}}
- {id: c, visible: staff, points: 5, expect: {port: s1.1}}
- for: {times: 3, steps: [{visible: staff, wait: 1s}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		a      scenario.Audience
		steps  int
		hidden bool
	}{{scenario.Student, 1, true}, {scenario.AfterDue, 2, true}, {scenario.Staff, 6, false}} {
		plan, err := plan(hidden, Options{Audience: tc.a})
		if err != nil || len(plan) != tc.steps || withheld(hidden, Options{Audience: tc.a}) != tc.hidden {
			t.Errorf("%v runs %d steps, something withheld %t, error %v", tc.a, len(plan), withheld(hidden, Options{Audience: tc.a}), err)
		}
	}
	if _, err := plan(hidden, Options{Student: "ann"}); err == nil {
		t.Error("the scenario of nobody is graded for ann")
	}
	if _, err := plan(hidden, Options{Stage: "x"}); err == nil {
		t.Error("a stage that is not there is graded")
	}
}

func TestRefusedProgramsAreAFailedCheck(t *testing.T) {
	sc, err := scenario.Parse("f", []byte(small+"steps:\n- {id: a, points: 2, expect: {port: s1.1}}\n- {id: b, points: 3, visible: staff, running: b.prog}\n"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Refused(sc, format.Slot{Node: "b", Proc: "prog"}, errors.New("the file is a Windows program"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Checks) != 2 || r.Checks[0].Status != StatusError || r.Checks[1].Status != StatusSkipped || r.Checks[1].Because != "program" || r.Passed || r.MaxScore != 2 || !r.Hidden {
		t.Errorf("%+v", r)
	}
	if got, want := r.Checks[0].Actual, "b.prog: the file is a Windows program"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q before it", got, want)
	}
}

// What nobody can repeat is no part of a grade, and who reads it is told.
func TestDoorsStayShutInAGrading(t *testing.T) {
	const src = "scenario: x\nnodes: {a: {}}\nswitches: {s1: {ports: 1%s}}\nsteps: [{wait: 1ms}]\n"
	for door, want := range map[string]string{"": "[]", ", port: {1: {door: tap}}": "[" + doorsShut + "]"} {
		r, err := bare(t, fmt.Sprintf(src, door), bounds(time.Second, 1000, 1000, 1<<20, 1000, 1000))
		if err != nil || fmt.Sprint(r.Notes) != want {
			t.Errorf("%q: %v, %v, want %s", door, r.Notes, err, want)
		}
	}
}
