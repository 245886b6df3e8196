package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"wireloom/internal/class"
	"wireloom/internal/classroom"
	"wireloom/internal/gradebook"
	"wireloom/internal/host"
	"wireloom/internal/httpapi"
	"wireloom/internal/identity"
	"wireloom/internal/identity/oidc"
	"wireloom/internal/lti"
	"wireloom/internal/outbox"
	"wireloom/internal/scenario"
	"wireloom/internal/store"
	"wireloom/internal/submission"
	"wireloom/internal/terminal"
	"wireloom/internal/visitor"
	"wireloom/internal/wall"
)

// A school is what a server with a data folder has beside labs: people, classes, and what
// stays of them.
type school struct {
	db       *store.DB
	people   *identity.Manager
	room     *classroom.Classroom
	shelf    *class.Shelf
	labs     *benches
	wall     *wall.Wall
	lti      *lti.Tool
	outbox   *outbox.Sender
	book     *gradebook.Book
	refusals visitor.Refusals
	api      *httpapi.Server // once there is one
	board    *board          // likewise
	end      func()          // ends what goes on beside requests
}

// openSchool opens the data folder. It is nil without one.
func openSchool(ctx context.Context, log *slog.Logger, conf *host.Config, logins []*oidc.Login, cache string) (*school, error) {
	if conf.Data == "" {
		return nil, nil
	}
	db, err := store.Open(ctx, store.Options{URL: conf.DB.Text(), Dir: conf.Data, Logger: log, Wait: newFolderWithin})
	if err != nil {
		return nil, err
	}
	if err := inherit(ctx, log, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &school{db: db, people: identity.New(identity.Config{DB: db, Site: &conf.Site, Logger: log}), shelf: class.NewShelf(db), labs: &benches{}}
	s.wall = wall.New(wall.Config{DB: db, Logger: log})
	s.lti = lti.New(lti.Config{
		DB: db, People: s.people, Site: &conf.Site, Logger: log, Inside: conf.LTIInside, Wake: func() { s.outbox.Wake() },
		Points: func(ctx context.Context, hash string) (float64, error) {
			sc, err := s.shelf.Scenario(ctx, hash)
			if err != nil {
				return 0, err
			}
			return float64(class.Points(sc, scenario.Staff)), nil
		},
	})
	s.outbox = outbox.NewSender(db, s.lti, log)
	if err := s.openBook(log, conf, cache); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.room, err = classroom.New(classroom.Config{
		DB: db, People: s.people, Site: &conf.Site, Logger: log, Shelf: s.shelf, Benches: s.labs, Logins: logins, Wall: s.wall, Refusals: &s.refusals, Desk: s,
		LTI: s.lti, Outbox: s.outbox, Gradebook: s.book, Ping: conf.Ping,
		Install: func(ctx context.Context, lab, node, proc, name string, module []byte) error {
			return s.api.Install(ctx, lab, node, proc, name, module)
		},
	})
	if err != nil {
		s.book.Close()
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// inherit has what a server that was killed was at go on: its data folder is this one's now.
func inherit(ctx context.Context, log *slog.Logger, db *store.DB) error {
	var gradings, scores int64
	err := db.Write(ctx, func(tx *store.Tx) (err error) {
		gradings, scores, err = tx.FreeLeases()
		return err
	})
	if err == nil && gradings+scores > 0 {
		log.Info("a server was killed here: what it was at goes on", "gradings", gradings, "scores", scores)
	}
	return err
}

// close closes what open opened; nothing of it is used any more.
func (s *school) close(log *slog.Logger) {
	if s == nil {
		return
	}
	if s.end != nil {
		s.end()
	}
	s.book.Close()
	if err := s.db.Close(); err != nil {
		log.Error("the database did not close in order", "error", err)
	}
}

// serves says which server it is a part of.
func (s *school) serves(api *httpapi.Server, b *board) {
	b.api = api
	if s != nil {
		s.api, s.board = api, b
	}
}

// join makes it part of a server.
func (s *school) join(c *httpapi.Config) {
	if s == nil {
		return
	}
	for _, r := range s.room.Routes() {
		c.Routes = append(c.Routes, httpapi.Route{Method: r.Method, Path: r.Path, Foreign: r.Foreign, Do: s.room.Handler(r)})
	}
	c.Client = func(r *http.Request) (person, class string) {
		who := s.people.Who(r)
		return who.Person, who.Class
	}
	c.Frames = s.room.Frames
	c.Anonymous = s.room.Anonymous
	c.Access, c.Visit, c.Refusals = s.room.Access, s.room.Visit, &s.refusals
	c.Checked = func(lab string, result any) {
		if r, ok := result.(*submission.Checked); ok {
			passed := 0
			for _, x := range r.Checks {
				if !x.Fail() {
					passed++
				}
			}
			s.wall.Checked(lab, passed, len(r.Checks))
		}
	}
	c.Ready = append(c.Ready, func(ctx context.Context) error {
		return s.db.Read(ctx, func(tx *store.Tx) error { _, err := tx.HasOperator(); return err })
	})
}

// at has labserver admin know where the page is.
func (s *school) at(home string) error {
	if s == nil {
		return nil
	}
	if err := s.db.SayHome(home); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// welcome says how the first operator signs in: by an address, where a person reads it, since
// whoever has that is the operator. whose are the flags that name this server.
func (s *school) welcome(ctx context.Context, io stdio, home, whose string) error {
	if s == nil {
		return nil
	}
	var has bool
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) { has, err = tx.HasOperator(); return err })
	switch {
	case err != nil || has:
		return err
	case !terminal.Is(io.out):
		fmt.Fprintf(io.out, "There is no operator yet: labserver admin operator NAME %s, run as this server's user, makes one\n", whose)
		return nil
	}
	token, err := identity.MakeOperator(ctx, s.db, "Operator")
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "Sign in as its operator, within an hour: %s\n", signinAt(home, token))
	return nil
}

// signinAt is the address that signs somebody in by a token.
func signinAt(home, token string) string {
	if len(home) == 0 || home[len(home)-1] != '/' {
		home += "/"
	}
	return home + "#signin=" + token
}
