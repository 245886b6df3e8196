package classroom

import (
	"errors"
	"net/http"
	"strings"

	"wireloom/internal/classroom/route"
	"wireloom/internal/identity"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

func (c *Classroom) identityRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/api/me", Needs: route.Anybody, Do: c.me},
		{Method: http.MethodPost, Path: "/api/join", Needs: route.Anybody, Do: c.join},
		{Method: http.MethodPost, Path: "/api/signin", Needs: route.Anybody, Do: c.signIn},
		{Method: http.MethodPost, Path: "/api/signout", Needs: route.SignedIn, Do: c.signOut},
		{Method: http.MethodPost, Path: "/api/ticket", Needs: route.SignedIn, Do: c.ticket},
		{Method: http.MethodGet, Path: "/ticket/{token}", Needs: route.Anybody, Page: true, Do: c.openWindow},
		{Method: http.MethodGet, Path: "/api/classes/{class}/arrivals", Needs: route.Staff, Do: c.arrivals},
		{Method: http.MethodDelete, Path: "/api/classes/{class}/arrivals/{arrival}", Needs: route.Staff, Do: c.dropArrival},
	}
}

func (c *Classroom) me(q *route.Request) (any, error) {
	w := q.Who
	return wire.Me{
		SignedIn: w.Person != "", Person: w.Person, Name: w.Name, Operator: w.Operator, Creates: w.Creates,
		Framed: w.Framed, Class: w.Class, Ways: c.ways(),
	}, nil
}

// ways are those to sign in here.
func (c *Classroom) ways() []wire.Way {
	list := []wire.Way{{Kind: wire.ByName}, {Kind: wire.ByCode}}
	for _, l := range c.conf.Logins {
		list = append(list, wire.Way{Kind: wire.ByOIDC, Name: l.Label(), Href: "auth/oidc/" + l.Name})
	}
	return list
}

// notIn is why somebody was not let in, for the page.
func notIn(err error) error {
	var refusal *visitor.Refusal
	switch {
	case err == nil || errors.As(err, &refusal):
		return err
	case errors.Is(err, identity.ErrNoName), errors.Is(err, identity.ErrAlike):
		return route.Bad("%v", err)
	case errors.Is(err, identity.ErrBothIn):
		return route.Conflict("%v", err)
	case errors.Is(err, identity.ErrClaimed):
		return &route.Problem{Status: http.StatusConflict, Sentence: err.Error(), Want: "word"}
	case errors.Is(err, identity.ErrWrongWord):
		return &route.Problem{Status: http.StatusForbidden, Sentence: err.Error(), Want: "word"}
	case errors.Is(err, identity.ErrNotListed):
		return &route.Problem{Status: http.StatusForbidden, Sentence: err.Error(), Want: "teacher"}
	case errors.Is(err, identity.ErrWrongCode), errors.Is(err, identity.ErrWrongToken), errors.Is(err, identity.ErrStaff), errors.Is(err, identity.ErrFullClass), errors.Is(err, identity.ErrNotAlone), errors.Is(err, identity.ErrOperator):
		return route.Forbidden("%v", err)
	}
	return err
}

func (c *Classroom) join(q *route.Request) (any, error) {
	var ask wire.JoinAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	done, err := c.conf.People.Join(q.Request, q.Who, ask.Code, ask.Name, ask.Secret)
	if err != nil {
		return nil, notIn(err)
	}
	return c.welcome(q, done), nil
}

func (c *Classroom) signIn(q *route.Request) (any, error) {
	var ask wire.SignInAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	done, err := c.conf.People.SignIn(q.Request, q.Who, ask.Token)
	if err != nil {
		return nil, notIn(err)
	}
	return c.welcome(q, done), nil
}

// welcome has the browser keep the session of who came in.
func (c *Classroom) welcome(q *route.Request, j identity.Joined) wire.Welcome {
	if j.Opened != nil {
		c.conf.People.SetCookie(q.Answer, q.Request, *j.Opened)
		c.conf.Logger.InfoContext(q.Context(), "somebody signed in", "person", j.Person, "class", j.Class, "operator", j.Operator)
	}
	return wire.Welcome{Person: j.Person, Name: j.Name, Operator: j.Operator, Class: j.Class, Word: j.Word}
}

func (c *Classroom) signOut(q *route.Request) (any, error) {
	var ask wire.SignOutAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	err := q.Write(func(tx *store.Tx) error { return c.conf.People.SignOut(tx, q.Who, ask.Everywhere) })
	if err == nil {
		c.conf.People.ClearCookie(q.Answer, q.Request, q.Who)
	}
	return nil, err
}

func (c *Classroom) ticket(q *route.Request) (any, error) {
	var ask wire.TicketAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	to, err := local(ask.To)
	if err != nil {
		return nil, err
	}
	var token string
	err = q.Write(func(tx *store.Tx) (err error) {
		token, err = identity.WindowTicket(tx, q.Who, to)
		return err
	})
	return wire.Ticket{Href: "ticket/" + token}, err
}

func (c *Classroom) openWindow(q *route.Request) (any, error) {
	if q.Foreign() {
		// Somebody else's page would sign people in as whom it likes.
		return nil, route.Forbidden("a page of another site opened this window: open it from the page that you were on")
	}
	var to string
	var opened identity.Opened
	err := q.Write(func(tx *store.Tx) (err error) {
		to, opened, err = c.conf.People.OpenWindow(tx, q.Request, q.PathValue("token"))
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return nil, route.Missing("this window's address was used, or is older than a minute: go back to the page that you were on, and open it anew")
	}
	if err != nil {
		return nil, err
	}
	c.conf.People.SetCookie(q.Answer, q.Request, opened)
	return q.Home(to), nil
}

func (c *Classroom) arrivals(q *route.Request) (any, error) {
	var list wire.Arrivals
	err := q.Read(func(tx *store.Tx) error {
		waiting, err := tx.Arrivals(q.Class)
		if err != nil {
			return err
		}
		list.Arrivals = nil
		for _, a := range waiting {
			list.Arrivals = append(list.Arrivals, wire.Arrival{ID: a.ID, Name: a.Name, At: a.Asked.UnixMilli()})
		}
		return nil
	})
	return list, err
}

func (c *Classroom) dropArrival(q *route.Request) (any, error) {
	return nil, q.Write(func(tx *store.Tx) error {
		if err := tx.DropArrival(q.Class, strings.TrimSpace(q.PathValue("arrival"))); err != nil {
			return err
		}
		return q.Audit(tx, "arrival drop", q.PathValue("arrival"), "")
	})
}
