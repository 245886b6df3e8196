package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"wireloom/internal/scenario/format"
)

// digestFormat is the version of what a digest is made of.
const digestFormat = 1

// Digest is the SHA-256 of what a scenario says to an audience, in hexadecimal: the
// file as data, so that comments and layout do not count, without the steps that the
// audience does not see, and without the captures and expected files that only those use; the brief; and
// the other files of the folder that are part of the lab. Programs do not count.
func (s *Scenario) Digest(a Audience) string {
	h := sha256.New()
	fmt.Fprintf(h, "wireloom scenario %d\n", digestFormat)
	seen := map[string]bool{}
	digest(h, s.file.Root, a, seen)
	fmt.Fprintf(h, "brief %d\n%s", len(s.Brief), s.Brief)
	for _, name := range slices.Sorted(maps.Keys(s.read)) {
		if seen[name] || !strings.HasPrefix(name, "captures/") && !strings.HasPrefix(name, "expected/") {
			fmt.Fprintf(h, "file %q %d\n", name, len(s.read[name]))
			h.Write(s.read[name])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// digest writes a value in a form that two different values never share.
func digest(h hash.Hash, v *format.Value, a Audience, texts map[string]bool) {
	switch {
	case v == nil || v.Kind == format.Null:
		fmt.Fprint(h, "null\n")
	case v.Kind == format.Scalar:
		texts[v.Text] = true
		fmt.Fprintf(h, "text %q\n", v.Text)
	case v.Kind == format.List:
		fmt.Fprint(h, "list\n")
		for _, i := range v.Items {
			if a.shown(i) {
				digest(h, i, a, texts)
			}
		}
		fmt.Fprint(h, "end\n")
	case v.Kind == format.Map:
		fmt.Fprint(h, "map\n")
		for _, e := range v.Keys {
			if e.Key.Text == "staff" && a != Staff {
				continue
			}
			fmt.Fprintf(h, "key %q\n", e.Key.Text)
			digest(h, e.Val, a, texts)
		}
		fmt.Fprint(h, "end\n")
	}
}
