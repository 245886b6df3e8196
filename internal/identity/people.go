package identity

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"wireloom/internal/store"
)

// Why two people are not made one.
var (
	ErrBothIn   = errors.New("both are in one class, each with work of their own: ask the teacher of that class to take one of them off its list first")
	ErrNotAlone = errors.New("that name is also in other classes, or has signed in by other ways: sign in there as you did before, and join the two from there")
	ErrOperator = errors.New("an operator is joined from the operator's own session")
)

// A Sighting is somebody whom an issuer vouches for, by a subject that stays the same.
// What else it says of them may change, and is only shown.
type Sighting struct {
	Kind            Kind
	Issuer, Subject string
	Name, Email     string
	Username        string
	OID, TID        string // Entra's
}

// Known is the person of a sighting, who is made if nobody is known by it. What the
// issuer says of them is refreshed.
func Known(tx *store.Tx, s Sighting) (person string, err error) {
	i, err := tx.Identity(string(s.Kind), s.Issuer, s.Subject)
	switch {
	case errors.Is(err, store.ErrNone):
		person = store.NewID()
		now := tx.Now()
		if err := tx.AddPerson(store.PersonRow{ID: person, Name: s.Name, Email: s.Email, Created: now, Seen: now}); err != nil {
			return "", err
		}
		return person, s.add(tx, person)
	case err != nil:
		return "", err
	}
	return i.Person, s.refresh(tx, i)
}

func (s *Sighting) claims() string {
	return claims{Name: s.Name, Username: s.Username, OID: s.OID, TID: s.TID}.text()
}

// NameOf is what an identity's issuer calls the person; "" if it does not say.
func NameOf(i store.IdentityRow) string { return claimsOf(i).Name }

// add makes the sighting an identity of a person.
func (s *Sighting) add(tx *store.Tx, person string) error {
	now := tx.Now()
	return tx.AddIdentity(store.IdentityRow{
		ID: store.NewID(), Person: person, Kind: string(s.Kind), Issuer: s.Issuer, Subject: s.Subject, Email: s.Email,
		Claims: s.claims(), Created: now, Seen: now,
	})
}

func (s *Sighting) refresh(tx *store.Tx, i store.IdentityRow) error {
	i.Email, i.Claims, i.Seen = s.Email, s.claims(), tx.Now()
	if err := tx.SetIdentity(i); err != nil {
		return err
	}
	p, err := tx.Person(i.Person)
	if err != nil {
		return err
	}
	p.Seen = tx.Now()
	if s.Name != "" {
		p.Name = s.Name
	}
	if s.Email != "" {
		p.Email = s.Email
	}
	return tx.SetPerson(p)
}

// SeeTicket looks at a ticket and does not use it.
func SeeTicket(tx *store.Tx, purpose, token string) (store.TicketRow, error) {
	return tx.SeeTicket(hashed(token), purpose)
}

// alone reports whether somebody is in this one class, and known by their name in it at most: so
// that who is taken for them there is nobody elsewhere.
func alone(tx *store.Tx, person, class string) (bool, error) {
	p, err := tx.Person(person)
	if err != nil || p.Operator || p.Main != "" || !p.Erased.IsZero() {
		return false, err
	}
	merged, err := tx.MergedWith(person)
	if err != nil || len(merged) > 0 {
		return false, err
	}
	places, err := tx.PlacesOf(person)
	if err != nil || len(places) != 1 || places[0].Class != class || ParseRole(places[0].Role) != Student {
		return false, err
	}
	known, err := tx.IdentitiesOf(person)
	return !slices.ContainsFunc(known, func(i store.IdentityRow) bool { return Kind(i.Kind) != Name || i.Issuer != class }), err
}

// Merge makes one human of two people. It is a link: no rows move, and Split undoes it.
func Merge(tx *store.Tx, main, other string) error {
	a, aAlso, err := human(tx, main)
	if err != nil {
		return err
	}
	b, bAlso, err := human(tx, other)
	if err != nil || a.ID == b.ID {
		return err
	}
	if b.Operator && !a.Operator {
		return ErrOperator
	}
	in := map[string]bool{}
	for _, id := range append(aAlso, a.ID) {
		places, err := tx.PlacesOf(id)
		if err != nil {
			return err
		}
		for _, p := range places {
			in[p.Class] = true
		}
	}
	bAlso = append(bAlso, b.ID)
	for _, id := range bAlso {
		places, err := tx.PlacesOf(id)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(places, func(p store.MemberRow) bool { return in[p.Class] }) {
			return ErrBothIn
		}
	}
	for _, id := range bAlso {
		p, err := tx.Person(id)
		if err != nil {
			return err
		}
		p.Main = a.ID
		if err := tx.SetPerson(p); err != nil {
			return err
		}
	}
	return nil
}

