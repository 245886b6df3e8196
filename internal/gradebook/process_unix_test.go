//go:build unix

package gradebook

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wireloom/internal/batch"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
	graded "wireloom/internal/scenario/grade"
	"wireloom/internal/store"
)

// What makes the test's program a process that grades: where it is killed, as "STEP TIMES", and a
// folder in which it counts that.
const (
	killEnv  = "WIRELOOM_TEST_GRADER_KILL"
	countEnv = "WIRELOOM_TEST_GRADER_COUNT"
)

func TestMain(m *testing.M) {
	if os.Getenv(killEnv) != "" {
		killedAt("starts")
		err := batch.Serve(os.Stdin, answering{os.Stdout}, 256<<20, func(j batch.Job) batch.Reply {
			killedAt("has the job")
			if j.Audience == scenario.Staff {
				killedAt("has made the first of two reports")
			}
			return batch.Reply{Report: (&report.Report{Result: &graded.Result{
				Scenario: "two", Student: j.Student, Audience: j.Audience, Score: 5, MaxScore: 10,
				Checks: []graded.Check{{ID: "one", Points: 10, Earned: 5, Status: graded.StatusPassed, Visible: "always"}},
			}}).Document()}
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// killedAt is somebody who kills this process at a step, as often as the test has said.
func killedAt(step string) {
	at, times, _ := strings.Cut(os.Getenv(killEnv), ":")
	var n int
	if _, err := fmt.Sscan(times, &n); err != nil || at != step {
		return
	}
	for i := range n {
		f, err := os.OpenFile(filepath.Join(os.Getenv(countEnv), fmt.Sprint(i)), os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			continue
		}
		_ = f.Close() // it only counts
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// answering is where a process answers, which may be killed in the middle of that, or after it.
type answering struct{ io.Writer }

func (a answering) Write(b []byte) (int, error) {
	n, err := a.Writer.Write(b[:len(b)/2])
	killedAt("has answered half")
	if err == nil {
		var rest int
		rest, err = a.Writer.Write(b[n:])
		n += rest
	}
	killedAt("has answered")
	return n, err
}

// Wherever the process that grades is killed, its job is made by another, and one result counts;
// where all are killed the hand-in is given up in the end, and its person told why.
func TestAKilledProcessGradesOnce(t *testing.T) {
	const always = 99
	for _, c := range []struct {
		step  string
		times int
		want  wire.HandinState
	}{
		{"starts", 1, wire.Graded},
		{"starts", 5, wire.Graded},
		{"has the job", 1, wire.Graded},
		{"has the job", 2, wire.Graded},
		{"has the job", 5, wire.Graded},
		{"has the job", always, wire.Failed},
		{"has made the first of two reports", 1, wire.Graded},
		{"has made the first of two reports", 5, wire.Graded},
		{"has answered half", 1, wire.Graded},
		{"has answered half", 4, wire.Graded},
		{"has answered", 1, wire.Graded},
		{"has answered", 4, wire.Graded},
	} {
		t.Run(fmt.Sprintf("%s, killed %d times", c.step, c.times), func(t *testing.T) {
			each(t, func(w *world) {
				blob, _, err := w.db.Blobs.Put(strings.NewReader(twoSlots), 1<<20)
				if err != nil {
					t.Fatal(err)
				}
				w.write(func(tx *store.Tx) error {
					if err := tx.PutVersion(store.VersionRow{Hash: "s3", Scenario: "two", Blob: blob}); err != nil {
						return err
					}
					return tx.AddLesson(store.LessonRow{ID: "undue", Class: "c", Title: "Undue", VersionHash: "s3", Counts: "best", Published: true, Version: 1})
				})
				count := t.TempDir()
				w.command = func() *exec.Cmd {
					cmd := exec.Command(os.Args[0])
					cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s:%d", killEnv, c.step, c.times), countEnv+"="+count)
					return cmd
				}
				w.open()
				r, _, err := w.b.HandIn(t.Context(), Parcel{Lesson: "undue", Person: "ada", Next: sent("x")})
				if err != nil {
					t.Fatal(err)
				}
				proc := newWorker(w.b)
				defer proc.close()
				h := wire.Handin{State: wire.Queued}
				for n := 0; n < 40 && (h.State == wire.Queued || h.State == wire.Running); n++ {
					if _, err := w.b.grader.one(proc); err != nil {
						t.Fatal(err)
					}
					w.at(-time.Hour + time.Duration(n+1)*time.Minute) // pauses pass
					if h, err = w.b.Handin(t.Context(), r.Handin, true); err != nil {
						t.Fatal(err)
					}
				}
				failed := c.want == wire.Failed
				if h.State != c.want || failed != strings.Contains(h.Why, "signal: killed") || failed != (h.Points == nil) {
					t.Errorf("%+v", h)
				}
				w.counts(r.Handin, map[bool]int{false: 2}[failed]) // by the visible checks, and by all
			})
		})
	}
}
