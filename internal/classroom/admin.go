package classroom

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"wireloom/internal/classroom/route"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

// Limits of what an operator is shown at once.
const (
	adminPage  = 100 // rows
	maxWhy     = 280 // bytes
	endingTime = 20 * time.Second
)

// A Desk is what an operator can do to the server beside its database.
type Desk interface {
	// Status is what the server does now; what the database knows is left out.
	Status() wire.AdminStatus
	// EndLab ends a lab for good.
	EndLab(ctx context.Context, id, why string) error
}

func (c *Classroom) adminRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/api/admin/status", Needs: route.OperatorOnly, Do: c.adminStatus},
		{Method: http.MethodPost, Path: "/api/admin/anonymous", Needs: route.OperatorOnly, Do: c.turnAnonymous},
		{Method: http.MethodGet, Path: "/api/admin/labs", Needs: route.OperatorOnly, Do: c.adminLabs},
		{Method: http.MethodDelete, Path: "/api/admin/labs/{entry}", Needs: route.OperatorOnly, Do: c.endLab},
		{Method: http.MethodGet, Path: "/api/admin/audit", Needs: route.OperatorOnly, Do: c.audit},
	}
}

func (c *Classroom) adminStatus(q *route.Request) (any, error) {
	var s wire.AdminStatus
	err := q.Read(func(tx *store.Tx) error {
		s = c.conf.Desk.Status()
		s.Now = tx.Now().UnixMilli()
		var errs []error
		note := func(err error) { errs = append(errs, err) }
		var err error
		s.People, err = tx.CountPeople()
		note(err)
		classes, err := tx.ClassCounts()
		note(err)
		s.Classes = []wire.AdminClass{}
		for _, x := range classes {
			s.Classes = append(s.Classes, wire.AdminClass{ID: x.ID, Name: x.Name, Term: x.Term, Archived: x.Archived, People: int(x.People), Labs: int(x.Labs), Handins: int(x.Handins)})
		}
		s.Labs.Visitors, err = tx.CountVisitors(store.LabLive)
		note(err)
		s.Labs.Parked, err = tx.CountLabs(store.LabParked)
		note(err)
		s.Labs.Quarantined, err = tx.CountLabs(store.LabQuarantined)
		note(err)
		jobs, err := tx.JobCounts()
		note(err)
		s.Grading = wire.GradingCounts{Queued: int(jobs["queued"]), Running: int(jobs["running"]), Failed: int(jobs["failed"])}
		for state, to := range map[string]*int{"waiting": &s.Outbox.Waiting, "refused": &s.Outbox.Refused} {
			n, _, err := tx.OutboxCounts(state)
			note(err)
			*to = int(n)
		}
		row, err := anonymous(tx)
		note(err)
		s.Anonymous = wire.Anonymous{On: row.On, Why: row.Why, At: row.Changed.UnixMilli()}
		if row.Who != "" {
			p, err := tx.Person(row.Who)
			note(ignoreNone(err))
			s.Anonymous.By = p.Name
		} else {
			s.Anonymous.At = 0
		}
		return errors.Join(errs...)
	})
	return s, err
}

func ignoreNone(err error) error {
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	return err
}

// switchAnonymous is the switch of labs without signing in.
const switchAnonymous = "anonymous"

// anonymous is how that stands: on, if nobody ever turned it.
func anonymous(tx *store.Tx) (store.SwitchRow, error) {
	row, err := tx.Switch(switchAnonymous)
	if errors.Is(err, store.ErrNone) {
		return store.SwitchRow{Name: switchAnonymous, On: true}, nil
	}
	return row, err
}

func (c *Classroom) turnAnonymous(q *route.Request) (any, error) {
	var ask wire.AnonymousAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	why, err := said(ask.Why, maxWhy, "the reason")
	if err != nil {
		return nil, err
	}
	if !ask.On && why == "" {
		return nil, route.Bad("say why: visitors read it")
	}
	row := store.SwitchRow{Name: switchAnonymous, On: ask.On, Why: why, Who: q.Who.Person}
	err = q.Write(func(tx *store.Tx) error {
		if err := tx.PutSwitch(row); err != nil {
			return err
		}
		return q.Audit(tx, "anonymous "+map[bool]string{true: "on", false: "off"}[ask.On], "", why)
	})
	if err == nil {
		c.visits.turned(row)
	}
	return nil, err
}

// A gate is how the switch of labs without signing in stands, as it was read last: other
// processes of the same database, such as labserver admin, may turn it too.
type gate struct {
	mu  sync.Mutex
	at  time.Time
	row store.SwitchRow
}

