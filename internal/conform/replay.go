package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// A report counts what a replay did.
type report struct {
	ops, differ int
	skipped     map[string]int // events of the recording's harness, by name
}

func (r *report) add(x report) {
	r.ops += x.ops
	r.differ += x.differ
	for name, n := range x.skipped {
		r.skipped[name] += n
	}
}

// maxLine is the longest line of a recording that is read, in bytes.
const maxLine = 4 << 20

// replay runs one recording. diff is called for each operation that
// differs; later ones of the file are compared all the same.
func replay(d driver, in io.Reader, diff func(line int, op string, diffs []string)) (report, error) {
	r := report{skipped: map[string]int{}}
	m := newMachine(d)
	defer m.close()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var rec struct {
			Op  op             `json:"op"`
			Res map[string]any `json:"res"`
		}
		if err := decode(lines.Bytes(), &rec); err != nil {
			return r, fmt.Errorf("line %d: %w", n, err)
		}
		if err := rec.Op.check(); err != nil {
			return r, fmt.Errorf("line %d: %w", n, err)
		}
		r.ops++
		got := m.step(n, &rec.Op)
		var diffs []string
		why, panicked := rec.Res["panic"]
		switch {
		case panicked && m.k.Dead() == "":
			diffs = []string{fmt.Sprintf("the original panicked (%v), the emulation goes on", why)}
		case !panicked && m.k.Dead() != "":
			diffs = []string{"the emulation panicked: " + m.k.Dead()}
		case !panicked:
			diffs = compareResults(rec.Res, got, r.skipped)
		}
		if len(diffs) > 0 {
			r.differ++
			diff(n, rec.Op.String(), diffs)
		}
		if panicked || m.k.Dead() != "" {
			break
		}
	}
	return r, lines.Err()
}

// decode reads JSON with numbers as they are written.
func decode(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return dec.Decode(v)
}

// compareResults compares what was recorded with what happened. It changes
// want: what is not to be compared goes, and events that are skipped are
// counted.
func compareResults(want map[string]any, got any, skipped map[string]int) []string {
	delete(want, "layer")
	filterEvents(want, skipped)
	if list, ok := want["completed"].([]any); ok {
		for _, c := range list {
			if c, ok := c.(map[string]any); ok {
				delete(c, "layer")
				filterEvents(c, skipped)
			}
		}
	}
	data, err := json.Marshal(got)
	if err != nil {
		panic("conform: a result that is not JSON: " + err.Error())
	}
	var have any
	if err := decode(data, &have); err != nil {
		panic("conform: a result that does not come back: " + err.Error())
	}
	var out []string
	diffValue(&out, "", any(want), have)
	return out
}

func filterEvents(res map[string]any, skipped map[string]int) {
	events, _ := res["events"].([]any)
	res["events"] = slices.DeleteFunc(slices.Clone(events), func(e any) bool {
		m, _ := e.(map[string]any)
		name, _ := m["ev"].(string)
		if !skipEvent(name) {
			return false
		}
		skipped[name]++
		return true
	})
}

// skipNames and skipPrefixes are events of a recording that are not looked
// at: diagnostics of the harness that recorded (wrong use of memory in the
// original, assertions of a debugging kernel), and calls between driver and
// kernel that no program and no other part of the kernel sees.
var (
	skipNames = []string{
		"mbuf_leak", "mbuf_double_free", "mutex_use_after_destroy", "mtx_destroy_locked", "assert_not_serialized",
		"softint_schedule_null", "seldrain",
	}
	skipPrefixes = []string{
		"clone_bit_already_", "cfattach_", "cfdriver_", "devsw_", "softint_", "pmf_", "sysctl_create", "sysctl_destroy",
		"mtx_", "knlist_",
	}
)

func skipEvent(name string) bool {
	return slices.Contains(skipNames, name) ||
		slices.ContainsFunc(skipPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) ||
		strings.HasSuffix(name, "_nonempty") || strings.Contains(name, "_with_")
}

// diffValue appends the differences of two JSON values, each with the place
// where it is.
func diffValue(out *[]string, at string, want, got any) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		keys := maps.Clone(w)
		maps.Copy(keys, g)
		for _, k := range sortedKeys(keys) {
			wv, inWant := w[k]
			gv, inGot := g[k]
			place := strings.TrimPrefix(at+"."+k, ".")
			switch {
			case !inGot:
				*out = append(*out, fmt.Sprintf("%s: recorded %s, now missing", place, show(wv)))
			case !inWant:
				*out = append(*out, fmt.Sprintf("%s: not recorded, now %s", place, show(gv)))
			default:
				diffValue(out, place, wv, gv)
			}
		}
		return
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			break
		}
		for i := range w {
			diffValue(out, fmt.Sprintf("%s[%d]", at, i), w[i], g[i])
		}
		return
	default:
		if want == got {
			return
		}
	}
	*out = append(*out, fmt.Sprintf("%s: recorded %s", at, show(want)), fmt.Sprintf("%s: now      %s", at, show(got)))
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
