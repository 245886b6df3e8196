package scenario

import (
	"errors"
	"strings"
	"testing"

	"wireloom/internal/scenario/format"
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

func TestMistakesAreReported(t *testing.T) {
	with := func(steps string) string { return small + "steps:\n" + steps }
	for _, tc := range []struct{ name, src, want string }{
		{"unknown key", strings.Replace(small, "nics:", "nisc:", 1), `f:4:5: a has no key "nisc"; did you mean nics?`},
		{"unknown key of a step", with("  - {wiat: 1s}\n"), `f:15:6: item 1 of steps has no key "wiat"; did you mean wait?`},
		{"duplicate key", small + "scenario: again\n", `f:14:1: `},
		{"bad dialect", strings.Replace(small, "netbsd", "netbds", 1), `dialect is "netbds", want freebsd, dragonfly, netbsd or linux; did you mean netbsd?`},
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
		{"huge", strings.Repeat("#", format.MaxFile+1), "at most 262144 are allowed"},
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
	var e *format.Error
	if !errors.As(err, &e) || len(e.Mistakes) != 3 {
		t.Fatalf("got %v, want three problems", err)
	}
	want := "ping/scenario.yaml:7:14: dialect is \"plan9\", want freebsd, dragonfly, netbsd or linux\n        dialect: plan9\n                 ^"
	if got := e.Mistakes[0].String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
