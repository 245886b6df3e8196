package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"
)

// Limits of the programs that Known looks at.
const (
	maxKnown      = 256       // files
	maxKnownBytes = 512 << 20 // of all together, unpacked
)

// Known says what the programs are that the scenario's folder has, by their SHA-256 in
// hexadecimal: the reference solution, or a file such as starter/main.wasm, also packed.
// What can't be read is not known.
func (s *Scenario) Known() map[string]string {
	known := map[string]string{}
	files, left := 0, maxKnownBytes
	if s.dir != nil {
		_ = fs.WalkDir(s.dir, ".", func(name string, d fs.DirEntry, err error) error {
			base, packed := strings.CutSuffix(strings.ToLower(path.Base(name)), ".gz")
			if err != nil || !strings.HasSuffix(base, ".wasm") || !d.Type().IsRegular() {
				return nil // as if it were not there
			}
			if files++; files > maxKnown || left <= 0 {
				return fs.SkipAll
			}
			b, err := readLimited(s.dir, name, MaxReference)
			if err == nil && packed {
				b, err = unpack(b)
			}
			if err != nil {
				return nil //nolint:nilerr // as if it were not there
			}
			left -= len(b)
			known[fingerprint(b)] = strings.TrimSuffix(name, ".gz") + " of the scenario"
			return nil
		}) // the function itself returns no error
	}
	words := s.Words()
	for _, sl := range s.Slots() {
		if b := s.references[sl]; b != nil {
			what := "the reference solution"
			if len(words) > 1 {
				what += " of " + s.Word(sl)
			}
			known[fingerprint(b)] = what
		}
	}
	return known
}

func fingerprint(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
