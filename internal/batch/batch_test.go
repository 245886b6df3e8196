package batch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/internal/report"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

// worker is the environment variable that makes the test's program a process that
// grades.
const worker = "WIRELOOM_TEST_BATCH_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(worker) != "" {
		if err := Serve(os.Stdin, os.Stdout, 256<<20, graded); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var (
	jobs int
	hog  [][]byte
)

// beKilled is the system that ends this process.
func beKilled() {
	if p, err := os.FindProcess(os.Getpid()); err == nil && p.Kill() == nil {
		select {}
	}
}

// graded does what the program says.
func graded(j Job) Reply {
	jobs++
	b, err := ReadProgram(string(j.Dir), string(j.Programs["bob.pingd"]))
	if err != nil {
		return Reply{Error: err.Error()}
	}
	switch string(b) {
	case "panic":
		panic("the grader is broken: \x1b[2J")
	case "panic in a used process":
		if jobs > 1 {
			panic("something was left behind")
		}
	case "beacon and hang", "chatter and hang":
		fmt.Println("this is no reply")
		select {}
	case "be killed once":
		if os.Mkdir(filepath.Join(string(j.Dir), "killed"), 0o700) == nil {
			beKilled()
		}
		b = []byte("good")
	case "be killed":
		beKilled()
	case "hang":
		select {}
	case "grow":
		for {
			hog = append(hog, bytes.Repeat([]byte{1}, 8<<20))
		}
	case "refuse":
		return Reply{Error: "I would rather not"}
	case "chatter":
		fmt.Println("this is no reply")
	case "change":
		b = []byte("another program")
	}
	hash := sha256.Sum256(b)
	r := &grade.Result{
		Scenario: "ping", Student: j.Student, Audience: scenario.Staff, Hash: hex.EncodeToString(hash[:]),
		Programs: []grade.ProgramRef{{Node: "bob", Proc: "pingd", Hash: hex.EncodeToString(hash[:])}},
		Checks:   []grade.Check{{ID: "one", Points: 2, Status: grade.StatusFailed, Visible: "always"}, {ID: "two", Points: 1, Status: grade.StatusSkipped, Visible: "always"}},
	}
	if string(b) == "good" {
		for i := range r.Checks {
			r.Checks[i].Status, r.Checks[i].Earned = grade.StatusPassed, r.Checks[i].Points
		}
	}
	return Reply{Report: (&report.Report{Result: r}).Document(), Files: map[string][]byte{".txt": []byte("report of " + j.Name)}}
}

// A bench is a folder of submissions and one for results.
type bench struct {
	*testing.T
	dir, out string
	set      Setting
	from     From
	opt      Options
	again    []string
}

func newBench(t *testing.T, files map[string]string) *bench {
	b := &bench{T: t, dir: t.TempDir(), out: t.TempDir(), set: Setting{Version: "v1", Source: "s"}, from: FromNone}
	for name, text := range files {
		b.file(name, text)
	}
	b.opt = Options{
		Out: b.out, Jobs: 2, Timeout: time.Hour,
		Command: func() *exec.Cmd {
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), worker+"=1")
			return c
		},
		Done: func(row *Row, kept bool) {
			if kept {
				b.again = append(b.again, row.Name)
			}
		},
		expired: func(j Job, _ time.Duration) <-chan time.Time {
			c := make(chan time.Time, 1)
			if strings.Contains(j.Name, "hang") {
				c <- time.Time{}
			}
			return c
		},
	}
	return b
}

