// Package outbox brings final scores to learning platforms. Each person has one row a lesson, with the newest
// score that is final; what is older is never sent, and what is not final is never sent, since Moodle and Canvas then wipe the
// grade that they have. What becomes of a row is decided by functions of (row, what happened, now); the Sender carries it out.
//
//	             Put                          2xx
//	none, sent ------> waiting --- claim ---> posting ------> sent
//	                    ^  ^                   |  |
//	                    |  '-- 5xx, 429, -----'   |  other 4xx
//	             Resend |      no answer,         '---------> refused
//	                    |      a late timestamp                  |
//	                    '----------------------------------------'
//
// Beside it: excused (platforms have no word for it, so nothing is sent) and nowhere (the person never came by a platform).
package outbox

import (
	"strings"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/store"
)

// The states of a row.
const (
	None    = "none"
	Nowhere = "nowhere"
	Waiting = "waiting"
	Sent    = "sent"
	Refused = "refused"
	Excused = "excused"
)

// What is wanted of a row.
const (
	WantsScore = "score"
	excused    = "excused"
	absent     = "absent"
)

// unsure is SentWants from when a post begins until the platform has taken one: what it has then, nobody knows.
const unsure = "unsure"

// A Score is final: nothing automatic will change it but a regrade.
type Score struct {
	Lesson, Person string
	Points, Max    mark.Points // Points may be 0, and above Max
	Handin         string      // that counts. The same as before is a regrade or a mark: no new attempt at the platform
	At             time.Time   // when it was handed in
	Comment        string      // for the student
	Excused        bool        // the rest doesn't matter
}

// A Post is what a platform is told.
type Post struct {
	Lesson, Person, Link, Subject string

	Points, Max mark.Points
	Comment     string
	Handin      string
	Handed      time.Time
	New         bool      // a hand-in that the platform has not heard of: an attempt of its own
	Stamp       time.Time // rises with each post of a row, in whole milliseconds

	serial int64
	repeat bool // it may have arrived before
	lease  string
}

// An Answer is what came of a post.
type Answer struct {
	Status     int           // of HTTP; 0 is that none came
	Wrong      bool          // it can't be sent at all: the platform doesn't let us, or has no column
	Words      string        // the platform's, for people
	Todo       string        // what would help, where more is known than the status tells
	RetryAfter time.Duration // 0 where the platform said nothing
	Date       time.Time     // the platform's clock, if it said it
}

const (
	// lease is how long a sender has a row to itself: longer than a token, a line item and a post may take.
	lease = 3 * time.Minute
	// firstPause and maxPause bound the pause after a failure, which grows fourfold.
	firstPause = 15 * time.Second
	maxPause   = 24 * time.Hour
	// repeats is how often a post is repeated at once because its timestamp was too old.
	repeats = 1
	// tick is what a timestamp is later than the one before, since Moodle compares whole seconds.
	tick = time.Second
)

// put makes a score what is wanted.
func put(r store.OutboxRow, s Score, now time.Time) store.OutboxRow {
	n := r
	n.Wants, n.Points, n.Max, n.Handin, n.Handed, n.Comment = WantsScore, int64(s.Points), int64(s.Max), s.Handin, s.At, s.Comment
	if s.Excused {
		n.Wants, n.Points, n.Max, n.Handin, n.Handed, n.Comment = excused, 0, 0, "", time.Time{}, ""
	}
	if n.Wants == r.Wants && n.Points == r.Points && n.Max == r.Max && n.Handin == r.Handin && n.Comment == r.Comment {
		return r
	}
	n.Serial++
	return fresh(n, now)
}

// withdraw says that there is no final score any more.
func withdraw(r store.OutboxRow, now time.Time) store.OutboxRow {
	if r.Wants == absent || r.Wants == "" {
		return r
	}
	r.Wants, r.Points, r.Max, r.Handin, r.Handed, r.Comment = absent, 0, 0, "", time.Time{}, ""
	r.Serial++
	return fresh(r, now)
}

// fresh finds the state of a row whose wish, or whose way to a platform, is another one.
func fresh(r store.OutboxRow, now time.Time) store.OutboxRow {
	r.Tries, r.Again, r.Next, r.Words, r.Todo = 0, 0, time.Time{}, "", ""
	has := "" // what the platform was told before and still has
	if !r.Sent.IsZero() {
		has = "The platform was last sent " + mark.Points(r.SentPoints).String() + " of " + mark.Points(r.SentMax).String() + ": change it there."
	}
	switch {
	case r.Wants == excused:
		r.State, r.Todo = Excused, "Platforms have no word for it in LTI: excuse the student in the platform's gradebook."
		if has != "" {
			r.Todo = has
		}
	case r.Wants != WantsScore:
		r.State, r.Todo = None, has
	case r.Link == "":
		r.State, r.Todo = Nowhere, "The student has to open the lesson once from the platform's course."
	case r.Max <= 0:
		r.State, r.Todo = Refused, "A lesson that is worth 0 points has no score to send: take its column out of the platform's gradebook."
	case r.SentWants == WantsScore && r.SentPoints == r.Points && r.SentMax == r.Max && r.SentHandin == r.Handin && r.SentComment == r.Comment:
		r.State = Sent
	default:
		r.State, r.Next = Waiting, now
	}
	return r
}

