package class

// A Role is what somebody is in a class.
type Role string

// The roles that there are. An operator is a teacher everywhere.
const (
	Student   Role = "student"
	Assistant Role = "assistant"
	Teacher   Role = "teacher"
)

// Me is who asks: GET /api/me. A visitor has no person.
type Me struct {
	SignedIn bool   `json:"signed_in"`
	Person   string `json:"person,omitempty"`
	Name     string `json:"name,omitempty"`
	Operator bool   `json:"operator,omitempty"`
	Creates  bool   `json:"creates,omitempty"` // may make classes
	Framed   bool   `json:"framed,omitempty"`  // in a frame of a learning platform
	Class    string `json:"class,omitempty"`   // the one class that this session is for; "" for all
	Ways     []Way  `json:"ways"`              // to sign in
}

// A Way is one to sign in: a campus login's button goes to its address, which is relative to the page's.
type Way struct {
	Kind IdentityKind `json:"kind"`
	Name string       `json:"name,omitempty"`
	Href string       `json:"href,omitempty"`
}

// IdentityKind is a way to sign in.
type IdentityKind string

// The ways that there are.
const (
	ByName     IdentityKind = "name" // a class's code, and a name
	ByOIDC     IdentityKind = "oidc"
	ByLTI      IdentityKind = "lti"
	ByOperator IdentityKind = "operator"
	ByCode     IdentityKind = "code" // an operator's token or a one-time code
)

// JoinAsk joins a class by its code: POST /api/join. Who comes back from another browser
// also says the word that they were given.
type JoinAsk struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Secret string `json:"secret,omitempty"`
}

// Welcome says who is signed in now, after a join or by a code: POST /api/signin.
type Welcome struct {
	Person   string `json:"person"`
	Name     string `json:"name"` // as the roster has it
	Operator bool   `json:"operator,omitempty"`
	Class    string `json:"class,omitempty"`
	Word     string `json:"word,omitempty"` // to come back with, said once; "" who had one
}

// SignInAsk signs in by an operator's token or a one-time code.
type SignInAsk struct {
	Token string `json:"token"`
}

// SignOutAsk signs out: POST /api/signout.
type SignOutAsk struct {
	Everywhere bool `json:"everywhere,omitempty"`
}

// TicketAsk asks for a way into a new window: POST /api/ticket.
type TicketAsk struct {
	To string `json:"to,omitempty"` // an address on this site
}

// Ticket is good for one use, for a minute.
type Ticket struct {
	Href string `json:"href"` // relative to the page's
}

// Identities are the ways in which somebody has signed in: GET /api/me/identities.
type Identities struct {
	Identities []Identity `json:"identities"`
}

// An Identity is one of them.
type Identity struct {
	ID      string       `json:"id"`
	Kind    IdentityKind `json:"kind"`
	Issuer  string       `json:"issuer"` // who vouches: a class's name, a campus login, a platform
	Name    string       `json:"name,omitempty"`
	Email   string       `json:"email,omitempty"`
	Created int64        `json:"created"`
	Seen    int64        `json:"seen,omitempty"`
	This    bool         `json:"this,omitempty"` // this session's
}

// MergeAsk joins who asks with who has this one-time code: POST /api/me/identities/merge.
type MergeAsk struct {
	Code string `json:"code"`
}

// Arrivals are names that asked to be let in: GET /api/classes/{class}/arrivals. Who adds such a member lets them in.
type Arrivals struct {
	Arrivals []Arrival `json:"arrivals"`
}

// An Arrival is one.
type Arrival struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	At   int64  `json:"at"`
}