// Split undoes a merge: a person is one of their own again.
func Split(tx *store.Tx, person string) error {
	p, err := tx.Person(person)
	if err != nil {
		return err
	}
	p.Main = ""
	if err := tx.SetPerson(p); err != nil {
		return err
	}
	return tx.DropSessions(person)
}

const (
	mergePurpose = "merge"
	mergeLife    = 15 * time.Minute
)

// MergeCode makes a code by which who asks is joined with who uses it, once, until a time.
func MergeCode(tx *store.Tx, who Who) (code string, until time.Time, err error) {
	if err := tx.DropTickets(mergePurpose, who.Person); err != nil {
		return "", until, err
	}
	code = NewCode()
	err = addTicket(tx, FoldCode(code), Ticket{Purpose: mergePurpose, Person: who.Person, Data: who.Class, For: mergeLife})
	return code, tx.Now().Add(mergeLife), err
}

// MergeBy joins who asks with who made the code, or for whom a teacher made it.
func (m *Manager) MergeBy(r *http.Request, who Who, code string, note func(tx *store.Tx, other string) error) error {
	return m.guess(r, who, func(tx *store.Tx) (string, error) {
		other, err := mergeBy(tx, who, FoldCode(code))
		if err != nil {
			return "", err
		}
		return "", note(tx, other) // who asks is in already
	})
}

func mergeBy(tx *store.Tx, who Who, code string) (other string, err error) {
	t, err := UseTicket(tx, mergePurpose, code)
	if errors.Is(err, store.ErrNone) {
		t, err = UseTicket(tx, codePurpose, code)
	}
	if errors.Is(err, store.ErrNone) {
		err = ErrWrongToken
	}
	if err != nil {
		return "", err
	}
	// What says of somebody who they are in one class only must not make them somebody elsewhere.
	for _, x := range []struct{ person, class string }{{who.Person, who.Class}, {t.Person, t.Data}} {
		if x.class == "" {
			continue
		}
		if yes, err := alone(tx, x.person, x.class); err != nil {
			return "", err
		} else if !yes {
			return "", ErrNotAlone
		}
	}
	return t.Person, Merge(tx, who.Person, t.Person)
}

// An Arriving is what becomes of who comes from a campus login.
type Arriving struct {
	Sighting
	Match   bool // their e-mail address is taken for the one on a class's list
	Creates bool // they may make classes
	// Link is who they are here already, where they asked to be known by the login too; nil
	// where they come in by it.
	Link *Who
}

// Arrive is the person who comes in by a campus login.
func Arrive(tx *store.Tx, a Arriving) (person string, err error) {
	if a.Link != nil {
		if a.Link.Class != "" {
			if yes, err := alone(tx, a.Link.Person, a.Link.Class); err != nil {
				return "", err
			} else if !yes {
				return "", ErrNotAlone
			}
		}
		person = a.Link.Person
		i, err := tx.Identity(string(a.Kind), a.Issuer, a.Subject)
		switch {
		case errors.Is(err, store.ErrNone):
			err = a.add(tx, person)
		case err == nil:
			err = Merge(tx, person, i.Person)
		}
		if err != nil {
			return "", err
		}
	} else if person, err = Known(tx, a.Sighting); err != nil {
		return "", err
	}
	p, _, err := human(tx, person)
	if err != nil {
		return "", err
	}
	if a.Creates && !p.Creates {
		p.Creates = true
		if err := tx.SetPerson(p); err != nil {
			return "", err
		}
	}
	if a.Match && a.Email != "" {
		err = matchEmail(tx, p.ID, a.Email)
	}
	return person, err
}

// matchEmail joins somebody with the people to whom classes' lists give their address, and
// who have not come in by any way of their own.
func matchEmail(tx *store.Tx, person, email string) error {
	places, err := tx.MembersByEmail(email)
	if err != nil {
		return err
	}
	for _, m := range places {
		other, err := tx.Person(m.Person)
		if err != nil {
			return err
		}
		known, err := tx.IdentitiesOf(other.ID)
		if err != nil {
			return err
		}
		if !m.Active || other.ID == person || other.Main != "" || other.Operator || len(known) > 0 {
			continue
		}
		// A teacher who may write an address into one class's list lets nobody into another by it.
		all, err := tx.PlacesOf(other.ID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(p store.MemberRow) bool { return !strings.EqualFold(p.Email, email) }) {
			continue
		}
		if err := Merge(tx, person, other.ID); err != nil && !errors.Is(err, ErrBothIn) {
			return err
		}
	}
	return nil
}
