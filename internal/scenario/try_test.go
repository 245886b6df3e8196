package scenario

import (
	"slices"
	"strings"
	"testing"

	"wireloom/vnet"
)

// What a scenario offers to try is its student's, as commands of the lab.
func TestTriesAreCommands(t *testing.T) {
	const src = small + `goal: Reach ${net}.
params: {net: {pick: [10.0.7]}}
try:
  - label: a pings ${net}.2
    run: {node: a, command: "ping -c 1 ${net}.2"}
    look: At s1.
  - label: all at once
    start: {program: b.prog, argv: [prog, "$${x}"]}
    stdin: {program: b.prog, text: "$${hello}\n"}
    stop: b.prog
    kill: b.prog
    fault: [{port: s1.1, link: down}, {interface: "b:tap0", state: down}]
    impair: {port: s1.1, netem: loss 1%}
    set_port: {port: s1.1, access: 3, isolated: true}
    set_switch: {switch: s1, flush: true}
    set_entry: {port: s1.1, mac: "02:00:00:00:00:01"}
    send: [{port: s1.1, hex: ffff}, {port: "a:em0", direction: out, hex: ff00}, {device: "b:tap0", hex: "0000"}]
    run: {node: a, command: [ls, a b]}
`
	sc, err := Parse("f", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if sc.Goal != "Reach 10.0.7." || len(sc.Tries) != 2 {
		t.Fatalf("goal %q, %d tries", sc.Goal, len(sc.Tries))
	}
	if first := sc.Tries[0]; first.Label != "a pings 10.0.7.2" || first.Look != "At s1." || first.Say != "run ping -c 1 10.0.7.2 at a" {
		t.Errorf("the first is %+v", first)
	}
	var got []string
	for _, try := range sc.Tries {
		for _, c := range try.Commands {
			b, err := vnet.EncodeCommand(c)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(b))
		}
	}
	want := []string{
		`{"op":"exec","node":"a","line":"ping -c 1 10.0.7.2"}`,
		`{"op":"stop","node":"b","proc":"prog"}`,
		`{"op":"kill","node":"b","proc":"prog"}`,
		`{"op":"start","node":"b","proc":"prog","argv":["prog","${x}"]}`,
		`{"op":"link","port":"s1.1","link":"down"}`,
		`{"op":"exec","node":"b","argv":["ifconfig","tap0","down"]}`,
		`{"op":"stdin","node":"b","proc":"prog","text":"${hello}\n"}`,
		`{"op":"impair","port":"s1.1","words":["loss 1%"]}`,
		`{"op":"vlan","port":"s1.1","vlan":{"Access":3}}`,
		`{"op":"port","port":"s1.1","isolated":true}`,
		`{"op":"switch","switch":"s1","flush":true}`,
		`{"op":"entry","port":"s1.1","mac":"02:00:00:00:00:01"}`,
		`{"op":"arrive","port":"s1.1","hex":"ffff"}`,
		`{"op":"inject","port":"a:em0","hex":"ff00"}`,
		`{"op":"output","port":"b:tap0","hex":"0000"}`,
		`{"op":"exec","node":"a","argv":["ls","a b"]}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
