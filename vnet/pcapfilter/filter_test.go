package pcapfilter

import (
	"net/netip"
	"strings"
	"testing"
)

func TestNamesOfHosts(t *testing.T) {
	env := Env{Lookup: func(name string) (netip.Addr, bool) {
		a, ok := map[string]string{"alice": "10.0.0.1", "six": "fd00::1"}[name]
		return netip.MustParseAddr(map[bool]string{true: a, false: "::"}[ok]), ok
	}}
	taken := 0
	for _, c := range []struct{ name, text, fails string }{
		{"a node's name is its address", "host alice", ""},
		{"so it is without the word host, behind a direction", "src alice", ""},
		{"and with an address of the other kind", "ip6 host six", ""},
		{"a name that nobody has", "host bob", "unknown host 'bob'"},
		{"a name whose address is of the other kind", "ip6 host alice", "unknown host 'alice' for specified address family"},
	} {
		f, err := Compile(c.text, env)
		if c.fails != "" {
			if err == nil || err.Error() != c.fails {
				t.Errorf("%s: %v, want %q", c.name, err, c.fails)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, p := range frames(t) {
			if f.Match(p, len(p)) {
				taken++
			}
		}
	}
	if taken < 50 {
		t.Errorf("the filters take %d packets", taken)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct{ name, text, fails string }{
		{"a text that is too long", strings.Repeat("ip or ", MaxText), "at most 8192 are read"},
		{"parentheses", strings.Repeat("(", 2000) + "ip", "nests deeper than 100"},
		{"nots", strings.Repeat("not ", 1000) + "ip", "nests deeper than 100"},
		{"minuses", strings.Repeat("-", 1000) + "1 = 1", "nests deeper than 100"},
		{"names in parentheses", "host " + strings.Repeat("(", 1000), "nests deeper than 100"},
		{"brackets", strings.Repeat("ip[", 1000), "nests deeper than 100"},
	} {
		if _, err := Compile(c.text, Env{}); err == nil || !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %v, want %q", c.name, err, c.fails)
		}
	}
}

// FuzzFilter: no text and no packet does harm, and a filter decides alike twice.
func FuzzFilter(f *testing.F) {
	for _, text := range written {
		f.Add(text, uint8(0), []byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00\x45\x00\x00\x14"))
	}
	f.Fuzz(func(t *testing.T, text string, link uint8, data []byte) {
		x, err := Compile(text, Env{Link: Link(link % 3), Lookup: func(string) (netip.Addr, bool) { return netip.AddrFrom4([4]byte{10, 0, 0, 1}), true }})
		if err != nil {
			return
		}
		if a, b := x.Match(data, len(data)), x.Match(data, len(data)); a != b {
			t.Errorf("%q: %v, then %v", text, a, b)
		}
	})
}
