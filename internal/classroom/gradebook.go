package classroom

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/classroom/route"
	"wireloom/internal/gradebook"
	"wireloom/internal/gradebook/mark"
	"wireloom/internal/gradebook/sheet"
	"wireloom/internal/identity"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/report"
	"wireloom/internal/store"
)

const (
	maxHandin  = 128 << 20        // bytes of a hand-in that is sent, with all of its programs
	handinWait = 30 * time.Second // a little longer than the gradebook waits
	maxReason  = 500              // bytes of why a lesson is graded again
)

func (c *Classroom) gradebookRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodPost, Path: "/api/lessons/{lesson}/handins", Needs: route.MemberOf, Max: maxHandin, Takes: 5 * time.Minute, Do: c.handIn},
		{Method: http.MethodGet, Path: "/api/lessons/{lesson}/handins", Needs: route.OwnerOrStaff, Do: c.handins},
		{Method: http.MethodGet, Path: "/api/handins/{handin}", Needs: route.OwnerOrStaff, Takes: time.Minute, Do: c.handin},
		{Method: http.MethodGet, Path: "/api/handins/{handin}/receipt", Needs: route.OwnerOrStaff, Do: c.receipt},
		{Method: http.MethodGet, Path: "/api/handins/{handin}/report", Needs: route.OwnerOrStaff, Do: c.report},
		{Method: http.MethodGet, Path: "/api/handins/{handin}/program/{slot}", Needs: route.OwnerOrStaff, Do: c.program},
		{Method: http.MethodGet, Path: "/api/handins/{handin}/recording", Needs: route.OwnerOrStaff, Do: c.recording},
		{Method: http.MethodGet, Path: "/api/lessons/{lesson}/book", Needs: route.Staff, Do: c.book},
		{Method: http.MethodGet, Path: "/api/classes/{class}/book", Needs: route.Staff, Do: c.classBook},
		{Method: http.MethodPost, Path: "/api/lessons/{lesson}/people/{person}/marks", Needs: route.Staff, Do: c.mark},
		{Method: http.MethodPost, Path: "/api/lessons/{lesson}/regrades", Needs: route.TeacherOf, Do: c.regrade},
		{Method: http.MethodGet, Path: "/api/regrades/{regrade}", Needs: route.Staff, Do: c.regraded},
		{Method: http.MethodPost, Path: "/api/regrades/{regrade}/apply", Needs: route.TeacherOf, Do: c.applyRegrade},
		{Method: http.MethodGet, Path: "/api/lessons/{lesson}/scores", Needs: route.Staff, Do: c.scores},
	}
}

// placeOfHandin and placeOfRegrade find what their ids in paths lead to.
func placeOfHandin(tx *store.Tx, id string) (route.Place, error) {
	h, err := tx.Handin(id)
	return route.Place{Class: h.Class, Lesson: h.Lesson, Owner: h.Person}, err
}

func placeOfRegrade(tx *store.Tx, id string) (route.Place, error) {
	r, err := tx.Regrade(id)
	return route.Place{Class: r.Class, Lesson: r.Lesson}, err
}

// graded is an error of the gradebook's as its asker is told.
func graded(err error) error {
	var p *gradebook.Problem
	if !errors.As(err, &p) {
		return err
	}
	switch p.Kind {
	case gradebook.Closed:
		return route.Forbidden("%s", p.Say)
	case gradebook.Clash:
		return route.Conflict("%s", p.Say)
	case gradebook.Unfit:
	}
	return route.Bad("%s", p.Say)
}

// handIn takes programs that are sent as a form, or what is on the bench.
func (c *Classroom) handIn(q *route.Request) (any, error) {
	p := gradebook.Parcel{Lesson: q.Lesson, Person: q.Member, Once: q.Header.Get("Idempotency-Key")}
	var err error
	if typ, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type")); typ == "multipart/form-data" {
		p.Next, err = parts(q)
	} else {
		p.Lab, err = c.fromBench(q)
	}
	if err != nil {
		return nil, err
	}
	r, again, err := c.conf.Gradebook.HandIn(q.Context(), p)
	if err != nil {
		return nil, graded(err)
	}
	if again {
		return r, nil
	}
	if c.conf.Wall != nil {
		c.conf.Wall.Handed(q.Lesson, q.Member, r.Number)
	}
	return route.Status(http.StatusCreated, r), nil
}

