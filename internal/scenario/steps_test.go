package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"wireloom/internal/scenario/format"
)

// steps is the small lab with steps, which are written from the first column on.
func steps(s string) string { return small + "steps:\n" + s }

// Every mistake that a step as a whole, a loop, a param or a stage can have. Those of
// verbs stand in the transcripts of package verb.
func TestMistakesOfSteps(t *testing.T) {
	const sends = "- {id: s, send: {port: s1.1, packet: {arp.opcode: 1}}}\n"
	for _, tc := range []struct{ name, src, want string }{
		// Steps as a whole.
		{"hidden before visible", steps("- {visible: staff, wait: 1s}\n- {wait: 1s}\n"), "a step that is visible always comes after one that is visible staff"},
		{"unknown visibility", steps("- {visible: late, wait: 1s}\n"), `visible is "late", want always, after-due or staff`},
		{"the id of another", steps(sends + "- {id: s, wait: 1s}\n"), "f:16:8: another step has the id s"},
		{"a need that checks nothing", steps(sends + "- {needs: [s], wait: 1s}\n"), "has the id s"},
		{"a loop over nothing", steps("- {for: {each: i, in: [], steps: [{wait: 1s}]}}\n"), "in has nothing to go through"},
		{"nothing is typed", steps("- {stdin: {program: b.prog}}\n"), "stdin needs text, or eof: true"},
		{"points for nothing that comes", steps("- {id: n, points: 1, expect: {port: s1.1, count: 0}}\n"), "a program that does nothing gets these points"},
		{"points for nothing that comes while it runs", steps("- {id: n, points: 1, running: b.prog, budget: {program: b.prog, memory: 9}, expect: {port: s1.1, count: 0}}\n"), "a program that does nothing gets these points"},
		{"points for no replies", steps("- {id: n, points: 1, running: b.prog, ping: {node: a, to: 10.0.0.9, replies: 0}}\n"), "a program that does nothing gets these points"},
		{"points for what is not known", steps("- {id: n, points: 1, running: b.prog, mac_table: {switch: s1, lacks: [\"02:00:00:00:00:01\"]}, arp_table: {node: a, lacks: [10.0.0.9]}}\n"), "a program that does nothing gets these points"},
		{"points for few frames", steps("- {id: n, points: 1, counters: {interface: \"a:em0\", ipackets: 0..3}}\n"), "a program that does nothing gets these points"},
		{"replies of nobody", steps("- {ping: {node: a, to: 10.0.0.9, replies: 0, from: b}}\n"), "nobody answers where no replies are wanted"},
		{"replies of a stranger", steps("- {ping: {node: a, to: 10.0.0.9, from: nobody}}\n"), "nobody"},
		{"points for nothing that is printed", steps("- {id: n, points: 1, stdout: {program: b.prog, lacks: x}}\n"), "a program that does nothing gets these points"},
		{"a stage that is not there", steps("- {stage: x, wait: 1s}\n"), "there is no stage x"},
		{"a stage without steps", small + "stages: {x: {}}\nsteps: [{wait: 1s}]\n", "no step belongs to stage x"},
		{"points in a setup", small + "stages: {x: {setup: [{points: 1, id: p, running: b.prog}]}}\nsteps: [{wait: 1s, stage: x}]\n", "a step of a setup has no points"},
		{"reference of no slot", small + "stages: {x: {reference: b.nothing}}\nsteps: [{wait: 1s, stage: x}]\n", "there is no program b.nothing"},
		// What the lab itself refuses.
		{"a tap as NIC", strings.Replace(small, "em0:", "tap3:", 1), "f:5:7: node \"a\": interface \"tap3\": tun and tap are devices"},
		{"a node like a switch", strings.Replace(small, "s1: {ports: 2}", "s1: {ports: 2}\n  a: {ports: 2}", 1), "f:14:3: switch \"a\": another node or switch has this name"},
		{"too many arguments", strings.Replace(small, "slot: submission", "slot: submission, argv: ["+strings.Repeat("x, ", 40)+"], env: ["+strings.Repeat("A=b, ", 40)+"]", 1), "f:11:7: node \"b\": program \"prog\": 80 arguments"},
		// Values that the run tells.
		{"told by no step", steps("- {expect: {port: s1.1, packet: {ip.ttl: \"${x.ip.ttl}\"}}}\n"), "there is no param, loop variable or step of that name"},
		{"told by a later step", steps("- {send: {port: s1.1, packet: {ip.ttl: \"${s.ip.ttl}\"}}}\n" + sends), "no step before this one has the id s"},
		{"told a field that is none", steps(sends + "- {send: {port: s1.1, packet: {ip.ttl: \"${s.ip.tll}\"}}}\n"), "did you mean ip.ttl?"},
		{"told the sum of a field that is none", steps(sends + "- {send: {port: s1.1, packet: {ip.ttl: \"${s.ip.ttl+ip.tll}\"}}}\n"), "did you mean ip.ttl?"},
		{"told the sum of an address", steps(sends + "- {send: {port: s1.1, packet: {ip.ttl: \"${s.arp.src.proto_ipv4+data.len}\"}}}\n"), "is no number, to which something can be added"},
		{"told a result without do", steps(sends + "- {stdin: {program: b.prog, text: \"${s.result}\"}}\n"), "step s has no do"},
		{"told where it cannot be", steps(sends + "- {wait: \"${s.ip.ttl}\"}\n"), "cannot hold ${step.field}"},
		{"told by a step without frames", steps("- {id: s, wait: 1s}\n- {stdin: {program: b.prog, text: \"${s.ip.ttl}\"}}\n"), "neither expects nor sends a frame"},
		// Switches.
		{"a port of a switch that it has not", strings.Replace(steps("- {wait: 1s}\n"), "ports: 2", "ports: 2, port: {3: {access: 1}}", 1), "there is no port 3"},
		{"a tree that is none", strings.Replace(steps("- {wait: 1s}\n"), "ports: 2", "ports: 2, stp: mstp", 1), "want rstp or stp"},
		{"RSTP on Linux", strings.Replace(steps("- {wait: 1s}\n"), "ports: 2", "ports: 2, stp: rstp, dialect: linux", 1), "speaks stp alone"},
		{"a link in three ways", steps("- {wait: 1s}\n") + "links: {s1.1: {netem: loss 1%, netem_in: loss 1%}}\n", "say one or the other"},
		{"words of tc that there are not", steps("- {wait: 1s}\n") + "links: {s1.1: {netem: lose 1%}}\n", `there is no word "lose"`},
		// Points and hints.
		{"points of a part of one thing", steps("- {id: n, points: {of: 3}, expect: {port: s1.1}}\n"), "points of a part are for what has parts"},
		{"parts that give more than all", steps("- {id: n, points: {of: 3, each: 4}, expect: {port: s1.1, count: 5}}\n"), "each part would give 4, and all of them 3"},
		{"more parts than there are", steps("- {id: n, points: {of: 3, from: 6}, expect: {port: s1.1, count: 5}}\n"), "there are 5 parts, and never 6"},
		{"parts of nothing", steps("- {id: n, points: {each: 1}, expect: {port: s1.1, count: 5}}\n"), `points lacks "of"`},
		{"points that are none", steps("- {id: n, points: many, expect: {port: s1.1}}\n"), "points is \"many\", want a whole number from 0 to 1000"},
		{"a bonus of no points", steps("- {id: n, bonus: true, expect: {port: s1.1}}\n"), "bonus is of points, and this step gives none"},
		{"a hint for points and for failures", steps("- {id: n, points: 1, expect: {port: s1.1}, hint: {text: x, cost: 1, after: 2}}\n"), "it can't have both"},
		{"hints that take more than there is", steps("- {id: n, points: 2, expect: {port: s1.1}, hint: [{text: x, cost: 1}, {text: y, cost: 2}]}\n"), "the hints of this step take 3 points, and it gives 2"},
		{"many hints", steps("- {id: n, expect: {port: s1.1}, hint: [a, b, c, d, e, f, g, h, i]}\n"), "at most 8"},
		// What is offered to try.
		{"a try without a label", small + "try: [{stop: b.prog}]\n", `f:14:8: item 1 of try lacks "label"`},
		{"a try with an empty label", small + "try: [{label: \" \", stop: b.prog}]\n", "the label is empty"},
		{"a try that does nothing", small + "try: [{label: x, look: y}]\n", "a try needs something to do"},
		{"two tries of one label", small + "try: [{label: x, stop: b.prog}, {label: x, kill: b.prog}]\n", "another try has this label"},
		{"a try that checks", small + "try: [{label: x, run: {node: a, command: ls, exit: 0}}]\n", `run has no key "exit"`},
		{"a try that waits", small + "try: [{label: x, wait: 1s}]\n", `item 1 of try has no key "wait"`},
		{"a try at a port that there is not", small + "try: [{label: x, send: {port: s1.9, packet: {arp.opcode: 1}}}]\n", "there is no port s1.9"},
		{"a try with what a step tells", steps(sends) + "try: [{label: x, stdin: {program: b.prog, text: \"${s.arp.opcode}\"}}]\n", "${s.arp.opcode}: no step before this one has the id s"},
		// Loops.
		{"a loop over nothing", steps("- for: {each: x, steps: [{wait: 1s}]}\n"), "for needs either in"},
		{"a loop without a name", steps("- for: {in: 1..3, steps: [{wait: 1s}]}\n"), `for lacks "each"`},
		{"a loop beside something", steps("- {for: {times: 2, steps: [{wait: 1s}]}, wait: 1s}\n"), "a step with for has nothing else"},
		{"a bad range of a loop", steps("- for: {each: x, in: 1-3, steps: [{wait: 1s}]}\n"), "want a list or a range such as 1..3"},
		{"a long range", steps("- for: {each: x, in: 1..999999999, steps: [{wait: 1s}]}\n"), "has more than 500 numbers"},
		{"a billion times", steps("- for: {times: 1000000000, steps: [{wait: 1s}]}\n"), "want a whole number from 0 to 500"},
		{"too many steps", steps("- for: {times: 500, steps: [{for: {times: 500, steps: [{wait: 1s}]}}]}\n"), "more than 500 steps"},
		{"loops of nothing", steps("- for: {times: 500, steps: [{for: {times: 500, steps: []}}]}\n"), "more than 500 steps"},
		{"an unknown name", steps("- for: {each: port, in: [s1.1], steps: [{expect: {port: \"${prot}\"}}]}\n"), "did you mean port?"},
		{"an unknown key of an item", steps("- for: {each: p, in: [{a: 1}], steps: [{expect: {port: \"${p.b}\"}}]}\n"), `p has no "b"`},
		{"an item as a whole", steps("- for: {each: p, in: [{a: 1}], steps: [{expect: {port: \"${p}\"}}]}\n"), "write ${p.a}"},
		{"a mistake in a loop is told once", steps("- for: {times: 9, steps: [{wiat: 1s}]}\n"), "did you mean wait?"},
		{"ids of a loop that are the same", steps("- for: {times: 2, steps: [{id: x, wait: 1s}]}\n"), "another step has the id x"},
		// Params.
		{"a param of nothing", "scenario: x\nnodes: {}\nparams: {p: {}}\n", "needs either pick, or from and to"},
		{"a param of both", "scenario: x\nnodes: {}\nparams: {p: {pick: [1], from: 1, to: 2}}\n", "needs either pick, or from and to"},
		{"a range that ends first", "scenario: x\nnodes: {}\nparams: {p: {from: 3, to: 2}}\n", "from 3 is above to 2"},
		{"an empty pick", "scenario: x\nnodes: {}\nparams: {p: {pick: []}}\n", "nothing to choose from"},
		{"items that differ", "scenario: x\nnodes: {}\nparams: {p: {pick: [{a: 1}, {b: 1}]}}\n", "must all have the same keys"},
		{"a list as item", "scenario: x\nnodes: {}\nparams: {p: {pick: [[1]]}}\n", "a single value or a mapping"},
		{"a bad name of a param", "scenario: x\nnodes: {}\nparams: {P-1: {from: 1, to: 2}}\n", "is not a param's name"},
		{"an unknown param", "scenario: x\ntitle: \"${q}\"\nnodes: {}\nparams: {p: {from: 1, to: 2}}\n", "f:2:8: ${q}: there is no param"},
		{"a form that is none", "scenario: x\ntitle: \"${p:%s}\"\nnodes: {}\nparams: {p: {from: 1, to: 2}}\n", `"%s" is no form`},
		{"a form of a text", "scenario: x\ntitle: \"${p:%d}\"\nnodes: {}\nparams: {p: {pick: [a]}}\n", "is not a whole number, which %d needs"},
		{"a sum of a text", "scenario: x\ntitle: \"${p+1}\"\nnodes: {}\nparams: {p: {pick: [a]}}\n", "to which something can be added"},
		{"an open brace", "scenario: x\ntitle: \"${p\"\nnodes: {}\nparams: {p: {pick: [a]}}\n", "${ without a }"},
		{"an empty brace", "scenario: x\ntitle: \"${}\"\nnodes: {}\nparams: {p: {pick: [a]}}\n", "names nothing"},
		{"what only some student meets", strings.Replace(small, "10.0.0.1/24", `"10.0.0.${h}/24"`, 1) + "params: {h: {from: 200, to: 256}}\n", "(with h 256)"},
		{"an item that only some student meets", strings.Replace(small, "10.0.0.1/24", `"${h}"`, 1) + "params: {h: {pick: [10.0.0.1/24, 10.0.0.2/24, 10.0.0.3]}}\n", "(with h 10.0.0.3)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("f", []byte(tc.src))
			if err == nil {
				t.Fatalf("no mistake found, want %q", tc.want)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got\n%v\nwant %q in it", err, tc.want)
			}
			var e *format.Error
			if !errors.As(err, &e) || e.Mistakes[0].Excerpt == "" {
				t.Errorf("the line is not shown: %v", err)
			}
		})
	}
}

