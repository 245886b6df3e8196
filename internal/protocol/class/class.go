// Package class is what the page and the server say to each other about people and
// classes: the JSON of the routes of internal/classroom, and of the wall's WebSocket. A
// struct here is an object there. internal/typescript makes the page's types of this
// package's source, and guards of what is answered.
//
// Times are Unix milliseconds, 0 for none; lengths of time are milliseconds where their
// name doesn't say another unit. Ids are store.NewID's. What is "omitempty" and absent is
// zero. A number that is a pointer may be absent, which is not the same as zero: no points
// are none, and 0 points are 0.
//
// Who changes a thing that has a version says which version it was that they saw. Where
// another one is there now, nothing is changed, and the answer is 409 with a sentence.
package class

// Answers has a value of each object that a route answers with.
var Answers = []any{
	Refusal{},
	Me{},
	Welcome{},
	Ticket{},
	Identities{},
	Arrivals{},
	Classes{},
	Class{},
	Roster{},
	Member{},
	RosterDiff{},
	OneTimeCode{},
	Lessons{},
	Lesson{},
	Extension{},
	Scenarios{},
	Scenario{},
	Bench{},
	Receipt{},
	Handins{},
	Handin{},
	Book{},
	ClassBook{},
	BookRow{},
	Regrade{},
	Sync{},
	Platforms{},
	Platform{},
	Notices{},
	Help{},
	QueuePlace{},
	AdminStatus{},
	AdminLabs{},
	Audit{},
}

// Asks has a value of each object that a route takes.
var Asks = []any{
	JoinAsk{},
	SignInAsk{},
	SignOutAsk{},
	TicketAsk{},
	MergeAsk{},
	ClassAsk{},
	ClassChange{},
	CopyAsk{},
	CodeAsk{},
	ApplyAsk{},
	MemberAsk{},
	MemberChange{},
	LessonAsk{},
	LessonChange{},
	ExtensionAsk{},
	HandinAsk{},
	MarkAsk{},
	RegradeAsk{},
	SyncAsk{},
	PlatformAsk{},
	PlatformChange{},
	BroadcastAsk{},
	HandAsk{},
	HelpAsk{},
	AnonymousAsk{},
}

// Messages has a value of each message of the wall, by what its member type is.
var Messages = map[string]any{
	"wall":  Wall{},
	"cards": Cards{},
}

// Refusal is what every answer of 400 and above has: a sentence for the person.
type Refusal struct {
	Error string      `json:"error"`
	Want  string      `json:"want,omitempty"`  // what would help: "word" the return word, "teacher" to be let in
	Queue *QueuePlace `json:"queue,omitempty"` // the page waits there, and begins by itself
}
