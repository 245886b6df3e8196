package open

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"wireloom/internal/scenario"
)

// A Shelf finds programs by what they are, their SHA-256: those that were put on it,
// and the solutions of the built-in scenarios. The zero value has the latter.
type Shelf struct {
	known map[string][]byte // by hash
	built bool              // the built-in ones are on it
}

// Add puts a program on the shelf.
func (s *Shelf) Add(module []byte) {
	if s.known == nil {
		s.known = map[string][]byte{}
	}
	sum := sha256.Sum256(module)
	s.known[hex.EncodeToString(sum[:])] = module
}

// AddScenario puts the reference solutions of a scenario on the shelf.
func (s *Shelf) AddScenario(sc *scenario.Scenario) {
	for _, slot := range sc.Slots() {
		if ref, err := sc.Reference(slot); err == nil { // a slot without one is none to find
			s.Add(ref)
		}
	}
}

// Program returns the bytes of a program by its hash; nil where there is none.
func (s *Shelf) Program(hash string) ([]byte, error) {
	if b := s.known[hash]; b != nil || s.built {
		return b, nil
	}
	var errs []error
	for _, name := range Builtin() {
		sc, err := BuiltinScenario(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.AddScenario(sc)
	}
	s.built = true
	return s.known[hash], errors.Join(errs...)
}
