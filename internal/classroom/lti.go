package classroom

import (
	"errors"
	"net/http"
	"time"

	"wireloom/internal/classroom/route"
	"wireloom/internal/gradebook/mark"
	"wireloom/internal/identity"
	"wireloom/internal/lti"
	"wireloom/internal/outbox"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

// maxLaunch is how many bytes a launch may have: its token is one of a form's fields.
const maxLaunch = 256 << 10

func (c *Classroom) ltiRoutes() []route.Route {
	t := c.conf.LTI
	own := func(method, path string, foreign bool, f http.HandlerFunc) route.Route {
		return route.Route{
			Method: method, Path: path, Needs: route.Anybody, Max: maxLaunch, Foreign: foreign, Page: true, Takes: time.Minute,
			Do: func(*route.Request) (any, error) { return route.Own(f), nil },
		}
	}
	return []route.Route{
		own(http.MethodGet, "/lti/login", false, t.Login),
		own(http.MethodPost, "/lti/login", true, t.Login),
		own(http.MethodPost, "/lti/launch", true, t.Launch),
		// The tool's own pages send these, in whatever frame they are.
		own(http.MethodPost, "/lti/kept", false, t.Kept),
		own(http.MethodPost, "/lti/connect", false, t.Connect),
		own(http.MethodPost, "/lti/deeplink", false, t.DeepLink),
		own(http.MethodPost, "/lti/window", false, t.Window),
		own(http.MethodGet, "/lti/register/{invite}", false, t.Register),
		{Method: http.MethodGet, Path: "/lti/keys", Needs: route.Anybody, Do: func(q *route.Request) (any, error) { return t.Public(q.Context()) }},
		{Method: http.MethodGet, Path: "/api/admin/platforms", Needs: route.OperatorOnly, Do: c.platforms},
		{Method: http.MethodPost, Path: "/api/admin/platforms", Needs: route.OperatorOnly, Do: c.addPlatform},
		{Method: http.MethodPatch, Path: "/api/admin/platforms/{platform}", Needs: route.OperatorOnly, Do: c.changePlatform},
		{Method: http.MethodDelete, Path: "/api/admin/platforms/{platform}", Needs: route.OperatorOnly, Do: c.dropPlatform},
		{Method: http.MethodPost, Path: "/api/classes/{class}/roster/sync", Needs: route.TeacherOf, Takes: 2 * time.Minute, Do: c.syncRoster},
		{Method: http.MethodGet, Path: "/api/lessons/{lesson}/sync", Needs: route.Staff, Do: c.scoresOut},
		{Method: http.MethodPost, Path: "/api/lessons/{lesson}/sync", Needs: route.TeacherOf, Archived: true, Do: c.resendScores},
	}
}

// Limits of what an operator's page lists.
const (
	maxPlatforms   = 500
	maxDeployments = 500
	maxRows        = 20000
)

func wirePlatform(tx *store.Tx, p store.PlatformRow) (wire.Platform, error) {
	out := wire.Platform{
		ID: p.ID, Name: p.Name, Product: p.Product, Issuer: p.Issuer, Client: p.Client, Auth: p.Auth, Token: p.Token, Audience: p.Audience, Keys: p.JWKS,
		Created: millis(p.Created), Seen: millis(p.Seen), Version: p.Version,
	}
	list, err := tx.Deployments(p.ID, maxDeployments)
	for _, d := range list {
		out.Deployments = append(out.Deployments, wire.Deployment{ID: d.ID, Pending: d.Pending, Seen: millis(d.Seen)})
	}
	return out, err
}

// platforms lists them, with an address by which another one may register itself once.
func (c *Classroom) platforms(q *route.Request) (any, error) {
	var out wire.Platforms
	about := c.conf.LTI.About(q.Request)
	return &out, q.Write(func(tx *store.Tx) error {
		out = wire.Platforms{Tool: wire.Tool{Login: about.Login, Launch: about.Launch, DeepLink: about.DeepLink, Keys: about.Keys}}
		invite, err := lti.Invite(tx, q.Who.Person)
		if err != nil {
			return err
		}
		out.Tool.Register = c.conf.LTI.Base(q.Request) + "/lti/register/" + invite
		list, err := tx.Platforms("", maxPlatforms)
		if err != nil {
			return err
		}
		for _, p := range list {
			one, err := wirePlatform(tx, p)
			if err != nil {
				return err
			}
			out.Platforms = append(out.Platforms, one)
		}
		return nil
	})
}

func (c *Classroom) addPlatform(q *route.Request) (any, error) {
	var ask wire.PlatformAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	var out wire.Platform
	err := q.Write(func(tx *store.Tx) error {
		p := store.PlatformRow{Name: ask.Name, Product: ask.Product, Issuer: ask.Issuer, Client: ask.Client, Auth: ask.Auth, Token: ask.Token, Audience: ask.Audience, JWKS: ask.Keys}
		if err := c.conf.LTI.Add(tx, &p, ask.Deployments, store.AuditRow{Request: q.ID, Who: q.Who.Person}); err != nil {
			return err
		}
		var err error
		out, err = wirePlatform(tx, p)
		return err
	})
	if m := lti.Mistake(""); errors.As(err, &m) {
		return nil, route.Bad("%s", m)
	}
	if errors.Is(err, store.ErrTaken) {
		return nil, route.Conflict("a platform of this issuer and client id is registered already")
	}
	return route.Status(http.StatusCreated, out), err
}

// changePlatform lets a deployment launch, or takes that back.
func (c *Classroom) changePlatform(q *route.Request) (any, error) {
	var ask wire.PlatformChange
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	var out wire.Platform
	return &out, q.Write(func(tx *store.Tx) error {
		p, err := tx.Platform(q.PathValue("platform"))
		if err != nil {
			return err
		}
		if p.Version != ask.Version {
			return store.ErrStale
		}
		for _, x := range []struct {
			id      string
			pending bool
			what    string
		}{{ask.Accept, false, "platform accept"}, {ask.Refuse, true, "platform refuse"}} {
			if x.id == "" {
				continue
			}
			d, err := tx.Deployment(p.ID, x.id)
			if errors.Is(err, store.ErrNone) && x.id == lti.AnyDeployment {
				d, err = store.DeploymentRow{Platform: p.ID, ID: x.id, Created: tx.Now()}, nil
			}
			if err != nil {
				return err
			}
			d.Pending = x.pending
			if err := tx.SetDeployment(d); err != nil {
				return err
			}
			if err := q.Audit(tx, x.what, p.ID, x.id); err != nil {
				return err
			}
		}
		if err := tx.SetPlatform(&p); err != nil {
			return err
		}
		out, err = wirePlatform(tx, p)
		return err
	})
}

func (c *Classroom) dropPlatform(q *route.Request) (any, error) {
	id := q.PathValue("platform")
	return nil, q.Write(func(tx *store.Tx) error {
		if err := tx.DropPlatform(id); err != nil {
			return err
		}
		return q.Audit(tx, "platform drop", id, "")
	})
}

// syncRoster takes the people of a class's courses from their platforms.
func (c *Classroom) syncRoster(q *route.Request) (any, error) {
	done, err := c.conf.LTI.Sync(q.Context(), q.Class)
	switch {
	case errors.Is(err, lti.ErrNoRoster):
		return nil, route.Conflict("%v", err)
	case err != nil:
		return nil, &route.Problem{Status: http.StatusBadGateway, Sentence: "nothing was changed: " + err.Error()}
	}
	var out wire.Roster
	return &out, q.Write(func(tx *store.Tx) (err error) {
		if done.Changed > 0 {
			if err := c.settleClass(tx, q.Class); err != nil {
				return err
			}
			if err := q.Audit(tx, "roster sync", q.Class, ""); err != nil {
				return err
			}
		}
		out, err = people(tx, q.Class)
		return err
	})
}

// scoresOut is where a lesson's scores are on their way.
func (c *Classroom) scoresOut(q *route.Request) (any, error) {
	var out wire.Sync
	return &out, q.Read(func(tx *store.Tx) (err error) {
		out, err = syncOf(tx, q.Class, q.Lesson)
		return err
	})
}

// syncOf are all students of a lesson, with their scores' ways.
func syncOf(tx *store.Tx, class, lesson string) (wire.Sync, error) {
	out := wire.Sync{}
	courses, err := tx.CoursesOf(class, 1)
	if err != nil {
		return out, err
	}
	out.Linked = len(courses) > 0
	rows, err := tx.OutboxOf(lesson, maxRows)
	if err != nil {
		return out, err
	}
	by := map[string]store.OutboxRow{}
	for _, r := range rows {
		by[r.Person] = r
	}
	platforms := map[string]string{} // their names by links
	members, err := tx.Members(class)
	if err != nil {
		return out, err
	}
	for _, m := range members {
		r, known := by[m.Person]
		if !known && (!m.Active || m.Role != "student") {
			continue
		}
		row := wire.SyncRow{Person: m.Person, Name: m.Name, State: wire.SyncNone}
		if known {
			if err := syncRow(tx, &row, r, platforms); err != nil {
				return out, err
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

func syncRow(tx *store.Tx, row *wire.SyncRow, r store.OutboxRow, platforms map[string]string) error {
	row.State, row.Sent, row.Words, row.Todo = wire.SyncState(r.State), millis(r.Sent), r.Words, r.Todo
	if r.State == outbox.Waiting {
		row.Next = millis(r.Next)
	}
	if r.Wants == outbox.WantsScore {
		points := mark.Points(r.Points).Float()
		row.Points, row.Max = &points, mark.Points(r.Max).Float()
	}
	if r.Link == "" {
		return nil
	}
	name, known := platforms[r.Link]
	if !known {
		l, err := tx.Link(r.Link)
		if err != nil {
			return err
		}
		course, err := tx.Course(l.Course)
		if err != nil {
			return err
		}
		p, err := tx.Platform(course.Platform)
		if err != nil {
			return err
		}
		name = p.Name
		platforms[r.Link] = name
	}
	row.Platform = name
	return nil
}

func (c *Classroom) resendScores(q *route.Request) (any, error) {
	var ask wire.SyncAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	var out wire.Sync
	err := q.Write(func(tx *store.Tx) error {
		n, err := outbox.Resend(tx, q.Lesson, ask.Person)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := q.Audit(tx, "scores resend", q.Lesson, ask.Person); err != nil {
				return err
			}
		}
		out, err = syncOf(tx, q.Class, q.Lesson)
		return err
	})
	if err == nil {
		c.conf.Outbox.Wake()
	}
	return &out, err
}

// Frames are the origins whose pages may show this site's in a frame: those of the registered platforms,
// for who came by a launch in one.
func (c *Classroom) Frames(r *http.Request) []string {
	if c.conf.LTI == nil || r.URL.Query().Get(identity.KeyParameter) == "" || !c.conf.People.Who(r).Framed {
		return nil
	}
	origins, err := c.conf.LTI.Frames(r.Context())
	if err != nil {
		c.conf.Logger.WarnContext(r.Context(), "it is not known which platforms may show the page in a frame", "error", err)
	}
	return origins
}
