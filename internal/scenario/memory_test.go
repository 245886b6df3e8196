package scenario

import (
	"encoding/json"
	"strings"
	"testing"

	"wireloom/vnet/memory"
)

// Each is a scenario with memory at its top and in its slot; "" leaves the key out.
func TestMemoryOfALab(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name, lab, slot   string
		wantLab, wantSlot int64
		mistake           string
	}{
		{"nothing said", "", "", 0, 0, ""},
		{"MiB", "256MiB", "64MiB", 256 * mib, 64 * mib, ""},
		{"a number counts MiB", "100", "32", 100 * mib, 32 * mib, ""},
		{"KiB and GiB", "1GiB", "2048KiB", memory.MaxLab, 2 * mib, ""},
		{"too much", "1025MiB", "", 0, 0, `2:9: memory is "1025MiB", want a size such as 64MiB or 1GiB, from 1MiB to 1024MiB`},
		{"too little", "1023KiB", "", 0, 0, `want a size such as 64MiB or 1GiB, from 1MiB to 1024MiB`},
		{"another unit", "64MB", "", 0, 0, `memory is "64MB", want a size`},
		{"no number", "MiB", "", 0, 0, `memory is "MiB", want a size`},
		{"less than nothing", "-64MiB", "", 0, 0, `memory is "-64MiB", want a size`},
		{"more than a number holds", "99999999999999999999GiB", "", 0, 0, "want a size"},
		{"a list", "[1]", "", 0, 0, "memory is a list, want a size"},
		{"a slot's above all", "64MiB", "65MiB", 0, 0, "program prog may use 65 MiB, and all programs of the lab together 64 MiB: raise memory at the top of the file"},
		{"a slot's above the default", "", "257MiB", 0, 0, "all programs of the lab together 256 MiB"},
		{"a slot's too much", "", "513MiB", 0, 0, `memory is "513MiB", want a size such as 64MiB or 1GiB, from 1MiB to 512MiB`},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := small
			if c.lab != "" {
				src = strings.Replace(src, "scenario: small\n", "scenario: small\nmemory: "+c.lab+"\n", 1)
			}
			if c.slot != "" {
				src = strings.Replace(src, "{slot: submission}", "{slot: submission, memory: "+c.slot+"}", 1)
			}
			sc, err := Parse("small.yaml", []byte(src))
			if c.mistake != "" {
				if err == nil || !strings.Contains(err.Error(), c.mistake) {
					t.Errorf("got %v, want %q", err, c.mistake)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if lab, slot := sc.Lab.Memory, sc.Lab.Nodes[1].Programs[0].Memory; lab != c.wantLab || slot != c.wantSlot {
				t.Errorf("the lab has %d bytes and the slot %d, want %d and %d", lab, slot, c.wantLab, c.wantSlot)
			}
		})
	}
}

// A lab that doesn't say how much memory it has is the lab that it was before it could.
func TestMemoryIsNoPartOfOtherLabs(t *testing.T) {
	sc, err := Parse("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(sc.Config(nil))
	if err != nil || strings.HasPrefix(string(b), `{"Name":"small","Seed":1,"Memory"`) || strings.Contains(string(b[:200]), "Memory") {
		t.Errorf("its configuration is %.200s, %v", b, err)
	}
}
