package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
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
		{"send without frame", with("  - {send: {port: s1.1}}\n"), "in one form: packet, hex or capture"},
		{"bad hex", with("  - {send: {port: s1.1, hex: zz}}\n"), "bytes in hexadecimal"},
		{"too many replies", with("  - {id: x, ping: {node: a, to: 10.0.0.2, count: 2, replies: 3}}\n"), "3 replies cannot come to 2"},
		{"slot and command", strings.Replace(small, "slot: submission", "slot: submission, command: ping", 1), "either a slot or a command"},
		{"number in quotes", strings.Replace(small, "ports: 2", `ports: "2"`, 1), `ports is "2", want a whole number`},
		{"nothing behind a key", strings.Replace(small, "scenario: small", "scenario:", 1), "has nothing behind it"},
		{"control byte", "scenario: a\x01b\n", "is not text"},
		{"deep brackets", "scenario: " + strings.Repeat("[", 40), "nested deeper"},
		{"deep lists", "scenario: x\nnodes:\n  - - - - - - - - 1\n", "lists nested in one line"},
		{"a tab", "scenario: x\n\ttitle: y\n", "f:2:1: a tab: YAML is indented with blanks"},
		{"deeper than its neighbours", with("  - id: x\n    wait: 1s\n      points: 1\n"), "the line after it is indented deeper"},
		{"less deep than its neighbours", with("  - id: x\n    send: {port: s1.1, hex: 00}\n   wait: 1s\n"), "it is indented by 3 columns, the line before by 4"},
		{"a quote that is not closed", strings.Replace(small, "scenario: small", "scenario: \"small\ntitle: \"x\"", 1), "quote that begins in line 1 closed?"},
		{"a value without quotes", with("  - {id: x, send: {port: s1.1, packet: {ip.src: ${n}.1}}}\n"), "texts with ${...} need quotes"},
		{"a no-break space", "scenario: x\n\u00a0title: y: z\n", "a no-break space (U+00A0)"},
		{"no blank after a colon", with("  - id: x\n    wait:1s\n"), "with a blank after the colon"},
		{"no dash", with("  - id: x\n    wait: 1s\n\n    id: y\n"), `key "id" is there twice; the first is in line 15. Does a "- " lack`},
		{"a near port", with("  - {id: x, expect: {port: b:tap1, packet: {arp.opcode: 1}}}\n"), "there is no port b:tap1 in this scenario; did you mean b:tap0?"},
		{"ports that there are", with("  - {id: x, expect: {port: q9.99, packet: {arp.opcode: 1}}}\n"), "there is no port q9.99 in this scenario; there is s1.1, "},
		{"a near step", with("  - {id: first, expect: {port: s1.1}}\n  - {needs: [frist], wait: 1s}\n"), "did you mean first?"},
		{"a single need", with("  - {id: first, expect: {port: s1.1}}\n  - {needs: first, wait: 1s}\n"), "want a list, such as [first]"},
		{"the beginning of a field", with("  - {id: x, expect: {port: s1.1, packet: {arp.op: 1}}}\n"), "did you mean arp.opcode?"},
		{"no field of a protocol", with("  - {id: x, expect: {port: s1.1, packet: {arp.target.address: 1}}}\n"), "there are arp."},
		{"a link to nowhere", strings.Replace(small, "s1.2}", "s1.9}", 1), `f:9:`},
		{"one mistake in many places", with("  - {id: x, expect: {port: q}}\n  - {id: y, expect: {port: q}}\n  - {id: z, expect: {port: q}}\n"), "(also in line 16, 17)"},
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

