package open

import (
	"testing"
	"time"
)

func TestParseBuiltins(t *testing.T) {
	for _, name := range Builtin() {
		t.Run(name, func(t *testing.T) {
			sc, err := BuiltinScenario(name)
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
	sc, err := BuiltinScenario("ping")
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
