package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A docStep is a fenced part of a page: a file to write, or commands to run.
type docStep struct {
	line int // of its first line
	file string
	text string
}

// fenced are the files and the commands of a page, in order: a fence below a comment
// <!-- file: NAME --> is a file, one of sh is commands.
func fenced(t *testing.T, page string) []docStep {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var out []docStep
	var now *docStep
	file := ""
	for i, line := range strings.Split(string(b), "\n") {
		switch name, is := strings.CutPrefix(line, "<!-- file: "); {
		case is:
			file = strings.TrimSuffix(name, " -->")
		case now == nil && (line == "```sh" || strings.HasPrefix(line, "```") && file != ""):
			now = &docStep{line: i + 2, file: file}
			file = ""
		case now != nil && line == "```":
			out = append(out, *now)
			now = nil
		case now != nil:
			now.text += line + "\n"
		}
	}
	if now != nil {
		t.Fatalf("%s:%d: a fence that is not closed", page, now.line)
	}
	return out
}

// runPage writes the files of a page into a folder and runs its commands there, one after
// the other: each succeeds, or ends with the exit code that stands behind it. It returns the
// folder and what each command printed.
func runPage(t *testing.T, page string, env ...string) (dir string, said map[string]string) {
	t.Helper()
	dir = t.TempDir()
	tree, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "bin")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	// As users have it: the test's own program would be slow where it looks for races.
	if out, err := exec.Command("go", "build", "-o", filepath.Join(path, "labserver"), ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if err := os.Symlink(filepath.Join(tree, "scenarios"), filepath.Join(dir, "scenarios")); err != nil {
		t.Fatal(err)
	}
	said = map[string]string{}
	for _, step := range fenced(t, page) {
		if step.file != "" {
			if err := os.WriteFile(filepath.Join(dir, step.file), []byte(step.text), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for i, line := range strings.Split(strings.TrimSpace(step.text), "\n") {
			line, want, _ := strings.Cut(line, "# exit code ")
			if want == "" {
				want = "0"
			}
			cmd := exec.Command("sh", "-c", line+"\necho \"exit code $?\"")
			cmd.Dir = dir
			cmd.Env = append(append(os.Environ(), env...), "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.HasSuffix(string(out), "exit code "+want+"\n") {
				t.Fatalf("%s:%d: %s: got %v and\n%swant exit code %s (it needs sh, Go, and what Debian has in clang, lld, wasi-libc, libclang-rt-14-dev-wasm32 and tshark)",
					page, step.line+i, line, err, out, want)
			}
			said[strings.TrimSpace(line)] = string(out)
		}
	}
	return dir, said
}

// The commands of docs/teaching.md do what it says.
func TestTeachingPage(t *testing.T) {
	dir, said := runPage(t, "../../docs/teaching.md")
	if len(said) < 15 {
		t.Errorf("%d commands were run", len(said))
	}
	for command, want := range map[string][]string{
		"labserver grade who-has --program wrong.wasm":                                                    {"FAIL  0/2  others", "ok    1/1  busy", "4 of 6 points"},
		"labserver grade who-has --program wrong.wasm --student anna --audience student --html anna.html": {"1 of 2 checks passed so far"},
		"cat handed-results/table.txt":                                                                    {"anna        passed", "ben         not passed      4/6", "the file is text", "the file is empty"},
	} {
		for _, w := range want {
			if !strings.Contains(said[command], w) {
				t.Errorf("%s: got\n%swant %q in it", command, said[command], w)
			}
		}
	}
	if page, err := os.ReadFile(filepath.Join(dir, "anna.html")); err != nil || strings.Contains(string(page), "busy") || strings.Contains(string(page), "fifty") {
		t.Errorf("a student's page tells of what is hidden: %v", err)
	}
}

// The labs of docs/labs.md are graded as they should be: right programs pass, and of wrong
// ones the checks fail that are for their mistake, and no others.
func TestLabsPage(t *testing.T) {
	_, said := runPage(t, "../../docs/labs.md")
	for command, want := range map[string][]string{
		"labserver grade dns --program dns.wasm":           {"passed: 8 of 8 points and 1 of 1 bonus"},
		"labserver grade dns --program dns-wrong.wasm":     {"FAIL  0/2  unknown", "skip  0/1  responses", "not passed: 6 of 8 points and 0 of 1 bonus, 2 of 3 checks"},
		"labserver grade shape --program shape.wasm":       {"passed: 9 of 9 points and 1 of 1 bonus"},
		"labserver grade shape --program shape-wrong.wasm": {"part  1/5  burst", "1 of 5 are there", "not passed: 1 of 9 points"},
		"labserver grade saw --program saw.wasm":           {"passed: 8 of 8 points"},
		"labserver grade saw --program saw-wrong.wasm":     {"FAIL  0/2  acknowledgement", "skip  0/3  bad-cable", "not passed: 3 of 8 points"},
		"labserver grade nd --program nd.wasm":             {"passed: 10 of 10 points"},
		"labserver grade nd --program nd-wrong.wasm":       {"FAIL  0/1  far", "not passed: 9 of 10 points, 4 of 5 checks"},
	} {
		for _, w := range want {
			if !strings.Contains(said[command], w) {
				t.Errorf("%s: got\n%swant %q in it", command, said[command], w)
			}
		}
	}
}
