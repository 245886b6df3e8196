package classroom

import (
	"net/http"
	"time"

	"wireloom/internal/classroom/route"
	"wireloom/internal/identity"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

// identitiesRoutes are those of the ways by which one person is known.
func (c *Classroom) identitiesRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/api/me/identities", Needs: route.SignedIn, Do: c.identities},
		{Method: http.MethodPost, Path: "/api/me/identities/code", Needs: route.SignedIn, Do: c.mergeCode},
		{Method: http.MethodPost, Path: "/api/me/identities/merge", Needs: route.SignedIn, Do: c.merge},
		{Method: http.MethodDelete, Path: "/api/me/identities/{identity}", Needs: route.SignedIn, Do: c.dropIdentity},
		{Method: http.MethodPost, Path: "/api/admin/people/{person}/split", Needs: route.OperatorOnly, Do: c.split},
	}
}

// identitiesOf are all of who asks.
func identitiesOf(tx *store.Tx, who identity.Who) ([]store.IdentityRow, error) {
	var list []store.IdentityRow
	for _, p := range who.People() {
		some, err := tx.IdentitiesOf(p)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	return list, nil
}

func (c *Classroom) identities(q *route.Request) (any, error) {
	var list wire.Identities
	err := q.Read(func(tx *store.Tx) error {
		list.Identities = nil
		known, err := identitiesOf(tx, q.Who)
		if err != nil {
			return err
		}
		s, err := tx.Session(q.Who.Session)
		if err != nil {
			return err
		}
		for _, i := range known {
			x := wire.Identity{
				ID: i.ID, Kind: wire.IdentityKind(i.Kind), Issuer: i.Issuer, Name: identity.NameOf(i), Email: i.Email,
				Created: i.Created.UnixMilli(), Seen: i.Seen.UnixMilli(), This: i.Kind == s.Kind && i.Person == s.Person,
			}
			if identity.Kind(i.Kind) == identity.Name {
				class, err := tx.Class(i.Issuer)
				if err != nil {
					return err
				}
				x.Issuer = class.Name
				x.This = x.This && q.Who.In(class.ID)
			}
			for _, l := range c.conf.Logins {
				if identity.Kind(i.Kind) == identity.OIDC && l.Issuer == i.Issuer {
					x.Issuer = l.Label()
				}
			}
			list.Identities = append(list.Identities, x)
		}
		return nil
	})
	return list, err
}

func (c *Classroom) mergeCode(q *route.Request) (any, error) {
	var made wire.OneTimeCode
	err := q.Write(func(tx *store.Tx) error {
		code, until, err := identity.MergeCode(tx, q.Who)
		made = wire.OneTimeCode{Code: code, Expires: until.Round(time.Second).UnixMilli()}
		return err
	})
	return made, err
}

func (c *Classroom) merge(q *route.Request) (any, error) {
	var ask wire.MergeAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	err := c.conf.People.MergeBy(q.Request, q.Who, ask.Code, func(tx *store.Tx, other string) error {
		return q.Audit(tx, "people merge", other, "")
	})
	if err != nil {
		return nil, notIn(err)
	}
	q.Who = c.conf.People.Who(q.Request)
	return c.identities(q)
}

func (c *Classroom) dropIdentity(q *route.Request) (any, error) {
	id := q.PathValue("identity")
	if q.Who.Class != "" {
		return nil, route.Forbidden("you are signed in to one class only: sign in as you usually do, and try again")
	}
	return nil, q.Write(func(tx *store.Tx) error {
		known, err := identitiesOf(tx, q.Who)
		if err != nil {
			return err
		}
		for _, i := range known {
			switch {
			case i.ID != id:
				continue
			case len(known) == 1:
				return route.Conflict("this is the only way in that you have: add another one first")
			case identity.Kind(i.Kind) != identity.OIDC && identity.Kind(i.Kind) != identity.Code:
				return route.Conflict("this way in is not yours to take away: who gave it to you can")
			}
			if err := tx.DropIdentity(id); err != nil {
				return err
			}
			return q.Audit(tx, "identity drop", id, i.Kind)
		}
		return store.ErrNone
	})
}

// split undoes a merge.
func (c *Classroom) split(q *route.Request) (any, error) {
	person := q.PathValue("person")
	return nil, q.Write(func(tx *store.Tx) error {
		if err := identity.Split(tx, person); err != nil {
			return err
		}
		return q.Audit(tx, "people split", person, "")
	})
}