// gateFresh is how long it is taken for what it was.
const gateFresh = 10 * time.Second

func (g *gate) turned(row store.SwitchRow) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.row, g.at = row, time.Now()
}

// Anonymous says why nobody may have a lab without signing in; "" where everybody may
// (httpapi.Config).
func (c *Classroom) Anonymous() (why string) {
	g := &c.visits
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.at) >= gateFresh {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := c.conf.DB.Read(ctx, func(tx *store.Tx) (err error) { g.row, err = anonymous(tx); return err })
		if err != nil && g.at.IsZero() {
			return "the database does not answer"
		}
		g.at = time.Now()
	}
	if g.row.On {
		return ""
	}
	return g.row.Why
}

// page is where a list goes on: behind a row, by its time and id.
func pageOf(q *route.Request) (before time.Time, id string, err error) {
	text := q.URL.Query().Get("before")
	if text == "" {
		return before, "", nil
	}
	ms, id, ok := strings.Cut(text, "-")
	n, err := strconv.ParseInt(ms, 10, 64)
	if !ok || err != nil {
		return before, "", route.Bad("before is %.40q, which is not what the last page said", text)
	}
	return time.UnixMilli(n), id, nil
}

func nextPage(at time.Time, id string) string { return fmt.Sprintf("%d-%s", at.UnixMilli(), id) }

func (c *Classroom) adminLabs(q *route.Request) (any, error) {
	before, id, err := pageOf(q)
	if err != nil {
		return nil, err
	}
	state := q.URL.Query().Get("state")
	switch wire.LabState(state) {
	case "", wire.LabLive, wire.LabParked, wire.LabQuarantined:
	default:
		return nil, route.Bad("state is %.40q: it is live, parked or quarantined", state)
	}
	list := wire.AdminLabs{Labs: []wire.AdminLab{}}
	err = q.Read(func(tx *store.Tx) error {
		rows, err := tx.LabEntries(state, before, id, adminPage+1)
		list.Labs, list.More = []wire.AdminLab{}, len(rows) > adminPage
		for _, r := range rows[:min(len(rows), adminPage)] {
			list.Labs = append(list.Labs, wire.AdminLab{
				ID: r.ID, State: wire.LabState(r.State), Why: r.Why, Person: r.Name, Class: r.In, Scenario: r.Scenario, Created: millis(r.Created), Used: millis(r.Used),
			})
		}
		return err
	})
	return list, err
}

func (c *Classroom) endLab(q *route.Request) (any, error) {
	lab := q.PathValue("entry")
	if err := q.Write(func(tx *store.Tx) error { return q.Audit(tx, "lab end", lab, "") }); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(q.Context(), endingTime)
	defer cancel()
	return nil, c.conf.Desk.EndLab(ctx, lab, "who runs this server ended this lab")
}

func (c *Classroom) audit(q *route.Request) (any, error) {
	before, id, err := pageOf(q)
	if err != nil {
		return nil, err
	}
	v := q.URL.Query()
	f := store.AuditFilter{Class: v.Get("class"), Who: v.Get("who"), What: v.Get("what"), About: v.Get("about"), Before: before, BeforeID: id}
	list := wire.Audit{Rows: []wire.AuditRow{}}
	err = q.Read(func(tx *store.Tx) error {
		rows, err := tx.AuditPage(f, adminPage+1)
		if err != nil {
			return err
		}
		list = wire.Audit{Rows: []wire.AuditRow{}}
		if len(rows) > adminPage {
			rows = rows[:adminPage]
			last := rows[adminPage-1]
			list.Next = nextPage(last.At, last.ID)
		}
		names, classes := map[string]string{}, map[string]string{}
		for _, r := range rows {
			if _, known := names[r.Who]; !known && r.Who != "" {
				p, err := tx.Person(r.Who)
				if ignoreNone(err) != nil {
					return err
				}
				names[r.Who] = p.Name
			}
			if _, known := classes[r.Class]; !known && r.Class != "" {
				x, err := tx.Class(r.Class)
				if ignoreNone(err) != nil {
					return err
				}
				classes[r.Class] = x.Name
			}
			list.Rows = append(list.Rows, wire.AuditRow{ID: r.ID, At: millis(r.At), Request: r.Request, Who: names[r.Who], Class: classes[r.Class], What: r.What, About: r.About, Detail: r.Detail})
		}
		return nil
	})
	return list, err
}
