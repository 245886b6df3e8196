// Package identity knows who people are: their sessions in browsers, the ways in that
// make one (a class's join code with a name, codes for once, a campus login, a
// platform's launch), and which of them are one human.
package identity

import "slices"

// Who is the person that a request comes from. The zero value is a visitor.
type Who struct {
	Person, Name string
	Operator     bool
	Creates      bool   // may make classes
	Session      string // the session's id in the store, which is no secret
	Key          string // chooses the session among those that a browser has in frames; "" for the one of the browser
	Framed       bool   // the session lives in a frame of a platform's page
	Class        string // that the session is for, or the last of them; "" where it is for all classes of the person
	Also         []string

	classes []string // that the session is for; none for all
}

// People are the ids of the person: their own, and those that were merged with it. A
// merge moves no rows, so that what is somebody's is found under any of them.
func (w Who) People() []string {
	if w.Person == "" {
		return nil
	}
	return append([]string{w.Person}, w.Also...)
}

// Is reports whether a person's id is one of who asks.
func (w Who) Is(person string) bool {
	return person != "" && (w.Person == person || slices.Contains(w.Also, person))
}

// In reports whether the session is good for a class.
func (w Who) In(class string) bool {
	return w.Person != "" && (w.Class == "" || slices.Contains(w.classes, class))
}