// Mistakes of different kinds, in the topology's shape, in steps' shapes and in what
// steps refer to, are reported at once.
func TestMistakesOfAllKindsAtOnce(t *testing.T) {
	_, err := Parse("f", []byte(steps(`
- {wiat: 1s}
- {send: {port: s1.9, packet: {arp.opcode: 1}}}
- {id: x, points: 3, wait: 1s}
- {expect: {port: s1.1, packet: {arp.opcod: 1}}}
- for: {times: 3, steps: [{expect: {port: s1.1, count: none}}]}
`)))
	var e *format.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v", err)
	}
	var lines []int
	for _, p := range e.Mistakes {
		lines = append(lines, p.Line)
	}
	if got, want := fmt.Sprint(lines), "[16 17 18 19 20]"; got != want {
		t.Errorf("mistakes in lines %s, want %s:\n%v", got, want, err)
	}
}

func TestParamsAreChosenByStudentAndSeed(t *testing.T) {
	sc, err := Parse("f", []byte(strings.Replace(small, "10.0.0.1/24", `"10.0.${lan.net}.${host}/24"`, 1)+
		"params: {host: {from: 2, to: 200}, lan: {pick: [{net: 1}, {net: 2}, {net: 3}]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	address := func(student string, seed *uint64) string {
		own, err := sc.For(student, seed)
		if err != nil {
			t.Fatal(err)
		}
		if own.Student != student {
			t.Errorf("it is that of %q", own.Student)
		}
		a := own.Lab.Nodes[0].NICs[0].Addresses[0].String()
		if want := fmt.Sprintf("10.0.%s.%s/24", own.Params["lan.net"], own.Params["host"]); a != want {
			t.Errorf("the address is %s, and the params say %s", a, want)
		}
		return a
	}
	// Written out: who changes how they are chosen changes every student's lab.
	for student, want := range map[string]string{"": "10.0.2.81/24", "ann": "10.0.1.196/24", "bob": "10.0.2.162/24"} {
		if got := address(student, nil); got != want {
			t.Errorf("student %q has %s, want %s", student, got, want)
		}
	}
	// An accent that is a letter's part, and one that is a mark behind it.
	composed, apart := "Zo\u00eb", "Zoe\u0308"
	if own, err := sc.For(apart, nil); err != nil || own.Student != composed || own.Lab.Nodes[0].NICs[0].Addresses[0].String() != address(composed, nil) {
		t.Errorf("%q and %q are two students: %v", composed, apart, err)
	}
	if _, err := sc.For("Zo\xeb", nil); err == nil {
		t.Error("bytes that are no text are a student")
	}
	other := uint64(99)
	if address("ann", nil) == address("ann", &other) {
		t.Error("another seed chooses the same")
	}
	seen := map[string]bool{}
	for i := range 300 {
		seen[address(fmt.Sprint("s", i), nil)] = true
	}
	if len(seen) < 200 {
		t.Errorf("300 students have only %d different addresses", len(seen))
	}
	if sc.Lab.Nodes[0].NICs[0].Addresses[0].String() != address("", nil) {
		t.Error("For has changed the scenario that it was asked of")
	}
	if _, err := sc.For(strings.Repeat("x", MaxStudent+1), nil); err == nil {
		t.Error("an id without end is taken")
	}
}

// A name with an accent is one student's, composed (NFC) as Linux writes it or decomposed
// (NFD) as a Mac does.
func TestOneStudentHasOneLab(t *testing.T) {
	sc, err := Parse("f", []byte(small+"params: {n: {from: 1, to: 1000000}}\nsteps: [{title: \"${n}\", wait: 1s}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	composed, err1 := sc.For("Zo\u00eb", nil)
	decomposed, err2 := sc.For("Zoe\u0308", nil)
	other, err3 := sc.For("Zoe", nil)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	if composed.Params["n"] != decomposed.Params["n"] || composed.Student != decomposed.Student {
		t.Errorf("composed %q has %s, decomposed %q has %s", composed.Student, composed.Params["n"], decomposed.Student, decomposed.Params["n"])
	}
	if composed.Params["n"] == other.Params["n"] {
		t.Error("another student has the same values")
	}
}

// Labs of many students are built at once from one scenario.
func TestStudentsDoNotShare(t *testing.T) {
	sc, err := Parse("f", []byte(small+"params: {n: {from: 1, to: 9}}\nstages: {one: {}}\nsteps: [{stage: one, title: \"${n}\", wait: 1s}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			own, err := sc.For(fmt.Sprint("s", i), nil)
			if err != nil || own.Steps[0].Title != own.Params["n"] || len(own.Stages) != 1 {
				t.Errorf("student %d: error %v, %+v", i, err, own)
			}
		})
	}
	wg.Wait()
	if len(sc.Stages) != 1 || len(sc.Steps) != 1 {
		t.Errorf("%d stages, %d steps", len(sc.Stages), len(sc.Steps))
	}
}

func TestFilledTexts(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"${n}", "11"},
		{"a ${n} b ${n}", "a 11 b 11"},
		{"${n+1} ${n-20}", "12 -9"},
		{"${n:%02x} ${n:%X} ${n:%03d} ${n+5:%04x}", "0b B 011 0010"},
		{"$${n} ${t}", "${n} some text"},
		{"${l.net}/${l.mask}", "10.0.0.0/24"},
		{"$n {n} ${t", ""},
		{"100%", "100%"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			src := "scenario: x\nnodes: {}\ntitle: \"" + tc.text + "\"\nparams: {n: {pick: [11]}, t: {pick: [some text]}, l: {pick: [{net: 10.0.0.0, mask: 24}]}}\n"
			sc, err := Parse("f", []byte(src))
			if tc.want == "" {
				if err == nil {
					t.Errorf("got %q, want an error", sc.Title)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if sc.Title != tc.want {
				t.Errorf("got %q, want %q", sc.Title, tc.want)
			}
		})
	}
}

func TestSlotsWithOneWordAreOneProgram(t *testing.T) {
	sc, err := Parse("f", []byte(`scenario: x
nodes:
  a: {programs: {p: {slot: mine}, q: {slot: other}}}
  b: {programs: {p: {slot: mine}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ where, want string }{
		{"mine", "[a.p b.p]"},
		{"other", "[a.q]"},
		{"b", "[a.p b.p]"},
		{"b.p", "[a.p b.p]"},
		{"a.q", "[a.q]"},
		{"a", "node a has several slots"},
		{"", "takes several programs"},
		{"c", "no slot for a program there"},
	} {
		slots, err := sc.SlotsFor(tc.where)
		got := fmt.Sprint(slots)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%q: got %s, want %s", tc.where, got, tc.want)
		}
	}
	if got := fmt.Sprint(sc.Words()); got != "[mine other]" {
		t.Errorf("words %s", got)
	}
}

func TestCapturesOfTheFolder(t *testing.T) {
	pcap := append([]byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0},
		append(append(make([]byte, 8), 2, 0, 0, 0, 2, 0, 0, 0), 0xab, 0xcd)...)
	for _, tc := range []struct{ name, send, want string }{
		{"a frame", "{port: s1.1, capture: captures/x.pcap}", ""},
		{"no file", "{port: s1.1, capture: captures/y.pcap}", "there is no file captures/y.pcap"},
		{"no frame", "{port: s1.1, capture: captures/x.pcap, frame: 2}", "has 1 frames, and no frame 2"},
		{"no capture", "{port: s1.1, capture: captures/z.pcap}", "captures/z.pcap: the file is neither pcap nor pcapng"},
		{"of another link type", "{device: \"b:tun3\", capture: captures/x.pcap}", "is an Ethernet frame, and what is sent there is an IP packet"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sc, err := Open(fstest.MapFS{
				"scenario.yaml":   {Data: []byte(steps("- {send: " + tc.send + "}\n"))},
				"captures/x.pcap": {Data: pcap},
				"captures/z.pcap": {Data: []byte("no capture")},
			}, "small")
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error %v, want one with %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := sc.Steps[0].Say(); got != "send 2 bytes at s1.1" {
				t.Errorf("the step is to %s", got)
			}
		})
	}
}

// A file that is made to be slow or large ends with an error at once.
// Who opens a pipe waits for who writes to it.
func TestAFileThatIsNone(t *testing.T) {
	_, err := Open(fstest.MapFS{"scenario.yaml": &fstest.MapFile{Mode: fs.ModeNamedPipe}}, "x")
	if err == nil || !strings.Contains(err.Error(), "scenario.yaml is no ordinary file") {
		t.Errorf("error %v", err)
	}
}

func TestHostileFiles(t *testing.T) {
	nested := "- {wait: 1s}\n"
	for i := range 5 {
		nested = fmt.Sprintf("- for: {each: v%d, in: 1..60, steps: [%s]}\n", i, strings.TrimSuffix(strings.TrimPrefix(nested, "- "), "\n"))
		nested = strings.Replace(nested, "[for:", "[{for:", 1)
		if strings.Contains(nested, "[{for:") {
			nested = strings.Replace(nested, "]}\n", "}]}\n", 1)
		}
	}
	long := strings.Repeat("x", 60_000)
	for _, tc := range []struct{ name, src string }{
		{"aliases", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"},
		{"merges", "a: &a {x: 1}\nb: {<<: *a}\n"},
		{"loops in loops", steps(nested)},
		{"a long param, again and again", "scenario: x\nnodes: {}\nparams: {p: {pick: [" + long + "]}}\ntitle: \"" + strings.Repeat("${p}", 2000) + "\"\n"},
		{"a long param in a loop", "scenario: x\nnodes: {}\nparams: {p: {pick: [" + strings.Repeat("x,", 60) + long + "]}}\nsteps:\n- for: {times: 500, steps: [{title: \"${p}${p}${p}\", wait: 1s}]}\n"},
		{"many mistakes", "scenario: x\nnodes: {}\nsteps: [" + strings.Repeat("{a: 1},", 5000) + "]\n"},
		{"a long key", "scenario: x\nnodes: {}\n" + strings.Repeat("k", 200_000) + ": 1\n"},
		{"long keys", "scenario: x\nnodes: {}\n" + strings.Repeat("k", 20_000) + "1: 1\n" + strings.Repeat("k", 20_000) + "2: 1\n" + strings.Repeat("k", 20_000) + "3: 1\n" + strings.Repeat("k", 20_000) + "4: 1\n"},
		{"a long value", "scenario: " + strings.Repeat("v", 200_000) + "\nnodes: {}\n"},
		{"deep flow", strings.Repeat("{a: ", 5000)},
		{"deep blocks", strings.Repeat("a:\n ", 5000)},
		{"question marks", strings.Repeat("? ", 100_000)},
		{"many documents", strings.Repeat("---\na: 1\n", 20_000)},
		{"a long line", "a: " + strings.Repeat("- ", 100_000)},
		{"wide tables", "scenario: x\nnodes: {" + strings.Repeat("a: {}, ", 30_000) + "}\n"},
		{"huge numbers", steps("- {send: {port: s1.1, repeat: 99999999999999999999999, hex: 00}}\n")},
		{"a huge packet", steps("- {send: {port: s1.1, hex: \"" + strings.Repeat("00", 70_000) + "\"}}\n")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("f", []byte(tc.src))
			if err == nil {
				t.Fatal("it is taken")
			}
			if n := len(err.Error()); n > 1<<16 {
				t.Errorf("an error of %d bytes", n)
			}
		})
	}
}

func TestAudiences(t *testing.T) {
	for _, a := range []Audience{Student, AfterDue, Staff} {
		got, err := ParseAudience(a.String())
		if err != nil || got != a {
			t.Errorf("%v reads as %v, error %v", a, got, err)
		}
	}
	if _, err := ParseAudience("everybody"); err == nil {
		t.Error("everybody is an audience")
	}
}

// What the language says of durations is what is built of them.
func TestStepsSayWhatTheyDo(t *testing.T) {
	sc, err := Parse("f", []byte(steps(`
- {id: s, wait: 1.5s, send: {port: s1.1, repeat: 3, every: 2ms, packet: {arp.opcode: 1}}, expect: {port: s1.2, count: 2.., within: 3s, reply_to: s}}
- {stop: b.prog, start: {program: b.prog, argv: [x]}, fault: {port: s1.1, direction: out, drop: [1, 2]}}
- {run: {node: a, command: [ping, 10.0.0.2]}, ping: {node: a, to: 10.0.0.2}}
`)))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"wait 1.5s, send 42 bytes 3 times at s1.1, expect 2.. frames in reply to s at s1.2 within 3s",
		"stop b.prog, start b.prog, fault s1.1 out drop 1,2",
		"run ping 10.0.0.2 at a, ping 10.0.0.2 from a",
	} {
		if got := sc.Steps[i].Say(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// What an audience does not see changes neither what it runs nor the digest of its
// scenario; what it sees does.
func TestHiddenStepsLeaveNoTrace(t *testing.T) {
	const (
		visible  = "- {id: a, expect: {port: s1.1}}\n"
		afterDue = "- {id: b, visible: after-due, points: 3, expect: {port: s1.1}}\n"
		staff    = "- {id: c, visible: staff, points: 5, expect: {port: s1.1}}\n"
		looped   = "- for: {times: 3, steps: [{visible: staff, wait: 1s}]}\n"
	)
	parse := func(s string) *Scenario {
		t.Helper()
		sc, err := Parse("f", []byte(steps(s)))
		if err != nil {
			t.Fatal(err)
		}
		return sc
	}
	plain, hidden := parse(visible), parse(visible+afterDue+staff+looped)
	if plain.Digest(Student) != hidden.Digest(Student) {
		t.Error("hidden steps change the digest that students see")
	}
	if parse(visible+afterDue).Digest(AfterDue) != hidden.Digest(AfterDue) {
		t.Error("staff's steps change the digest that students see after the due date")
	}
	if hidden.Digest(Student) == hidden.Digest(AfterDue) || hidden.Digest(AfterDue) == hidden.Digest(Staff) {
		t.Error("what is seen does not change the digest")
	}
	if parse("# a comment\n"+strings.Replace(visible, "id: a", "id:   a", 1)).Digest(Staff) != plain.Digest(Staff) {
		t.Error("layout changes the digest")
	}
	if parse(strings.Replace(visible, "s1.1", "s1.2", 1)).Digest(Student) == plain.Digest(Student) {
		t.Error("a change that is seen does not change the digest")
	}
}