// come notes by which link somebody comes to a lesson, and whether that has another column now.
func come(r store.OutboxRow, link, subject string, moved bool, now time.Time) store.OutboxRow {
	if r.Link == link && r.Subject == subject && !moved {
		return r
	}
	r.Link, r.Subject = link, subject
	r.Sent, r.SentWants, r.SentPoints, r.SentMax, r.SentHandin, r.SentComment, r.Posting = time.Time{}, "", 0, 0, "", "", 0
	return fresh(r, now)
}

// resend sends what is wanted again, whether it was taken or refused.
func resend(r store.OutboxRow, now time.Time) store.OutboxRow {
	if r.Wants != WantsScore || r.Link == "" || r.Max <= 0 {
		return r
	}
	r.State, r.Next, r.Tries, r.Again, r.Words, r.Todo = Waiting, now, 0, 0, "", ""
	return r
}

// claim begins a post. The row is on disk, with the post's timestamp, before anything is sent: who dies in between leaves
// behind what was tried, and the next repeats it with the same timestamp.
func claim(r store.OutboxRow, now time.Time, id string) (store.OutboxRow, Post) {
	repeat := r.Posting == r.Serial
	if !repeat {
		r.Stamp = later(now, r.Stamp.Add(tick)).Truncate(time.Millisecond)
	}
	r.Posting, r.Lease, r.Until, r.SentWants = r.Serial, id, now.Add(lease), unsure
	return r, Post{
		Lesson: r.Lesson, Person: r.Person, Link: r.Link, Subject: r.Subject, Points: mark.Points(r.Points), Max: mark.Points(r.Max), Comment: r.Comment,
		Handin: r.Handin, Handed: r.Handed, New: r.Handin != r.SentHandin && !repeat && r.Tries == 0, Stamp: r.Stamp,
		serial: r.Serial, repeat: repeat, lease: id,
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// settle notes what came of a post. What was put meanwhile stays wanted.
func settle(r store.OutboxRow, p Post, a Answer, now time.Time) store.OutboxRow {
	if r.Lease != p.lease { // it took longer than the lease, and another has the row
		return r
	}
	r.Lease, r.Until = "", time.Time{}
	newer := r.Serial != p.serial || r.State != Waiting || r.Link != p.Link
	if newer && r.State == Waiting {
		r.Next = now
	}
	took := a.Status/100 == 2 && !a.Wrong
	if took {
		r.Posting = 0
		if r.Link == p.Link {
			r.Sent, r.SentWants, r.SentPoints, r.SentMax, r.SentHandin, r.SentComment = now, WantsScore, int64(p.Points), int64(p.Max), p.Handin, p.Comment
		}
	}
	late := a.late()
	if late {
		r.Posting, r.Stamp = 0, later(r.Stamp, a.Date)
	}
	switch {
	case newer:
		if !took && a.Status != 0 {
			r.Posting = 0
		}
		return r
	case took:
		r.State, r.Tries, r.Again, r.Next, r.Words, r.Todo = Sent, 0, 0, time.Time{}, "", ""
	case a.Wrong:
		r.Posting = 0
		r.State, r.Words, r.Todo = Refused, a.Words, a.Todo
	case late && (p.repeat || r.Again < repeats):
		if !p.repeat {
			r.Again++
		}
		r.Next, r.Words = now, a.Words
	case a.Status == 0, a.Status == 408, a.Status == 429, a.Status >= 500:
		r.Next = now.Add(pause(r.Tries, a.RetryAfter))
		r.Tries++
		r.Words, r.Todo = a.Words, "It is sent again by itself."
		if a.Status != 0 {
			r.Posting = 0
		}
	default:
		r.Posting = 0
		r.State, r.Words, r.Todo = Refused, a.Words, todo(a)
	}
	return r
}

// late tells whether the platform has something newer: a timestamp that is not later than its own, by its clock.
func (a Answer) late() bool {
	return a.Status == 409 || a.Status == 400 && strings.Contains(strings.ToLower(a.Words), "timestamp")
}

// pause is how long to wait after a failure, the first of which is number 0.
func pause(tries int64, asked time.Duration) time.Duration {
	d := firstPause
	for range min(tries, 8) {
		d *= 4
	}
	return min(max(d, asked), maxPause)
}

// todo says what would help against a refusal that the platform's words alone may not tell.
func todo(a Answer) string {
	if a.Todo != "" {
		return a.Todo
	}
	words := strings.ToLower(a.Words)
	switch {
	case strings.Contains(words, "not a student"), strings.Contains(words, "incorrect score"), strings.Contains(words, "can not be graded"):
		return "The platform grades only students who are in the course now: a teacher, an assistant or a test student has no place in its gradebook."
	case a.late():
		return "Somebody graded in the platform at the same time. Look there which grade is right; to send ours, send again."
	case strings.Contains(words, "attempt"):
		return "The student has no attempts left at the platform: allow more there, then send again."
	case a.Status == 401, a.Status == 403:
		return "The platform does not let this server write grades: its administrator has to allow the score service for this tool."
	case a.Status == 404, a.Status == 410:
		return "The column is gone from the platform's gradebook. Open the lesson from the course once, then send again."
	case a.Status/100 == 3:
		return "The platform has moved: who runs this server has to change its addresses."
	}
	return "Send again when the reason is gone."
}
