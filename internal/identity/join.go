package identity

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"wireloom/internal/store"
	"wireloom/internal/terminal"
)

// Why somebody was not let in. Each is a sentence for them.
var (
	// ErrWrongCode is that of every code that lets nobody in, whether there is one like it or not.
	ErrWrongCode = errors.New("that code lets nobody in: look at it again, letter by letter, or ask your teacher for it")
	ErrNoName    = errors.New("say your name, as it is on your class's list")
	// ErrClaimed is what a name is that somebody has joined with.
	ErrClaimed   = errors.New("somebody has joined with this name: if that was you, type the word that you were given then, or ask your teacher for a new one; if it wasn't you, ask your teacher")
	ErrWrongWord = errors.New("that is not the word that was given to this name: look at it again, or ask your teacher for a new one")
	ErrNotListed = errors.New("this name is not on the class's list: your teacher now sees that you ask, and can let you in. Is it written as on the list?")
	ErrAlike     = errors.New("there are several people of this name in the class: put your student number or your login behind it")
	ErrStaff     = errors.New("this name is a teacher's: sign in by the code or the login that you were given")
	ErrFullClass = errors.New("this class is full: ask your teacher to put you on its list")
)

const (
	maxShownName = 100  // bytes of a name that somebody gives themselves
	maxOpenClass = 2000 // members of a class that lets everybody in who has its code
	answerWrong  = 300 * time.Millisecond
)

// claims are what the store has about an identity beside its columns.
type claims struct {
	Word string `json:"word,omitempty"` // the hash of the return word, of a name
	Name string `json:"name,omitempty"` // as the issuer has it
	OID  string `json:"oid,omitempty"`  // Entra's, which stay when the application is registered anew
	TID  string `json:"tid,omitempty"`
}

func (c claims) text() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic("identity: claims: " + err.Error())
	}
	return string(b)
}

func claimsOf(i store.IdentityRow) claims {
	var c claims
	_ = json.Unmarshal([]byte(i.Claims), &c) // what we didn't write says nothing
	return c
}

// A Joined is who came in.
type Joined struct {
	Person, Name, Class string
	Operator            bool
	Word                string  // to come back with from elsewhere; "" if they had one, or need none
	Opened              *Opened // nil where the session that they have is good for the class already
}

// Join lets somebody into a class by its code and their name, and, if they were there
// before, by the word that they got then.
func (m *Manager) Join(r *http.Request, who Who, code, name, word string) (Joined, error) {
	arrived := m.now()
	keys := m.guessKeys(r, who)
	if why := m.guesses.allow(arrived, keys...); why != nil {
		return Joined{}, why
	}
	folded := Fold(name)
	if folded == "" {
		return Joined{}, ErrNoName
	}
	j := joining{m: m, r: r, who: who, name: terminal.Cut(terminal.Line(strings.TrimSpace(name)), maxShownName), folded: folded, word: word, fresh: newWord()}
	j.freshHash = wordHash(j.fresh)
	err := m.db.Write(r.Context(), func(tx *store.Tx) error {
		j.done, j.why = Joined{}, nil
		return j.join(tx, FoldCode(code))
	})
	if err == nil {
		err = j.why
	}
	var person []string
	if j.person != "" {
		person = []string{"person " + j.person}
	}
	switch {
	case err == nil:
		m.guesses.count(arrived, true, keys[:1]...)
	case errors.Is(err, ErrWrongCode):
		m.guesses.count(arrived, false, keys...)
		m.waitUntil(r.Context(), arrived.Add(answerWrong))
	case errors.Is(err, ErrWrongWord):
		m.guesses.count(arrived, false, append(keys, person...)...)
		m.waitUntil(r.Context(), arrived.Add(answerWrong))
	}
	return j.done, err
}

// guessKeys are what a guess counts for: the address first.
func (m *Manager) guessKeys(r *http.Request, who Who) []string {
	keys := []string{"address " + m.jar.site.Proxies.From(r).Client}
	if who.Session != "" {
		keys = append(keys, "session "+who.Session)
	}
	return keys
}

// waitUntil waits, so that the time of an answer says nothing.
func (m *Manager) waitUntil(ctx context.Context, at time.Time) {
	select {
	case <-m.wait(at.Sub(m.now())):
	case <-ctx.Done():
	}
}

// joining is one try to join.
type joining struct {
	m                *Manager
	r                *http.Request
	who              Who
	name, folded     string
	word             string
	fresh, freshHash string // the word for who has none
	person           string // who it turned out to be about

	done Joined
	why  error // why not, where the transaction has something to keep all the same
}

func (j *joining) join(tx *store.Tx, code string) error {
	class, err := tx.ClassByCode(code)
	switch {
	case errors.Is(err, store.ErrNone) || code == "":
		return ErrWrongCode
	case err != nil:
		return err
	case class.Archived:
		return ErrWrongCode
	}
	place, err := PlaceIn(tx, j.who, class.ID)
	if err != nil {
		return err
	}
	if place.Active && !j.who.Operator { // who is in the class already
		j.done = Joined{Person: place.Person, Name: j.who.Name, Class: class.ID}
		return nil
	}
	if place.Person != "" && !place.Active { // who was dropped is taken in again by a teacher only
		return j.ask(tx, class)
	}
	members, err := tx.Members(class.ID)
	if err != nil {
		return err
	}
	switch found := match(members, j.folded); {
	case len(found) > 1:
		return ErrAlike
	case len(found) == 1 && !found[0].Active: // was dropped: only a teacher takes them in again
		return j.ask(tx, class)
	case len(found) == 1:
		return j.as(tx, class, found[0])
	case !class.Open:
		return j.ask(tx, class)
	case len(members) >= maxOpenClass:
		return ErrFullClass
	}
	return j.add(tx, class)
}