// parts are the programs of a form, one after the other as they come.
func parts(q *route.Request) (func() (gradebook.Part, error), error) {
	form, err := q.MultipartReader()
	if err != nil {
		return nil, route.Bad("nothing was handed in: the form that was sent can't be read")
	}
	return func() (gradebook.Part, error) {
		p, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return gradebook.Part{}, io.EOF
		case err != nil:
			return gradebook.Part{}, route.Bad("nothing was handed in: the form that was sent ends in the middle")
		}
		slot := p.FormName()
		if slot == "program" {
			slot = "" // the only one that there is
		}
		return gradebook.Part{Slot: slot, Name: p.FileName(), Body: p}, nil
	}, nil
}

// fromBench is the bench whose programs are handed in.
func (c *Classroom) fromBench(q *route.Request) (string, error) {
	var ask wire.HandinAsk
	if err := q.JSON(&ask); err != nil {
		return "", err
	}
	if ask.From != "bench" || c.conf.Benches == nil {
		return "", route.Bad(`what is handed in comes from the "bench", or is a form with a file for each slot`)
	}
	var lab string
	err := q.Read(func(tx *store.Tx) (err error) { lab, err = c.conf.Benches.Current(tx, q.Lesson, q.Member); return err })
	if err == nil && lab == "" {
		return "", route.Conflict("nothing was handed in: there is no bench of this lesson; open the lesson first")
	}
	return lab, err
}

func staff(q *route.Request) bool { return q.Role >= identity.Staff }

func (c *Classroom) handins(q *route.Request) (any, error) {
	list, err := c.conf.Gradebook.Handins(q.Context(), q.Lesson, q.Owner, staff(q))
	return list, graded(err)
}

// handin is one, at once, or when it is not the version that the asker has.
func (c *Classroom) handin(q *route.Request) (any, error) {
	after := q.URL.Query().Get("after")
	if after == "" {
		h, err := c.conf.Gradebook.Handin(q.Context(), q.PathValue("handin"), staff(q))
		return h, graded(err)
	}
	version, err := strconv.ParseInt(after, 10, 64)
	if err != nil {
		return nil, route.Bad("after is the version of a hand-in, a number")
	}
	ctx, cancel := q.Waiting(handinWait)
	defer cancel()
	h, err := c.conf.Gradebook.Await(ctx, q.PathValue("handin"), staff(q), version)
	if err != nil && ctx.Err() != nil && q.Context().Err() == nil { // nothing happened
		h, err = c.conf.Gradebook.Handin(q.Context(), q.PathValue("handin"), staff(q))
	}
	return h, graded(err)
}

func (c *Classroom) receipt(q *route.Request) (any, error) {
	b, err := c.conf.Gradebook.ReceiptFile(q.Context(), q.PathValue("handin"))
	if err != nil {
		return nil, graded(err)
	}
	return route.File("receipt.txt", "text/plain; charset=utf-8", b), nil
}

// reportPolicy lets a report have its own look and nothing else: what stands in it came from a student's program.
const reportPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

func (c *Classroom) report(q *route.Request) (any, error) {
	f := report.HTML
	if text := q.URL.Query().Get("form"); text != "" {
		var err error
		if f, err = report.ParseFormat(text); err != nil {
			return nil, route.Bad("%v", err)
		}
	}
	b, err := c.conf.Gradebook.Report(q.Context(), q.PathValue("handin"), staff(q), f)
	if err != nil {
		return nil, graded(err)
	}
	if f != report.HTML {
		return route.File("report"+f.Suffix(), "application/octet-stream", b), nil
	}
	return route.Own(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", reportPolicy)
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(b) // who has gone away needs none of it
	}), nil
}

func (c *Classroom) program(q *route.Request) (any, error) {
	f, name, err := c.conf.Gradebook.Program(q.Context(), q.PathValue("handin"), q.PathValue("slot"))
	if err != nil {
		return nil, graded(err)
	}
	return file(f, name, "application/octet-stream"), nil
}

func (c *Classroom) recording(q *route.Request) (any, error) {
	f, err := c.conf.Gradebook.Recording(q.Context(), q.PathValue("handin"))
	if errors.Is(err, store.ErrNone) {
		return nil, route.Missing("no recording came with this hand-in: it was not handed in from a bench")
	}
	if err != nil {
		return nil, graded(err)
	}
	return file(f, "recording.wireloom.zip", "application/zip"), nil
}

