package scenario

import (
	"strings"
	"testing"
)

// A ring of switches may be meant: it is remarked on, with its ports.
func TestRingsAreRemarkedOn(t *testing.T) {
	for _, tc := range []struct{ name, links, want string }{
		{"none", "{s1.1: {to: s2.1}}", ""},
		{"two cables", "{s1.1: {to: s2.1}, s1.2: {to: s2.2}}", "f:4:27: these cables are a loop: s1.1 -> s2.1, s2.2 -> s1.2. "},
		{"a cable to the same switch", "{s1.1: {to: s1.2}}", "f:4:9: these cables are a loop: s1.1 -> s1.2. "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sc, err := Parse("f", []byte("scenario: x\nnodes: {}\nswitches: {s1: {ports: 3}, s2: {ports: 3}}\nlinks: "+tc.links+"\nparams: {p: {from: 1, to: 9}}\n"))
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, r := range sc.Remarks {
				got.WriteString(r.String())
			}
			if tc.want == "" && got.String() != "" || !strings.HasPrefix(got.String(), tc.want) || strings.Count(got.String(), "loop") > 1 {
				t.Errorf("remarks are %q, want %q", got.String(), tc.want)
			}
		})
	}
	if _, err := Parse("f", []byte("scenario: x\nnodes: {}\nswitches: {s1: {ports: 3}}\nlinks: {s1.1: {to: s1.1}}\n")); err == nil || !strings.Contains(err.Error(), "a cable has two ends, and s1.1 cannot be both") {
		t.Errorf("a cable from a port to itself: %v", err)
	}
}
