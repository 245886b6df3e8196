package scenarios

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

const small = `scenario: small
nodes:
  a:
    nics:
      em0: {port: s1.1, address: 10.0.0.1/24}
  b:
    dialect: netbsd
    devices:
      tap0: {port: s1.2}
    programs:
      prog: {slot: submission}
switches:
  s1: {ports: 2}
`

func TestParseBuiltins(t *testing.T) {
	for _, name := range Builtin() {
		t.Run(name, func(t *testing.T) {
			sc, err := OpenBuiltin(name)
			if err != nil {
				t.Fatal(err)
			}
			if sc.Name != name || sc.Title == "" || sc.Brief == "" || len(sc.Steps) == 0 {
				t.Errorf("name %q, title %q, %d bytes of brief, %d steps", sc.Name, sc.Title, len(sc.Brief), len(sc.Steps))
			}
		})
	}
}

func TestParseWhatItSays(t *testing.T) {
	sc, err := OpenBuiltin("ping")
	if err != nil {
		t.Fatal(err)
	}
	c := sc.Config(nil)
	if c.Seed != 42 || len(c.Nodes) != 2 || c.Nodes[1].Devices[0].MAC.String() != "02:00:00:00:00:0b" {
		t.Errorf("config %+v", c)
	}
	if len(c.Links) != 2 || c.Links[0].A != "alice:em0" || c.Links[0].B != "s1.1" || c.Links[0].Delay != time.Millisecond {
		t.Errorf("links %+v", c.Links)
	}
	other := uint64(7)
	if got := sc.Config(&other).Seed; got != 7 {
		t.Errorf("another seed is %d", got)
	}
	if s := sc.Slots(); len(s) != 1 || s[0].String() != "bob.pingd" {
		t.Errorf("slots %v", s)
	}
}

func TestMistakesAreReported(t *testing.T) {
	with := func(steps string) string { return small + "steps:\n" + steps }
	for _, tc := range []struct{ name, src, want string }{
		{"unknown key", strings.Replace(small, "nics:", "nisc:", 1), `f:4:5: a has no key "nisc"; did you mean nics?`},
		{"unknown key of a step", with("  - {wiat: 1s}\n"), `f:15:6: item 1 of steps has no key "wiat"; did you mean wait?`},
		{"duplicate key", small + "scenario: again\n", `f:14:1: `},
		{"bad dialect", strings.Replace(small, "netbsd", "netbds", 1), `dialect is "netbds", want freebsd, dragonfly or netbsd; did you mean netbsd?`},
		{"missing key", "nodes: {}\n", `the scenario lacks "scenario"`},
		{"wrong kind", "scenario: x\nnodes: [1]\n", "f:2:8: nodes is a list, want a mapping"},
		{"bad address", strings.Replace(small, "10.0.0.1/24", "10.0.0.1", 1), `address is "10.0.0.1", want an address with its prefix length`},
		{"bad port", strings.Replace(small, "s1.2}", "s1.9}", 1), `there is no "s1.9"`},
		{"port used twice", strings.Replace(small, "s1.2}", "s1.1}", 1), "s1.1 has a link already, to a:em0"},
		{"not YAML", "scenario: [\n", "not valid YAML"},
		{"anchor", "scenario: &x small\nnodes: {}\n", "anchors, aliases and merges are not allowed"},
		{"alias", "scenario: small\nnodes: *x\n", ""},
		{"tag", "scenario: !!str small\nnodes: {}\n", "tags such as !!str"},
		{"empty", "", "want one with a mapping in it"},
		{"two documents", "a: 1\n---\nb: 2\n", "2 YAML documents"},
		{"bad duration", with("  - {wait: soon}\n"), `wait is "soon", want a time such as 200ms`},
		{"negative duration", with("  - {wait: -1s}\n"), `wait is "-1s"`},
		{"step without action", with("  - {id: x}\n"), "a step needs something to do"},
		{"points without id", with("  - {points: 1, wait: 1s}\n"), "needs an id"},
		{"points without check", with("  - {id: x, points: 1, wait: 1s}\n"), "this step checks nothing"},
		{"unknown field", with("  - {id: x, expect: {port: s1.1, packet: {arp.opcod: 1}}}\n"), `arp.opcode`},
		{"bad field value", with("  - {id: x, expect: {port: s1.1, packet: {arp.opcode: many}}}\n"), `arp.opcode`},
		{"unknown port", with("  - {id: x, expect: {port: s2.1, packet: {arp.opcode: 1}}}\n"), "there is no port s2.1"},
		{"unknown program", with("  - {start: b.other}\n"), "there is no program b.other"},
		{"unknown need", with("  - {needs: [y], wait: 1s}\n"), "has the id y"},
		{"send without frame", with("  - {send: {port: s1.1}}\n"), "packet or as hex"},
		{"bad hex", with("  - {send: {port: s1.1, hex: zz}}\n"), "bytes in hexadecimal"},
		{"too many replies", with("  - {id: x, ping: {node: a, to: 10.0.0.2, count: 2, replies: 3}}\n"), "3 replies cannot come to 2"},
		{"pinging from nowhere", with("  - {id: x, ping: {node: b, to: 10.0.0.2}}\n"), "no address to ping from"},
		{"slot and command", strings.Replace(small, "slot: submission", "slot: submission, command: ping", 1), "either a slot or a command"},
		{"number in quotes", strings.Replace(small, "ports: 2", `ports: "2"`, 1), `ports is "2", want a whole number`},
		{"nothing behind a key", strings.Replace(small, "scenario: small", "scenario:", 1), "has nothing behind it"},
		{"control byte", "scenario: a\x01b\n", "is not text"},
		{"deep brackets", "scenario: " + strings.Repeat("[", 40), "nested deeper"},
		{"deep lists", "scenario: x\nnodes:\n  - - - - - - - - 1\n", "lists nested in one line"},
		{"huge", strings.Repeat("#", MaxFile+1), "at most 262144 are allowed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("f", []byte(tc.src))
			if err == nil {
				t.Fatalf("no mistake found, want %q", tc.want)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got\n%v\nwant %q in it", err, tc.want)
			}
		})
	}
}

func TestAllMistakesAtOnceWithTheirLines(t *testing.T) {
	src := strings.NewReplacer("netbsd", "plan9", "ports: 2", "prots: 2").Replace(small)
	_, err := Parse("ping/scenario.yaml", []byte(src))
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) != 3 {
		t.Fatalf("got %v, want three problems", err)
	}
	want := "ping/scenario.yaml:7:14: dialect is \"plan9\", want freebsd, dragonfly or netbsd\n        dialect: plan9\n                 ^"
	if got := e.Problems[0].String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSchemaIsOfTheFormat(t *testing.T) {
	var s struct {
		Schema     string                     `json:"$schema"`
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.Schema, "2020-12") || len(s.Properties) != len(format.fields) || len(s.Required) != 2 {
		t.Errorf("schema %q, %d properties, required %v", s.Schema, len(s.Properties), s.Required)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	sc, err := OpenBuiltin("ping")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sc.Source)
	f.Add([]byte("a: &x [*x]\n"))
	f.Add([]byte("? a\n: b\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		sc, err := Parse("f", src)
		if err == nil && sc.Lab.Check() != nil {
			t.Fatalf("a file was taken whose lab is refused: %v", sc.Lab.Check())
		}
		if err != nil && len(err.Error()) > 1<<20 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
	})
}