func TestByteOrderMarkIsNoMistake(t *testing.T) {
	if _, err := Parse("f", []byte("\ufeff"+small)); err != nil {
		t.Error(err)
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

// TestSchemaTakesTheBuiltins checks every built-in scenario, as it is written, against
// the schema, by a reader of schemas that knows nothing else of the format.
func TestSchemaTakesTheBuiltins(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	sc := schemaChecker{root}
	for _, name := range Builtin() {
		t.Run(name, func(t *testing.T) {
			src, err := OpenBuiltin(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := sc.check(root, plainOf(src.root), "/"); err != nil {
				t.Error(err)
			}
		})
	}
	for _, tc := range []struct{ name, src string }{
		{"an unknown key", "scenario: x\nnodez: {}\n"},
		{"an unknown key of a step", "scenario: x\nnodes: {}\nsteps: [{wiat: 1s}]\n"},
		{"an unknown key of a step in a loop", "scenario: x\nnodes: {}\nsteps: [{for: {times: 2, steps: [{wiat: 1s}]}}]\n"},
		{"an unknown field", "scenario: x\nnodes: {}\nsteps: [{expect: {port: s1.1, packet: {ip.tll: 3}}}]\n"},
		{"an unknown word", "scenario: x\nnodes: {a: {dialect: plan9}}\n"},
		{"a number that is too large", "scenario: x\nnodes: {}\nsteps: [{points: 5000, wait: 1s}]\n"},
		{"no scenario", "nodes: {}\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &problems{}
			if err := sc.check(root, plainOf(parseTree([]byte(tc.src), p)), "/"); err == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

// plainOf is a value as JSON has it.
func plainOf(v *value) any {
	switch v.kind {
	case kindMap:
		m := map[string]any{}
		for _, e := range v.keys {
			m[e.key.text] = plainOf(e.val)
		}
		return m
	case kindList:
		l := []any{}
		for _, i := range v.items {
			l = append(l, plainOf(i))
		}
		return l
	case kindScalar:
		if n, err := strconv.ParseInt(v.text, 0, 64); err == nil && !v.quoted {
			return float64(n)
		}
		if b, err := strconv.ParseBool(v.text); err == nil && !v.quoted && len(v.text) > 1 {
			return b
		}
		return v.text
	case kindNull:
	}
	return nil
}

// A schemaChecker checks values against the part of JSON Schema that Schema uses; what
// it does not know is an error.
type schemaChecker struct{ root map[string]any }

func (c schemaChecker) check(schema any, v any, at string) error {
	m, ok := schema.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %v is no schema", at, schema)
	}
	for key, arg := range m {
		if err := c.keyword(m, key, arg, v, at); err != nil {
			return err
		}
	}
	return nil
}

func (c schemaChecker) keyword(m map[string]any, key string, arg, v any, at string) error {
	object, isObject := v.(map[string]any)
	list, isList := v.([]any)
	text, isText := v.(string)
	number, isNumber := v.(float64)
	bad := func() error { return fmt.Errorf("%s: %v does not fit %s %v", at, v, key, arg) }
	switch key {
	case "$schema", "$defs", "title", "description":
	case "$ref":
		name, _ := strings.CutPrefix(arg.(string), "#/$defs/")
		return c.check(c.root["$defs"].(map[string]any)[name], v, at)
	case "type":
		types, many := arg.([]any)
		if !many {
			types = []any{arg}
		}
		for _, ty := range types {
			_, isBool := v.(bool)
			is := map[any]bool{"object": isObject, "array": isList, "string": isText, "number": isNumber, "integer": isNumber, "boolean": isBool, "null": v == nil}
			if is[ty] {
				return nil
			}
		}
		return bad()
	case "enum":
		if !slices.Contains(arg.([]any), v) {
			return bad()
		}
	case "const":
		if v != arg {
			return bad()
		}
	case "pattern":
		if isText && !regexp.MustCompile(arg.(string)).MatchString(text) {
			return bad()
		}
	case "maxLength":
		if float64(len(text)) > arg.(float64) {
			return bad()
		}
	case "minimum":
		if isNumber && number < arg.(float64) {
			return bad()
		}
	case "maximum":
		if isNumber && number > arg.(float64) {
			return bad()
		}
	case "maxItems":
		if float64(len(list)) > arg.(float64) {
			return bad()
		}
	case "minItems":
		if isList && float64(len(list)) < arg.(float64) {
			return bad()
		}
	case "maxProperties":
		if float64(len(object)) > arg.(float64) {
			return bad()
		}
	case "minProperties":
		if isObject && float64(len(object)) < arg.(float64) {
			return bad()
		}
	case "required":
		for _, r := range arg.([]any) {
			if _, there := object[r.(string)]; !there && isObject {
				return bad()
			}
		}
	case "items":
		for i, x := range list {
			if err := c.check(arg, x, fmt.Sprintf("%s%d/", at, i)); err != nil {
				return err
			}
		}
	case "anyOf":
		var errs []error
		for _, s := range arg.([]any) {
			err := c.check(s, v, at)
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	case "properties", "patternProperties":
		for k, s := range arg.(map[string]any) {
			for name, x := range object {
				if key == "properties" && k != name || key == "patternProperties" && !regexp.MustCompile(k).MatchString(name) {
					continue
				}
				if err := c.check(s, x, at+name+"/"); err != nil {
					return err
				}
			}
		}
	case "additionalProperties":
		props, _ := m["properties"].(map[string]any)
		patterns, _ := m["patternProperties"].(map[string]any)
		for name := range object {
			known := props[name] != nil
			for k := range patterns {
				known = known || regexp.MustCompile(k).MatchString(name)
			}
			if !known && arg == false {
				return fmt.Errorf("%s has no %q", at, name)
			}
		}
	default:
		return fmt.Errorf("%s: %s is not a keyword that is known here", at, key)
	}
	return nil
}

// The first example of the reference is a scenario.
func TestDocumentedExample(t *testing.T) {
	doc, err := os.ReadFile("../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```yaml\n")
	src, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("there is no example")
	}
	if _, err := Parse("docs/scenarios.md", []byte(src)); err != nil {
		t.Error(err)
	}
	// Every key of a step has its place on that page.
	for _, f := range stepShape.fields {
		if !strings.Contains(string(doc), f.name) {
			t.Errorf("docs/scenarios.md does not tell of %s", f.name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	for _, name := range Builtin() {
		src, err := builtin.ReadFile(name + "/scenario.yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("a: &x [*x]\n"))
	f.Add([]byte("? a\n: b\n"))
	f.Add([]byte(small + "params: {p: {from: 1, to: 3}}\nsteps: [{for: {each: i, in: 1..3, steps: [{id: \"s${i}\", send: {port: s1.1, packet: {ip.ttl: \"${p}\"}}}]}}]\n"))
	f.Add([]byte(small + "steps: [{id: a, send: {port: s1.1, hex: 00}}, {send: {port: s1.1, packet: {data.data: \"${a.data.data}\"}}}]\n"))
	f.Add([]byte(stormScenario))
	f.Add([]byte(`scenario: x
nodes: {a: {nics: {em0: {port: s1.1}}, programs: {p: {slot: w}}}}
switches: {s1: {ports: 3}}
links: {s1.2: {to: s1.3, delay: 1ms}}
steps:
- {id: a, fault: {port: s1.2, direction: out, drop: 1}, send: {port: s1.1, repeat: 3, packet: {ip.dst: 10.0.0.1, icmp.type: 8}}, expect: [{port: s1.2, since: a, count: 1..3}, {port: s1.1, reply_to: a, within: 10ms}]}
- {id: b, send: {port: "a:em0", direction: out, packet: {eth.dst: "${a.eth.src}"}}, expect: {port: s1.1, order: strict, only: true, packets: [{eth.type: any}, {ip.ttl: ..3}]}}
- {needs: [a], start: {program: a.p, argv: [x]}, stdin: {program: a.p, text: x}, stdout: {program: a.p, matches: x, within: 1ms}, exit: {program: a.p, code: 0, within: 1ms}, running: a.p}
- {do: {node: a, calls: [getpid = any]}, run: {node: a, command: ls, exit: 0}, ping: {node: a, to: 10.0.0.1, count: 1}}
- {counters: {interface: "a:em0", ipackets: 1.., since: step}, mac_table: {switch: s1, count: 1}, arp_table: {node: a, count: 0}, routes: {node: a, lacks: [{to: 0.0.0.0/0}]}, device: {name: "a:em0", open: false, mtu: 1500}, budget: {program: a.p, fuel: 1}}
`))
	f.Fuzz(func(t *testing.T, src []byte) {
		sc, err := Parse("f", src)
		if err != nil {
			if len(err.Error()) > 1<<20 {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if err := sc.Lab.Check(); err != nil {
			t.Fatalf("a file was taken whose lab is refused: %v", err)
		}
		if len(sc.Steps) > MaxSteps {
			t.Fatalf("%d steps", len(sc.Steps))
		}
		sc.Digest(Student)
		if _, err := sc.For("somebody", nil); err != nil && len(sc.params) == 0 {
			t.Fatalf("a student's scenario is refused: %v", err)
		}
		for i := range sc.Steps {
			_ = sc.Steps[i].describe() + sc.Steps[i].expects()
		}
		// What needs no driver and no IP stack is graded, within small limits.
		lab, err := vnet.New(sc.Config(nil), vnet.Runtime{})
		if err != nil {
			return
		}
		defer lab.Close()
		r, err := grade(lab, sc, Options{Audience: Staff}, bounds{10 * time.Second, 20_000, 20_000, 1 << 22, 1000, 20_000})
		if err == nil && r.Score > r.MaxScore {
			t.Fatalf("%d of %d points", r.Score, r.MaxScore)
		}
	})
}
