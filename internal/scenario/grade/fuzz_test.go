package grade

import (
	"testing"
	"time"

	"wireloom/internal/open"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/scenarios"
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

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	for _, name := range open.Builtin() {
		src, err := scenarios.FS.ReadFile(name + "/scenario.yaml")
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
		sc, err := scenario.Parse("f", src)
		if err != nil {
			if len(err.Error()) > 1<<20 {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if err := sc.Lab.Check(); err != nil {
			t.Fatalf("a file was taken whose lab is refused: %v", err)
		}
		if len(sc.Steps) > format.MaxSteps {
			t.Fatalf("%d steps", len(sc.Steps))
		}
		sc.Digest(scenario.Student)
		if _, err := sc.For("somebody", nil); err != nil && sc.Params == nil {
			t.Fatalf("a student's scenario is refused: %v", err)
		}
		for i := range sc.Steps {
			_ = sc.Steps[i].Say() + sc.Steps[i].Wants()
		}
		// What needs no driver and no IP stack is graded, within small limits.
		lab, err := vnet.New(sc.Config(nil), vnet.Runtime{})
		if err != nil {
			return
		}
		defer lab.Close()
		r, err := within(lab, sc, Options{Audience: scenario.Staff}, bounds(10*time.Second, 20_000, 20_000, 1<<22, 1000, 20_000))
		if err == nil && r.Score > r.MaxScore {
			t.Fatalf("%d of %d points", r.Score, r.MaxScore)
		}
	})
}
