package visitor

import (
	"cmp"
	"crypto/subtle"
)

// A Client is whom limits are kept for. Who is signed in counts as that person, wherever
// they come from, and in the class that they do something for; a stranger counts as their
// address: thousands may come from one, and one may have thousands.
type Client struct {
	Person  string // "" for a stranger
	Class   string // "" where what is done is for no class
	Address string // as Proxies.From has it; "" for what is nobody's
}

// Key is what tells this client from others.
func (c Client) Key() string { return cmp.Or(c.Person, c.Address) }

// Stranger reports whether nobody knows who that is.
func (c Client) Stranger() bool { return c.Person == "" && c.Address != "" }

// SameSecret reports whether two secrets are the same, in a time that tells nothing of them.
func SameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
