package lti

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"wireloom/internal/class"
	"wireloom/internal/identity"
	"wireloom/internal/lti/message"
	"wireloom/internal/store"
)

// askClass asks the teacher which class a course belongs to.
func (t *Tool) askClass(tx *store.Tx, c store.CourseRow, person string, e errand, o outcome) (outcome, error) {
	classes, err := classesOf(context.Background(), tx, person)
	if err != nil {
		return o, err
	}
	from, err := copied(tx, c, e.Lesson)
	if err != nil {
		return o, err
	}
	ticket, err := errandTicket(tx, connectTicket, person, e)
	o.connect = &choice{Ticket: ticket, Course: c.Title, Name: c.Title, Classes: classes, Copied: from.Name}
	return o, err
}

// copied returns the class whose lesson a link leads to that came into the course with a copy: one of another course of the same
// platform, so that the lessons are not a stranger's. It is zero if there is none.
func copied(tx *store.Tx, c store.CourseRow, lesson string) (store.ClassRow, error) {
	l, err := tx.Lesson(lesson)
	if errors.Is(err, store.ErrNone) || lesson == "" {
		return store.ClassRow{}, nil
	}
	if err != nil {
		return store.ClassRow{}, err
	}
	courses, err := tx.CoursesOf(l.Class, maxCourses)
	if err != nil || !slices.ContainsFunc(courses, func(x store.CourseRow) bool { return x.Platform == c.Platform }) {
		return store.ClassRow{}, err
	}
	return tx.Class(l.Class)
}

// maxCourses bounds the courses of a class.
const maxCourses = 100

// Connect answers the page that asks which class a course belongs to.
func (t *Tool) Connect(w http.ResponseWriter, r *http.Request) {
	var o outcome
	err := t.conf.DB.Write(r.Context(), func(tx *store.Tx) error {
		e, person, c, p, err := useErrand(tx, connectTicket, r.PostFormValue("ticket"))
		if err != nil {
			return err
		}
		o = outcome{frames: framesOf(p)}
		if c.Class == "" { // else somebody was faster
			if err := t.connect(tx, &c, person, e, r.PostFormValue("class"), r.PostFormValue("zone")); err != nil {
				return err
			}
			if err := tx.Audit(store.AuditRow{Who: person, Class: c.Class, What: "course.connect", About: c.ID, Detail: c.Title}); err != nil {
				return err
			}
		}
		o, err = t.arrive(tx, r, p, c, person, e, o)
		return err
	})
	var mistake class.Mistake
	if errors.As(err, &mistake) {
		t.problem(w, r, http.StatusBadRequest, "", string(mistake), o.frames)
		return
	}
	t.finish(w, r, o, err, false)
}

func (t *Tool) connect(tx *store.Tx, c *store.CourseRow, person string, e errand, choice, zone string) error {
	n := class.New{Name: c.Title, Zone: zone, Teacher: person}
	if _, err := class.Zone(zone); err != nil {
		n.Zone = "UTC"
	}
	switch choice {
	case "new":
		made, err := class.Make(tx, n)
		if err != nil {
			return err
		}
		c.Class = made.ID
	case "copy":
		from, err := copied(tx, *c, e.Lesson)
		if err != nil || from.ID == "" {
			return errors.Join(err, message.Refuse(message.NoLesson, "nothing to copy"))
		}
		made, lessons, err := class.Copy(tx, from.ID, n, 0)
		if err != nil {
			return err
		}
		c.Class = made.ID
		for was, is := range lessons {
			if err := tx.AddCopy(c.ID, was, is); err != nil {
				return err
			}
		}
	default:
		classes, err := classesOf(context.Background(), tx, person)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(classes, func(x store.ClassRow) bool { return x.ID == choice }) {
			return message.Refuse(message.NotTeacher, "class %s", message.Shown(choice))
		}
		c.Class = choice
	}
	return tx.SetCourse(c)
}

// askLessons asks which lessons the course gets.
func (t *Tool) askLessons(tx *store.Tx, c store.CourseRow, person string, e errand, o outcome) (outcome, error) {
	of, err := tx.Class(c.Class)
	if err != nil {
		return o, err
	}
	lessons, err := tx.Lessons(c.Class)
	if err != nil {
		return o, err
	}
	ticket, err := errandTicket(tx, chooseTicket, person, e)
	o.choose = &choice{Ticket: ticket, Course: c.Title, Class: of.Name, ClassID: of.ID, Lessons: lessons, Multiple: e.Linking.Multiple}
	return o, err
}

// maxChosen is how many lessons are handed to a platform at once.
const maxChosen = store.MaxLessons