func (b *bench) file(name, text string) {
	b.Helper()
	path := b.dir + string(filepath.Separator) + filepath.FromSlash(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	if strings.HasSuffix(name, "/") {
		return // MkdirAll has made it
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}

var onePart = []Part{{Slots: []string{"bob.pingd"}, Names: []string{"submission", "bob.pingd"}}}

// run grades the folder, and returns what became of each submission in a line.
func (b *bench) run(ctx context.Context) (string, error) {
	b.Helper()
	b.again = nil
	f, err := Find(b.dir, onePart, b.from, b.out)
	if err != nil {
		b.Fatal(err)
	}
	rows, err := Run(ctx, f, b.set, b.opt)
	var out []string
	for i, row := range rows {
		switch {
		case row == nil:
			out = append(out, f.Submissions[i].Name+" nothing")
		case row.Report != nil:
			score, most := NewTable(rows).points(row)
			out = append(out, fmt.Sprintf("%s %s %s/%s", row.Name, row.Status, score, most))
		default:
			out = append(out, row.Name+" "+row.Status)
		}
	}
	slices.Sort(b.again)
	return strings.Join(out, ", "), err
}

func (b *bench) row(name string) *Row {
	b.Helper()
	row := load(b.out, name)
	if row == nil {
		b.Fatalf("there is no result of %s", name)
	}
	return row
}

// No submission takes another down, whatever becomes of the process that grades it.
func TestEachSubmissionGetsARow(t *testing.T) {
	b := newBench(t, map[string]string{
		"a-good.wasm": "good", "b-panic.wasm": "panic", "c-hang.wasm": "hang", "d-grow.wasm": "grow", "e-refuse.wasm": "refuse",
		"f-chatter.wasm": "chatter", "g-altered.wasm": "change", "h-bad.wasm": "bad", "i-left.wasm": "panic in a used process", "j-empty.wasm": "",
		"k/bob.pingd.wasm": "good", "l/notes.txt": "good", "m/a.wasm": "x", "m/b.wasm": "y", "notes.txt": "x",
	})
	for _, n := range []int{1, 2, 7} {
		b.opt.Jobs, b.out = n, t.TempDir()
		b.opt.Out = b.out
		got, err := b.run(t.Context())
		want := "a-good graded 3/3, b-panic crashed, c-hang slow, d-grow large, e-refuse refused, f-chatter crashed, g-altered refused, h-bad graded 0/3, " +
			"i-left graded 0/3, j-empty graded 0/3, k graded 3/3, l refused, m refused"
		if got != want || err != nil {
			t.Errorf("%d processes: got\n%s, %v\nwant\n%s", n, got, err, want)
		}
		for name, want := range map[string]string{
			"b-panic": "exit status 2: panic: the grader is broken", "c-hang": "it took more than 1h0m0s of real time", "d-grow": "of memory, at most 268435456 are allowed",
			"e-refuse": "I would rather not", "g-altered": "its files changed while it was graded", "l": "there is no .wasm file in it", "m": "several files for one program: a.wasm, b.wasm",
		} {
			if row := b.row(name); !strings.Contains(row.Error, want) {
				t.Errorf("%s: got %q, want %q in it", name, row.Error, want)
			}
		}
		if text, err := os.ReadFile(filepath.Join(b.out, ReportsDir, "a-good.txt")); err != nil || string(text) != "report of a-good" {
			t.Errorf("got %q, %v", text, err)
		}
	}
}

// An interrupted batch goes on where it was.
func TestInterruptedRunGoesOn(t *testing.T) {
	files := map[string]string{}
	for i := range 8 {
		files[fmt.Sprintf("s%d.wasm", i)] = "good"
	}
	b := newBench(t, files)
	ctx, cancel := context.WithCancel(t.Context())
	done := b.opt.Done
	n := 0
	b.opt.Jobs = 1
	b.opt.Done = func(row *Row, kept bool) {
		done(row, kept)
		if n++; n == 3 {
			cancel()
		}
	}
	got, err := b.run(ctx)
	if want := "s0 graded 3/3, s1 graded 3/3, s2 graded 3/3, s3 nothing, s4 nothing, s5 nothing, s6 nothing, s7 nothing"; got != want || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %s, %v, want %s", got, err, want)
	}
	b.opt.Done = done
	// As if the machine had gone down while the fourth was written.
	if err := os.WriteFile(filepath.Join(b.out, rowsDir, ".new-123"), []byte(`{"format":1,"na`), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err = b.run(t.Context())
	if err != nil || strings.Count(got, "graded 3/3") != 8 || strings.Join(b.again, " ") != "s0 s1 s2" {
		t.Errorf("got %s, %v; kept %v", got, err, b.again)
	}
}

// What a result depends on is graded again when it changes, and nothing else is.
func TestOnlyWhatChangedIsGradedAgain(t *testing.T) {
	all := "bad crash good"
	for _, tc := range []struct {
		name   string
		change func(b *bench)
		kept   string
	}{
		{"nothing; what crashed is tried again", func(*bench) {}, "bad good"},
		{"a program", func(b *bench) { b.file("good.wasm", "bad") }, "bad"},
		{"the scenario", func(b *bench) { b.set.Source = "t" }, ""},
		{"the version", func(b *bench) { b.set.Version = "v2" }, ""},
		{"the options", func(b *bench) { b.set.Options = "--stage=x" }, ""},
		{"the students", func(b *bench) { b.from = FromName }, ""},
		{"a damaged row", func(b *bench) {
			if err := os.WriteFile(filepath.Join(b.out, rowsDir, "good.json"), []byte("{"), 0o644); err != nil {
				b.Fatal(err)
			}
		}, "bad"},
		{"a row of another", func(b *bench) {
			if err := os.Rename(filepath.Join(b.out, rowsDir, "bad.json"), filepath.Join(b.out, rowsDir, "good.json")); err != nil {
				b.Fatal(err)
			}
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t, map[string]string{"good.wasm": "good", "bad.wasm": "bad", "crash.wasm": "panic"})
			if got, err := b.run(t.Context()); err != nil || len(b.again) > 0 || len(strings.Fields(all)) != strings.Count(got, ",")+1 {
				t.Fatalf("got %s, %v; kept %v", got, err, b.again)
			}
			tc.change(b)
			if _, err := b.run(t.Context()); err != nil || strings.Join(b.again, " ") != tc.kept {
				t.Errorf("kept %v, %v, want %s", b.again, err, tc.kept)
			}
		})
	}
}

func TestResultsThatCannotBeKeptEndTheRun(t *testing.T) {
	b := newBench(t, map[string]string{"a.wasm": "good", "b.wasm": "good"})
	b.opt.Out = filepath.Join(b.out, "file")
	if err := os.WriteFile(b.opt.Out, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := b.run(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be kept") {
		t.Errorf("got %v", err)
	}
}

func TestAProcessThatCannotBeStarted(t *testing.T) {
	b := newBench(t, map[string]string{"a.wasm": "good"})
	b.opt.Command = func() *exec.Cmd { return exec.Command(filepath.Join(b.dir, "nowhere")) }
	if got, err := b.run(t.Context()); err != nil || got != "a crashed" || !strings.Contains(b.row("a").Error, "cannot be started") {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	if err := Prepare(filepath.Join(dir, "new", "er")); err != nil {
		t.Error(err)
	}
	if err := os.Mkdir(filepath.Join(dir, rowsDir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(dir); err != nil {
		t.Errorf("results are there: %v", err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(other); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("got %v", err)
	}
}
