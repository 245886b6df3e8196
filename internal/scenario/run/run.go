// Package run is one run of a scenario on a lab: it lets time pass within the limits of a
// grading, gives the lab the commands of steps, and keeps what has been seen of programs
// and frames. What a step does with that is said in the verbs; what it is worth, in grade.
package run

import (
	"fmt"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/vnet"
)

// A Run is one run of a scenario on a lab.
type Run struct {
	Lab *vnet.Lab

	limits   limits
	programs programs
	frames   frames
	told     map[string]*told // by the step's id: what later ones may refer to
	now      moment
	notes    []string
	watchers []Observer
	kept     map[any]any // what verbs keep of their own; see Keep
}

// A moment is the step that is being done.
type moment struct {
	id      string
	began   time.Duration
	sought  bool     // what is found now is of what the step looks for
	trouble []string // what could not be done in it
	verdict Verdict
}

// Options say what a run is of.
type Options struct {
	Bounds    Bounds
	Submitted []format.Slot // programs that the student supplied
	LookBack  []string      // ids of steps since whose beginning frames may be asked for

	// Stop, where it is not nil, is asked now and then; an error ends the run. It is for
	// what is outside of the lab, like real time.
	Stop func() error
}

// New begins to look at a lab that has not been started.
func New(lab *vnet.Lab, o Options) *Run {
	r := &Run{
		Lab: lab, limits: limits{most: o.Bounds, stop: o.Stop}, programs: newPrograms(lab.Config(), o.Submitted),
		told: map[string]*told{}, kept: map[any]any{},
	}
	r.frames.marks = map[string]int{}
	for _, id := range o.LookBack {
		r.frames.marks[id] = -1
	}
	lab.Log().Subscribe(r.see)
	return r
}

// Begin gets ready for a step.
func (r *Run) Begin(id string) {
	r.now = moment{id: id, began: r.Lab.Now()}
	r.frames.begin(id)
	r.programs.begin(r.Lab.Status().Procs)
}

// Step is the id of the step that is being done, "" where it has none, and when it began.
func (r *Run) Step() (id string, began time.Duration) { return r.now.id, r.now.began }

// End ends a step: it keeps what the step tells those after it, and returns what it found.
func (r *Run) End() *Verdict {
	r.remember()
	r.frames.watches = nil
	return &r.now.verdict
}

// Sought says whether what is found from now on is of what the step looks for, of which a
// part may be worth something, or of what else must hold.
func (r *Run) Sought(sought bool) { r.now.sought = sought }

// Find adds what the step has found.
func (r *Run) Find(f Finding) { r.now.verdict.add(f, r.now.sought) }

// Fail notes that something of the step could not be done.
func (r *Run) Fail(err error) { r.now.trouble = append(r.now.trouble, err.Error()) }

// Trouble is what could not be done in the step.
func (r *Run) Trouble() []string { return r.now.trouble }

// Do gives the lab a command of the step.
func (r *Run) Do(c vnet.Command) {
	if _, err := r.Lab.Do(c); err != nil {
		r.Fail(err)
	}
}

// maxNotes is how many notes a result has.
const maxNotes = 20

// Note notes how a program ended, or a limit that took effect.
func (r *Run) Note(format string, args ...any) {
	switch {
	case len(r.notes) < maxNotes:
		r.notes = append(r.notes, fmt.Sprintf(format, args...))
	case len(r.notes) == maxNotes:
		r.notes = append(r.notes, "and more that is not shown")
	}
}

// Notes are what was noted.
func (r *Run) Notes() []string { return r.notes }

// Keep returns what a verb keeps in this run under a key of its own; zero at first. A step
// belongs to all runs of its scenario, so it keeps nothing itself.
func Keep[T any](r *Run, key any) *T {
	if v, ok := r.kept[key].(*T); ok {
		return v
	}
	v := new(T)
	r.kept[key] = v
	return v
}