// match finds the members whom a folded name may mean: those who have it, or else its words
// in another order, or else it with their number, login or e-mail address behind it.
func match(members []store.MemberRow, folded string) []store.MemberRow {
	for _, same := range []func(m store.MemberRow, name string) bool{
		func(_ store.MemberRow, name string) bool { return name == folded },
		func(_ store.MemberRow, name string) bool { return sameWords(name, folded) },
		func(m store.MemberRow, name string) bool {
			return slices.ContainsFunc([]string{m.SIS, m.Login, m.Email}, func(id string) bool {
				id = Fold(id)
				return id != "" && (folded == name+" "+id || sameWords(name+" "+id, folded))
			})
		},
	} {
		var found []store.MemberRow
		for _, m := range members {
			if name := Fold(m.Name); name != "" && same(m, name) {
				found = append(found, m)
			}
		}
		if active := slices.DeleteFunc(slices.Clone(found), func(m store.MemberRow) bool { return !m.Active }); len(active) > 0 {
			return active
		}
		if len(found) > 0 {
			return found[:1]
		}
	}
	return nil
}

// ask lists the name for the teacher, which is kept although nobody came in.
func (j *joining) ask(tx *store.Tx, class store.ClassRow) error {
	j.why = ErrNotListed
	return tx.AddArrival(store.ArrivalRow{ID: store.NewID(), Class: class.ID, Folded: j.folded, Name: j.name, Asked: tx.Now()})
}

// add lets somebody in whom no list has.
func (j *joining) add(tx *store.Tx, class store.ClassRow) error {
	now := tx.Now()
	person := j.who.Person
	if !j.whole() {
		person = store.NewID()
		if err := tx.AddPerson(store.PersonRow{ID: person, Name: j.name, Created: now, Seen: now}); err != nil {
			return err
		}
	}
	m := store.MemberRow{Class: class.ID, Person: person, Role: Student.String(), Name: j.name, Active: true, Joined: now, Changed: now}
	if err := tx.PutMember(m); err != nil {
		return err
	}
	if j.whole() {
		j.done = Joined{Person: person, Name: j.name, Class: class.ID}
		return nil
	}
	return j.claim(tx, class, m)
}

// whole reports whether who asks has a session for all classes, which is then for this one
// too.
func (j *joining) whole() bool { return j.who.Person != "" && j.who.Class == "" && !j.who.Operator }

// as lets somebody in as a member of the list.
func (j *joining) as(tx *store.Tx, class store.ClassRow, m store.MemberRow) error {
	j.person = m.Person
	known, err := tx.IdentitiesOf(m.Person)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(known, func(i store.IdentityRow) bool { return Kind(i.Kind) == Name && i.Issuer == class.ID })
	switch {
	case i >= 0: // joined before
		if j.word == "" {
			return ErrClaimed
		}
		if why := j.m.guesses.allow(j.m.now(), "person "+m.Person); why != nil {
			return why
		}
		if !sameWord(j.word, claimsOf(known[i]).Word) {
			return ErrWrongWord
		}
		return j.open(tx, class, m)
	case ParseRole(m.Role) != Student:
		return ErrStaff
	case len(known) > 0: // has come in by another way, and has no word
		return ErrClaimed
	}
	p, err := tx.Person(m.Person)
	if err != nil {
		return err
	}
	if p.Main != "" || p.Operator { // somebody's, who signs in as themselves
		return ErrClaimed
	}
	if alone, err := j.alone(tx, m); err != nil {
		return err
	} else if j.whole() && alone {
		p.Main = j.who.Person
		if err := tx.SetPerson(p); err != nil {
			return err
		}
		j.done = Joined{Person: m.Person, Name: m.Name, Class: class.ID}
		return nil
	}
	return j.claim(tx, class, m)
}

// alone reports whether a member is in no other class: so that who is taken for them in
// this one is nobody in another.
func (j *joining) alone(tx *store.Tx, m store.MemberRow) (bool, error) {
	all, err := tx.PlacesOf(m.Person)
	return len(all) == 1, err
}

// claim makes a name somebody's, with a word to come back with.
func (j *joining) claim(tx *store.Tx, class store.ClassRow, m store.MemberRow) error {
	if err := setWord(tx, class.ID, m.Person, j.freshHash); err != nil {
		return err
	}
	if err := tx.DropArrivalOf(class.ID, j.folded); err != nil {
		return err
	}
	j.done.Word = j.fresh
	return j.open(tx, class, m)
}

// setWord gives a member a return word, by its hash, in place of the one that they had.
func setWord(tx *store.Tx, class, person, hash string) error {
	now := tx.Now()
	i, err := tx.Identity(string(Name), class, person)
	switch {
	case errors.Is(err, store.ErrNone):
		return tx.AddIdentity(store.IdentityRow{
			ID: store.NewID(), Person: person, Kind: string(Name), Issuer: class, Subject: person,
			Claims: claims{Word: hash}.text(), Created: now, Seen: now,
		})
	case err != nil:
		return err
	}
	i.Claims, i.Seen = claims{Word: hash}.text(), now
	return tx.SetIdentity(i)
}

// open opens the session of a member, which is for this class alone: whoever took a name
// that is not theirs is nobody elsewhere.
func (j *joining) open(tx *store.Tx, class store.ClassRow, m store.MemberRow) error {
	opened, err := j.m.Open(tx, j.r, Opening{Person: m.Person, Kind: Name, Class: class.ID})
	if err != nil {
		return err
	}
	j.done = Joined{Person: m.Person, Name: m.Name, Class: class.ID, Word: j.done.Word, Opened: &opened}
	return nil
}
