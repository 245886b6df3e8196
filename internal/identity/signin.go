package identity

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"wireloom/internal/store"
)

// ErrWrongToken is that of every code and token that signs nobody in.
var ErrWrongToken = wrong("that code signs nobody in: it may be used already, or too old; look at it again, letter by letter, or ask for a new one")

const (
	codePurpose     = "code"
	operatorPurpose = "operator"
	codeLife        = 12 * time.Hour // of a teacher's code: an exam day
	operatorLife    = time.Hour      // of what `labserver admin operator` prints
)

// OneTimeCode makes a code that signs a person in once, within 12 hours: into one class, or
// into all of theirs if class is "", which only an operator may give. The codes that they
// had before are none any more.
func OneTimeCode(tx *store.Tx, person, class string) (code string, err error) {
	if err := tx.DropTickets(codePurpose, person); err != nil {
		return "", err
	}
	code = NewCode()
	return code, addTicket(tx, FoldCode(code), Ticket{Purpose: codePurpose, Person: person, Data: class, For: codeLife})
}

// MakeOperator makes somebody of a name an operator, unless there is one already, and
// returns a token that signs them in once, within an hour.
func MakeOperator(ctx context.Context, db *store.DB, name string) (token string, err error) {
	folded := Fold(name)
	if folded == "" {
		return "", errors.New("an operator needs a name")
	}
	err = db.Write(ctx, func(tx *store.Tx) error {
		now := tx.Now()
		i, err := tx.Identity(string(Operator), "", folded)
		switch {
		case errors.Is(err, store.ErrNone):
			i = store.IdentityRow{ID: store.NewID(), Person: store.NewID(), Kind: string(Operator), Subject: folded, Created: now, Seen: now}
			if err := tx.AddPerson(store.PersonRow{ID: i.Person, Name: name, Operator: true, Created: now}); err != nil {
				return err
			}
			if err := tx.AddIdentity(i); err != nil {
				return err
			}
		case err != nil:
			return err
		}
		p, _, err := human(tx, i.Person)
		if err != nil {
			return err
		}
		p.Operator = true
		if err := tx.SetPerson(p); err != nil {
			return err
		}
		token, err = NewTicket(tx, Ticket{Purpose: operatorPurpose, Person: i.Person, For: operatorLife})
		return err
	})
	return token, err
}

// SignIn signs somebody in by a code or a token that is good once, or by the long word that
// they got the last time, if they came in for all that they may.
func (m *Manager) SignIn(r *http.Request, who Who, text string) (Joined, error) {
	if why := m.mayGuess(r, who); why != nil {
		return Joined{}, why
	}
	fresh := [2]string{newWord(wordParts), newWord(longParts)}
	freshHash := wordHash(fresh[0])
	var done Joined
	err := m.guess(r, who, func(tx *store.Tx) (_ string, err error) {
		done, err = m.signIn(tx, r, strings.TrimSpace(text), freshHash, fresh[1])
		if errors.Is(err, store.ErrNone) {
			err = ErrWrongToken
		}
		return done.Person, err
	})
	if err != nil {
		return Joined{}, err
	}
	if done.Word == freshHash {
		done.Word = fresh[0]
	}
	return done, nil
}

func (m *Manager) signIn(tx *store.Tx, r *http.Request, text, freshHash, freshLong string) (Joined, error) {
	if long := longWord(text); long != "" {
		i, err := tx.Identity(string(Code), "", hashed(long))
		if err != nil {
			return Joined{}, err
		}
		return m.whole(tx, r, i.Person)
	}
	purpose, token := operatorPurpose, strings.ToUpper(text)
	if code := FoldCode(text); code != "" {
		purpose, token = codePurpose, code
	}
	t, err := UseTicket(tx, purpose, token)
	if err != nil {
		return Joined{}, err
	}
	if t.Data == "" { // for all that they may: with a word by which they come back
		done, err := m.whole(tx, r, t.Person)
		if err != nil {
			return Joined{}, err
		}
		done.Word = freshLong
		return done, setLongWord(tx, t.Person, freshLong)
	}
	member, err := tx.Member(t.Data, t.Person)
	if err != nil {
		return Joined{}, err
	}
	if !member.Active {
		return Joined{}, ErrWrongToken
	}
	if err := setWord(tx, t.Data, t.Person, freshHash); err != nil {
		return Joined{}, err
	}
	opened, err := m.Open(tx, r, Opening{Person: t.Person, Kind: Code, Class: t.Data})
	return Joined{Person: t.Person, Name: member.Name, Class: t.Data, Word: freshHash, Opened: &opened}, err
}

// whole opens a session for all that somebody may. Who has one class is welcomed to it.
func (m *Manager) whole(tx *store.Tx, r *http.Request, person string) (Joined, error) {
	p, also, err := human(tx, person)
	if err != nil {
		return Joined{}, err
	}
	done := Joined{Person: person, Name: p.Name, Operator: p.Operator}
	if p.Operator {
		if err := tx.Audit(store.AuditRow{Who: p.ID, What: "operator signin"}); err != nil {
			return Joined{}, err
		}
	}
	var in []store.MemberRow
	for _, id := range append(also, p.ID) {
		places, err := tx.PlacesOf(id)
		if err != nil {
			return Joined{}, err
		}
		in = append(in, slices.DeleteFunc(places, func(m store.MemberRow) bool { return !m.Active })...)
	}
	if len(in) == 1 && !p.Operator {
		done.Class = in[0].Class
	}
	opened, err := m.Open(tx, r, Opening{Person: person, Kind: Code})
	done.Opened = &opened
	return done, err
}

// setLongWord gives somebody a long word, in place of the one that they had.
func setLongWord(tx *store.Tx, person, word string) error {
	known, err := tx.IdentitiesOf(person)
	if err != nil {
		return err
	}
	for _, i := range known {
		if Kind(i.Kind) == Code {
			if err := tx.DropIdentity(i.ID); err != nil {
				return err
			}
		}
	}
	now := tx.Now()
	return tx.AddIdentity(store.IdentityRow{
		ID: store.NewID(), Person: person, Kind: string(Code), Subject: hashed(foldWord(word)), Created: now, Seen: now,
	})
}
