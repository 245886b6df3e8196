package gradebook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"wireloom/internal/batch"
	"wireloom/internal/gradebook/mark"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
	"wireloom/internal/store"
	"wireloom/internal/store/blob"
)

// A task is a job with what it takes.
type task struct {
	job     store.JobRow
	handin  store.HandinRow
	version store.VersionRow
	same    store.GradingRow // that was made of the same already; its ID is "" where there is none
}

// An outcome is what came of a task: a grading with its reports, or why there is none.
type outcome struct {
	why     string
	killed  bool // what graded was killed from outside: why says nothing about the hand-in
	grading store.GradingRow

	report, staff *report.Document // staff is nil where theirs is no other
}

// A worker is a process that grades, for one goroutine.
type worker struct {
	b    *Book
	proc batch.Worker
}

func newWorker(b *Book) *worker {
	return &worker{b: b, proc: batch.Worker{Command: b.conf.Command, Timeout: b.conf.Timeout}}
}

func (w *worker) close() { w.proc.Close() }

// grade makes a grading: for the student, and by all checks for staff, too. What staff see
// is another run than what the student sees, so that nothing of one is in the other.
func grade(ctx context.Context, w *worker, t task) outcome {
	job, names, why := w.job(t)
	if why != "" {
		return outcome{why: why}
	}
	var out outcome
	run := func(a scenario.Audience) *report.Document {
		if out.why != "" {
			return nil
		}
		job.Audience = a
		reply, status, why := w.proc.Grade(ctx, job)
		if status != batch.Graded {
			out.why, out.killed = why, status == batch.Killed
			return nil
		}
		rename(reply.Report, t.version.Scenario, names)
		return reply.Report
	}
	if t.job.Checks == store.ChecksVisible {
		out.report = run(scenario.Student)
		out.count(out.report)
		return out
	}
	out.report, out.staff = run(scenario.AfterDue), run(scenario.Staff)
	out.count(out.staff)
	return out
}

// job is a task as a process gets it, with what people call its programs by slot; or why
// there is none.
func (w *worker) job(t task) (job batch.Job, names map[string]string, why string) {
	programs, err := programsOf(t.handin.Programs)
	if err != nil {
		return job, nil, err.Error()
	}
	sc, err := w.path(t.version.Blob)
	if err != nil {
		return job, nil, fmt.Sprintf("its scenario cannot be read: %v", err)
	}
	dir := w.b.conf.DB.Dir()
	job = batch.Job{
		Name: t.handin.ID, Student: t.handin.Student, Dir: []byte(dir), Programs: map[string][]byte{}, Scenario: []byte(filepath.Join(dir, sc)),
	}
	names = map[string]string{}
	for _, p := range programs {
		path, err := w.path(p.Hash)
		if err != nil {
			return job, nil, fmt.Sprintf("the program of %s cannot be read: %v", p.Slot, err)
		}
		job.Programs[p.Slot], names[p.Slot] = []byte(path), p.Name
	}
	return job, names, ""
}

// path is a blob's file, below the data folder.
func (w *worker) path(hash string) (string, error) {
	f, err := w.b.conf.DB.Blobs.Open(hash)
	if err != nil {
		return "", err
	}
	path, err := filepath.Rel(w.b.conf.DB.Dir(), f.Name())
	return path, errors.Join(err, f.Close())
}

// count takes the points from a report, and the checks from the student's.
func (o *outcome) count(points *report.Document) {
	if o.why != "" {
		return
	}
	r := report.Of(points).Result
	o.grading.Points, o.grading.Most = int64(mark.Whole(r.Score+r.Bonus)), int64(mark.Whole(r.MaxScore))
	for _, c := range o.report.Checks {
		if !c.Fail() {
			o.grading.Passed++
		}
		if !c.Fail() || !c.Bonus {
			o.grading.Total++
		}
	}
	o.grading.Hidden = o.report.Hidden
}

// keep puts the reports away.
func (o *outcome) keep(blobs *blob.Folder) (forStudent, forStaff string, err error) {
	put := func(d *report.Document) (hash string) {
		if d == nil || err != nil {
			return ""
		}
		var b []byte
		if b, err = json.Marshal(d); err == nil {
			hash, _, err = blobs.Put(bytes.NewReader(b), report.MaxDocument)
		}
		return hash
	}
	return put(o.report), put(o.staff), err
}

// rename gives a report the names that people know: in the data folder files are called by
// their hashes.
func rename(d *report.Document, name string, programs map[string]string) {
	d.Inputs = report.Inputs{Scenario: name, Programs: programs}
	for i := range d.Programs {
		p := &d.Programs[i]
		p.Name = programs[p.Node+"."+p.Proc]
	}
	for i := range d.Checks {
		d.Checks[i].File = name + "/scenario.yaml"
	}
}
