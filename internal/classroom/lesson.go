package classroom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"wireloom/internal/class"
	"wireloom/internal/classroom/route"
	"wireloom/internal/gradebook/mark"
	"wireloom/internal/identity"
	"wireloom/internal/open"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/scenario"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

func (c *Classroom) lessonRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/api/classes/{class}/lessons", Needs: route.MemberOf, Do: c.lessons},
		{Method: http.MethodPost, Path: "/api/classes/{class}/lessons", Needs: route.TeacherOf, Do: c.makeLesson},
		{Method: http.MethodPatch, Path: "/api/lessons/{lesson}", Needs: route.TeacherOf, Do: c.changeLesson},
		{Method: http.MethodDelete, Path: "/api/lessons/{lesson}", Needs: route.TeacherOf, Do: c.dropLesson},
		{Method: http.MethodPut, Path: "/api/lessons/{lesson}/extensions/{who}", Needs: route.TeacherOf, Do: c.extend},
		{Method: http.MethodDelete, Path: "/api/lessons/{lesson}/extensions/{who}", Needs: route.TeacherOf, Do: c.unextend},
		{Method: http.MethodGet, Path: "/api/classes/{class}/scenarios", Needs: route.Staff, Do: c.scenarios},
		{Method: http.MethodPost, Path: "/api/classes/{class}/scenarios", Needs: route.TeacherOf, Max: open.MaxUpload + 1, Takes: 2 * time.Minute, Do: c.upload},
	}
}

// settle has the outbox learn what is final in a lesson whose dates or rule have changed.
func (c *Classroom) settle(tx *store.Tx, lesson string) error {
	if c.conf.Gradebook == nil {
		return nil
	}
	return c.conf.Gradebook.Settle(tx, lesson)
}

func (c *Classroom) settleClass(tx *store.Tx, class string) error {
	if c.conf.Gradebook == nil {
		return nil
	}
	list, err := tx.Lessons(class)
	if err != nil {
		return err
	}
	for _, l := range list {
		if err := c.conf.Gradebook.Settle(tx, l.ID); err != nil {
			return err
		}
	}
	return nil
}

// wireLesson is a lesson as everybody of the class sees it; staff see all that its checks are worth.
func (c *Classroom) wireLesson(ctx context.Context, l store.LessonRow, zone string, role identity.Role) wire.Lesson {
	out := wire.Lesson{
		ID: l.ID, Class: l.Class, Position: int(l.Position), Title: l.Title, Hash: l.VersionHash, Zone: zone, Opens: millis(l.Opens), Due: millis(l.Due),
		Locks: millis(l.Locks), Counts: wire.Counts(l.Counts), Published: l.Published, Version: l.Version,
	}
	sc, err := c.conf.Shelf.Scenario(ctx, l.VersionHash)
	if err != nil { // a folder that is lost must not hide the class's other lessons
		c.conf.Logger.WarnContext(ctx, "the scenario of a lesson cannot be read", "lesson", l.ID, "error", err)
		return out
	}
	out.Scenario, out.Goal = sc.Name, sc.Goal
	out.Points = class.Points(sc, audience(role))
	return out
}

func audience(role identity.Role) scenario.Audience {
	if role >= identity.Staff {
		return scenario.Staff
	}
	return scenario.Student
}

// forStaff adds what staff see of a lesson.
func forStaff(tx *store.Tx, out *wire.Lesson, names map[string]string, handed map[string]int) error {
	list, err := tx.Extensions(out.ID)
	if err != nil {
		return err
	}
	for _, e := range list {
		name, ok := strings.CutPrefix(e.Who, "section:")
		if !ok {
			name = names[e.Who]
		}
		out.Extensions = append(out.Extensions, wire.Extension{Who: e.Who, Name: name, Due: millis(e.Due), Locks: millis(e.Locks), By: names[e.By], At: millis(e.Created)})
	}
	out.Handed = handed[out.ID]
	return nil
}

