package identity

import (
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
	// ErrWrong is wrapped by what may have been a guess.
	ErrWrong = errors.New("wrong")
	// ErrWrongCode is that of every code that lets nobody in, whether there is one like it or not.
	ErrWrongCode = wrong("that code lets nobody in: look at it again, letter by letter, or ask your teacher for it")
	ErrNoName    = errors.New("say your name, as it is on your class's list")
	// ErrClaimed is what a name is that somebody has joined with.
	ErrClaimed   = errors.New("somebody has joined with this name: if that was you, type the word that you were given then, or ask your teacher for a new one; if it wasn't you, ask your teacher")
	ErrWrongWord = wrong("that is not the word that was given to this name: look at it again, or ask your teacher for a new one")
	ErrNotListed = errors.New("this name is not on the class's list: is it written as on the list? Your teacher sees now that you ask, and can let you in: then press Join again")
	ErrAlike     = errors.New("there are several people of this name in the class: put your student number or your login behind it")
	ErrStaff     = errors.New("this name is a teacher's: sign in by the code or the login that you were given")
	ErrFullClass = errors.New("this class is full: ask your teacher to put you on its list")
)

// A guessed error is one of what may have been a guess.
type guessed string

func wrong(sentence string) error      { return guessed(sentence) }
func (g guessed) Error() string        { return string(g) }
func (g guessed) Is(target error) bool { return target == ErrWrong || target == error(g) }

const (
	maxShownName = 100  // bytes of a name that somebody gives themselves
	maxOpenClass = 2000 // members of a class that lets everybody in who has its code
	answerWrong  = 300 * time.Millisecond
)

// claims are what the store has about an identity beside its columns.
type claims struct {
	Word string `json:"word,omitempty"` // the hash of the return word, of a name
	Name string `json:"name,omitempty"` // as the issuer has it

	Username string `json:"username,omitempty"` // likewise
	OID      string `json:"oid,omitempty"`      // Entra's, which stay when the application is registered anew
	TID      string `json:"tid,omitempty"`
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
	folded := Fold(name)
	if folded == "" {
		return Joined{}, ErrNoName
	}
	if why := m.mayGuess(r, who); why != nil {
		return Joined{}, why
	}
	j := joining{m: m, r: r, who: who, name: terminal.Cut(terminal.Line(strings.TrimSpace(name)), maxShownName), folded: folded, word: word, fresh: newWord(wordParts)}
	j.freshHash = wordHash(j.fresh)
	err := m.guess(r, who, func(tx *store.Tx) (string, error) {
		j.done, j.why, j.person = Joined{}, nil, ""
		err := j.join(tx, FoldCode(code))
		return j.done.Person, err
	})
	if errors.Is(err, ErrWrongWord) && j.person != "" {
		m.guesses.wrong(m.now(), "person "+j.person)
	}
	if err == nil {
		err = j.why
	}
	return j.done, err
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
	if place.Active && j.whole() { // who is in the class already
		j.done = Joined{Person: place.Person, Name: j.who.Name, Class: class.ID}
		return nil
	}
	if place.Person != "" && !place.Active && j.whole() { // who was dropped is taken in again by a teacher only
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
		if why := j.m.guesses.allow(j.m.now(), "person "+found[0].Person); why != nil && j.word != "" {
			return why
		}
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
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = Fold(m.Name)
	}
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
		for i, m := range members {
			if names[i] != "" && same(m, names[i]) {
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
	if j.who.Is(m.Person) && j.who.In(class.ID) {
		j.done = Joined{Person: m.Person, Name: m.Name, Class: class.ID}
		return nil
	}
	if j.who.Is(m.Person) && ParseRole(m.Role) == Student { // known already, by another class of theirs
		return j.open(tx, class, m)
	}
	known, err := tx.IdentitiesOf(m.Person)
	if err != nil {
		return err
	}
	if words := wordsFor(known, class.ID, ParseRole(m.Role)); len(words) > 0 {
		switch {
		case j.word == "":
			return ErrClaimed
		case !slices.ContainsFunc(words, func(hash string) bool { return sameWord(j.word, hash) }):
			return ErrWrongWord
		}
		return j.open(tx, class, m)
	}
	p, err := tx.Person(m.Person)
	switch {
	case err != nil:
		return err
	case ParseRole(m.Role) != Student:
		return ErrStaff
	case len(known) > 0 || p.Main != "" || p.Operator: // somebody's, who signs in as themselves
		return ErrClaimed
	}
	if j.whole() {
		return j.open(tx, class, m)
	}
	return j.claim(tx, class, m)
}

// wordsFor are the hashes of the words that let a member into a class: the one that they got
// there, or, for a student who got none there, those of their other classes. Who took a
// student's name in one class must not be a teacher by it in another.
func wordsFor(known []store.IdentityRow, class string, role Role) []string {
	var here, elsewhere []string
	for _, i := range known {
		switch {
		case Kind(i.Kind) != Name:
		case i.Issuer == class:
			here = append(here, claimsOf(i).Word)
		default:
			elsewhere = append(elsewhere, claimsOf(i).Word)
		}
	}
	if len(here) > 0 || role != Student {
		return here
	}
	return elsewhere
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
// that is not theirs is nobody elsewhere. Who joins another class under the same name, in the
// same browser, has both.
func (j *joining) open(tx *store.Tx, class store.ClassRow, m store.MemberRow) error {
	if j.whole() { // the name was theirs before they came by another way
		if yes, err := alone(tx, m.Person, class.ID); err != nil {
			return err
		} else if yes {
			j.done = Joined{Person: m.Person, Name: m.Name, Class: class.ID}
			return Merge(tx, j.who.Person, m.Person)
		}
	}
	o := Opening{Person: m.Person, Kind: Name, Class: class.ID}
	if j.who.Class != "" && !j.who.Framed && sameWords(Fold(j.who.Name), Fold(m.Name)) {
		both := j.who.Is(m.Person)
		if !both {
			yes, err := alone(tx, m.Person, class.ID)
			if err != nil {
				return err
			}
			both = yes && Merge(tx, j.who.Person, m.Person) == nil
		}
		if both {
			o.Person, o.Class = j.who.Person, strings.Join(append(j.who.classes, class.ID), " ")
		}
	}
	opened, err := j.m.Open(tx, j.r, o)
	if err != nil {
		return err
	}
	j.done = Joined{Person: m.Person, Name: m.Name, Class: class.ID, Word: j.done.Word, Opened: &opened}
	return nil
}
