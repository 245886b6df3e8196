// Package gradebook takes what students hand in, has it graded, and says what everybody
// has: hand-ins with their receipts, jobs that grade, marks of teachers, regrades, books,
// and scores for other programs.
//
// The database is the truth. What has been acknowledged is on the disk; a grading that was
// begun when the server died is made again, and one result of it counts.
package gradebook

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/scenario"
	"wireloom/internal/session"
	"wireloom/internal/sign"
	"wireloom/internal/store"
)

// A Bench is where students work, as far as what they hand in comes from there.
type Bench interface {
	Programs(ctx context.Context, lab string) ([]session.Held, error)
	Record(ctx context.Context, lab string, w io.Writer) error
}

// A Score is what a person has in a lesson when it may leave the house.
type Score struct {
	Lesson, Person string
	Grade          mark.Grade
	Handed         time.Time // when the hand-in that counts came; zero for none
}

// Dates are everybody's in some lessons of a class.
type Dates func(lesson string, m store.MemberRow) mark.Dates

// Config says what a gradebook works with.
type Config struct {
	DB     *store.DB
	Key    *sign.Key // signs receipts and reports
	Grader string    // the version of this program
	Bench  Bench     // nil: nothing comes from benches

	// Scenario is a scenario by the hash of its version.
	Scenario func(ctx context.Context, hash string) (*scenario.Scenario, error)
	// Dates are everybody's in lessons of one class.
	Dates func(tx *store.Tx, lessons ...store.LessonRow) (Dates, error)

	// Out is told of a score that is final, and Gone of one that is no more, in the
	// transaction in which that comes to be; nil: nobody is.
	Out  func(tx *store.Tx, s Score) error
	Gone func(tx *store.Tx, lesson, person string) error

	// Checked is told how many checks passed of what a person has handed in; nil: nobody is.
	Checked func(lesson, person string, passed, total int64)

	Command func() *exec.Cmd // a process that grades: batch.Serve
	Workers int              // of them; 0: nothing is graded
	Timeout time.Duration    // real time that a grading may take
	Limits  Limits
	Logger  *slog.Logger // nil: none
}

// Limits are how much people may hand in. The zero value of each is the default.
type Limits struct {
	PerDay   int64 // hand-ins of a person in 24 hours
	DayBytes int64 // bytes of them
	Waiting  int64 // hand-ins of a person that wait for their grading
	Class    int64 // hand-ins of a class that do
}

// The defaults.
const (
	defaultPerDay   = 100
	defaultDayBytes = 256 << 20
	defaultWaiting  = 6
	defaultClass    = 5000

	maxRecording = 64 << 20 // bytes of a recording
	maxName      = 128      // bytes of the name of a file
	maxOnce      = 64       // bytes of what a repeated request has in common with the first
)

// A Book is the gradebook of a server.
type Book struct {
	conf    Config
	log     *slog.Logger
	news    hub
	sending sender
	grader  *grader
}

// New opens the gradebook. Its workers run until Close.
func New(c Config) *Book {
	for _, l := range []struct {
		of    *int64
		value int64
	}{{&c.Limits.PerDay, defaultPerDay}, {&c.Limits.DayBytes, defaultDayBytes}, {&c.Limits.Waiting, defaultWaiting}, {&c.Limits.Class, defaultClass}} {
		if *l.of == 0 {
			*l.of = l.value
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	b := &Book{conf: c, log: c.Logger}
	b.grader = newGrader(b)
	b.grader.start()
	return b
}

// Close ends the workers. What they were at is graded when the server is there again.
func (b *Book) Close() { b.grader.close() }

// A Kind is what sort of problem it is.
type Kind uint8

// The kinds.
const (
	Unfit  Kind = iota // what was sent can't be what is wanted
	Closed             // it is not the time for it
	Clash              // it does not go with what is there
)

// A Problem is why something was not done, for who asked for it.
type Problem struct {
	Kind Kind
	Say  string
}

func (p *Problem) Error() string { return p.Say }

func problem(k Kind, format string, args ...any) *Problem {
	return &Problem{k, fmt.Sprintf(format, args...)}
}
