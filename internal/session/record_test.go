package session

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/vnet"
)

func (b *bench) record() []byte {
	b.t.Helper()
	var buf bytes.Buffer
	b.ok(b.Record(b.t.Context(), &buf))
	return buf.Bytes()
}

func replay(t *testing.T, rec []byte) Result {
	t.Helper()
	res, err := Replay(t.Context(), bytes.NewReader(rec), int64(len(rec)), builder)
	if err != nil {
		t.Fatal(err)
	}
	return res
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
		l, err := Load(bytes.NewReader(again), int64(len(again)))
		b.ok(err)
		if len(l.Commands) < 35 || len(l.Wasm) != 4 || string(l.Files["scenario.yaml"]) == "" {
			t.Errorf("%d commands, %d programs, files %v", len(l.Commands), len(l.Wasm), l.Files)
		}
		l.Commands[1].At++
		if res, err := l.Replay(ctx, builder); err != nil || res.Same || res.Why == "" {
			t.Errorf("a command a nanosecond later: %+v, %v, want another hash and why", res, err)
		}
		l.Commands[1].At--
		l.Seed++
		l.Config = ""
		if _, err := l.Replay(ctx, builder); err == nil || !strings.Contains(err.Error(), "another lab") {
			t.Errorf("another seed: %v", err)
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

// A zipped builds a zip file of names and contents.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestLoadRefusesWhatIsNoRecording(t *testing.T) {
	valid := func(change func(*Recording)) string {
		r := Recording{Format: Format, Scenario: "test"}
		change(&r)
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	kill := func(at int64, step uint64) Recorded { return Recorded{At: at, Step: step, Command: vnet.Kill{}} }
	upload := Recorded{Command: vnet.Install{Hash: hashOf("x")}}
	for _, tc := range []struct {
		name string
		file []byte
		want string
	}{
		{"not a zip", []byte("hello"), "zip"},
		{"empty", zipped(t), "holds no recording.json"},
		{"a file too many", zipped(t, "recording.json", "{}", "../evil", ""), "does not belong"},
		{"not JSON", zipped(t, "recording.json", "{"), "unexpected EOF"},
		{"an unknown field", zipped(t, "recording.json", `{"format":1,"colour":2}`), "colour"},
		{"an unknown command", zipped(t, "recording.json", `{"format":1,"commands":[{"at":0,"step":0,"op":"dance"}]}`), `no command "dance"`},
		{"an unknown field of a command", zipped(t, "recording.json", `{"format":1,"commands":[{"at":0,"step":0,"op":"kill","node":"a","line":"x"}]}`), "line"},
		{"another format", zipped(t, "recording.json", `{"format":2}`), "format 2"},
		{"a program that is not its hash", zipped(t, "programs/aa.wasm", "x"), "not what its name says"},
		{"a missing program", zipped(t, "recording.json", valid(func(r *Recording) { r.Programs = []Program{{Hash: "aa"}} })), "is not in it"},
		{"a missing upload", zipped(t, "recording.json", valid(func(r *Recording) { r.Commands = []Recorded{upload} })), "is not in it"},
		{"commands out of order", zipped(t, "recording.json", valid(func(r *Recording) {
			r.Commands = []Recorded{kill(5, 5), kill(5, 4)}
			r.End = End{At: 9, Step: 9}
		})), "cannot follow"},
		{"an end before the last command", zipped(t, "recording.json", valid(func(r *Recording) { r.Commands = []Recorded{kill(5, 5)} })), "cannot follow"},
		{"an end after the end of time", zipped(t, "recording.json", valid(func(r *Recording) { r.End.At = 1 << 62 })), "cannot follow"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(bytes.NewReader(tc.file), int64(len(tc.file)))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestReplayEndsWithItsContext(t *testing.T) {
	l := &Loaded{Recording: Recording{Format: Format, End: End{At: int64(MaxTime), Step: 1 << 60}}}
	lab, _, err := build(0, "spin")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := runTo(ctx, lab, l.End.At, l.End.Step); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	lab.Close()
}

func FuzzLoad(f *testing.F) {
	f.Add(zipped(f, "recording.json", `{"format":1,"end":{"at":1,"step":1}}`, "scenario/a", "b"))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := Load(bytes.NewReader(b), int64(len(b))); err == nil && l.Format != Format {
			t.Error("a recording of another format was taken")
		}
	})
}
