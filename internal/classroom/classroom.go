// Package classroom is the HTTP of people and classes: the table of routes, a file an
// area, over the rooms that do what they ask.
package classroom

import (
	"context"
	"hash/maphash"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"wireloom/internal/class"
	"wireloom/internal/classroom/route"
	"wireloom/internal/gradebook"
	"wireloom/internal/identity"
	"wireloom/internal/identity/oidc"
	"wireloom/internal/lti"
	"wireloom/internal/outbox"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
	"wireloom/internal/wall"
)

// Config says what a Classroom works with. An area whose room is nil has no routes.
type Config struct {
	DB     *store.DB
	People *identity.Manager
	Site   *visitor.Site
	Logger *slog.Logger  // nil for none
	Logins []*oidc.Login // of the campus

	Shelf     *class.Shelf      // the scenarios of lessons; nil: there are no classes
	Gradebook *gradebook.Book   // nil: nothing is handed in
	Benches   Benches           // nil: there are none
	Wall      *wall.Wall        // nil: there is none
	Desk      Desk              // nil: there is nothing for an operator
	Refusals  *visitor.Refusals // counts who was refused; nobody does if nil
	LTI       *lti.Tool         // nil: no platform launches anything
	Outbox    *outbox.Sender    // with it

	Ping time.Duration // between two messages at least that a wall which is shown gets; keepalive.Every if 0
	// Install puts a program into a slot of a lab; nil: none is offered.
	Install func(ctx context.Context, lab, node, proc, name string, module []byte) error
}

// A Classroom answers what people and classes ask.
type Classroom struct {
	conf  Config
	table *route.Table

	attempts *rate.Limiter // to sign in at campus logins
	turns    turns
	visits   gate

	zips    visitor.Quota // scenarios on their way, each of which is in memory
	packing visitor.Gate  // of those that are unpacked: one takes some hundred MiB meanwhile
}

// New makes a Classroom.
func New(c Config) (*Classroom, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Classroom{
		conf: c, attempts: rate.NewLimiter(attemptRate, attemptBurst), turns: turns{seed: maphash.MakeSeed()},
		zips: visitor.Quota{
			Kind: visitor.KindUploads, Limit: visitor.Limit{All: maxZips, Person: 2}, After: zipsWait,
			Mine: "%s scenarios from %s are on their way", Ours: "%s scenarios are on their way to this server", Advice: "wait until one is there",
		},
		packing: visitor.Gate{All: 1, Each: 1},
	}
	routes := slices.Concat(r.identityRoutes(), r.loginRoutes(), r.identitiesRoutes())
	if c.Shelf != nil {
		routes = append(routes, r.classRoutes()...)
		routes = append(routes, r.lessonRoutes()...)
	}
	if c.Gradebook != nil {
		routes = append(routes, r.gradebookRoutes()...)
	}
	if c.Benches != nil {
		routes = append(routes, r.benchRoutes()...)
	}
	if c.Desk != nil {
		routes = append(routes, r.adminRoutes()...)
	}
	if c.Wall != nil {
		routes = append(routes, r.wallRoutes()...)
	}
	if c.LTI != nil {
		routes = append(routes, r.ltiRoutes()...)
	}
	var err error
	r.table, err = route.New(r.tableConfig(), routes)
	return r, err
}

func (c *Classroom) tableConfig() route.Config {
	return route.Config{DB: c.conf.DB, People: c.conf.People, Site: c.conf.Site, Logger: c.conf.Logger, Finders: finders, Refusals: c.conf.Refusals}
}

// finders find what ids in paths lead to; nil are the names whose handlers look themselves.
var finders = route.Finders{
	"token": nil, "identity": nil, "provider": nil,
	"handin": placeOfHandin, "slot": nil, "regrade": placeOfRegrade,
	"arrival": nil, // below its class
	"who":     nil, // below its lesson
	"entry":   nil, // any lab, for the operator
	"lab":     benchPlace,
	"notice":  nil, // below its lab

	"invite": nil, "platform": nil,
}

// Routes are the classroom's.
func (c *Classroom) Routes() []route.Route { return c.table.Routes() }

// Handler answers one of its routes.
func (c *Classroom) Handler(r route.Route) http.HandlerFunc { return c.table.Handler(r) }
