// Package classroom is the HTTP of people and classes: the table of routes, a file an
// area, over the rooms that do what they ask.
package classroom

import (
	"log/slog"
	"net/http"

	"wireloom/internal/classroom/route"
	"wireloom/internal/identity"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// Config says what a Classroom works with. An area whose room is nil has no routes.
type Config struct {
	DB     *store.DB
	People *identity.Manager
	Site   *visitor.Site
	Logger *slog.Logger // nil for none
}

// A Classroom answers what people and classes ask.
type Classroom struct {
	conf  Config
	table *route.Table
}

// New makes a Classroom.
func New(c Config) (*Classroom, error) {
	r := &Classroom{conf: c}
	routes := r.identityRoutes()
	var err error
	r.table, err = route.New(r.tableConfig(), routes)
	return r, err
}

func (c *Classroom) tableConfig() route.Config {
	return route.Config{DB: c.conf.DB, People: c.conf.People, Site: c.conf.Site, Logger: c.conf.Logger, Finders: finders}
}

// finders find what ids in paths lead to; nil are the names whose handlers look themselves.
var finders = route.Finders{
	"token": nil, "identity": nil, "provider": nil,
	"arrival": nil, // below its class
}

// Routes are the classroom's.
func (c *Classroom) Routes() []route.Route { return c.table.Routes() }

// Handler answers one of its routes.
func (c *Classroom) Handler(r route.Route) http.HandlerFunc { return c.table.Handler(r) }
