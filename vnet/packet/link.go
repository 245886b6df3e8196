package packet

// A Link is what the bytes of a frame start with. Who makes a frame says it: nobody
// tells it from an interface's name.
type Link uint8

// The links. The zero value is that of what is no frame.
const (
	NoLink       Link = iota
	LinkEthernet      // an Ethernet II header
	LinkRaw           // an IP header, of the version that its first four bits say
	LinkNull          // DLT_NULL: a four-byte address family in the writer's byte order, then an IP header
	links
)

var linkNames = [links]string{"", "ethernet", "raw", "null"}

// Valid reports whether l is one of the closed set, NoLink included.
func (l Link) Valid() bool { return l < links }

// String is "ethernet", "raw" or "null"; "" of no frame.
func (l Link) String() string {
	if l.Valid() {
		return linkNames[l]
	}
	return "invalid"
}

// ParseLink returns the link of that name.
func ParseLink(name string) (Link, bool) {
	for l := LinkEthernet; l < links; l++ {
		if linkNames[l] == name {
			return l, true
		}
	}
	return NoLink, false
}
