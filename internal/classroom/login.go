package classroom

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"wireloom/internal/classroom/route"
	"wireloom/internal/identity"
	"wireloom/internal/identity/oidc"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// Each attempt is a row until it is ten minutes old, and anybody can begin one: so many a second,
// and at once.
const (
	attemptRate  = 100
	attemptBurst = 1000
)

// loginRoutes are those of campus logins: pages that browsers go to, and come back to.
func (c *Classroom) loginRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/auth/oidc/{provider}", Needs: route.Anybody, Page: true, Do: c.goToLogin},
		{Method: http.MethodGet, Path: "/auth/oidc/{provider}/callback", Needs: route.Anybody, Page: true, Takes: oidc.MaxTime, Do: c.backFromLogin},
	}
}

// anAttempt is what this server keeps of one sign-in at a campus login.
type anAttempt struct {
	oidc.Attempt
	Login string `json:"login"`
	To    string `json:"to"`
	Link  string `json:"link,omitempty"` // the session whose person is to be known by the login too
}

func (c *Classroom) login(q *route.Request) (*oidc.Login, error) {
	name := q.PathValue("provider")
	for _, l := range c.conf.Logins {
		if l.Name == name {
			return l, nil
		}
	}
	return nil, route.Missing("this server has no campus login of that name: go to its first page, which shows the ways in")
}

// local is a path of this site that somebody's address says; "/" if it says none.
func local(to string) (string, error) {
	to = strings.TrimPrefix(to, ".")
	if to == "" {
		to = "/"
	}
	if !route.Local(to) {
		return "", route.Bad("after this one can only go to a page of this site: to is a path such as /#class=ID")
	}
	return to, nil
}

func (c *Classroom) goToLogin(q *route.Request) (any, error) {
	l, err := c.login(q)
	if err != nil {
		return nil, err
	}
	query := q.URL.Query()
	to, err := local(query.Get("to"))
	if err != nil {
		return nil, err
	}
	a := anAttempt{Login: l.Name, To: to, Attempt: oidc.Attempt{
		Redirect: c.conf.People.Address(q.Request, "auth/oidc/"+l.Name+"/callback"),
		Verifier: oauth2.GenerateVerifier(), Nonce: store.NewID(),
	}}
	if !c.attempts.Allow() {
		return nil, visitor.Busy(visitor.KindRequests, time.Second, "too many people go to the campus login at this moment: try again in a few seconds")
	}
	if query.Has("link") && q.Who.Person != "" {
		if q.Foreign() {
			return nil, route.Forbidden("a page of another site asked for this: do it from this server's own page")
		}
		a.Link = q.Who.Session
	}
	data, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	var state, cookie string
	err = q.Write(func(tx *store.Tx) (err error) {
		state, cookie, err = c.conf.People.BeginAttempt(tx, string(data))
		return err
	})
	if err != nil {
		return nil, err
	}
	there, err := l.Begin(q.Context(), a.Attempt, state)
	if err != nil {
		return nil, c.notSignedIn(q, l, err)
	}
	c.conf.People.SetAttempt(q.Answer, q.Request, state, cookie)
	return route.SeeOther(there), nil
}

func (c *Classroom) backFromLogin(q *route.Request) (any, error) {
	l, err := c.login(q)
	if err != nil {
		return nil, err
	}
	answer := q.URL.Query()
	state := answer.Get("state")
	var a anAttempt
	err = q.Write(func(tx *store.Tx) error {
		data, err := c.conf.People.EndAttempt(tx, q.Request, state)
		if err != nil {
			return err
		}
		a = anAttempt{}
		return json.Unmarshal([]byte(data), &a)
	})
	switch {
	case errors.Is(err, store.ErrNone) || err == nil && a.Login != l.Name:
		return nil, route.Bad("this sign-in took longer than ten minutes, was ended already, or began in another browser: sign in again")
	case err != nil:
		return nil, err
	}
	c.conf.People.ClearAttempt(q.Answer, q.Request, state)
	says, err := l.Finish(q.Context(), a.Attempt, answer)
	if err != nil {
		return nil, c.notSignedIn(q, l, err)
	}
	if says.Overage {
		c.conf.Logger.Warn("a campus login left somebody's groups out, since there are too many: what they may do stays as it was", "login", l.Name, "request", q.ID)
	}
	arriving := identity.Arriving{
		Sighting: identity.Sighting{
			Kind: identity.OIDC, Issuer: says.Issuer, Subject: says.Subject, Name: says.Name, Email: says.Email,
			Username: says.Username, OID: says.OID, TID: says.TID,
		},
		Match: l.MatchEmail && says.Verified, Creates: l.MayCreate(says),
	}
	if a.Link != "" {
		if a.Link != q.Who.Session {
			return nil, route.Forbidden("who you are here has changed since you went to the login: try again")
		}
		arriving.Link = &q.Who
	}
	var opened identity.Opened
	var person string
	err = q.Write(func(tx *store.Tx) (err error) {
		person, err = identity.Arrive(tx, arriving)
		if err != nil {
			return err
		}
		if a.Link != "" {
			if err := q.Audit(tx, "identity link", person, l.Name); err != nil {
				return err
			}
		}
		opened, err = c.conf.People.Open(tx, q.Request, identity.Opening{Person: person, Kind: identity.OIDC})
		return err
	})
	if err != nil {
		return nil, notIn(err)
	}
	c.conf.People.SetCookie(q.Answer, q.Request, opened)
	c.conf.Logger.InfoContext(q.Context(), "somebody signed in", "person", person, "login", l.Name)
	return q.Home(a.To), nil
}

// notSignedIn is why a login signed nobody in, for them; the log has more.
func (c *Classroom) notSignedIn(q *route.Request, l *oidc.Login, err error) error {
	var f *oidc.Failure
	if !errors.As(err, &f) {
		return err
	}
	c.conf.Logger.WarnContext(q.Context(), "a campus login signed nobody in", "login", l.Name, "error", f.Cause)
	return &route.Problem{Status: http.StatusBadGateway, Sentence: f.Sentence}
}
