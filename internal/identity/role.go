package identity

import (
	"errors"

	"wireloom/internal/store"
)

// A Role is what somebody is in a class. A greater one may do what a smaller one may.
type Role int

// The roles.
const (
	None Role = iota
	Student
	Assistant
	Teacher
)

// Staff is the least of the roles that see what others do.
const Staff = Assistant

var roleNames = [...]string{None: "", Student: "student", Assistant: "assistant", Teacher: "teacher"}

// String is the role as the store and the page have it.
func (r Role) String() string { return roleNames[r] }

// ParseRole reads a role; None for what is none.
func ParseRole(text string) Role {
	for r := Student; r <= Teacher; r++ {
		if roleNames[r] == text {
			return r
		}
	}
	return None
}

// A Place is what somebody is in a class, and by which of their ids: rows of the class are
// under that one.
type Place struct {
	Role   Role
	Person string
	Active bool // false for who was dropped: what they did is still theirs to see
}

// PlaceIn is the place of who asks in a class. An operator is a teacher in each, by their
// own id if they are no member. A session for another class has none.
func PlaceIn(tx *store.Tx, who Who, class string) (Place, error) {
	var best Place
	if !who.In(class) {
		return best, nil
	}
	for _, id := range who.People() {
		m, err := tx.Member(class, id)
		switch {
		case errors.Is(err, store.ErrNone):
			continue
		case err != nil:
			return Place{}, err
		}
		p := Place{ParseRole(m.Role), id, m.Active}
		if !p.Active {
			p.Role = min(p.Role, Student) // who was staff is that no more
		}
		if best.Person == "" || p.Active && !best.Active || p.Active == best.Active && p.Role > best.Role {
			best = p
		}
	}
	if who.Operator && (best.Role != Teacher || !best.Active) {
		if best.Person == "" {
			best.Person = who.Person
		}
		best.Role, best.Active = Teacher, true
	}
	return best, nil
}
