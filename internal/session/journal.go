package session

import (
	"context"
	"fmt"
	"time"

	"wireloom/internal/recording"
	"wireloom/vnet/sys"
)

// A Journal keeps what is done to a lab as it is done, so that the lab can be had again
// however its server ends. What a method has returned for without an error is kept. What
// fails has left nothing.
type Journal interface {
	// Command keeps a command that is about to be done.
	Command(c recording.Recorded) error
	// Enter keeps frames that are about to come in by doors, all at one place of the run.
	Enter(frames []recording.Entered) error
	// Mark keeps how far the lab is.
	Mark(m Mark) error
	// Keep keeps a program, and returns the file that it is in from then on.
	Keep(hash string, program []byte) (path string, err error)
}

// A Mark is a place in a lab's life: of its run, and of what drives it.
type Mark struct {
	recording.End
	Rate    int
	Paused  bool
	Watched bool // somebody was watching
	Parked  bool // its session ended there, in order
}

// A Past is what has been done to a lab: who is to go on with it has all of that again first.
type Past interface {
	// Next returns what comes next; io.EOF after the last.
	Next() (Passed, error)
	// Program makes a program that was installed; path is the file that it is in.
	Program(ctx context.Context, name, hash string) (p sys.Program, path string, bytes int64, err error)
	// Last is the last mark that there is; its zero value where there is none.
	Last() Mark
}

// A Passed is one of the three.
type Passed struct {
	Command *recording.Recorded
	Frames  []recording.Entered // good until the next
	Mark    *Mark
}

// How often a mark is made, in real time, of a lab in which something happens. A lab that
// lives long has them further apart, so that their number grows as the root of its life.
const (
	markEvery = time.Second
	markThin  = 4096 // marks after which it is twice as long, three times after twice as many
	markQuiet = 10   // times as long, where nothing happens but that time passes
)

// mark keeps how far the lab is. That it can't be kept costs no more than that the lab comes
// back at an earlier time: what happened after it happens again.
func (s *Session) mark(parked bool) {
	if s.opts.Journal == nil || s.unwhole {
		return
	}
	s.catchUp()
	_, events := s.log.Bounds()
	m := Mark{
		End:  recording.End{At: int64(s.lab.Now()), Step: s.lab.Steps(), Events: events, Hash: s.log.Hash()},
		Rate: s.pace.rate, Paused: s.pace.paused, Watched: s.viewers > 0, Parked: parked,
	}
	s.marks++
	s.marked, s.markedAt = m, time.Now()
	s.unkept(s.opts.Journal.Mark(m))
}

// markEvery is how long it is from a mark to the next.
func (s *Session) markEvery() time.Duration { return markEvery * time.Duration(1+s.marks/markThin) }

// markSoon makes a mark where it is time for one.
func (s *Session) markSoon(now time.Time) {
	if s.opts.Journal == nil {
		return
	}
	every, since := s.markEvery(), now.Sub(s.markedAt)
	if since < every {
		return
	}
	m := &s.marked
	same := m.Step == s.lab.Steps() && m.Rate == s.pace.rate && m.Paused == s.pace.paused && m.Watched == (s.viewers > 0)
	if _, events := s.log.Bounds(); same && events == m.Events && (since < every*markQuiet || m.At == int64(s.lab.Now())) {
		return
	}
	s.mark(false)
}

// unkept notes that the journal takes no more for now, or, with nil, that it does.
func (s *Session) unkept(err error) {
	if (s.unkeptWhy == nil) == (err == nil) {
		return
	}
	s.unkeptWhy, s.dirty = err, true
	if err != nil {
		s.lg.Warn("a lab's journal takes no more: no command is done until it does", "why", forLog(err))
		return
	}
	s.lg.Info("a lab's journal goes on")
}

// keep keeps a command or frames that are about to be done.
func (s *Session) keep(write func(Journal) error) error {
	if s.opts.Journal == nil {
		return nil
	}
	err := write(s.opts.Journal)
	s.unkept(err)
	if err != nil {
		return fmt.Errorf("nothing was done, since it could not be kept: %w", err)
	}
	return nil
}
