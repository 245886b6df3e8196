package scenario_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"wireloom/internal/open"
	"wireloom/internal/scenario"
)

// What is given away of each built-in scenario says the same to a student, line by line, and
// nothing to anybody else.
func TestAbridgedSaysTheSame(t *testing.T) {
	for _, name := range open.Builtin() {
		t.Run(name, func(t *testing.T) {
			sc, err := open.BuiltinScenario(name)
			if err != nil {
				t.Fatal(err)
			}
			files, whole, err := sc.Abridge(scenario.Student)
			if err != nil {
				t.Fatal(err)
			}
			dir := fstest.MapFS{}
			for name, b := range files {
				if strings.Contains(name, ".wasm") || strings.HasPrefix(name, "reference") {
					t.Errorf("%s is given away", name)
				}
				dir[name] = &fstest.MapFile{Data: b}
			}
			short, err := scenario.Open(dir, name)
			if err != nil {
				t.Fatal(err)
			}
			var seen []scenario.Step
			for _, s := range sc.Steps {
				if scenario.Student.Sees(&s) {
					seen = append(seen, s)
				}
			}
			if whole != (len(seen) == len(sc.Steps)) {
				t.Errorf("whole is %t, and %d of %d steps are seen", whole, len(seen), len(sc.Steps))
			}
			place := func(s scenario.Step) string { return s.ID + "\n" + s.Source }
			if got, want := len(short.Steps), len(seen); got != want {
				t.Fatalf("%d steps are given away, and a student sees %d", got, want)
			}
			for i := range seen {
				if place(short.Steps[i]) != place(seen[i]) || short.Steps[i].Line != seen[i].Line {
					t.Errorf("step %d is %q in line %d, and was %q in line %d", i, short.Steps[i].ID, short.Steps[i].Line, seen[i].ID, seen[i].Line)
				}
			}
			if short.Digest(scenario.Student) != sc.Digest(scenario.Student) {
				t.Error("a student is told something else")
			}
			if slices.ContainsFunc(strings.Split(string(files["scenario.yaml"]), "\n"), func(l string) bool { return strings.Contains(l, "after-due") }) {
				t.Error("what is seen later is given away")
			}
		})
	}
}
