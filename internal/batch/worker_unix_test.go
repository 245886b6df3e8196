//go:build unix

package batch

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asker starts a process that grades and returns a job for it, whose program is a text.
func asker(t *testing.T, text string) (cmd *exec.Cmd, in io.WriteCloser, out *bufio.Reader, job []byte) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), worker+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, where the test got so far
	job, err = json.Marshal(jobOf(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return cmd, in, bufio.NewReader(r), append(job, '\n')
}

func jobOf(t *testing.T, text string) Job {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.wasm"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Job{Name: "x", Dir: []byte(dir), Programs: map[string][]byte{"bob.pingd": []byte("x.wasm")}}
}

// What grades ends when who asked does: while it grades, by a code of its own, and else as if
// there were no more.
func TestAProcessEndsWithWhoAsked(t *testing.T) {
	for _, c := range []struct {
		name, program string
		answers       bool
		want          int
	}{
		{"while it grades what never ends", "beacon and hang", false, exitOrphan},
		{"when it has answered", "good", true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd, in, out, job := asker(t, c.program)
			if _, err := in.Write(job); err != nil {
				t.Fatal(err)
			}
			if line, err := out.ReadString('\n'); err != nil || strings.Contains(line, "report") != c.answers {
				t.Fatalf("it says %q, %v", line, err)
			}
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // its code says how it ended
			if got := cmd.ProcessState.ExitCode(); got != c.want {
				t.Errorf("exit code %d, want %d", got, c.want)
			}
		})
	}
}

// That a process was killed from outside says nothing about its job, and that it died by itself
// does.
func TestAWorkerTellsWhoKilledItsProcess(t *testing.T) {
	for _, c := range []struct{ name, program, status, why string }{
		{"from outside", "be killed", Killed, "signal: killed"},
		{"from outside, once", "be killed once", Graded, ""},
		{"it panics", "panic", Crashed, "exit status 2"},
		{"we kill it for what it says", "chatter and hang", Crashed, "signal: killed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, nil)
			w := Worker{Command: b.opt.Command, Timeout: time.Hour}
			defer w.Close()
			if _, status, why := w.Grade(t.Context(), jobOf(t, c.program)); status != c.status || !strings.Contains(why, c.why) {
				t.Errorf("%s, %q, want %s, %q", status, why, c.status, c.why)
			}
		})
	}
	b := newBench(t, map[string]string{"ann.wasm": "be killed"})
	if got, err := b.run(t.Context()); got != "ann crashed" || err != nil {
		t.Errorf("rows say %s, %v", got, err)
	}
}