// file answers with a file that is open, and closes it.
func file(f *os.File, name, typ string) route.Own {
	return func(w http.ResponseWriter, _ *http.Request) {
		defer f.Close()
		route.AsFile(w.Header(), name, typ)
		_, _ = io.Copy(w, f) // who has gone away needs none of it
	}
}

func (c *Classroom) book(q *route.Request) (any, error) {
	b, err := c.conf.Gradebook.Book(q.Context(), q.Lesson)
	return b, graded(err)
}

func (c *Classroom) classBook(q *route.Request) (any, error) {
	b, err := c.conf.Gradebook.ClassBook(q.Context(), q.Class)
	return b, graded(err)
}

// mark stores the whole of a mark anew.
func (c *Classroom) mark(q *route.Request) (any, error) {
	var ask wire.MarkAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	m := store.MarkRow{
		Lesson: q.Lesson, Person: q.Owner, Version: ask.Version, Points: -1,
		Comment: ask.Comment, Excused: ask.Excused, Pin: ask.Pin, Author: q.Member,
	}
	if ask.Points != nil {
		points, err := mark.FromFloat(*ask.Points)
		if err != nil {
			return nil, route.Bad("%v", err)
		}
		m.Points = int64(points)
	}
	err := q.Write(func(tx *store.Tx) error {
		if _, err := c.conf.Gradebook.Mark(tx, m); err != nil {
			return err
		}
		return q.Audit(tx, "handin.mark", q.Owner, markSaid(ask))
	})
	if errors.Is(err, store.ErrStale) {
		return nil, route.Conflict("somebody else has said something of this student's work meanwhile: see what is there now, then save yours again")
	}
	if err != nil {
		return nil, graded(err)
	}
	row, err := c.conf.Gradebook.Row(q.Context(), q.Lesson, q.Owner)
	return row, graded(err)
}

// markSaid is a mark in a few words, for the audit.
func markSaid(m wire.MarkAsk) string {
	var words []string
	if m.Points != nil {
		words = append(words, fmt.Sprintf("%g points", *m.Points))
	}
	if m.Excused {
		words = append(words, "excused")
	}
	if m.Comment != "" {
		words = append(words, "a comment")
	}
	if m.Pin != "" {
		words = append(words, "hand-in "+m.Pin+" counts")
	}
	return strings.Join(words, ", ")
}

func (c *Classroom) regrade(q *route.Request) (any, error) {
	var ask wire.RegradeAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	reason := strings.TrimSpace(ask.Reason)
	if reason == "" || len(reason) > maxReason {
		return nil, route.Bad("say why it is graded again, in %d bytes at most: it is kept with your name", maxReason)
	}
	var id string
	err := q.Write(func(tx *store.Tx) (err error) {
		if id, err = c.conf.Gradebook.Regrade(tx, q.Lesson, q.Member, reason); err != nil {
			return err
		}
		return q.Audit(tx, "regrade.begin", q.Lesson, reason)
	})
	if err != nil {
		return nil, graded(err)
	}
	r, err := c.conf.Gradebook.Regraded(q.Context(), id)
	if err != nil {
		return nil, graded(err)
	}
	return route.Status(http.StatusCreated, r), nil
}

func (c *Classroom) regraded(q *route.Request) (any, error) {
	r, err := c.conf.Gradebook.Regraded(q.Context(), q.PathValue("regrade"))
	return r, graded(err)
}

func (c *Classroom) applyRegrade(q *route.Request) (any, error) {
	id := q.PathValue("regrade")
	err := q.Write(func(tx *store.Tx) error {
		if err := c.conf.Gradebook.Apply(tx, id, q.Member); err != nil {
			return err
		}
		return q.Audit(tx, "regrade.apply", q.Lesson, "regrade "+id)
	})
	if err != nil {
		return nil, graded(err)
	}
	return c.regraded(q)
}

// scores are a lesson's, for another program. column is what they are called there.
func (c *Classroom) scores(q *route.Request) (any, error) {
	f, err := sheet.ParseForm(q.URL.Query().Get("form"))
	if err != nil {
		return nil, route.Bad("%v", err)
	}
	s, err := c.conf.Gradebook.Sheet(q.Context(), q.Lesson, q.URL.Query().Get("column"))
	if err != nil {
		return nil, graded(err)
	}
	var b bytes.Buffer
	if err := s.Write(&b, f); err != nil {
		return nil, err
	}
	suffix, typ := f.File()
	return route.File("scores"+suffix, typ, b.Bytes()), nil
}