// names are the people of a class by their ids.
func names(tx *store.Tx, class string) (map[string]string, error) {
	members, err := tx.Members(class)
	out := map[string]string{}
	for _, m := range members {
		out[m.Person] = m.Name
	}
	return out, err
}

// mine is where a member is with a lesson.
func (c *Classroom) mine(tx *store.Tx, l store.LessonRow, person string) (*wire.MyLesson, error) {
	d, err := class.DatesOf(tx, l, person)
	if err != nil {
		return nil, err
	}
	out := &wire.MyLesson{Due: millis(d.Due), Locks: millis(d.Locks), Extended: !d.Due.Equal(l.Due) || !d.Locks.Equal(l.Locks)}
	if c.conf.Benches != nil {
		if out.Lab, err = c.conf.Benches.Current(tx, l.ID, person); err != nil {
			return nil, err
		}
	}
	out.Begun = out.Lab != ""
	if c.conf.Gradebook == nil {
		return out, nil
	}
	s, err := c.conf.Gradebook.Standing(tx, l, person)
	if errors.Is(err, store.ErrNone) { // an operator who is no member
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	out.Handins, out.Late, out.Grading = len(s.Attempts), s.Seen.Late > 0, s.Seen.Standing == mark.Waiting
	out.Excused, out.Comment = s.Seen.Standing == mark.Excused, s.Seen.Comment
	for _, a := range s.Attempts {
		if a.ID == s.Seen.Handin {
			out.Handed = millis(a.At)
		}
	}
	if s.Seen.Standing == mark.Graded {
		points := s.Seen.Points.Float()
		out.Points = &points
	}
	return out, nil
}

func (c *Classroom) lessons(q *route.Request) (any, error) {
	var out wire.Lessons
	var rows []store.LessonRow
	var row store.ClassRow
	var who map[string]string
	var handed map[string]int
	mine := map[string]*wire.MyLesson{}
	err := q.Read(func(tx *store.Tx) (err error) {
		out.Now = tx.Now().UnixMilli()
		if row, err = tx.Class(q.Class); err != nil {
			return err
		}
		if rows, err = tx.Lessons(q.Class); err != nil {
			return err
		}
		if q.Role >= identity.Staff {
			if who, err = names(tx, q.Class); err != nil {
				return err
			}
			handed, err = tx.HandedCounts(q.Class)
			return err
		}
		for _, l := range rows {
			if !l.Published {
				continue
			}
			if mine[l.ID], err = c.mine(tx, l, q.Member); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, l := range rows {
		if !l.Published && q.Role < identity.Staff {
			continue
		}
		one := c.wireLesson(q.Context(), l, row.Zone, q.Role)
		one.Mine = mine[l.ID]
		out.Lessons = append(out.Lessons, one)
	}
	if q.Role < identity.Staff {
		return out, nil
	}
	return out, q.Read(func(tx *store.Tx) error {
		for i := range out.Lessons {
			out.Lessons[i].Extensions = nil
			if err := forStaff(tx, &out.Lessons[i], who, handed); err != nil {
				return err
			}
		}
		return nil
	})
}

// version is that of a scenario that a teacher chose: of a built-in one by its name, or one that was uploaded
// for the class by its hash.
func (c *Classroom) version(q *route.Request, name string) (hash string, err error) {
	if open.IsBuiltin(name) {
		v, err := c.conf.Shelf.Builtin(q.Context(), name)
		return v.Hash, err
	}
	var has bool
	if err := q.Read(func(tx *store.Tx) (err error) { has, err = tx.HasUpload(q.Class, name); return err }); err != nil {
		return "", err
	}
	if !has {
		return "", route.Bad("the class has no scenario %.70q: choose one of those that are part of the server, or upload it", name)
	}
	return name, nil
}

func (c *Classroom) makeLesson(q *route.Request) (any, error) {
	var ask wire.LessonAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	hash, err := c.version(q, ask.Scenario)
	if err != nil {
		return nil, told(err)
	}
	var l store.LessonRow
	var zone string
	err = q.Write(func(tx *store.Tx) error {
		row, err := tx.Class(q.Class)
		if err != nil {
			return err
		}
		zone = row.Zone
		l, err = class.Add(tx, store.LessonRow{
			Class: q.Class, VersionHash: hash, Title: ask.Title, Opens: *moment(&ask.Opens), Due: *moment(&ask.Due), Locks: *moment(&ask.Locks),
			Counts: string(ask.Counts), Published: ask.Published,
		})
		if err != nil {
			return err
		}
		return q.Audit(tx, "lesson make", l.ID, l.Title)
	})
	if err != nil {
		return nil, told(err)
	}
	return route.Status(http.StatusCreated, c.wireLesson(q.Context(), l, zone, q.Role)), nil
}

func (c *Classroom) changeLesson(q *route.Request) (any, error) {
	var ask wire.LessonChange
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	ch := class.LessonChange{Title: ask.Title, Opens: moment(ask.Opens), Due: moment(ask.Due), Locks: moment(ask.Locks), Published: ask.Published, Version: ask.Version}
	if ask.Counts != "" {
		counts := string(ask.Counts)
		ch.Counts = &counts
	}
	if ask.Position != nil {
		position := int64(*ask.Position)
		ch.Position = &position
	}
	if ask.Scenario != nil {
		hash, err := c.version(q, *ask.Scenario)
		if err != nil {
			return nil, told(err)
		}
		ch.VersionHash = &hash
	}
	var l store.LessonRow
	var row store.ClassRow
	err := q.Write(func(tx *store.Tx) (err error) {
		if row, err = tx.Class(q.Class); err != nil {
			return err
		}
		zone, err := class.Zone(row.Zone)
		if err != nil {
			return err
		}
		var words string
		l, words, err = ch.Apply(tx, q.Lesson, zone)
		if errors.Is(err, store.ErrStale) {
			return c.whatChanged(tx, q.Lesson, ask.Version)
		}
		if err != nil {
			return err
		}
		if err := c.settle(tx, q.Lesson); err != nil {
			return err
		}
		return q.Audit(tx, "lesson change", q.Lesson, words)
	})
	if err != nil {
		return nil, told(err)
	}
	return c.staffLesson(q, l, row.Zone)
}

// maxTold is how many changes of others somebody is told.
const maxTold = 5

// whatChanged tells who saw an older version of a lesson what others have changed since.
func (c *Classroom) whatChanged(tx *store.Tx, lesson string, seen int64) error {
	l, err := tx.Lesson(lesson)
	if err != nil {
		return err
	}
	rows, err := tx.AuditAbout(lesson, "lesson change", int(min(max(l.Version-seen, 1), maxTold)))
	if err != nil {
		return err
	}
	who, err := names(tx, l.Class)
	if err != nil {
		return err
	}
	var said []string
	for _, r := range rows {
		name := who[r.Who]
		if name == "" {
			name = "somebody"
		}
		said = append(said, fmt.Sprintf("%s changed it: %s", name, r.Detail))
	}
	return route.Conflict("the lesson is not as you saw it, and nothing of yours was stored. %s. Load it again, and change what you still want to", strings.Join(said, ". "))
}

// staffLesson is a lesson as staff see it.
func (c *Classroom) staffLesson(q *route.Request, l store.LessonRow, zone string) (any, error) {
	out := c.wireLesson(q.Context(), l, zone, q.Role)
	return &out, q.Read(func(tx *store.Tx) error {
		out.Extensions = nil
		who, err := names(tx, l.Class)
		if err != nil {
			return err
		}
		handed, err := tx.HandedCounts(l.Class)
		if err != nil {
			return err
		}
		return forStaff(tx, &out, who, handed)
	})
}

func (c *Classroom) dropLesson(q *route.Request) (any, error) {
	return nil, q.Write(func(tx *store.Tx) error {
		has, err := tx.HasHandins(q.Lesson)
		if err != nil {
			return err
		}
		if has {
			return route.Conflict("people have handed something in here, which is kept: hide the lesson instead")
		}
		if err := tx.DropLesson(q.Lesson); err != nil {
			return err
		}
		return q.Audit(tx, "lesson drop", q.Lesson, "")
	})
}

func (c *Classroom) extend(q *route.Request) (any, error) {
	var ask wire.ExtensionAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	e := store.ExtensionRow{Who: q.PathValue("who"), Due: *moment(&ask.Due), Locks: *moment(&ask.Locks), By: q.Member}
	out := wire.Extension{Who: e.Who, Due: ask.Due, Locks: ask.Locks, By: q.Who.Name}
	err := q.Write(func(tx *store.Tx) error {
		l, err := tx.Lesson(q.Lesson)
		if err != nil {
			return err
		}
		if out.Name, err = class.Extend(tx, l, e); err != nil {
			return err
		}
		out.At = tx.Now().UnixMilli()
		if err := c.settle(tx, q.Lesson); err != nil {
			return err
		}
		return q.Audit(tx, "extension give", q.Lesson, fmt.Sprintf("%s: due %s", e.Who, e.Due.Format(time.RFC3339)))
	})
	return &out, told(err)
}

func (c *Classroom) unextend(q *route.Request) (any, error) {
	return nil, q.Write(func(tx *store.Tx) error {
		if err := tx.DropExtension(q.Lesson, q.PathValue("who")); err != nil {
			return err
		}
		if err := c.settle(tx, q.Lesson); err != nil {
			return err
		}
		return q.Audit(tx, "extension drop", q.Lesson, q.PathValue("who"))
	})
}

func (c *Classroom) scenarios(q *route.Request) (any, error) {
	var out wire.Scenarios
	for _, name := range open.Builtin() {
		sc, err := open.BuiltinScenario(name)
		if err != nil {
			return nil, err
		}
		out.Scenarios = append(out.Scenarios, wire.Scenario{
			Name: name, Title: sc.Title, Builtin: true, Course: sc.Course, Goal: sc.Goal, Points: class.Points(sc, scenario.Staff),
		})
	}
	var rows []store.VersionRow
	if err := q.Read(func(tx *store.Tx) (err error) { rows, err = tx.Uploads(q.Class); return err }); err != nil {
		return nil, err
	}
	for _, v := range rows {
		one := wire.Scenario{Name: v.Scenario, Title: v.Title, Hash: v.Hash, Created: millis(v.Created)}
		if sc, err := c.conf.Shelf.Scenario(q.Context(), v.Hash); err == nil {
			one.Goal, one.Points = sc.Goal, class.Points(sc, scenario.Staff)
		}
		out.Scenarios = append(out.Scenarios, one)
	}
	return out, nil
}

// Limits of scenarios on their way.
const (
	maxZips  = 8
	zipsWait = 5 * time.Second
	packTime = time.Minute // that one waits for the others
)

func (c *Classroom) upload(q *route.Request) (any, error) {
	client := visitor.Client{Person: q.Who.Person}
	if why := c.zips.Take(client, 1); why != nil {
		return nil, why
	}
	defer c.zips.Give(client, 1)
	zip, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	ctx, cancel := q.Waiting(packTime)
	defer cancel()
	if err := c.packing.Enter(ctx, q.Who.Person); err != nil {
		return nil, visitor.Busy(visitor.KindBusy, zipsWait, "nothing was uploaded: other scenarios are being unpacked; try again in a moment")
	}
	defer c.packing.Leave(q.Who.Person)
	v, sc, err := c.conf.Shelf.Upload(q.Context(), q.Class, q.Member, zip, func(tx *store.Tx, v store.VersionRow) error {
		return q.Audit(tx, "scenario upload", v.Hash, v.Scenario)
	})
	if err != nil {
		return nil, told(err)
	}
	return route.Status(http.StatusCreated, wire.Scenario{
		Name: sc.Name, Title: sc.Title, Hash: v.Hash, Goal: sc.Goal, Points: class.Points(sc, scenario.Staff), Created: millis(v.Created),
	}), nil
}
