package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"wireloom/internal/host"
	"wireloom/internal/httpapi"
	"wireloom/internal/keeper"
	"wireloom/internal/metrics"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// lagBounds are the buckets of how far labs are behind their clocks: upper ends of those that
// are counted.
var lagBounds = []time.Duration{
	1023 * time.Microsecond, 4095 * time.Microsecond, 16383 * time.Microsecond, 49151 * time.Microsecond,
	98303 * time.Microsecond, 262143 * time.Microsecond, 1048575 * time.Microsecond,
}

// A gauge board is what of a server is measured.
type board struct {
	api     *httpapi.Server // once there is one
	keeper  *keeper.Keeper
	class   *school // nil without a data folder
	data    string
	started time.Time
	sizes   sizes
}

// measure adds the metrics to a server; its page is for who may read them.
func measure(h *host.Host, conf *host.Config, c *httpapi.Config, k *keeper.Keeper, class *school) *board {
	m := metrics.New()
	b := &board{keeper: k, class: class, data: conf.Data, started: time.Now()}
	m.Gather = append(m.Gather, b.build, b.server, b.school)
	h.Observe(m.Request)
	door := &metrics.Door{Token: conf.Metrics.Text(), Site: &c.Site}
	c.Routes = append(c.Routes, httpapi.Route{Method: "GET", Path: "/metrics", Do: m.Handler(door)})
	return b
}

func (b *board) build(_ context.Context, w *metrics.Writer) {
	w.Gauge("wireloom_build_info", metrics.Label("version", version()), "The program's version.", 1)
	w.Gauge("wireloom_goroutines", "", "Goroutines.", float64(runtime.NumGoroutine()))
}

func (b *board) server(_ context.Context, w *metrics.Writer) {
	s, k := b.api.Stats(), b.keeper.Stats()
	w.Gauge("wireloom_labs", metrics.Label("state", "live"), "Labs, by what has become of them.", float64(k.Live))
	w.Gauge("wireloom_labs", metrics.Label("state", "returning"), "", float64(k.Returning))
	if b.class != nil {
		b.labs(w)
	}
	w.Counter("wireloom_labs_returned_total", "", "Labs that came back from the disk.", float64(k.Back))
	w.Counter("wireloom_labs_return_seconds_total", "", "How long that took, in all.", k.BackTime.Seconds())
	w.Counter("wireloom_labs_quarantined_total", "", "Labs that could not come back.", float64(k.Quarantined))
	w.Counter("wireloom_journal_errors_total", "", "Times that the disk did not take a lab's journal.", float64(k.Failed))
	w.Gauge("wireloom_viewers", "", "Pages that watch labs.", float64(s.Viewers))
	w.Gauge("wireloom_queue", "", "Who waits for a lab.", float64(s.Waiting))
	limited := []string{"labs", "viewers", "uploads", "downloads", "checks", "connections", "disk_bytes", "cpu_seconds"}
	for _, name := range limited {
		w.Gauge("wireloom_used", metrics.Label("of", name), "What is used of what is limited.", float64(s.Limits[name].Used))
	}
	for _, name := range limited {
		w.Gauge("wireloom_limit", metrics.Label("of", name), "The limit for all; -1 for none.", float64(s.Limits[name].Limit))
	}
	lag := b.api.Scheduler().Lag()
	w.Histogram("wireloom_lag_seconds", "How late what was due in labs was.", lagBounds, lag.Below, lag.Count())
	w.Gauge("wireloom_turns_waiting", "", "Labs in line for a turn of a core.", float64(b.api.Scheduler().Waiting()))
	w.Gauge("wireloom_memory_bytes", metrics.Label("what", "used"), "Memory: granted to labs and used besides, and the limit.", float64(s.Memory.Used))
	w.Gauge("wireloom_memory_bytes", metrics.Label("what", "limit"), "", float64(s.Memory.Limit))
	w.Gauge("wireloom_memory_bytes", metrics.Label("what", "resident"), "", float64(s.Memory.Resident))
	w.Counter("wireloom_memory_labs_closed_total", "", "Labs that were closed for want of memory.", float64(s.Memory.Closed))
	w.Refusals(s.Refusals)
}

func (b *board) labs(w *metrics.Writer) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	counts := map[string]int{}
	err := b.class.db.Read(ctx, func(tx *store.Tx) error {
		for _, state := range []string{store.LabParked, store.LabQuarantined} {
			n, err := tx.CountLabs(state)
			if err != nil {
				return err
			}
			counts[state] = n
		}
		return nil
	})
	if err != nil {
		return // wireloom_database_up says so
	}
	for _, state := range []string{store.LabParked, store.LabQuarantined} {
		w.Gauge("wireloom_labs", metrics.Label("state", state), "", float64(counts[state]))
	}
}

