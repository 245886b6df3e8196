package classroom

import (
	"context"
	"hash/maphash"
	"net/http"
	"sync"

	"wireloom/internal/class"
	"wireloom/internal/classroom/route"
	"wireloom/internal/identity"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

// A Bench is a member's own lab of a lesson that is to be opened. The values of the scenario are the person's.
type Bench struct {
	Person, Class, Lesson string
	Version               string // of the scenario
	Client                string // the address that asks
}

// Benches are those that there are.
type Benches interface {
	// Current is the lab that a person has in a lesson; "" if there is none.
	Current(tx *store.Tx, lesson, person string) (lab string, err error)
	// Open opens a bench, which becomes the one that its person has in the lesson.
	Open(ctx context.Context, b Bench) (lab string, err error)
}

func (c *Classroom) benchRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodPost, Path: "/api/lessons/{lesson}/bench", Needs: route.MemberOf, Do: c.bench},
		{Method: http.MethodPost, Path: "/api/lessons/{lesson}/bench/over", Needs: route.MemberOf, Do: c.startOver},
	}
}

// turns are locks by what they are for: two windows that open one bench at once get the same one.
type turns struct {
	seed  maphash.Seed
	locks [64]sync.Mutex
}

func (t *turns) take(key string) *sync.Mutex {
	l := &t.locks[maphash.String(t.seed, key)%uint64(len(t.locks))]
	l.Lock()
	return l
}

func (c *Classroom) bench(q *route.Request) (any, error) {
	defer c.turns.take(q.Lesson + q.Member).Unlock()
	var lab string
	if err := q.Read(func(tx *store.Tx) (err error) { lab, err = c.conf.Benches.Current(tx, q.Lesson, q.Member); return err }); err != nil {
		return nil, err
	}
	if lab != "" {
		return wire.Bench{Lab: lab}, nil
	}
	return c.openBench(q)
}

// startOver opens another bench. What was handed in of the former one is kept.
func (c *Classroom) startOver(q *route.Request) (any, error) {
	defer c.turns.take(q.Lesson + q.Member).Unlock()
	v, err := c.openBench(q)
	if err != nil {
		return nil, err
	}
	return v, q.Write(func(tx *store.Tx) error { return q.Audit(tx, "bench over", q.Lesson, "") })
}

func (c *Classroom) openBench(q *route.Request) (any, error) {
	var l store.LessonRow
	err := q.Read(func(tx *store.Tx) error {
		row, err := tx.Class(q.Class)
		if err != nil {
			return err
		}
		zone, err := class.Zone(row.Zone)
		if err != nil {
			return err
		}
		if l, err = tx.Lesson(q.Lesson); err != nil {
			return err
		}
		if q.Role < identity.Staff && tx.Now().Before(l.Opens) {
			return route.Forbidden("this lesson opens on %s (%s)", l.Opens.In(zone).Format("Monday, 2 January, 15:04"), row.Zone)
		}
		return nil
	})
	if err != nil {
		return nil, told(err)
	}
	lab, err := c.conf.Benches.Open(q.Context(), Bench{Person: q.Member, Class: q.Class, Lesson: q.Lesson, Version: l.VersionHash, Client: q.Client})
	if err != nil {
		return nil, err
	}
	return route.Status(http.StatusCreated, wire.Bench{Lab: lab}), nil
}
