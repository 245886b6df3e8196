package protocol

// People says who is at a lab that is a student's bench: it comes after the hello, and when
// it has changed.
type People struct {
	Type     string   `json:"type"`
	Watching []string `json:"watching"`         // the names of the staff who look at it now
	Asks     string   `json:"asks,omitempty"`   // the name of who asks to type in it
	Helper   string   `json:"helper,omitempty"` // the name of who may type in it, besides the student
	May      Rights   `json:"may"`              // what this viewer may do
}

// Rights are what a viewer may do with a lab.
type Rights string

// The rights that there are.
const (
	Watch Rights = "watch"
	Type  Rights = "type"
)