func (b *board) school(ctx context.Context, w *metrics.Writer) {
	if b.class == nil {
		return
	}
	jobs, scores := map[string]int64{}, map[string]int64{}
	var oldest time.Duration
	err := b.class.db.Read(ctx, func(tx *store.Tx) (err error) {
		if jobs, err = tx.JobCounts(); err != nil {
			return err
		}
		for _, state := range []string{"waiting", "refused"} {
			n, since, err := tx.OutboxCounts(state)
			if err != nil {
				return err
			}
			if scores[state] = n; state == "waiting" && n > 0 {
				oldest = max(tx.Now().Sub(since), 0)
			}
		}
		return nil
	})
	up := 1.0
	if err != nil {
		up = 0
	}
	w.Gauge("wireloom_database_up", "", "Whether the database answers.", up)
	if err == nil {
		for _, state := range []string{"queued", "running", "failed"} {
			w.Gauge("wireloom_jobs", metrics.Label("state", state), "Gradings, by where they are.", float64(jobs[state]))
		}
		w.Gauge("wireloom_handins_graded", "", "Gradings that are done.", float64(jobs["done"]))
		for _, state := range []string{"waiting", "refused"} {
			w.Gauge("wireloom_outbox", metrics.Label("state", state), "Scores on their way to platforms.", float64(scores[state]))
		}
		w.Gauge("wireloom_outbox_oldest_seconds", "", "For how long the oldest score is overdue that waits.", oldest.Seconds())
	}
	for name, n := range b.sizes.of(b.data) {
		w.Gauge("wireloom_data_bytes", metrics.Label("of", name), "What the data folder holds.", float64(n))
	}
	if free, total, ok := diskRoom(b.data); ok {
		w.Gauge("wireloom_disk_bytes", metrics.Label("what", "free"), "The disk that the data folder is on.", float64(free))
		w.Gauge("wireloom_disk_bytes", metrics.Label("what", "total"), "", float64(total))
	}
}

// sizes are how large the parts of the data folder are, looked at now and then: it may have
// many files.
type sizes struct {
	mu   sync.Mutex
	at   time.Time
	last map[string]int64
}

const sizesEvery = 5 * time.Minute

func (s *sizes) of(dir string) map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.at) < sizesEvery {
		return s.last
	}
	s.at, s.last = time.Now(), map[string]int64{"database": 0, "blobs": 0, "labs": 0}
	_ = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error { // what can't be read is not counted
		if err != nil || d.IsDir() {
			return nil
		}
		part := "database"
		switch rel, _ := filepath.Rel(dir, name); {
		case len(rel) > 6 && rel[:6] == "blobs/":
			part = "blobs"
		case len(rel) > 5 && rel[:5] == labsFolder+"/":
			part = "labs"
		case filepath.Dir(name) != filepath.Clean(dir):
			return nil
		}
		if info, err := d.Info(); err == nil {
			s.last[part] += info.Size()
		}
		return nil
	})
	return s.last
}

// Status is classroom.Desk's.
func (s *school) Status() wire.AdminStatus {
	b := s.board
	st, k, sizes := b.api.Stats(), b.keeper.Stats(), b.sizes.of(b.data)
	free, total, _ := diskRoom(b.data)
	out := wire.AdminStatus{
		Version: version(), Versions: []wire.NamedText{{Name: "Go", Text: runtime.Version()}, {Name: "database", Text: s.db.Name()}}, Started: b.started.UnixMilli(),
		Labs: wire.LabCounts{Live: k.Live + k.Returning, Max: int(st.Limits["labs"].Limit)}, Waiting: st.Waiting, Memory: st.Memory.Used, Refused: []wire.NamedCount{},
		Disk: wire.Disk{Database: sizes["database"], Blobs: sizes["blobs"], Labs: sizes["labs"], Free: free, Total: total},
	}
	st.Refusals.Each(func(why visitor.Kind, n uint64) {
		if n > 0 {
			out.Refused = append(out.Refused, wire.NamedCount{Name: why.String(), Count: int64(n)})
		}
	})
	return out
}

// EndLab is classroom.Desk's.
func (s *school) EndLab(ctx context.Context, id, why string) error {
	return s.labs.keeper.End(ctx, id, why)
}
