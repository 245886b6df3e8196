package lti

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"wireloom/internal/class"
	"wireloom/internal/identity"
	"wireloom/internal/lti/fetch"
	"wireloom/internal/lti/message"
	"wireloom/internal/outbox"
	"wireloom/internal/store"
)

func isKeys(err error) bool { return errors.Is(err, fetch.ErrKeys) }

// An errand is what somebody came for, whom the platform vouches for. It is kept in a ticket where a page stands in between.
type errand struct {
	Course  string           `json:"course"`
	Name    string           `json:"name"`
	Email   string           `json:"email"`
	Subject string           `json:"subject"`
	Role    message.Role     `json:"role"`
	Framed  bool             `json:"framed"`
	Known   bool             `json:"known"` // it is the browser that began the launch, and it keeps our cookies
	Lesson  string           `json:"lesson,omitempty"`
	Link    store.LinkRow    `json:"link"`
	Linking *message.Linking `json:"linking,omitempty"`
}

// An outcome is what a launch leads to: one of the fields is set.
type outcome struct {
	refused *message.Refusal // which is committed: a deployment that waits is noted
	connect *choice          // the teacher says which class the course belongs to
	choose  *choice          // the teacher chooses lessons for the course
	window  string           // a ticket for a new window
	to      string           // the page's address
	opened  identity.Opened
	frames  []string
}

// A choice is a page on which a teacher chooses.
type choice struct {
	Ticket, Course, Name string
	Classes              []store.ClassRow
	Class                string // of the lessons; its name
	ClassID              string
	Copied               string // the name of the class whose lesson a copied link leads to
	Lessons              []store.LessonRow
	Multiple             bool
}

const (
	connectTicket = "lti.connect"
	chooseTicket  = "lti.choose"
	windowTicket  = "lti.window"
	// pageLife is how long somebody may look at a page with a choice.
	pageLife = 30 * time.Minute
	// windowLife is that of the button that opens a new window. Its ticket is no part of an address and is used once.
	windowLife = 10 * time.Minute
)

// Launch answers a platform's launch: POST with id_token and state.
func (t *Tool) Launch(w http.ResponseWriter, r *http.Request) {
	t.launch(w, r, sameBrowser(r, r.PostFormValue("state")), false)
}

// Kept answers the tool's own page that has asked the platform's storage for a launch's token. Only a page of this server may send it.
func (t *Tool) Kept(w http.ResponseWriter, r *http.Request) {
	state, kept := r.PostFormValue("state"), r.PostFormValue("kept")
	t.launch(w, r, false, state != "" && state == kept)
}

func (t *Tool) launch(w http.ResponseWriter, r *http.Request, cookie, stored bool) {
	arrived := t.now()
	token, ctx := r.PostFormValue("state"), r.Context()
	s, p, err := t.see(ctx, token)
	if err != nil {
		t.fail(w, r, err, nil)
		return
	}
	if said := platformError(r.PostForm); said != nil {
		t.fail(w, r, said, framesOf(p))
		return
	}
	asked := r.PostForm.Has("kept")
	if !cookie && !asked && s.Storage != "" {
		t.show(w, page{Name: "kept", Frames: framesOf(p)}, map[string]string{
			"Storage": s.Storage, "Origin": message.Origin(p.Auth), "Key": cookieOf(token), "State": token, "Token": r.PostFormValue("id_token"),
		})
		return
	}
	l, err := t.verify(ctx, s, p, r.PostFormValue("id_token"), arrived)
	if err != nil {
		t.fail(w, r, err, framesOf(p))
		return
	}
	setState(w, token, -time.Second)
	var o outcome
	err = t.conf.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := identity.UseTicket(tx, stateTicket, token); err != nil {
			return none(err, message.StateUnknown, "used meanwhile")
		}
		o, err = t.land(tx, r, p, l, errand{Framed: inFrame(r, l), Known: cookie})
		return err
	})
	t.finish(w, r, o, err, stored)
}

// finish answers with what a launch led to.
func (t *Tool) finish(w http.ResponseWriter, r *http.Request, o outcome, err error, stored bool) {
	switch {
	case err != nil:
		t.fail(w, r, err, o.frames)
	case o.refused != nil:
		t.fail(w, r, o.refused, o.frames)
	case o.connect != nil:
		t.show(w, page{Name: "connect", Frames: o.frames}, o.connect)
	case o.choose != nil:
		t.show(w, page{Name: "choose", Frames: o.frames}, o.choose)
	case o.window != "":
		t.show(w, page{Name: "window", Frames: o.frames}, map[string]any{"Ticket": o.window, "Who": o.to, "Stored": stored})
	default:
		t.wake()
		t.conf.People.SetCookie(w.Header(), r, o.opened)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", o.to)
		w.WriteHeader(http.StatusSeeOther)
	}
}

