// Package batch grades a folder of submissions: it finds them, hands them to
// processes of their own, so that none can take another down, keeps each result as
// soon as it is there, so that an interruption costs nothing, and makes a table.
package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"wireloom/internal/report"
	"wireloom/internal/terminal"
)

// What can become of a submission.
const (
	Graded  = "graded"  // there is a result, good or bad
	Refused = "refused" // it is not complete, or could not be read
	Crashed = "crashed" // the process that graded it died, twice where the first had graded others
	Killed  = "killed"  // the process that graded it was killed from outside, twice: a row has Crashed
	Slow    = "slow"    // it took more real time than is allowed
	Large   = "large"   // it took more memory of the machine than is allowed
)

// A Row is what became of a submission.
type Row struct {
	Format   int               `json:"format"` // rowFormat
	Key      string            `json:"key"`    // of all that the result depends on
	Name     string            `json:"name"`
	Student  string            `json:"student,omitempty"`
	Who      string            `json:"who,omitempty"`
	Late     bool              `json:"late,omitempty"`
	Status   string            `json:"status"`
	Error    string            `json:"error,omitempty"` // what is wrong, where there is no result
	Programs []Program         `json:"programs,omitempty"`
	Also     []string          `json:"also,omitempty"`  // what else its author handed in
	Notes    []string          `json:"notes,omitempty"` // for who grades
	Report   *report.Document  `json:"report,omitempty"`
	Files    map[string][]byte `json:"-"` // other forms of the report, by suffix

	stem string // what files of the result are called
}

// A Program is one of a submission, for one slot or several.
type Program struct {
	Slots []string `json:"slots"` // each NODE.PROC
	File  string   `json:"file"`  // below the folder of submissions, for people
	Hash  string   `json:"hash"`  // SHA-256 in hexadecimal
	Size  int64    `json:"size"`  // bytes

	path string // below the folder of submissions
}

// A Setting is what all submissions are graded with.
type Setting struct {
	Version string // of the program
	Source  string // hash of the whole scenario
	Options string // whatever else the results depend on
}

// Options say how to grade.
type Options struct {
	Out     string           // folder for the results, which is there
	Jobs    int              // processes at once
	Timeout time.Duration    // real time that a submission may take
	Command func() *exec.Cmd // a process that calls Serve

	// Done is told of each submission when its row is kept, one at a time: kept says
	// that the row is of an earlier run.
	Done func(row *Row, kept bool)

	expired func(Job, time.Duration) <-chan time.Time // of tests: nil is the clock
}

// recycle is after how many submissions a process is replaced by a fresh one.
const recycle = 200

// Run grades the submissions in a folder and returns their rows, in their order. Where
// it is interrupted the rows that were made are kept, those missing are nil, and the
// error is that of ctx.
func Run(ctx context.Context, f *Folder, set Setting, o Options) ([]*Row, error) {
	subs := f.Submissions
	files, err := openTree(f.Dir)
	if err != nil {
		return nil, fmt.Errorf("submissions: %w", err)
	}
	defer files.close()
	if o.expired == nil {
		o.expired = inTime
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{dir: f.Dir, files: files, subs: subs, set: set, o: o, rows: make([]*Row, len(subs)), stop: cancel}
	next := make(chan int)
	var wg sync.WaitGroup
	for range max(min(o.Jobs, len(subs)), 1) {
		wg.Go(func() {
			p := &process{command: o.Command}
			defer p.close()
			for i := range next {
				r.one(ctx, p, i)
			}
		})
	}
	for i := range subs {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wg.Wait()
	if r.err != nil {
		return r.rows, r.err
	}
	return r.rows, ctx.Err()
}

// run is one Run.
type run struct {
	dir   string
	files *tree
	subs  []Submission
	set   Setting
	o     Options
	stop  func()

	mu   sync.Mutex // guards what follows, and orders the calls of Done
	rows []*Row
	err  error
}

// one grades a submission, or finds that it has been.
func (r *run) one(ctx context.Context, p *process, i int) {
	s := &r.subs[i]
	row := s.row()
	hashes, err := r.hash(row)
	if err != nil {
		row.Status, row.Error = Refused, err.Error()
		r.done(i, row, false)
		return
	}
	row.Key = key(r.set, row.Student, hashes)
	if old := load(r.o.Out, s.stem); old != nil && old.Key == row.Key && old.Status == Graded && old.Name == row.Name {
		row.Status, row.Report = old.Status, old.Report
		r.done(i, row, true)
		return
	}
	job := Job{Name: s.Name, Student: row.Student, Dir: []byte(r.dir), Programs: map[string][]byte{}}
	for _, p := range row.Programs {
		for _, slot := range p.Slots {
			job.Programs[slot] = []byte(p.path)
		}
	}
	reply, status, why := p.grade(ctx, job, r.o.Timeout, r.o.expired)
	if ctx.Err() != nil {
		return // it may be our own doing
	}
	if status == Killed { // the next run grades it again, as all that has no result
		status = Crashed
	}
	switch {
	case status != Graded:
		row.Status, row.Error = status, why
	case !slices.Equal(reply.hashes(), hashes):
		row.Status, row.Error = Refused, "its files changed while it was graded; the next run grades it again"
	default:
		row.Status, row.Report, row.Files = Graded, reply.Report, reply.Files
	}
	r.done(i, row, false)
}

func (r *run) done(i int, row *Row, kept bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return
	}
	if !kept {
		if err := save(r.o.Out, row); err != nil {
			r.err = fmt.Errorf("the result of %s cannot be kept: %w", row.Name, err)
			r.stop()
			return
		}
	}
	row.Files = nil
	r.rows[i] = row
	if r.o.Done != nil {
		r.o.Done(row, kept)
	}
}

// row is a submission's row before it is graded.
func (s *Submission) row() *Row {
	return &Row{
		Format: rowFormat, Name: s.Name, Student: s.Student, Who: s.Who, Late: s.Late, Also: s.also, Notes: s.notes, Programs: slices.Clone(s.programs),
		Error: said(s.problem), stem: s.stem,
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// hash takes the hashes of a row's programs, and returns what the submission is: the
// hashes by slot, in order.
func (r *run) hash(row *Row) ([]string, error) {
	if row.Error != "" {
		row.Programs = nil // not all are there
		return nil, errors.New(row.Error)
	}
	var out []string
	for i := range row.Programs {
		p := &row.Programs[i]
		p.File = terminal.Line(filepath.ToSlash(p.path))
		var err error
		if p.Hash, p.Size, err = r.files.hash(p.path); err != nil {
			row.Programs = row.Programs[:i]
			return nil, err
		}
		for _, slot := range p.Slots {
			out = append(out, slot+" "+p.Hash)
		}
	}
	slices.Sort(out)
	return out, nil
}

// hashes are those of the programs that were graded, as run.hash has them.
func (r *Reply) hashes() []string {
	var out []string
	for _, p := range r.Report.Programs {
		out = append(out, p.Node+"."+p.Proc+" "+p.Hash)
	}
	slices.Sort(out)
	return out
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func key(set Setting, student string, hashes []string) string {
	b, err := json.Marshal([]any{rowFormat, set.Version, set.Source, set.Options, student, hashes})
	if err != nil {
		panic("batch: texts are not JSON: " + err.Error())
	}
	return sum(b)
}
