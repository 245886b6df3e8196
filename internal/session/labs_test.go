package session_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"wireloom/internal/boot"
	"wireloom/internal/session"
	"wireloom/scenarios"
	"wireloom/vnet"
	"wireloom/wasm"
)

// compiler returns what compiles programs, with the cache that the user's own
// server fills, so that a benchmark does not wait for what is there already.
func compiler(t testing.TB) boot.Compile {
	t.Helper()
	dir := os.Getenv("WIRELOOM_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(user, "wireloom")
	}
	e, err := wasm.NewEngine(t.Context(), wasm.Options{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(ctx context.Context, name string, b []byte) (vnet.Program, error) {
		p, err := e.Compile(ctx, name, b)
		if err != nil {
			return nil, err
		}
		return p, nil
	}
}

// pingLab is the built-in scenario ping at 50 frames a second: a ping every 80 ms,
// whose request and reply cross two links each.
func pingLab(t testing.TB) (*boot.Source, boot.Options) {
	t.Helper()
	sc, err := scenarios.OpenBuiltin("ping")
	if err != nil {
		t.Fatal(err)
	}
	for i := range sc.Lab.Nodes {
		n := &sc.Lab.Nodes[i]
		for j := range n.Programs {
			if n.Programs[j].Command == "ping" {
				n.Programs[j].Argv = []string{"ping", "-i", "0.08", "10.0.0.2"}
			}
		}
	}
	o := boot.Options{Programs: map[scenarios.Slot]boot.File{}}
	for _, slot := range sc.Slots() {
		ref, err := sc.Reference(slot)
		if err != nil {
			t.Fatal(err)
		}
		o.Programs[slot] = boot.File{Name: slot.Proc + ".wasm", Module: ref}
	}
	return &boot.Source{Scenario: sc, Files: map[string][]byte{"scenario.yaml": sc.Source}}, o
}

// resident is the memory that the process has in RAM, in bytes; 0 where the system
// does not tell.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	pages, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // finalizers of the first run free what the second one finds
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// BenchmarkLabs200 has 200 ping labs live at once and prints how late the latest
// hundredth of their events is, what they hold, and what is left when they have
// closed.
func BenchmarkLabs200(b *testing.B) {
	const labs, window = 200, 3 * time.Second
	compile := compiler(b)
	src, o := pingLab(b)
	dir := b.TempDir()
	one := func(sched *session.Scheduler) *session.Session {
		lab, setup, err := src.Build(b.Context(), compile, o)
		if err != nil {
			b.Fatal(err)
		}
		s, err := session.New(lab, setup, session.Options{Scheduler: sched, Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	run := func(n int, f func(*session.Scheduler, []*session.Session)) {
		ctx, stop := context.WithCancel(b.Context())
		sched := session.NewScheduler(0)
		var all []*session.Session
		for range n {
			s := one(sched)
			go s.Run(ctx)
			all = append(all, s)
		}
		f(sched, all)
		stop()
		for _, s := range all {
			<-s.Done()
		}
	}
	run(1, func(*session.Scheduler, []*session.Session) {}) // what is made once is made
	goroutines, before := runtime.NumGoroutine(), heap()
	for b.Loop() {
		run(labs, func(sched *session.Scheduler, all []*session.Session) {
			pass := func(d time.Duration) {
				t := time.NewTimer(d)
				defer t.Stop()
				<-t.C
			}
			pass(2 * time.Second) // all have started
			sched.Lag().Reset()
			events := func() (n uint64) {
				for _, s := range all {
					_, next := s.Log().Bounds()
					n += next
				}
				return n
			}
			from, began := events(), time.Now()
			pass(window)
			took := time.Since(began)
			b.ReportMetric(float64(events()-from)/took.Seconds()/labs, "events/s/lab")
			b.ReportMetric(float64(sched.Lag().Quantile(0.5))/1e6, "ms-lag-p50")
			b.ReportMetric(float64(sched.Lag().Quantile(0.99))/1e6, "ms-lag-p99")
			b.ReportMetric(float64(resident())/(1<<20), "MiB-resident")
			b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
		})
	}
	b.StopTimer()
	after := heap()
	b.ReportMetric(float64(after-before)/(1<<20), "MiB-heap-left")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines-left")
}

// A live lab with a real program and a real stack, recorded and replayed.
func TestLivePingReplaysToTheSameHash(t *testing.T) {
	compile := compiler(t)
	_, o := pingLab(t)
	sc, err := scenarios.OpenBuiltin("ping")
	if err != nil {
		t.Fatal(err)
	}
	src := &boot.Source{Scenario: sc, Files: map[string][]byte{"scenario.yaml": sc.Source}}
	lab, setup, err := src.Build(t.Context(), compile, o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := session.New(lab, setup, session.Options{Dir: t.TempDir(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go s.Run(ctx)
	defer func() {
		stop()
		<-s.Done()
	}()
	detach, err := s.Attach(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer detach()
	if err := s.SetRate(ctx, session.AsFast); err != nil {
		t.Fatal(err)
	}
	_, err = s.Exec(ctx, "alice", "ping -c 2 10.0.0.2")
	if err != nil {
		t.Fatal(err)
	}
	for snap, more := s.Snapshot(); snap.Now < 20*time.Second; snap, more = s.Snapshot() {
		<-more
	}
	if err := s.Stop(ctx, "bob", "pingd"); err != nil {
		t.Fatal(err)
	}
	var rec bytes.Buffer
	if err := s.Record(ctx, &rec); err != nil {
		t.Fatal(err)
	}
	res, err := session.Replay(ctx, bytes.NewReader(rec.Bytes()), int64(rec.Len()), boot.Again(compile))
	if err != nil || !res.Same {
		t.Errorf("got %+v, %v", res, err)
	}
}