func (t *Tool) wake() {
	if t.conf.Wake != nil {
		t.conf.Wake()
	}
}

// land does what a launch says: it notes where it came from, and whom by, and goes on with what they came for.
func (t *Tool) land(tx *store.Tx, r *http.Request, p store.PlatformRow, l *message.Launch, e errand) (outcome, error) {
	frames := seen(&p, l)
	o := outcome{frames: framesOf(p)}
	waits, err := t.deploy(tx, p, string(l.Deployment))
	if err != nil {
		return o, err
	}
	if waits {
		o.refused = message.Refuse(message.Pending, "platform %s, deployment %s", p.ID, message.Shown(string(l.Deployment)))
		return o, nil
	}
	if err := tx.SawPlatform(p.ID, frames); err != nil {
		return o, err
	}
	c, err := tx.CourseOf(p.ID, string(l.Deployment), string(l.Context.ID))
	if err != nil && !errors.Is(err, store.ErrNone) {
		return o, err
	}
	c.Platform, c.Deployment, c.Context, c.Title, c.Seen = p.ID, string(l.Deployment), string(l.Context.ID), l.Course(), tx.Now()
	if l.Members.URL != "" {
		c.Members = l.Members.URL
	}
	if err := tx.SetCourse(&c); err != nil {
		return o, err
	}
	e.Course, e.Name, e.Email, e.Subject, e.Role = c.ID, l.Who(), message.Shown(l.Email), l.Subject, message.RoleIn(l.Roles)
	e.Lesson = l.Custom["lesson"]
	if l.Type == message.DeepLinking {
		e.Linking = l.Linking
	} else {
		e.Link = store.LinkRow{Course: c.ID, Resource: string(l.Resource.ID), Item: l.Grades.LineItem, Items: l.Grades.LineItems, Scopes: strings.Join(l.Grades.Scopes, " ")}
	}
	person, err := t.person(tx, p, l.Subject, e.Name, e.Email)
	if err != nil {
		return o, err
	}
	return t.arrive(tx, r, p, c, person, e, o)
}

// seen notes the origins at which a launch says that the platform is: the platform has signed it. It returns the platform's column.
func seen(p *store.PlatformRow, l *message.Launch) string {
	known := strings.Fields(p.Frames)
	for _, raw := range []string{l.Platform.URL, l.Presentation.Return} {
		if origin := message.Origin(raw); origin != "" && len(known) < maxFrames && !slices.Contains(framesOf(*p), origin) {
			known = append(known, origin)
			p.Frames = strings.Join(known, " ")
		}
	}
	return p.Frames
}

// AnyDeployment is the deployment that stands for all of a platform: Canvas makes one for each course that is copied.
const AnyDeployment = "*"

// deploy tells whether a deployment waits for the operator. One that nobody knows is noted.
func (t *Tool) deploy(tx *store.Tx, p store.PlatformRow, id string) (waits bool, err error) {
	d, err := tx.Deployment(p.ID, id)
	switch {
	case errors.Is(err, store.ErrNone):
		list, err := tx.Deployments(p.ID, maxPending+1)
		if err != nil {
			return true, err
		}
		all := slices.ContainsFunc(list, func(d store.DeploymentRow) bool { return d.ID == AnyDeployment && !d.Pending })
		if !all && len(list) > maxPending {
			return true, nil // there is enough to look at
		}
		d = store.DeploymentRow{Platform: p.ID, ID: id, Pending: !all, Created: tx.Now()}
	case err != nil:
		return true, err
	}
	d.Seen = tx.Now()
	return d.Pending, tx.SetDeployment(d)
}

// person returns whom a platform means, who is made if nobody is known.
func (t *Tool) person(tx *store.Tx, p store.PlatformRow, subject, name, email string) (string, error) {
	if name == "" {
		// Platforms may keep names to themselves; a teacher still has to tell people apart.
		if _, err := tx.Identity(string(identity.LTI), issuerOf(p), subject); errors.Is(err, store.ErrNone) {
			name = "Somebody (" + strings.TrimPrefix(cookieOf(subject), stateCookie)[:6] + ")"
		}
	}
	return identity.Known(tx, identity.Sighting{Kind: identity.LTI, Issuer: issuerOf(p), Subject: subject, Name: name, Email: email})
}

