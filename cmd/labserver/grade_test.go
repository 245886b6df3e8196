package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"wireloom/internal/batch"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
	"wireloom/vnet/event"
)

func TestGradeAsJSON(t *testing.T) {
	code, out, _ := labserver(t, "grade", "ping", "--json")
	f, err := report.Parse([]byte(out))
	if err != nil || code != 0 {
		t.Fatalf("code %d, %v: %s", code, err, out)
	}
	d := f.Document
	if d.Scenario != "ping" || d.Passed == nil || !*d.Passed || *d.Score < 10 || *d.MaxScore != *d.Score || len(d.Hash) != 64 || len(d.Source) != 64 || len(d.Checks) < 5 ||
		len(d.Programs) != 1 || d.Version != version() || d.Inputs.Scenario != "ping" {
		t.Errorf("got %+v", d)
	}
	for _, c := range d.Checks {
		if c.ID == "" || c.Status != grade.StatusPassed || c.Earned != c.Points || c.Expected == "" || c.Actual == "" || c.Line == 0 || c.Visible == "" {
			t.Errorf("check %+v lacks something", c)
		}
	}
}

// Several reports of one grading are of one run.
func TestGradeWritesManyReports(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	code, out, errs := labserver(t, "grade", "ping", "--format", "json", "--output", at("r.json"), "--junit", at("j.xml"), "--gradescope", at("results.json"), "--html", at("r.html"))
	if code != 0 || out != "" {
		t.Fatalf("code %d, %s%s", code, out, errs)
	}
	for name, want := range map[string]string{"r.json": `"format": 1`, "j.xml": "<testsuites", "results.json": `"stdout_visibility": "hidden"`, "r.html": "<!doctype html>"} {
		if b, err := os.ReadFile(at(name)); err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s: %v, want %q in it", name, err, want)
		}
	}
	a, err := readReport(at("r.json"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := readReport(at("r.html"))
	if err != nil {
		t.Fatal(err)
	}
	if diffs, _ := report.Compare(a.Document, b.Document); len(diffs) > 0 {
		t.Errorf("the page says something else: %v", diffs)
	}
}

// quitter is a scenario whose student's program must end with code 7.
const quitter = `scenario: quitter
nodes:
  bob: {programs: {quits: {slot: submission, argv: [quits]}}}
steps:
  - {id: code, title: it ends with 7, points: 2, hint: Call exit., exit: {program: bob.quits, code: 7, within: 100ms}}
  - {id: prompt, needs: [code], exit: {program: bob.quits, within: 1s}}
`

// twoHosts is a scenario without programs, the visible part of those below.
const twoHosts = `scenario: hosts
nodes:
  alice: {nics: {em0: {port: s1.1, address: 10.0.0.1/24}}}
  bob: {nics: {em0: {port: s1.2, address: 10.0.0.2/24}}}
switches: {s1: {ports: 2}}
steps:
  - {id: near, title: bob answers, points: 2, ping: {node: alice, to: 10.0.0.2, count: 1}}
  - {id: far, points: 3, hint: There is no carol., ping: {node: alice, to: 10.0.0.3, count: 1}}
`

// hiddenSteps are what is hidden behind it: none of the words may show.
var hiddenSteps = []string{
	"  - {id: secret, title: a secret, points: 7, visible: staff, hint: secret, staff: secret, ping: {node: bob, to: 10.0.0.1, count: 2}}\n",
	"  - {id: secret1, points: 70, visible: after-due, ping: {node: bob, to: 10.0.0.1, count: 2}}\n" +
		"  - {id: secret2, points: 700, visible: staff, why: secret, needs: [far], ping: {node: bob, to: 10.0.0.9, count: 2}}\n",
}

func scenarioFolder(t *testing.T, dir, yaml string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What a student is shown does not depend on what is hidden, in any form; and no
// total shows.
func TestStudentsSeeNothingOfWhatIsHidden(t *testing.T) {
	dir := t.TempDir()
	for _, format := range []string{"text", "json", "junit", "html"} {
		var first string
		for i, hidden := range hiddenSteps {
			scenarioFolder(t, dir, twoHosts+hidden)
			code, out, errs := labserver(t, "grade", dir, "--audience", "student", "--format", format)
			if code != 1 {
				t.Fatalf("code %d: %s%s", code, out, errs)
			}
			if strings.Contains(out, "secret") {
				t.Errorf("%s tells a secret:\n%s", format, out)
			}
			if i == 0 {
				first = out
			}
			if out != first {
				t.Errorf("%s depends on what is hidden:\n%s\nand\n%s", format, first, out)
			}
		}
		// Without anything hidden the run is the same, and there is a total.
		scenarioFolder(t, dir, twoHosts)
		_, open, _ := labserver(t, "grade", dir, "--audience", "student", "--format", format)
		hash := regexp.MustCompile(`[0-9a-f]{64}`)
		if a, b := hash.FindString(open), hash.FindString(first); a == "" || a != b {
			t.Errorf("%s: hash %s with something hidden, %s without", format, b, a)
		}
		if open == first {
			t.Errorf("%s shows no total where nothing is hidden:\n%s", format, open)
		}
	}
}

func TestGradescopeHidesByItself(t *testing.T) {
	dir := t.TempDir()
	scenarioFolder(t, dir, twoHosts+hiddenSteps[1])
	var visible []string
	for _, audience := range []string{"student", "staff"} {
		_, out, errs := labserver(t, "grade", dir, "--audience", audience, "--format", "gradescope")
		var got struct {
			Tests []struct {
				Name, Visibility string
			} `json:"tests"`
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatalf("%v: %s%s", err, out, errs)
		}
		for _, g := range got.Tests {
			visible = append(visible, g.Name+" "+g.Visibility)
		}
	}
	one := "near: bob answers visible, far visible, secret1 after_due_date, secret2 hidden"
	if got := strings.Join(visible, ", "); got != one+", "+one {
		t.Errorf("got %s, want twice %s", got, one)
	}
}

func TestVerify(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	lab, quit := at("lab"), at("quit")
	for folder, yaml := range map[string]string{lab: twoHosts + hiddenSteps[0], quit: quitter} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		scenarioFolder(t, folder, yaml)
	}
	quits, other := file(t, "quits.wasm", exitsWith(7)), file(t, "other.wasm", exitsWith(8))
	report := func(name string, args ...string) string {
		if code, _, errs := labserver(t, append(append([]string{"grade"}, args...), "--output", at(name))...); code > 1 {
			t.Fatal(errs)
		}
		return at(name)
	}
	change := func(name, from, to string) string {
		b, err := os.ReadFile(at(name))
		if err != nil || !strings.Contains(string(b), from) {
			t.Fatalf("%s: %v, and no %s in it", name, err, from)
		}
		return file(t, name, strings.Replace(string(b), from, to, 1))
	}
	ping := report("ping.json", quit, "--program", "bob="+quits, "--format", "json")
	page := report("ping.html", quit, "--program", "bob="+quits, "--format", "html")
	own := report("own.json", quit, "--program", "bob="+other, "--format", "json", "--student", "anna", "--seed", "7")
	refused := report("refused.json", quit, "--program", "bob="+file(t, "x.wasm", "no program"), "--format", "json")
	hosts := report("hosts.json", lab, "--format", "json")
	student := report("student.json", lab, "--format", "json", "--audience", "student")
	moved := file(t, "renamed.wasm", exitsWith(7))
	for _, tc := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"the same", []string{ping}, 0, "the same: every check"},
		{"the same, from the page", []string{page}, 0, "the same: every check"},
		{"the same, with a student and a seed", []string{own}, 0, "the same: every check"},
		{"the same, of what is no program", []string{refused}, 0, "the same: every check"},
		{"the same, without programs", []string{hosts}, 0, "the same: every check"},
		{"the same, of students", []string{student, "--scenario", lab}, 0, "the same: every check"},
		{"students' reports don't say where", []string{student}, 2, "give it with --scenario SCENARIO"},
		{"the same program under another name", []string{ping, "--program", "bob=" + moved}, 0, "the same: every check"},
		{"another program", []string{ping, "--program", "bob=" + other}, 3, "program bob.quits        DIFFERS"},
		{"another scenario", []string{hosts, "--scenario", "ping"}, 3, "DIFFERS: the report says hosts, here is ping"},
		{"another version", []string{change("ping.json", `"version": "`+version(), `"version": "v0.9`)}, 0, "version                  DIFFERS: the report says v0.9"},
		{"a score that was bettered", []string{change("hosts.json", `"score": 9`, `"score": 12`)}, 3, "score: the report says 12, this run 9"},
		{"a check that was bettered", []string{change("hosts.json", `"status": "failed"`, `"status": "passed"`)}, 3, "checks far: status: the report says passed, this run failed"},
		{"another audience", []string{change("hosts.json", `"audience": "staff"`, `"audience": "student"`)}, 3, "DIFFERS"},
		{"another seed", []string{change("hosts.json", `"seed": 1,`, `"seed": 2,`)}, 3, "hash: the report says"},
		{"a program that is gone", []string{change("ping.json", quits, quits+".gone")}, 2, "give it with --program bob.quits=FILE"},
		{"a scenario that is gone", []string{change("hosts.json", lab, lab+".gone")}, 2, "give it with --scenario SCENARIO"},
		{"a scenario with an escape in its name", []string{change("hosts.json", lab, "/\\u001b[31m")}, 2, `(/\x1b[31m: no such file`},
		{"a device for a scenario", []string{change("hosts.json", lab, "/dev/zero")}, 2, "/dev/zero: it is a device, and no ordinary file"},
		{"a device for a program", []string{change("ping.json", quits, "/dev/zero")}, 2, "/dev/zero: it is a device, and no ordinary file"},
		{"a device for a report", []string{"/dev/zero"}, 2, "/dev/zero: it is a device, and no ordinary file"},
		{"two reports", []string{ping, page}, 2, "labserver verify takes one REPORT"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errs := labserver(t, append([]string{"verify"}, tc.args...)...)
			if code != tc.code || !strings.Contains(out+errs, tc.want) {
				t.Errorf("code %d, want %d\n%s%s\nwant %q in it", code, tc.code, out, errs, tc.want)
			}
		})
	}
	t.Run("a scenario that changed", func(t *testing.T) {
		scenarioFolder(t, lab, strings.Replace(twoHosts+hiddenSteps[0], "points: 2", "points: 5", 1))
		if code, out, _ := labserver(t, "verify", hosts); code != 3 || !strings.Contains(out, "scenario hosts           DIFFERS") || !strings.Contains(out, "not graded again") {
			t.Errorf("code %d: %s", code, out)
		}
	})
	t.Run("what students do not see changed", func(t *testing.T) {
		scenarioFolder(t, lab, twoHosts+hiddenSteps[1])
		if code, out, errs := labserver(t, "verify", student, "--scenario", lab); code != 0 {
			t.Errorf("the report of a student: code %d: %s%s", code, out, errs)
		}
		if code, out, _ := labserver(t, "verify", hosts); code != 3 {
			t.Errorf("that of staff: code %d: %s", code, out)
		}
	})
}

