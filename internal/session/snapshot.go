package session

import (
	"time"

	"wireloom/vnet"
	"wireloom/vnet/sys"
)

// A Snapshot is what a live lab looks like at one moment, for viewers. It is a
// copy that never changes.
type Snapshot struct {
	vnet.Status
	Rate    int    // RealTime, TenTimes or AsFast
	Paused  bool   // the clock stands
	Ended   bool   // the lab's virtual time cannot go on: nothing happens any more
	Why     string // it has ended, a sentence
	Lag     time.Duration
	Slipped time.Duration // real time that the lab was too far behind to catch up with
	CPU     []float64     // for each of Procs, its share of its node's CPU over the last second of virtual time
	Viewers int
	Capture CaptureState
	Doors   []DoorState
}

// A CaptureState is what has gone wrong with a lab's capture; zero for nothing.
type CaptureState struct {
	Missing uint64 // frames that are not in it, because the disk took no more
	Why     string // a sentence, while it takes no more
}

// Snapshot returns the newest snapshot, which is at most PublishEvery old while
// somebody is attached, and a channel that is closed when there is a newer one.
func (s *Session) Snapshot() (*Snapshot, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.snap, s.changed
}

// publish makes a snapshot of the lab.
func (s *Session) publish(now time.Time) {
	snap := &Snapshot{
		Status: s.lab.Status(), Rate: s.pace.rate, Paused: s.pace.paused, Ended: s.ended, Why: s.why, Slipped: s.slipped, Viewers: s.viewers,
	}
	if p, tied := s.tied(); tied && !s.ended && !p.base.IsZero() {
		if s.overdue(p.target(now)) {
			snap.Lag = p.lag(now, s.lab.Now())
		}
	}
	snap.Capture.Missing = s.cap.missing
	if s.cap.why != nil {
		snap.Capture.Why = s.cap.why.Error()
	}
	if s.doors.show != nil {
		snap.Doors = s.doors.show()
	}
	snap.CPU = s.usage.shares(&snap.Status)
	s.told, s.dirty = now, false
	s.mu.Lock()
	s.snap = snap
	changed := s.changed
	s.changed = nil
	s.mu.Unlock()
	if changed != nil {
		close(changed)
	}
}

// tellCapture logs that the capture has got a gap, or goes on.
func (s *Session) tellCapture() {
	s.dirty = true
	if s.cap.why != nil {
		s.lg.Warn("frames are missing in a capture from now on", "why", forLog(s.cap.why))
		return
	}
	s.lg.Info("a capture goes on", "missing", s.cap.missing)
}

// A usage remembers how much fuel processes had used at some moments of about the
// last second of virtual time, to tell each one's share of its node's CPU.
type usage struct {
	samples []sample // oldest first
}

type sample struct {
	at   time.Duration
	fuel map[procID]int64
}

type procID struct {
	node string
	pid  int
}

const (
	usageOver  = time.Second
	usageEvery = usageOver / 10
)

// shares adds what a status says and returns the share of each of its processes.
func (u *usage) shares(st *vnet.Status) []float64 {
	now := sample{at: st.Now, fuel: make(map[procID]int64, len(st.Procs))}
	for _, p := range st.Procs {
		if p.PID != 0 {
			now.fuel[procID{p.Node, p.PID}] = p.Fuel
		}
	}
	// Keep one sample that is a second old or older, and those after it.
	for len(u.samples) > 1 && st.Now-u.samples[1].at >= usageOver {
		u.samples = u.samples[:copy(u.samples, u.samples[1:])]
	}
	var then sample // the lab's beginning, when nothing had used any
	if len(u.samples) > 0 {
		then = u.samples[0]
	}
	shares := make([]float64, len(st.Procs))
	if over := st.Now - then.at; over > 0 {
		for i, p := range st.Procs {
			if p.PID == 0 || p.State == "exited" {
				continue
			}
			id := procID{p.Node, p.PID}
			used := time.Duration(now.fuel[id]-then.fuel[id]) * sys.FuelNanosecond
			shares[i] = min(float64(used)/float64(over), 1)
		}
	}
	if n := len(u.samples); n == 0 || st.Now-u.samples[n-1].at >= usageEvery {
		u.samples = append(u.samples, now)
	}
	return shares
}
