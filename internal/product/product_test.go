package product

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"wireloom/internal/open"
	"wireloom/internal/program"
	"wireloom/internal/recording"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/session"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// engine is shared by all tests; make test compiles what they need into its cache
// beforehand, because under -race that takes most of a minute.
var engine = sync.OnceValues(func() (*Engine, error) { return OpenEngine(context.Background(), "") })

func compiler(t testing.TB) Compile {
	t.Helper()
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	return e.Compile
}

func find(t testing.TB, name string) *scenario.Scenario {
	t.Helper()
	src, err := open.Scenario(name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func buildLab(t testing.TB, src *scenario.Scenario, o Options) (*vnet.Lab, session.Setup) {
	t.Helper()
	lab, setup, err := Build(t.Context(), src, compiler(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	return lab, setup
}

func graded(t testing.TB, o Options) *grade.Result {
	t.Helper()
	src := find(t, "ping")
	lab, _ := buildLab(t, src, o)
	res, err := grade.Grade(lab, src, grade.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lab.Close()
	return res
}

// The grade of the reference solution is the same on every machine: its hash is
// committed.
func TestGradeOfTheReferenceIsGolden(t *testing.T) {
	var b bytes.Buffer
	res := graded(t, Options{Window: -1})
	b.WriteString(written(res))
	fmt.Fprintf(&b, "run %s  seed %d  %d events in %v of virtual time\n", res.Hash, res.Seed, res.Events, res.Ended)
	if !res.Passed || res.Score != res.MaxScore || len(res.Notes) > 0 {
		t.Errorf("the reference solution gets %d of %d points:\n%s", res.Score, res.MaxScore, b.String())
	}
	const golden = "testdata/ping.golden"
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s\nIf the change is meant, make update rewrites it", b.String(), want)
	}
}

// Fifty gradings, on one processor and on two, while the other goroutines keep the
// machine busy, are one.
func TestGradesDoNotDependOnTheMachine(t *testing.T) {
	want := graded(t, Options{Window: -1}).Hash
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(stop)
	for i := range 50 {
		if i == 25 {
			for range 2 {
				wg.Go(func() {
					for n := 0; ; n++ {
						select {
						case <-stop:
							return
						default:
							runtime.KeepAlive(make([]byte, n%4096))
						}
					}
				})
			}
		}
		procs := 1 + i%2
		before := runtime.GOMAXPROCS(procs)
		got := graded(t, Options{Window: []int{-1, 0, 1 << 16}[i%3]}).Hash
		runtime.GOMAXPROCS(before)
		if got != want {
			t.Fatalf("grading %d, GOMAXPROCS %d: hash %s, want %s", i, procs, got, want)
		}
	}
}

func TestAnotherSeedIsAnotherRun(t *testing.T) {
	logged := func(seed uint64) string {
		lab, _ := buildLab(t, find(t, "ping"), Options{Seed: &seed, Window: -1})
		var b strings.Builder
		lab.Log().Subscribe(func(e *event.Event) { b.Write(e.AppendTo(nil)) }) // what follows the first event
		lab.Start()
		if _, err := lab.Do(vnet.Exec{Node: "alice", Argv: []string{"nc", "-z", "10.0.0.2", "80"}}); err != nil { // its port is chance
			t.Fatal(err)
		}
		lab.Run(3*time.Second, vnet.NoLimit)
		return b.String()
	}
	if a := logged(1); a != logged(1) || a == logged(2) {
		t.Error("the events after the first are not a function of the seed")
	}
}

func TestWrongProgramsGetSentences(t *testing.T) {
	for _, tc := range []struct {
		name string
		file program.File
		want string
	}{
		{"no WebAssembly", program.File{Name: "a.txt", Module: []byte("hello")}, "not a WebAssembly module"},
		{"a library", program.File{Name: "lib.wasm", Module: []byte("\x00asm\x01\x00\x00\x00")}, "_start"},
		{"cut short", program.File{Name: "cut.wasm", Module: []byte("\x00asm\x01\x00\x00\x00\x01\x7f")}, "cut.wasm: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			src := find(t, "ping")
			_, _, err := Build(t.Context(), src, compiler(t), Options{Programs: map[format.Slot]program.File{{Node: "bob", Proc: "pingd"}: tc.file}})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
	for _, tc := range []struct{ arg, want string }{
		{"nothing", "there is no scenario"},
		{"./nothing", "no such file"},
		{"product.go", "neither a folder nor a zip"},
		{"testdata", "scenario.yaml"},
	} {
		if _, err := open.Scenario(tc.arg); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("open.Scenario(%q): %v, want %q in it", tc.arg, err, tc.want)
		}
	}
}

// tshark reads a lab's capture and finds nothing wrong in it.
func TestCaptureIsReadByTshark(t *testing.T) {
	lab, _ := buildLab(t, find(t, "ping"), Options{Window: -1})
	capture := capturing(t, lab)
	frames := 0
	lab.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Frame {
			frames++
		}
	})
	lab.Start()
	lab.Run(10*time.Second, vnet.NoLimit)
	file := capture()
	read := func(filter string) []string { return tshark(t, file, filter, "frame.protocols") }
	if got := read(""); len(got) != frames || frames < 36 {
		t.Errorf("tshark reads %d frames, want %d, 36 or more", len(got), frames)
	}
	if bad := read("_ws.malformed || ip.checksum.status == 0 || icmp.checksum.status == 0"); len(bad) > 0 {
		t.Errorf("tshark finds %d bad frames: %v", len(bad), bad)
	}
	if replies := read("icmp.type == 0"); len(replies) < 16 {
		t.Errorf("tshark finds %d echo replies, want 16 or more", len(replies))
	}
}

// A live lab of a minute, 2,000 frames a second, with an upload, stops, pauses and
// other speeds: its recording replays to the same hash.
func TestALiveLabReplays(t *testing.T) {
	src := find(t, "ping")
	lab, setup := buildLab(t, src, Options{})
	s, err := session.New(lab, setup, session.Options{Dir: t.TempDir(), Idle: -1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer func() {
		cancel()
		<-s.Done()
	}()
	go s.Run(ctx)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	detach, err := s.Attach(ctx)
	ok(err)
	defer detach()
	ok(s.SetRate(ctx, 10)) // at 0 the lab may be far beyond a moment before the test sees it
	reach := func(at time.Duration) {
		t.Helper()
		for {
			snap, changed := s.Snapshot()
			if snap.Now >= at {
				return
			}
			select {
			case <-changed:
			case <-s.Done():
				t.Fatalf("the session closed: %s", s.Reason())
			}
		}
	}
	_, err = s.Exec(ctx, "alice", "ping -q -i 0.002 10.0.0.2") // 500 requests a second: 2,000 frames, each on two links
	ok(err)
	ref, err := src.Reference(format.Slot{Node: "bob", Proc: "pingd"})
	ok(err)
	prog, err := compiler(t)(ctx, "mine.wasm", ref)
	ok(err)
	for i := range 6 {
		reach(time.Duration(i) * 10 * time.Second)
		ok(s.Pause(ctx))
		for range 7 {
			ok(s.Step(ctx))
		}
		switch i {
		case 1:
			ok(s.Stop(ctx, "bob", "pingd"))
		case 2:
			ok(s.Install(ctx, "bob", "pingd", prog, ref))
			_, err = s.Do(ctx, vnet.Start{Node: "bob", Proc: "pingd"})
			ok(err)
		case 3:
			_, err = s.Do(ctx, vnet.Kill{Node: "bob", Proc: "pingd"})
			ok(err)
		case 4:
			_, err = s.Do(ctx, vnet.Start{Node: "bob", Proc: "pingd"})
			ok(err)
		}
		ok(s.Resume(ctx))
		ok(s.SetRate(ctx, 1))
		ok(s.SetRate(ctx, 10))
	}
	ok(s.SetRate(ctx, 0))
	reach(time.Minute)
	ok(s.Pause(ctx))
	var rec bytes.Buffer
	ok(s.Record(ctx, &rec))
	file, err := recording.Read(bytes.NewReader(rec.Bytes()), int64(rec.Len()))
	ok(err)
	var shelf open.Shelf
	res, err := file.Replay(ctx, Again(compiler(t), shelf.Program), recording.Limits{})
	ok(err)
	if !res.Same || res.At < time.Minute || res.Events < 100_000 {
		t.Errorf("replay: %+v", res)
	}
	if testing.Verbose() {
		fmt.Printf("%d events in %v of virtual time, recording of %d bytes\n", res.Events, res.At, rec.Len())
	}
}