// A comparer tells the first event that differs, wherever that is.
func TestRepeatTellsTheFirstDifference(t *testing.T) {
	run := func(texts ...string) []event.Event {
		var out []event.Event
		for i, s := range texts {
			out = append(out, event.Event{At: time.Duration(i) * time.Millisecond, Kind: event.Message, Node: "bob", Text: s})
		}
		return out
	}
	for _, tc := range []struct {
		name   string
		second []event.Event
		score  int
		want   string
	}{
		{"none", run("a", "b", "c"), 1, ""},
		{"in the middle", run("a", "x", "c"), 1, "event 1 is\n  1ms, log, node bob, text x\nand was\n  1ms, log, node bob, text b"},
		{"one more", run("a", "b", "c", "d"), 1, "it has an event more, number 3: 3ms, log, node bob, text d"},
		{"one less", run("a", "b"), 1, "it ends after 2 events; the first had 3, the next of them: 2ms, log, node bob, text c"},
		{"the result alone", run("a", "b", "c"), 0, "its events are the same, its result is not: checks one: earned: the report says 1, this run 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			runs := 0
			_, got, err := repeated(t.Context(), 2, func(watch func(*event.Event)) (*grade.Result, error) {
				events, score := run("a", "b", "c"), 1
				if runs++; runs == 2 {
					events, score = tc.second, tc.score
				}
				for i := range events {
					watch(&events[i])
				}
				return &grade.Result{Checks: []grade.Check{{ID: "one", Earned: score, Visible: "always", Status: "passed"}}}, nil
			})
			if tc.want != "" {
				tc.want = "run 2 differs from the first: " + tc.want
			}
			if got != tc.want || err != nil || runs != 2 {
				t.Errorf("got %s, %v after %d runs, want %s", got, err, runs, tc.want)
			}
		})
	}
	failing := errors.New("no lab")
	if _, _, err := repeated(t.Context(), 3, func(func(*event.Event)) (*grade.Result, error) { return nil, failing }); !errors.Is(err, failing) {
		t.Errorf("got %v", err)
	}
}

