package class

// HelpState is whether somebody else may type on a bench.
type HelpState string

// The states that there are.
const (
	NoHelp       HelpState = "none"
	HelpAsked    HelpState = "asked"
	HelpAccepted HelpState = "accepted"
	HelpRefused  HelpState = "refused"
)

// Wall is all benches of a class: the first message.
type Wall struct {
	Type  string     `json:"type" ts:"kind"`
	Now   int64      `json:"now"` // the server's clock
	Cards []WallCard `json:"cards"`
}

// Cards are what has changed since.
type Cards struct {
	Type  string       `json:"type" ts:"kind"`
	Now   int64        `json:"now"`
	New   []WallCard   `json:"new,omitempty"`
	Cards []WallChange `json:"cards,omitempty"`
	Gone  []string     `json:"gone,omitempty"` // labs
}

// A WallChange is what has changed of a card: what is absent has not.
type WallChange struct {
	Lab    string     `json:"lab"`
	Parked *bool      `json:"parked,omitempty"`
	Here   *bool      `json:"here,omitempty"`
	Did    *string    `json:"did,omitempty"`
	At     *int64     `json:"at,omitempty"`
	Passed *int       `json:"passed,omitempty"`
	Of     *int       `json:"of,omitempty"`
	Since  *int64     `json:"since,omitempty"`
	Handed *int       `json:"handed,omitempty"`
	Hand   *string    `json:"hand,omitempty"`
	HandAt *int64     `json:"handat,omitempty"`
	Help   *HelpState `json:"help,omitempty"`
	Helper *string    `json:"helper,omitempty"`
}

// A WallCard is a bench.
type WallCard struct {
	Lab     string    `json:"lab"`
	Person  string    `json:"person"`
	Name    string    `json:"name"`
	Section string    `json:"section,omitempty"`
	Lesson  string    `json:"lesson"`
	Title   string    `json:"title"`            // the lesson's
	Parked  bool      `json:"parked,omitempty"` // nobody looks at it, and it is on the disk
	Here    bool      `json:"here,omitempty"`   // the student looks at it
	Did     string    `json:"did,omitempty"`    // their last action, in words
	At      int64     `json:"at,omitempty"`     // of that
	Passed  int       `json:"passed"`           // checks, when they were last run
	Of      int       `json:"of"`
	Since   int64     `json:"since,omitempty"` // of the last progress: stuck since then
	Handed  int       `json:"handed,omitempty"`
	Hand    string    `json:"hand,omitempty"` // what they ask; " " where they only raised it
	HandAt  int64     `json:"handat,omitempty"`
	Help    HelpState `json:"help,omitempty"`   // absent: none
	Helper  string    `json:"helper,omitempty"` // the name of who helps
}

// BroadcastAsk tells a class something: POST /api/classes/{class}/broadcast. A program comes as a
// multipart form instead: text, lesson, node, proc, and the file in the part program.
type BroadcastAsk struct {
	Text   string `json:"text"`
	Lesson string `json:"lesson,omitempty"` // only who works on this one
}

// HandAsk raises a hand, or takes it down: POST /api/lessons/{lesson}/hand.
type HandAsk struct {
	Up   bool   `json:"up"`
	Text string `json:"text,omitempty"`
}

// HelpAct is a step on the way to helping.
type HelpAct string

// The steps that there are: staff ask, the student accepts or refuses, either ends it.
const (
	AskToHelp  HelpAct = "ask"
	AcceptHelp HelpAct = "accept"
	RefuseHelp HelpAct = "refuse"
	EndHelp    HelpAct = "end"
)

// HelpAsk takes one: POST /api/labs/{lab}/help.
type HelpAsk struct {
	Do HelpAct `json:"do"`
}

// Help is whether somebody else may type in a lab.
type Help struct {
	Lab   string    `json:"lab"`
	State HelpState `json:"state,omitempty"`
	By    string    `json:"by,omitempty"` // the name of who asks to, or may
}

// Notices are what a person of a class was told: GET /api/classes/{class}/notices?after=. It is
// answered when there is something new, or after 25 s.
type Notices struct {
	Notices []Notice `json:"notices"`
	Last    int64    `json:"last"`            // what to ask after the next time
	Help    []Help   `json:"help"`            // of the asker's benches
	Hands   []string `json:"hands,omitempty"` // lessons of which the asker's hand is up
}

// NoticeKind is what a notice is about.
type NoticeKind string

// The kinds that there are.
const (
	NoticeText    NoticeKind = "text"
	NoticeProgram NoticeKind = "program" // a program was put into a slot
	NoticeHelp    NoticeKind = "help"    // somebody has something to say about helping
)

// A Notice is one.
type Notice struct {
	ID     int64      `json:"id"`
	At     int64      `json:"at"`
	Kind   NoticeKind `json:"kind"`
	From   string     `json:"from"` // a name
	Text   string     `json:"text"`
	Lesson string     `json:"lesson,omitempty"`
	Lab    string     `json:"lab,omitempty"`
	Slot   string     `json:"slot,omitempty"`
}
