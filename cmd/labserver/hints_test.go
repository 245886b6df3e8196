package main

import (
	"path/filepath"
	"strings"
	"testing"
)

const inParts = `scenario: hinted
nodes:
  a:
    nics: {em0: {port: s1.1, address: 10.0.0.1/24}}
    programs: {p: {slot: submission}}
switches: {s1: {ports: 2}}
steps:
  - id: one
    run: {node: a, command: echo one, stdout: {contains: [one, two]}}
    points: {of: 4}
    hint: [Look first., Look again., {text: It is two., cost: 1}]
  - {id: more, running: a.p, points: 2, bonus: true}
`

// What a report shows of hints is by the attempt and by what was asked for; it has its
// price; and each form of the report can be verified.
func TestHintsAttemptsPartsAndBonus(t *testing.T) {
	dir := t.TempDir()
	scenarioFolder(t, dir, inParts)
	wasm := file(t, "anna.wasm", exitsWith(0))
	grade := func(args ...string) (out, errs string) {
		t.Helper()
		code, out, errs := labserver(t, append([]string{"grade", dir, "--program", wasm, "--audience", "student"}, args...)...)
		if code > 2 {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		return out, errs
	}
	for _, tc := range []struct {
		name         string
		args         []string
		wants, lacks []string
	}{
		{"the first attempt", nil, []string{"part  2/4", "1 of 2 are there, for 2 of 4 points", "hint       Look first.", "1 hint more with the next attempts", "a hint for 1 point", "not passed: 2 of 4 points and 2 of 2 bonus, 1 of 2 checks"}, []string{"Look again", "It is two"}},
		{"the second", []string{"--attempt", "2"}, []string{"Look first.", "Look again."}, []string{"hint more", "It is two"}},
		{"one of very many", []string{"--attempt", "123456"}, []string{"Look again."}, []string{"It is two"}},
		{"who asks", []string{"--hint", "one"}, []string{"part  1/4", "Look first.", "It is two.", "paid       1 point"}, []string{"Look again", "a hint for"}},
		{"who asks for what is not there", []string{"--hint", "more"}, []string{"has no check \"more\" with a hint that takes points"}, nil},
		{"who asks too often", []string{"--hint", "one=2"}, []string{"check one has 1 hints that take points, and 2 are asked for"}, nil},
		{"no attempt at all", []string{"--attempt", "0"}, []string{"want 1 or more"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, errs := grade(tc.args...)
			text := strings.Join(strings.Fields(out+errs), " ")
			for _, want := range tc.wants {
				if !strings.Contains(text, strings.Join(strings.Fields(want), " ")) {
					t.Errorf("%q is not in\n%s%s", want, out, errs)
				}
			}
			for _, lack := range tc.lacks {
				if strings.Contains(text, lack) {
					t.Errorf("%q is in\n%s", lack, out)
				}
			}
		})
	}
	all := filepath.Join(t.TempDir(), "all")
	grade("--attempt", "2", "--hint", "one", "--output", all+".txt", "--html", all+".html", "--junit", all+".xml", "--gradescope", all+".json")
	grade("--attempt", "2", "--hint", "one", "--format", "json", "--output", all)
	given := []string{"--scenario", dir, "--program", wasm}
	for _, tc := range []verification{
		{"the page", append(given, all+".html"), 0, "the same"},
		{"JUnit", append(given, all+".xml"), 0, "the same"},
		{"Gradescope", append(given, all+".json"), 0, "the same"},
		{"JSON", append(given, all), 0, "the same"},
		{"text", append(given, "--audience", "student", "--attempt", "2", "--hint", "one", all+".txt"), 0, "the same"},
		{"text of another attempt", append(given, "--audience", "student", all+".txt"), 3, "not the same"},
		{"the attempt that it must be", append(given, "--attempt", "2", all+".html"), 0, "the same"},
		{"another one", append(given, "--attempt", "3", all+".html"), 3, "the report is of attempt 2, and must be of 3"},
		{"other hints", append(given, "--hint", "one=2", all+".html"), 3, "the report is of hints one=1, and must be of one=2"},
	} {
		t.Run("verify "+tc.name, func(t *testing.T) {
			code, out, errs := labserver(t, append([]string{"verify"}, tc.args...)...)
			if code != tc.code || !strings.Contains(out, tc.want) {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", code, tc.code, tc.want, out, errs)
			}
		})
	}
}