// Where a limit ends a grading, that is a result of the program, and of no program
// a mistake of the scenario.
func TestALimitIsAResult(t *testing.T) {
	dir := t.TempDir()
	scenarioFolder(t, dir, quitter+strings.Repeat("  - wait: 10m\n", 7))
	code, out, errs := labserver(t, "grade", dir, "--program", file(t, "x.wasm", exitsWith(7)))
	if code != exitFailed || !strings.Contains(out, "the grading takes too long") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	scenarioFolder(t, dir, twoHosts+strings.Repeat("  - wait: 10m\n", 7))
	if code, out, errs := labserver(t, "grade", dir); code != exitError || !strings.Contains(errs, "the grading takes too long") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
}

// A folder of everything that students hand in: each gets its row.
func TestGradeAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "handed-in")
	if err := os.MkdirAll(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	lab := t.TempDir()
	scenarioFolder(t, lab, quitter)
	for name, text := range map[string]string{
		"good.wasm": exitsWith(7), "folder/whatever.wasm": exitsWith(7), "wrong.wasm": exitsWith(8), "traps.wasm": endsBy("\x00"), "spins.wasm": endsBy("\x03\x40\x0c\x00\x0b"),
		"eats.wasm": endsBy("\x03\x40\x41\x01\x40\x00\x1a\x0c\x00\x0b"), "text.wasm": "int main() {}", "empty.wasm": "", "readme.txt": "hello",
	} {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, out, errs := labserver(t, "grade-all", lab, dir+"/", "--student-from", "name", "--format", "html,json")
	if code != 0 {
		t.Errorf("code %d: %s", code, errs)
	}
	for name, want := range map[string]string{
		"good": "passed 2/2", "folder": "passed 2/2", "wrong": "not passed 0/2", "traps": "not passed 0/2", "spins": "not passed 0/2", "eats": "not passed 0/2",
		"text": "not passed 0/2", "empty": "not passed 0/2",
	} {
		if !hasRow(out, name, want) {
			t.Errorf("no row %q of %s in\n%s", want, name, out)
		}
	}
	if !strings.Contains(errs, "not submissions: readme.txt") || !strings.Contains(errs, "8/8") {
		t.Errorf("got %s", errs)
	}
	results := dir + "-results"
	if code, out, errs := labserver(t, "verify", filepath.Join(results, "reports", "spins.html")); code != 0 {
		t.Errorf("verify: code %d: %s%s", code, out, errs)
	}
	for _, name := range []string{"table.txt", "results.csv", "rows/good.json", "reports/good.json", "reports/text.html"} {
		if _, err := os.Stat(filepath.Join(results, filepath.FromSlash(name))); err != nil {
			t.Error(err)
		}
	}
	_, again, errs := labserver(t, "grade-all", lab, dir, "--student-from", "name", "--format", "html,json")
	if again != out || strings.Count(errs, "graded before") != 8 {
		t.Errorf("the second time: %s%s", again, errs)
	}
	if code, _, errs := labserver(t, "grade-all", lab, dir, "--out", "."); code != 2 || !strings.Contains(errs, "holds something else than results") {
		t.Errorf("code %d: %s", code, errs)
	}
}

// A teletype is a terminal, or something else that text is written to.
type teletype struct {
	strings.Builder
	terminal bool
}

func (x *teletype) IsTerminal() bool { return x.terminal }

func TestProgress(t *testing.T) {
	for _, bar := range []bool{false, true} {
		b := &teletype{terminal: bar}
		p := newProgress(b, 2)
		p.done(&batch.Row{Name: "anna", Status: batch.Graded}, true)
		p.done(&batch.Row{Name: "ben\x1b[2J", Status: batch.Crashed, Error: "exit status 2"}, false)
		p.end()
		want := "1/2  anna  graded before\n2/2  ben\\x1b[2J  crashed: exit status 2\n"
		if bar {
			want = "\r\x1b[K[################----------------] 1 of 2, 1 graded before" +
				"\r\x1b[K[################################] 2 of 2, 1 graded before, 1 could not be\n"
		}
		if got := b.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// hasRow looks for a line of a table, whatever its columns' widths.
func hasRow(table, name, want string) bool {
	for l := range strings.Lines(table) {
		if f := strings.Fields(l); len(f) > 0 && f[0] == name {
			return strings.Contains(strings.Join(f, " "), want)
		}
	}
	return false
}

// endsBy is a module whose _start is the code.
func endsBy(code string) string {
	body := "\x00" + code + "\x0b"
	return "\x00asm\x01\x00\x00\x00" +
		"\x01\x04\x01\x60\x00\x00" + // a type: ()
		"\x03\x02\x01\x00" + // one function of it
		"\x05\x03\x01\x00\x01" + // a page of memory
		"\x07\x13\x02\x06memory\x02\x00\x06_start\x00\x00" +
		"\x0a" + string(rune(len(body)+2)) + "\x01" + string(rune(len(body))) + body
}

// The scripts for Gradescope leave a results.json whatever is handed in.
func TestGradescopeScripts(t *testing.T) {
	script, err := filepath.Abs(filepath.FromSlash("../../docs/gradescope/run_autograder"))
	if err != nil {
		t.Fatal(err)
	}
	lab, err := filepath.Abs(filepath.FromSlash("../../scenarios/ping"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"one program", map[string]string{"submission/mine.wasm": exitsWith(7)}, `"name": "arp-reply`},
		{"no program", map[string]string{"submission/main.c": "int main"}, "there is no .wasm file in what was handed in. Handed in was main.c"},
		{"an extra file", map[string]string{"submission/bob.pingd.wasm": exitsWith(7), "submission/alice.wasm": exitsWith(7)}, "bob.pingd is bob.pingd.wasm"},
		{"two programs", map[string]string{"submission/a.wasm": exitsWith(7), "submission/b.wasm": exitsWith(7)}, "there are 2 .wasm files: a.wasm, b.wasm"},
		{"a name with an equals sign", map[string]string{"submission/lab=1.wasm": exitsWith(7)}, "bob.pingd is lab=1.wasm"},
		{"a folder of that name", map[string]string{"submission/mine.wasm/readme": "x"}, "mine.wasm is"},
		{"a file that is too large", map[string]string{"submission/mine.wasm": strings.Repeat("x", scenario.MaxReference+1)}, "mine.wasm cannot be read: it has more than 33554432 bytes"},
		{"a page of an error", map[string]string{"submission/mine.wasm": "<html>404</html>"}, "the file is text, perhaps"},
		{"a student", map[string]string{
			"submission/bob.wasm":      exitsWith(7),
			"submission_metadata.json": `{"id": 1, "users": [{"email": "anna@example.com", "id": 7}, {"email": "ben@example.com"}]}`,
		}, `"student": "anna@example.com"`},
		{"a third attempt", map[string]string{
			"submission/bob.wasm": exitsWith(7),
			"submission_metadata.json": `{"id": 1, "users": [{"email": "anna@example.com"}], "previous_submissions": [` +
				`{"submission_time": "2026-11-01T10:00:00.000000-07:00", "score": 0.0, "autograder_error": false, "results": {"tests": [{"output": "\"submission_time\": \"x\""}]}},` +
				`{"submission_time": "2026-11-02T10:00:00.000000-07:00", "score": 0.0, "autograder_error": false, "results": {}}]}`,
		}, `"attempt": 3`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := t.TempDir()
			for _, dir := range []string{"source", "submission"} {
				if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink(lab, filepath.Join(root, "source", "scenario")); err != nil {
				t.Fatal(err)
			}
			for name, text := range tc.files {
				if err := os.MkdirAll(filepath.Join(root, filepath.FromSlash(path.Dir(name))), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("bash", script)
			cmd.Env = append(os.Environ(), "AUTOGRADER="+root, "LABSERVER="+os.Args[0])
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			b, err := os.ReadFile(filepath.Join(root, "results", "results.json"))
			if err != nil || !json.Valid(b) || !strings.Contains(string(b), tc.want) || strings.Contains(string(b), "not your fault") {
				t.Errorf("%v: got %s\nwant %s in it\n%s", err, b, tc.want, out)
			}
		})
	}
}
