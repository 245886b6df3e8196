package submission_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"testing"

	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/sched"
	"wireloom/internal/session"
	"wireloom/internal/submission"
)

// A check has the values of whom the bench is, as the bench has and what is handed in will be
// graded with.
func TestChecksHaveTheValuesOfTheBench(t *testing.T) {
	sc, err := open.BuiltinScenario("ping")
	if err != nil {
		t.Fatal(err)
	}
	module, err := sc.Reference(sc.Slots()[0])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(module)
	engine, err := product.OpenEngine(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}()
	seen := map[string]map[string]string{}
	for _, student := range []string{"", "ada", "ben"} {
		own, err := sc.For(student, nil)
		if err != nil {
			t.Fatal(err)
		}
		slot := own.Slots()[0]
		check := submission.Check{
			Scenario: own, Compile: engine.Compile, Options: session.Options{Scheduler: sched.New(1)},
			Held: []session.Held{{Node: slot.Node, Proc: slot.Proc, Name: "pingd.wasm", Hash: hex.EncodeToString(sum[:]), Module: module}},
		}
		got, err := check.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		said, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if text := own.Params["text"]; got.Student != student || text == "" || !bytes.Contains(said, []byte(text)) {
			t.Errorf("%q: the check is for %q, and says nothing of %q", student, got.Student, text)
		}
		seen[student] = own.Params
	}
	if maps.Equal(seen["ada"], seen["ben"]) || maps.Equal(seen["ada"], seen[""]) {
		t.Errorf("students have the same values: %v", seen)
	}
}
