package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"wireloom/internal/store"
)

// A Relinked is somebody who has a new subject at a campus login, and is one with who they
// were before.
type Relinked struct {
	Value    string // of the claim, by which they are the same
	Old, New store.IdentityRow
	Why      error // why they are left apart; nil if they are joined
}

// relinkClaims are what people can be recognised by, where a login's subjects have changed.
var relinkClaims = map[string]func(store.IdentityRow) string{
	"email":    func(i store.IdentityRow) string { return strings.ToLower(i.Email) },
	"username": func(i store.IdentityRow) string { return strings.ToLower(claimsOf(i).Username) },
	"oid": func(i store.IdentityRow) string {
		if c := claimsOf(i); c.OID != "" && c.TID != "" {
			return c.TID + "/" + c.OID
		}
		return ""
	},
}

var errTry = errors.New("it was only a try")

// Relink joins those whose subjects at a login changed, all at once, with who they were: an
// application was registered anew (Entra), or a realm was set up again (Keycloak). They are the
// same by a claim which the operator chooses: email, username or oid. Nothing is
// changed unless apply.
func Relink(ctx context.Context, db *store.DB, issuer, claim string, apply bool) ([]Relinked, error) {
	value := relinkClaims[claim]
	if value == nil {
		return nil, fmt.Errorf("%q is no claim to recognise people by: take email, username or oid", claim)
	}
	var found []Relinked
	err := db.Write(ctx, func(tx *store.Tx) error {
		found = nil
		known, err := tx.IdentitiesAt(string(OIDC), issuer)
		if err != nil {
			return err
		}
		first := map[string]store.IdentityRow{}
		for _, i := range known { // the oldest first
			v := value(i)
			if v == "" {
				continue
			}
			old, seen := first[v]
			if !seen {
				first[v] = i
				continue
			}
			if one, err := sameHuman(tx, old.Person, i.Person); err != nil {
				return err
			} else if one {
				continue
			}
			x := Relinked{Value: v, Old: old, New: i}
			x.Why = Merge(tx, old.Person, i.Person)
			if x.Why != nil && !errors.Is(x.Why, ErrBothIn) && !errors.Is(x.Why, ErrOperator) {
				return x.Why
			}
			found = append(found, x)
			if x.Why == nil {
				if err := tx.Audit(store.AuditRow{What: "people relink", About: i.Person, Detail: old.Person}); err != nil {
					return err
				}
			}
		}
		if !apply {
			return errTry
		}
		return nil
	})
	if errors.Is(err, errTry) {
		err = nil
	}
	return found, err
}

func sameHuman(tx *store.Tx, a, b string) (bool, error) {
	x, _, err := human(tx, a)
	if err != nil {
		return errors.Is(err, store.ErrNone), unlessNone(err) // who was erased is joined with nobody
	}
	y, _, err := human(tx, b)
	if err != nil {
		return errors.Is(err, store.ErrNone), unlessNone(err)
	}
	return x.ID == y.ID, nil
}

func unlessNone(err error) error {
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	return err
}
