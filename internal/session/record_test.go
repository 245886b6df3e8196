package session

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/recording"
	"wireloom/vnet"
	"wireloom/vnet/sys"
)

func (b *bench) record() []byte {
	b.t.Helper()
	var buf bytes.Buffer
	b.ok(b.Record(b.t.Context(), &buf))
	return buf.Bytes()
}

func read(t *testing.T, rec []byte) *recording.File {
	t.Helper()
	l, err := recording.Read(bytes.NewReader(rec), int64(len(rec)))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func replay(t *testing.T, rec []byte) recording.Result {
	t.Helper()
	res, err := read(t, rec).Replay(t.Context(), builder, recording.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// What a button does is recorded as the commands that it stands for, and replays.
func TestATryIsItsCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab, setup, err := build(1, "talk20")
		if err != nil {
			t.Fatal(err)
		}
		setup.Tries = []Try{
			{Label: "say", Commands: []vnet.Command{vnet.Arrive{Port: "s1.1", Hex: make([]byte, 14)}, vnet.Exec{Node: "h2", Line: "echo hello"}}},
			{Label: "by itself", Auto: true, Commands: []vnet.Command{vnet.Traffic{Name: "x", How: "arrive", Port: "s1.1", Hex: make([]byte, 14), Every: 100 * time.Millisecond}}},
			{Label: "fail", Commands: []vnet.Command{vnet.Start{Node: "h9", Proc: "p"}, vnet.Kill{Node: "h1", Proc: "p"}}},
		}
		b := liveLab(t, Options{}, func() (*vnet.Lab, Setup) { return lab, setup })
		defer b.watch()()
		time.Sleep(time.Second)
		if node, proc, err := b.Try(t.Context(), 1); node != "h2" || proc != "echo.1" || err != nil {
			t.Errorf("the line runs as %s at %s, %v", proc, node, err)
		}
		for n, want := range map[uint64]string{3: "no node", 0: "no try 0: it has 3", 4: "no try 4: it has 3"} {
			if _, _, err := b.Try(t.Context(), n); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("try %d: %v, want %q", n, err, want)
			}
		}
		time.Sleep(time.Second)
		rec := b.record()
		if res := replay(t, rec); !res.Same {
			t.Errorf("its replay: %+v", res)
		}
		var ops []string
		commands := read(t, rec).Commands
		for _, c := range commands {
			ops = append(ops, vnet.OpOf(c.Command))
		}
		if got, want := strings.Join(ops, ", "), "traffic, arrive, exec, start"; got != want {
			t.Fatalf("recorded are %s, want %s: after what fails nothing is done", got, want)
		}
		if commands[0].At != 0 || commands[1].At != commands[2].At || commands[1].Step != commands[2].Step {
			t.Errorf("the first at %d, the others at %d and %d", commands[0].At, commands[1].At, commands[2].At)
		}
	})
}

// A minute at 2,000 frames a second with everything that a visitor can do.
func TestRecordingReplaysToTheSameHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "talk1", "spin")
		ctx := t.Context()
		defer b.watch()()
		var recs [][]byte
		moment := func() { recs = append(recs, b.record()) }
		moment()
		time.Sleep(1234567 * time.Microsecond)
		b.do("kill", "h2", "p")
		time.Sleep(3 * time.Millisecond)
		b.install("h2", "talk20")
		b.do("start", "h2", "p")
		moment()
		for i := range 12 {
			time.Sleep(1100*time.Millisecond + time.Duration(i)*13*time.Microsecond)
			b.ok(b.Pause(ctx))
			for range i {
				b.ok(b.Step(ctx))
			}
			if i%3 == 0 {
				b.try("start") // fails: it runs already
			}
			time.Sleep(time.Second)
			b.ok(b.Resume(ctx))
			b.ok(b.SetRate(ctx, []int{RealTime, TenTimes}[i%2]))
			if i == 6 {
				b.install("h1", "deaf")
				b.ok(b.Stop(ctx, "h1", "p"))
				time.Sleep(10 * time.Millisecond)
				b.do("start", "h1", "p")
				b.ok(b.Stop(ctx, "h1", "p"))
				b.install("h1", "talk1")
				time.Sleep(1100 * time.Millisecond)
				b.do("start", "h1", "p")
			}
			name, err := b.Exec(ctx, "h1", "echo 'a b'")
			b.ok(err)
			_, err = b.Do(ctx, vnet.Stdin{Node: "h1", Proc: name, Text: "hello\n", EOF: true})
			b.ok(err)
		}
		if at, _ := b.now(); at < time.Minute {
			t.Fatalf("the session lasted %v only", at)
		}
		for i, rec := range recs {
			if res := replay(t, rec); !res.Same || res.Hash == "" || res.Why != "" {
				t.Errorf("recording %d: got %+v", i, res)
			}
		}
		again := b.record()
		if res := replay(t, again); !res.Same {
			t.Errorf("a recording of a later moment: %+v", res)
		}
		l := read(t, again)
		if len(l.Commands) < 35 || l.Title != "A test" || l.Brief != "Try it." {
			t.Errorf("%d commands, title %q, brief %q", len(l.Commands), l.Title, l.Brief)
		}
		for name, want := range map[string]bool{"talk1": true, "talk20": true, "deaf": true, "spin": false} {
			if l.Holds(hashOf(name)) != want {
				t.Errorf("the recording holds %s: %v, want %v: it has what was uploaded, and nothing else", name, !want, want)
			}
		}
		l.Commands[1].At++
		if res, err := l.Replay(ctx, builder, recording.Limits{}); err != nil || res.Same || res.Why == "" {
			t.Errorf("a command a nanosecond later: %+v, %v, want another hash and why", res, err)
		}
		l.Commands[1].At--
		l.Config.Seed++
		if res, err := l.Replay(ctx, builder, recording.Limits{}); err != nil || res.Same {
			t.Errorf("another seed: %+v, %v", res, err)
		}
	})
}