// memberOf returns as whom of a class somebody is known: the same human may have come by another way before.
func memberOf(tx *store.Tx, class, person string) (string, error) {
	who := identity.Who{Person: person}
	p, err := tx.Person(person)
	if err != nil {
		return "", err
	}
	if p.Main != "" {
		who.Person = p.Main
		who.Also = append(who.Also, person)
	}
	others, err := tx.MergedWith(who.Person)
	if err != nil {
		return "", err
	}
	for _, o := range others {
		who.Also = append(who.Also, o.ID)
	}
	place, err := identity.PlaceIn(tx, who, class)
	if err != nil {
		return "", err
	}
	if m, err := tx.Member(class, place.Person); place.Person != "" && err == nil {
		return m.Person, nil
	}
	return person, nil
}

// listed is somebody as a class's list has them.
func listed(tx *store.Tx, classID, person, name, email, sis string, role message.Role) (class.Listed, error) {
	id, err := memberOf(tx, classID, person)
	if err != nil {
		return class.Listed{}, err
	}
	if _, err := tx.Member(classID, id); name == "" && errors.Is(err, store.ErrNone) {
		p, err := tx.Person(id)
		if err != nil {
			return class.Listed{}, err
		}
		name = p.Name
	}
	roles := map[message.Role]identity.Role{message.Student: identity.Student, message.Assistant: identity.Assistant, message.Teacher: identity.Teacher}
	return class.Listed{Person: id, Name: name, Email: email, SIS: sis, Role: roles[role]}, nil
}

// arrive does what somebody came for, in a course that may have no class yet.
func (t *Tool) arrive(tx *store.Tx, r *http.Request, p store.PlatformRow, c store.CourseRow, person string, e errand, o outcome) (outcome, error) {
	refuse := func(why message.Why, detail string) (outcome, error) {
		o.refused = message.Refuse(why, "%s", detail)
		return o, nil
	}
	switch {
	case e.Role == message.Nobody:
		return refuse(message.NoRole, "roles of nobody in the course")
	case e.Linking != nil && e.Role == message.Student:
		return refuse(message.NotTeacher, "a student's deep link")
	case c.Class == "" && e.Role != message.Teacher:
		return refuse(message.NotConnected, "course "+c.ID)
	case c.Class == "":
		return t.askClass(tx, c, person, e, o)
	}
	as, err := listed(tx, c.Class, person, e.Name, e.Email, "", e.Role)
	if err != nil {
		return o, err
	}
	m, _, err := class.Put(tx, c.Class, as)
	if err != nil {
		return o, err
	}
	if e.Linking != nil {
		return t.askLessons(tx, c, person, e, o)
	}
	lesson, err := lessonOf(tx, c, e.Lesson)
	if err != nil {
		return o, err
	}
	if e.Lesson != "" && (lesson.ID == "" || !lesson.Published && e.Role == message.Student) {
		return refuse(message.NoLesson, "lesson "+message.Shown(e.Lesson))
	}
	if lesson.ID != "" {
		if err := t.linked(tx, e, m.Person, lesson.ID); err != nil {
			return o, err
		}
	}
	return t.open(tx, r, c.Class, lesson.ID, person, e, o)
}

// open opens the session, or makes the ticket for a window where there can be none here. A session is for the course's class alone: a platform vouches for
// people in its courses, and for nothing else that they are here.
func (t *Tool) open(tx *store.Tx, r *http.Request, classID, lesson, person string, e errand, o outcome) (outcome, error) {
	to := "class=" + classID
	if lesson != "" {
		to += "&lesson=" + lesson
	}
	var err error
	if !e.Known {
		b, err := json.Marshal(opening{classID, to})
		if err != nil {
			return o, err
		}
		o.window, err = identity.NewTicket(tx, identity.Ticket{Purpose: windowTicket, Person: person, Data: string(b), For: windowLife})
		o.to = e.Name
		return o, err
	}
	o.opened, err = t.conf.People.Open(tx, r, identity.Opening{Person: person, Kind: identity.LTI, Class: classID, Framed: e.Framed})
	o.to = address(o.opened, to)
	return o, err
}

// address is the page's, relative to those of this package.
func address(o identity.Opened, to string) string {
	if o.Key == "" {
		return "../#" + to
	}
	return "../?" + identity.KeyParameter + "=" + o.Key + "#" + to
}

// An opening is what a new window is to open.
type opening struct {
	Class string `json:"class"`
	To    string `json:"to"`
}

