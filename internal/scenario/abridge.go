package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"testing/fstest"

	"wireloom/internal/scenario/format"
)

// Abridge returns the scenario's folder as it may be given away: without what an audience doesn't
// see, without comments that have a line of their own, and without programs. What is left is in
// the lines that it was in, so that a result says the same. whole reports that no step is missing.
// The files are scenario.yaml, brief.md and what a lab of it needs.
func (s *Scenario) Abridge(a Audience) (files map[string][]byte, whole bool, err error) {
	lines := bytes.SplitAfter(s.Source, []byte("\n"))
	for i, l := range lines {
		bare := bytes.TrimSpace(l)
		if a.withholds(s.file.Root, i+1) || bytes.HasPrefix(bare, []byte("#")) && !inText(s.file.Root, i+1) {
			lines[i] = []byte("\n")
		}
	}
	files = map[string][]byte{"scenario.yaml": bytes.TrimRight(bytes.Join(lines, nil), "\n")}
	files["scenario.yaml"] = append(files["scenario.yaml"], '\n')
	dir := fstest.MapFS{}
	for name, b := range s.read {
		dir[name] = &fstest.MapFile{Data: b}
	}
	short, err := parse(s.File, files["scenario.yaml"], dir)
	if err != nil {
		return nil, false, fmt.Errorf("scenario %s cannot be given away without its hidden steps: %w", s.Name, err)
	}
	short.Brief = s.Brief
	maps.Copy(files, short.read)
	if s.Brief != "" {
		files["brief.md"] = []byte(s.Brief)
	}
	if short.Digest(a) != s.Digest(a) || short.Digest(Staff) != short.Digest(a) {
		return nil, false, fmt.Errorf("scenario %s cannot be given away without its hidden steps: %w", s.Name, errMixed)
	}
	return files, len(short.Steps) == len(s.Steps), nil
}

var errMixed = errors.New("one of them, or a text for staff, shares a line of scenario.yaml with something else; give each lines of its own")

// inText reports whether a line is of a text that goes over several.
func inText(v *format.Value, line int) bool {
	if !v.Spans(line) {
		return false
	}
	if v.Kind == format.Scalar {
		return true
	}
	for _, e := range v.Keys {
		if inText(e.Val, line) {
			return true
		}
	}
	for _, i := range v.Items {
		if inText(i, line) {
			return true
		}
	}
	return false
}