// try does what may fail.
func (b *bench) try(op string) {
	_, _ = b.Do(b.t.Context(), command(b.t, op, "h1", "p"))
}

func TestRecordingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{Programs: 10}, "quiet")
		err := b.Install(t.Context(), "h1", "p", programs()["talk20"], []byte("talk20"))
		b.ok(err)
		b.install("h1", "talk20") // the same bytes count once
		if err := b.Install(t.Context(), "h1", "p", programs()["flood"], []byte("flood")); err == nil || !strings.Contains(err.Error(), "start a new lab") {
			t.Errorf("programs beyond the limit: %v", err)
		}
		if err := b.Install(t.Context(), "h1", "p", programs()["flood"], []byte("other")); err == nil {
			t.Error("bytes that are not the program's were taken")
		}
		if err := b.Install(t.Context(), "h9", "p", programs()["flood"], []byte("flood")); err == nil || !strings.Contains(err.Error(), "h1:p, h2:p") {
			t.Errorf("a slot that is not there: %v", err)
		}
		if _, err := b.Do(t.Context(), vnet.Install{Node: "h1", Proc: "p"}); err == nil {
			t.Error("a program was installed without one")
		}
		for range 2 * MaxCommandBytes / (1 << 20) {
			_, err = b.Do(t.Context(), vnet.Stdin{Node: "h1", Proc: "p", Text: strings.Repeat("x", 1<<20)})
		}
		if !errors.Is(err, ErrFull) {
			t.Errorf("bytes beyond the limit: %v", err)
		}
		for range MaxCommands {
			_, err = b.Do(t.Context(), vnet.Kill{Node: "h1", Proc: "p"})
		}
		if !errors.Is(err, ErrFull) {
			t.Errorf("commands beyond the limit: %v", err)
		}
	})
}

func TestRecordingCountsLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "quiet")
		var err error
		for range 2 * MaxCommandBytes / (1 << 20) {
			_, err = b.Exec(t.Context(), "h1", strings.Repeat("x", 1<<20)) // too long a line, but a command
		}
		if !errors.Is(err, ErrFull) {
			t.Errorf("bytes beyond the limit: %v", err)
		}
	})
}

// A visitor who reads slowly, or never, holds one file open, however many programs
// were uploaded.
func TestADownloadHoldsOneFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "quiet")
		names := make([]string, 200)
		for i := range names {
			names[i] = fmt.Sprintf("program %d", i)
			b.ok(b.upload(names[i]))
		}
		r, w := io.Pipe()
		go func() { _ = w.CloseWithError(b.Record(t.Context(), w)) }()
		first := make([]byte, 1)
		if _, err := r.Read(first); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if open := openIn(t, b.opts.Dir); open > 1 {
			t.Errorf("%d files are open for one reader, want 1", open)
		}
		rest, err := io.ReadAll(r)
		b.ok(err)
		l := read(t, append(first, rest...))
		for _, name := range names {
			if p, err := l.Program(hashOf(name)); err != nil || string(p) != name {
				t.Fatalf("%s came as %q, %v", name, p, err)
			}
		}
	})
}

// upload puts a program that does nothing into a slot. Its bytes are its name.
func (b *bench) upload(name string) error {
	p := native{name, func(*sys.Proc) sys.Exit { return done }}
	return b.Install(b.t.Context(), "h1", "p", p, []byte(name))
}

// openIn is how many files below a folder this process has open.
func openIn(t *testing.T, dir string) (n int) {
	t.Helper()
	const fds = "/proc/self/fd"
	open, err := os.ReadDir(fds)
	if err != nil {
		t.Skipf("this system does not tell which files are open: %v", err)
	}
	for _, f := range open {
		if to, err := os.Readlink(filepath.Join(fds, f.Name())); err == nil && strings.HasPrefix(to, dir+"/") {
			n++
		}
	}
	return n
}

func TestUploadsAreLimitedInNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "quiet")
		for i := range recording.MaxPrograms {
			b.ok(b.upload(fmt.Sprint(i)))
		}
		if err := b.upload("one more"); err == nil || !strings.Contains(err.Error(), "this lab has taken 256 programs, which is as many as it may: start a new lab") {
			t.Errorf("a program beyond the limit: %v", err)
		}
		b.ok(b.upload("7")) // which it has already
		if l := read(t, b.record()); len(l.Commands) != recording.MaxPrograms+1 {
			t.Errorf("%d commands", len(l.Commands))
		}
	})
}

// A lab that closes in the middle of a download breaks it off.
func TestADownloadOfALabThatCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "quiet")
		for i := range 200 {
			b.ok(b.upload(fmt.Sprint(i)))
		}
		r, w := io.Pipe()
		go func() { _ = w.CloseWithError(b.Record(t.Context(), w)) }()
		if _, err := r.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		b.stop(nil)
		<-b.Done()
		if _, err := io.ReadAll(r); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}
