package product

import (
	"strings"
	"testing"

	"wireloom/internal/open"
	"wireloom/internal/scenario"
)

// What keeps a lab from being built is found before it is run, with its line.
func TestCheckFindsWhatCannotBeBuilt(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{
			"a command that there is not",
			"scenario: cmd\nnodes:\n  bob: {programs: {p: {command: pingg, argv: [pingg]}}}\n",
			"f:3:20: nodes have no command pingg; did you mean ping?",
		},
		{
			"a tap on FreeBSD",
			"scenario: a\nnodes:\n  bob:\n    dialect: freebsd\n    devices: {tap0: {port: s1.2}}\nswitches: {s1: {ports: 2}}\n",
			"f:5:15: node bob: the freebsd kernel has no tap here, only tun",
		},
		{
			"a tun on NetBSD",
			"scenario: b\nnodes:\n  bob:\n    dialect: netbsd\n    devices: {tun0: {address: 10.8.0.1, peer: 10.8.0.2}}\n",
			"f:5:15: node bob: the netbsd kernel has no tun here, only tap",
		},
		{
			"a tap on Linux",
			"scenario: l\nnodes:\n  bob:\n    dialect: linux\n    devices: {tap0: {port: s1.2}}\nswitches: {s1: {ports: 2}}\n",
			"f:5:15: node bob: the linux kernel has no devices here, only cards: write tap0 under nics, or give the node another dialect",
		},
		{"a plain host of Linux", "scenario: p\nnodes:\n  bob: {dialect: linux, nics: {eth0: {port: s1.2, address: 10.0.0.1/24}}}\nswitches: {s1: {ports: 2}}\n", ""},
		{
			"a step's command that there is not",
			"scenario: d\nnodes:\n  bob: {programs: {mine: {slot: mine}}}\nsteps:\n- run: {node: bob, command: mine -v}\n- run: {node: bob, command: [mkdir, /tmp/x]}\n",
			"f:6:1: node bob has no command mkdir; there are arp, ",
		},
		{
			"a try's command that there is not",
			"scenario: e\nnodes:\n  bob: {programs: {mine: {slot: mine}}}\ntry:\n- {label: x, run: {node: bob, command: pingg 10.0.0.1}}\n",
			"node bob has no command pingg; did you mean ping?",
		},
		{"what there is", "scenario: b\nnodes:\n  bob:\n    dialect: dragonfly\n    devices: {tun0: {}, tap0: {}}\n    programs: {p: {command: ping}}\n", ""},
		{"a high unit", "scenario: c\nnodes:\n  bob:\n    dialect: netbsd\n    devices: {tap99: {port: s1.2}}\nswitches: {s1: {ports: 2}}\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			sc, err := scenario.Parse("f", []byte(c.file))
			if err != nil {
				t.Fatal(err)
			}
			err = Check(sc)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("error %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	for _, name := range open.Builtin() {
		sc, err := open.Scenario(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(sc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
