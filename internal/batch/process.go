package batch

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// A process is one that grades, as its owner sees it. It is started when there is
// something to do, and again after it died.
type process struct {
	command func() *exec.Cmd

	cmd    *exec.Cmd // nil: not running
	in     io.WriteCloser
	out    *bufio.Reader
	errs   *tail
	graded int
}

// A death is why a process gave no answer.
type death struct {
	status string // Crashed, Killed, Slow, Large
	text   string
	fresh  bool // it was its first job
}

// waitDelay is how long what a process started may keep its pipes open after it.
const waitDelay = 5 * time.Second

func (p *process) start() error {
	cmd := p.command()
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	errs := &tail{}
	cmd.Stderr, cmd.WaitDelay = errs, waitDelay
	apart(cmd)
	if err := start(cmd); err != nil {
		return err
	}
	p.cmd, p.in, p.out, p.errs, p.graded = cmd, in, bufio.NewReaderSize(out, 1<<16), errs, 0
	return nil
}

// ask has the process grade a job. Where it dies over it, or takes longer than until
// expired, or ctx ends, it is gone, and the death says why.
func (p *process) ask(ctx context.Context, job Job, expired <-chan time.Time) (*Reply, *death) {
	if p.cmd != nil && p.graded >= recycle {
		p.close()
	}
	if p.cmd == nil {
		if err := p.start(); err != nil {
			return nil, &death{Crashed, fmt.Sprintf("a process to grade it cannot be started: %v", err), true}
		}
	}
	fresh := p.graded == 0
	p.graded++
	type answer struct {
		reply *Reply
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		b, err := json.Marshal(job)
		if err == nil {
			_, err = p.in.Write(append(b, '\n'))
		}
		var reply *Reply
		if r, rerr := readReply(p.out); rerr == nil {
			reply, err = r, nil
		} else {
			err = errors.Join(err, rerr)
		}
		answers <- answer{reply, err}
	}()
	status, gone := "", false // gone: it ended by itself, or by somebody else
	select {
	case a := <-answers:
		if a.err == nil {
			return a.reply, nil
		}
		status, gone = Crashed, errors.Is(a.err, io.EOF)
	case <-expired:
		status = Slow
	case <-ctx.Done():
		status = Slow
	}
	kill(p.cmd)
	if status == Slow {
		<-answers // its pipes are closed now
	}
	err := p.cmd.Wait()
	d := &death{status, fmt.Sprintf("the process that graded it ended: %v%s", err, p.errs.said()), fresh}
	if status == Crashed && p.cmd.ProcessState.ExitCode() == exitLarge {
		d.status, d.text = Large, "the process that graded it "+strings.TrimPrefix(p.errs.said(), ": ")
	}
	if gone && killed(p.cmd.ProcessState) {
		d.status = Killed
	}
	p.cmd = nil
	return nil, d
}

// grade has the process grade a job, again in a fresh one where it died over what may be
// another's doing. why says why there is no reply, where status is not Graded.
func (p *process) grade(ctx context.Context, job Job, timeout time.Duration, expired func(Job, time.Duration) <-chan time.Time) (reply *Reply, status, why string) {
	reply, death := p.ask(ctx, job, expired(job, timeout))
	if death != nil && (death.status == Crashed && !death.fresh || death.status == Killed) && ctx.Err() == nil {
		reply, death = p.ask(ctx, job, expired(job, timeout))
	}
	switch {
	case death != nil && death.status == Slow:
		return nil, Slow, fmt.Sprintf("it took more than %v of real time", timeout)
	case death != nil:
		return nil, death.status, death.text
	case reply.Error != "":
		return nil, Refused, reply.Error
	}
	return reply, Graded, ""
}

// inTime is when a job's real time is over.
func inTime(_ Job, d time.Duration) <-chan time.Time { return time.After(d) }

// A Worker is a process that grades one job after the other, for one goroutine. The process
// is started for its first job, and again when it died or has graded many.
type Worker struct {
	Command func() *exec.Cmd // a process that calls Serve
	Timeout time.Duration    // real time that a job may take

	p process
}

// Grade grades a job. Where status is not Graded there is no reply, and why says why: Killed
// says nothing about the job, which may be graded another time. When ctx ends the process is
// killed.
func (w *Worker) Grade(ctx context.Context, job Job) (reply *Reply, status, why string) {
	w.p.command = w.Command
	return w.p.grade(ctx, job, w.Timeout, inTime)
}

// Close ends the process.
func (w *Worker) Close() { w.p.close() }

// close ends the process.
func (p *process) close() {
	if p.cmd == nil {
		return
	}
	kill(p.cmd)      // it has nothing to finish
	_ = p.cmd.Wait() // that it was killed is known
	p.cmd = nil
}

// A tail keeps the beginning of what a process says when it dies, which has the
// reason; the rest is a trace.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const maxTail = 4096

// Write takes all and keeps the first bytes.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p[:min(len(p), maxTail-len(t.b))]...)
	return len(p), nil
}

// said is the first line that says why.
func (t *tail) said() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for l := range strings.Lines(string(t.b)) {
		if l = strings.TrimSpace(l); l != "" {
			return ": " + l[:min(len(l), 300)]
		}
	}
	return ""
}
