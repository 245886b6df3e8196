package lti

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/lti/fetch"
	"wireloom/internal/lti/service"
	"wireloom/internal/outbox"
	"wireloom/internal/store"
)

// Post tells a platform a score, and what came of it. It is the outbox's way out.
func (t *Tool) Post(ctx context.Context, p outbox.Post) outbox.Answer {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute) // less than the outbox's lease
	defer cancel()
	var w way
	if err := t.conf.DB.Read(ctx, func(tx *store.Tx) (err error) { w, err = wayOf(tx, p); return err }); err != nil {
		if errors.Is(err, store.ErrNone) {
			return outbox.Answer{Wrong: true, Words: "The course is not known any more.", Todo: "The student has to open the lesson once from the platform's course."}
		}
		return outbox.Answer{Words: "This server's database: " + err.Error()}
	}
	if w.link.Item == "" {
		if why := t.find(ctx, p, &w); why != nil {
			return *why
		}
	}
	a, err := t.service.Post(ctx, served(w.platform), strings.Fields(w.link.Scopes), w.link.Item, service.Score{
		User: p.Subject, Given: p.Points.Float(), Max: p.Max.Float(), Comment: p.Comment, Stamp: p.Stamp,
		Submitted: earlier(p.Handed, t.now()), New: p.New, Canvas: w.platform.Product == "canvas" || w.platform.Issuer == hosted,
	})
	if err != nil {
		return t.answered(err)
	}
	if a.Status == http.StatusNotFound && w.link.Items != "" {
		// The column was deleted. Sent again, it finds another one, or makes it.
		if err := t.conf.DB.Write(ctx, func(tx *store.Tx) error { return setItem(tx, w.link.ID, w.link.Item, "") }); err != nil {
			return outbox.Answer{Words: "This server's database: " + err.Error()}
		}
	}
	return t.said(a)
}

// A way is how a score gets to its column.
type way struct {
	link     store.LinkRow
	course   store.CourseRow
	platform store.PlatformRow
	lesson   store.LessonRow
}

func wayOf(tx *store.Tx, p outbox.Post) (w way, err error) {
	if w.link, err = tx.Link(p.Link); err != nil {
		return w, err
	}
	if w.course, err = tx.Course(w.link.Course); err != nil {
		return w, err
	}
	if w.platform, err = tx.Platform(w.course.Platform); err != nil {
		return w, err
	}
	w.lesson, err = tx.Lesson(p.Lesson)
	return w, err
}

// setItem changes a link's column, if it is what it was.
func setItem(tx *store.Tx, link, was, is string) error {
	l, err := tx.Link(link)
	if err != nil || l.Item != was {
		return err
	}
	l.Item = is
	return tx.SetLink(&l)
}

// find finds the column of a link, or makes it; one at a time, so that there are not two.
func (t *Tool) find(ctx context.Context, p outbox.Post, w *way) *outbox.Answer {
	if w.link.Items == "" {
		return &outbox.Answer{Wrong: true, Words: "The platform gives this link no column in its gradebook.", Todo: "Give the link a grade in the platform's course (Moodle: a maximum grade, and \"accept grades from the tool\"), open the lesson from there once, then send again."}
	}
	t.column.Lock()
	defer t.column.Unlock()
	err := t.conf.DB.Read(ctx, func(tx *store.Tx) (err error) { *w, err = wayOf(tx, p); return err })
	if err == nil && w.link.Item != "" { // another has found it meanwhile
		return nil
	}
	if err == nil {
		var c service.Column
		c, _, err = t.service.Column(ctx, served(w.platform), strings.Fields(w.link.Scopes), w.link.Items, service.Column{
			Label: w.lesson.Title, Max: p.Max.Float(), Resource: w.lesson.ID, Link: w.link.Resource, Tag: "wireloom",
		})
		w.link.Item = c.ID
	}
	if err == nil {
		err = t.conf.DB.Write(ctx, func(tx *store.Tx) error { return setItem(tx, w.link.ID, "", w.link.Item) })
	}
	if err != nil {
		a := t.answered(err)
		return &a
	}
	return nil
}

// answered is an error as the outbox wants it.
func (t *Tool) answered(err error) outbox.Answer {
	var no *service.Refusal
	switch {
	case errors.As(err, &no):
		a := t.said(no.Answer)
		if a.Status/100 == 2 || no.Asked == service.AccessToken { // 200 without what was asked for; or a refusal that is not of the score
			a.Status = http.StatusBadGateway
		}
		a.Words = no.Error()
		// Nothing about a score's timestamp: no score was posted.
		a.Wrong = a.Status/100 == 4 && a.Status != http.StatusTooManyRequests && a.Status != http.StatusRequestTimeout
		if a.Wrong {
			a.Todo = "The platform does not let this server in: compare what is registered on both sides."
		}
		return a
	case errors.Is(err, service.ErrScope):
		return outbox.Answer{Wrong: true, Words: err.Error(), Todo: "The platform's administrator has to allow the grade services for this tool, or the link needs a column in the course's gradebook."}
	}
	return outbox.Answer{Words: err.Error()}
}

// said is a platform's answer as the outbox wants it.
func (t *Tool) said(a fetch.Answer) outbox.Answer {
	o := outbox.Answer{Status: a.Status, RetryAfter: t.after(a.Header.Get("Retry-After"))}
	if a.Status/100 != 2 {
		o.Words = cmp.Or(service.Words(a), "It answers "+strconv.Itoa(a.Status)+" and says nothing.")
	}
	if d, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		o.Date = d
	}
	return o
}

// after reads Retry-After (RFC 9110, 10.2.3): seconds, or a date.
func (t *Tool) after(text string) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(t.now()))
	}
	return 0
}

func earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}