// Window answers the button that opens a new window: only a page of this server may send it.
func (t *Tool) Window(w http.ResponseWriter, r *http.Request) {
	var o outcome
	err := t.conf.DB.Write(r.Context(), func(tx *store.Tx) error {
		row, err := identity.UseTicket(tx, windowTicket, r.PostFormValue("ticket"))
		if err != nil {
			return none(err, message.TicketUsed, "a window's ticket")
		}
		var x opening
		if err := json.Unmarshal([]byte(row.Data), &x); err != nil {
			return err
		}
		o.opened, err = t.conf.People.Open(tx, r, identity.Opening{Person: row.Person, Kind: identity.LTI, Class: x.Class})
		o.to = address(o.opened, x.To)
		return err
	})
	t.finish(w, r, o, err, false)
}

// lessonOf returns the lesson that a link's parameter means in a course: that lesson, or, where the course was copied, what its class has in its place.
func lessonOf(tx *store.Tx, c store.CourseRow, id string) (store.LessonRow, error) {
	if id == "" {
		return store.LessonRow{}, nil
	}
	l, err := tx.Lesson(id)
	switch {
	case err != nil && !errors.Is(err, store.ErrNone):
		return l, err
	case err == nil && l.Class == c.Class:
		return l, nil
	}
	title := l.Title
	if id, err = tx.CopyOf(c.ID, id); err == nil {
		l, err = tx.Lesson(id)
		if err == nil && l.Class == c.Class {
			return l, nil
		}
	}
	if err != nil && !errors.Is(err, store.ErrNone) {
		return l, err
	}
	// A class that was copied by hand has lessons of the same titles.
	list, err := tx.Lessons(c.Class)
	if err != nil || title == "" {
		return store.LessonRow{}, err
	}
	list = slices.DeleteFunc(list, func(l store.LessonRow) bool { return l.Title != title })
	if len(list) != 1 {
		return store.LessonRow{}, nil
	}
	return list[0], nil
}

// linked notes the link, and tells the outbox by which one a student comes to a lesson.
func (t *Tool) linked(tx *store.Tx, e errand, person, lesson string) error {
	l, err := tx.LinkOf(e.Link.Course, e.Link.Resource)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return err
	}
	moved := l.Item != "" && e.Link.Item != "" && l.Item != e.Link.Item
	n := e.Link
	n.ID, n.Lesson, n.Seen = l.ID, lesson, tx.Now()
	if n.Item == "" { // the platform said none, and we may have made one
		n.Item = l.Item
	}
	if err := tx.SetLink(&n); err != nil {
		return err
	}
	if e.Role != message.Student {
		return nil
	}
	return outbox.Came(tx, lesson, person, n.ID, e.Subject, moved)
}

// errandTicket keeps an errand for the page that comes next.
func errandTicket(tx *store.Tx, purpose, person string, e errand) (string, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	return identity.NewTicket(tx, identity.Ticket{Purpose: purpose, Person: person, Data: string(b), For: pageLife})
}

// useErrand takes it back.
func useErrand(tx *store.Tx, purpose, ticket string) (e errand, person string, c store.CourseRow, p store.PlatformRow, err error) {
	row, err := identity.UseTicket(tx, purpose, ticket)
	if err != nil {
		return e, "", c, p, none(err, message.TicketUsed, purpose)
	}
	if err = json.Unmarshal([]byte(row.Data), &e); err != nil {
		return e, "", c, p, err
	}
	if c, err = tx.Course(e.Course); err == nil {
		p, err = tx.Platform(c.Platform)
	}
	return e, row.Person, c, p, none(err, message.NoPlatform, "the platform was removed meanwhile")
}

// classesOf lists the classes that somebody teaches, as any of the people that they are.
func classesOf(ctx context.Context, tx *store.Tx, person string) ([]store.ClassRow, error) {
	p, err := tx.Person(person)
	if err != nil {
		return nil, err
	}
	ids := []string{person}
	main := person
	if p.Main != "" {
		main = p.Main
		ids = append(ids, main)
	}
	others, err := tx.MergedWith(main)
	if err != nil {
		return nil, err
	}
	for _, o := range others {
		ids = append(ids, o.ID)
	}
	var all []store.ClassRow
	for _, id := range ids {
		places, err := tx.PlacesOf(id)
		if err != nil {
			return nil, err
		}
		for _, m := range places {
			if !m.Active || m.Role != identity.Teacher.String() || slices.ContainsFunc(all, func(c store.ClassRow) bool { return c.ID == m.Class }) {
				continue
			}
			c, err := tx.Class(m.Class)
			if err != nil {
				return nil, err
			}
			if !c.Archived {
				all = append(all, c)
			}
		}
	}
	return all, ctx.Err()
}
