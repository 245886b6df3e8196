package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
)

// Digest is the SHA-256 of what a scenario says to an audience, in hexadecimal: the
// file as data, so that comments and layout do not count, without the steps that the
// audience does not see, and without the captures that only those use; the brief; and
// the other files of the folder that are part of the lab. Programs do not count.
func (s *Scenario) Digest(a Audience) string {
	h := sha256.New()
	fmt.Fprintf(h, "wireloom scenario %d\n", ResultFormat)
	seen := map[string]bool{}
	s.root.digest(h, a, seen)
	fmt.Fprintf(h, "brief %d\n%s", len(s.Brief), s.Brief)
	for _, name := range slices.Sorted(maps.Keys(s.read)) {
		if !strings.HasPrefix(name, "captures/") || seen[name] {
			fmt.Fprintf(h, "file %q %d\n", name, len(s.read[name]))
			h.Write(s.read[name])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// digest writes a value in a form that two different values never share.
func (v *value) digest(h hash.Hash, a Audience, texts map[string]bool) {
	switch {
	case v == nil || v.kind == kindNull:
		fmt.Fprint(h, "null\n")
	case v.kind == kindScalar:
		texts[v.text] = true
		fmt.Fprintf(h, "text %q\n", v.text)
	case v.kind == kindList:
		fmt.Fprint(h, "list\n")
		for _, i := range v.items {
			if w := i.get("visible"); w != nil && slices.Index(visibleWords[:], w.text) > int(a) {
				continue
			}
			if f := i.get("for").get("steps"); f != nil && len(f.items) > 0 && !slices.ContainsFunc(f.items, func(x *value) bool { return x.shown(a) }) {
				continue
			}
			i.digest(h, a, texts)
		}
		fmt.Fprint(h, "end\n")
	case v.kind == kindMap:
		fmt.Fprint(h, "map\n")
		for _, e := range v.keys {
			if e.key.text == "staff" && a != Staff {
				continue
			}
			fmt.Fprintf(h, "key %q\n", e.key.text)
			e.val.digest(h, a, texts)
		}
		fmt.Fprint(h, "end\n")
	}
}

// shown reports whether an audience sees a step, or one of those of a loop.
func (v *value) shown(a Audience) bool {
	if f := v.get("for").get("steps"); f != nil {
		return len(f.items) == 0 || slices.ContainsFunc(f.items, func(x *value) bool { return x.shown(a) })
	}
	w := v.get("visible")
	return w == nil || slices.Index(visibleWords[:], w.text) <= int(a)
}