// DeepLink answers the page on which a teacher has chosen lessons: it has the browser post them to the platform, signed (deep linking 2.0, 4.5).
func (t *Tool) DeepLink(w http.ResponseWriter, r *http.Request) {
	var to, origin string
	var claims map[string]any
	var frames []string
	ctx := r.Context()
	err := t.conf.DB.Write(ctx, func(tx *store.Tx) error {
		e, _, c, p, err := useErrand(tx, chooseTicket, r.PostFormValue("ticket"))
		if err != nil {
			return err
		}
		frames = framesOf(p)
		if _, err := t.fetch.URL(e.Linking.Return); err != nil {
			return message.Refuse(message.NotLTI, "deep_link_return_url: %v", err)
		}
		to, origin = e.Linking.Return, message.Origin(e.Linking.Return)
		if origin == "" {
			return message.Refuse(message.NotLTI, "deep_link_return_url leads nowhere")
		}
		items := []map[string]any{}
		for _, id := range r.PostForm["lesson"] {
			l, err := tx.Lesson(id)
			if err != nil || l.Class != c.Class || len(items) == maxChosen {
				return none(errors.Join(err, unless(err == nil, store.ErrNone)), message.NoLesson, "chosen: "+message.Shown(id))
			}
			items = append(items, t.item(ctx, r, l, e.Linking))
			if !e.Linking.Multiple {
				break
			}
		}
		claims = map[string]any{
			"iss": p.Client, "aud": p.Issuer, "iat": t.now().Unix(), "exp": t.now().Add(5 * time.Minute).Unix(), "nonce": rand.Text(),
			"https://purl.imsglobal.org/spec/lti/claim/message_type":     "LtiDeepLinkingResponse",
			"https://purl.imsglobal.org/spec/lti/claim/version":          "1.3.0",
			"https://purl.imsglobal.org/spec/lti/claim/deployment_id":    c.Deployment,
			"https://purl.imsglobal.org/spec/lti-dl/claim/content_items": items,
		}
		if e.Linking.Data != "" {
			claims["https://purl.imsglobal.org/spec/lti-dl/claim/data"] = e.Linking.Data
		}
		return nil
	})
	if err != nil {
		t.fail(w, r, err, frames)
		return
	}
	token, err := t.sign(ctx, claims)
	if err != nil {
		t.fail(w, r, err, frames)
		return
	}
	t.show(w, page{Name: "send", Frames: frames}, map[string]string{"To": to, "Token": token})
}

func unless(condition bool, err error) error {
	if condition {
		return err
	}
	return nil
}

// item is a link to a lesson. The lesson's id is in the custom parameters, which a copy of the course keeps; resourceId in the column, so that it is found again.
func (t *Tool) item(ctx context.Context, r *http.Request, l store.LessonRow, d *message.Linking) map[string]any {
	m := map[string]any{"type": "ltiResourceLink", "title": l.Title, "url": t.About(r).Launch, "custom": map[string]string{"lesson": l.ID}}
	if d.LineItem != nil && !*d.LineItem || t.conf.Points == nil {
		return m
	}
	points, err := t.conf.Points(ctx, l.VersionHash)
	switch {
	case err != nil: // the column is made when the first score goes there
		t.log.WarnContext(ctx, "a link has no column: the lesson's scenario can't be read", "lesson", l.ID, "err", err)
	case points > 0:
		m["lineItem"] = map[string]any{"label": l.Title, "scoreMaximum": points, "resourceId": l.ID, "tag": "wireloom"}
	}
	return m
}

// ErrNoRoster is of a class that has no course with a list of members.
var ErrNoRoster = errors.New("no course of a learning platform that lists its members is connected to this class")

// A Synced says what came of fetching a class's people from its platforms.
type Synced struct{ People, Changed int }

// Sync fetches the members of all courses of a class from their platforms, and then puts them into the class: who vanished from all of them becomes
// inactive, and keeps what they did. If one list can't be had whole, nothing changes.
func (t *Tool) Sync(ctx context.Context, classID string) (Synced, error) {
	type source struct {
		c store.CourseRow
		p store.PlatformRow
	}
	var sources []source
	err := t.conf.DB.Read(ctx, func(tx *store.Tx) error {
		sources = nil
		courses, err := tx.CoursesOf(classID, maxCourses)
		if err != nil {
			return err
		}
		for _, c := range courses {
			p, err := tx.Platform(c.Platform)
			if err != nil {
				return err
			}
			if c.Members != "" {
				sources = append(sources, source{c, p})
			}
		}
		return nil
	})
	if err != nil {
		return Synced{}, err
	}
	if len(sources) == 0 {
		return Synced{}, ErrNoRoster
	}
	type somebody struct {
		p store.PlatformRow
		m serviceMember
	}
	var all []somebody
	for _, s := range sources {
		list, err := t.service.Members(ctx, served(s.p), s.c.Members)
		if err != nil {
			return Synced{}, fmt.Errorf("the members of %s: %w", s.c.Title, err)
		}
		for _, m := range list {
			all = append(all, somebody{s.p, m})
		}
	}
	var done Synced
	err = t.conf.DB.Write(ctx, func(tx *store.Tx) error {
		done = Synced{}
		var people []class.Listed
		at := map[string]int{}
		issuers := map[string]bool{}
		for _, s := range all {
			issuers[issuerOf(s.p)] = true
			if !s.m.Active || s.m.Role == message.Nobody {
				continue
			}
			person, err := t.person(tx, s.p, s.m.Subject, s.m.Name, s.m.Email)
			if err != nil {
				return err
			}
			l, err := listed(tx, classID, person, s.m.Name, s.m.Email, s.m.SIS, s.m.Role)
			if err != nil {
				return err
			}
			if i, twice := at[l.Person]; twice {
				people[i].Role = max(people[i].Role, l.Role)
				continue
			}
			at[l.Person] = len(people)
			people = append(people, l)
		}
		n, err := class.Sync(tx, classID, people, func(person string) (bool, error) {
			ids, err := tx.IdentitiesOf(person)
			return slices.ContainsFunc(ids, func(i store.IdentityRow) bool { return i.Kind == string(identity.LTI) && issuers[i.Issuer] }), err
		})
		done = Synced{len(people), n}
		for _, s := range sources {
			c, err := tx.Course(s.c.ID)
			if err != nil {
				return err
			}
			c.Synced = tx.Now()
			if err := tx.SetCourse(&c); err != nil {
				return err
			}
		}
		return err
	})
	return done, err
}
