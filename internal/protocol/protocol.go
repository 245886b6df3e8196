// Package protocol is what the page and the server say to each other: JSON texts over
// one WebSocket. A struct here is an object there; what is "omitempty" and absent is
// zero. internal/typescript makes the page's types and their guards from this package's
// source: from the structs, the tables of kinds and the comments. A ts tag gives a
// member the name that it has in the page, where the one on the wire is short.
//
// internal/stream writes events and states by hand, for speed. Its tests hold what it
// writes against these structs.
package protocol

// Version is that of the protocol. A page of another one says that it must be loaded anew.
const Version = 3

// Messages has a value of each message of the server's, by what its member type is.
var Messages = map[string]any{
	"hello":  Hello{},
	"events": Batch{},
	"state":  Status{},
	"reply":  Reply{},
	"bye":    Bye{},
	"people": People{},
}

// Hex is bytes, two digits each.
type Hex string

// A LinkType is what a frame begins with.
type LinkType string

// The link types that there are.
const (
	Ethernet LinkType = "ethernet"
	Raw      LinkType = "raw"  // an IP packet
	Null     LinkType = "null" // four bytes of the address family, then an IP packet
)
