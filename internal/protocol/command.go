package protocol

import "wireloom/internal/decode"

// Commands has a value of each command of the page's, by what its member op is: its
// other members are the struct's. Around it are the type, "cmd", and an id, which the
// reply has too.
var Commands = map[string]any{
	"pause":  Pause{},
	"resume": Resume{},
	"rate":   SetRate{},
	"step":   Step{},
	"start":  Start{},
	"stop":   Stop{},
	"kill":   Kill{},
	"exec":   Exec{},
	"try":    Try{},
	"stdin":  Stdin{},
	"decode": Decode{},
	"text":   Text{},
	"port":   SetPort{},
	"vlan":   SetVLAN{},
	"impair": Impair{},
	"plug":   Plug{},
	"unplug": Unplug{},
	"table":  Table{},
	"match":  Match{},
}

// Pause stops virtual time.
type Pause struct{}

// Resume lets virtual time go on.
type Resume struct{}

// SetRate sets how fast virtual time goes.
type SetRate struct {
	Rate Rate `json:"rate"`
}

// Step does the next event of a lab that is paused.
type Step struct{}

// Start starts a process of the scenario.
type Start struct {
	Node string `json:"node"`
	Proc string `json:"proc"`
}

// Stop sends SIGTERM to a process.
type Stop struct {
	Node string `json:"node"`
	Proc string `json:"proc"`
}

// Kill sends SIGKILL to a process.
type Kill struct {
	Node string `json:"node"`
	Proc string `json:"proc"`
}

// Exec runs a line at the prompt of a node. The result is an [ExecResult].
type Exec struct {
	Node string `json:"node"`
	Line string `json:"line"`
}

// Try does what a button of the lab does. The result is a [TryResult].
type Try struct {
	N uint64 `json:"n"` // of the button
}

// Stdin types text at a process.
type Stdin struct {
	Node string `json:"node"`
	Proc string `json:"proc"`
	Text string `json:"text"`
}

// Decode asks for the fields of a frame. The result is a [DecodeResult].
type Decode struct {
	Link LinkType `json:"link"`
	Hex  Hex      `json:"hex"`
}

// Text asks for what a process wrote from one event to another. The result is a [TextResult].
type Text struct {
	Node string `json:"node"`
	Proc string `json:"proc"`
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Match asks which of some frames a display filter chooses. Without frames it asks
// whether the filter is one. The result is a [MatchResult].
type Match struct {
	Filter string       `json:"filter"`
	Frames []MatchFrame `json:"frames"`
}

// A MatchFrame is a frame, and what else a filter may ask for.
type MatchFrame struct {
	Link LinkType `json:"link"`
	Hex  Hex      `json:"hex"`
	Size int      `json:"size"` // bytes that it had, where hex has its beginning
	At   int64    `json:"at"`   // virtual nanoseconds
	Port string   `json:"port"` // where it was seen
}

// A Reply answers a command.
type Reply struct {
	Type   string `json:"type" ts:"kind"`
	ID     int64  `json:"id"`
	OK     bool   `json:"ok"`
	Result any    `json:"result,omitempty"` // if ok
	Error  string `json:"error,omitempty"`  // a sentence, if not
}

// A Bye is the last message of a server that says why.
type Bye struct {
	Type   string `json:"type" ts:"kind"`
	Reason string `json:"reason"`
}

// Results are what commands return.
var Results = []any{MatchResult{}, ExecResult{}, TryResult{}, DecodeResult{}, TextResult{}, TableResult{}}

// An ExecResult is the process that now runs in front.
type ExecResult struct {
	Proc string `json:"proc"`
}

// A TryResult is the process that now runs in front at a node, if a button gave its prompt
// a line.
type TryResult struct {
	Node string `json:"node,omitempty"`
	Proc string `json:"proc,omitempty"`
}

// A DecodeResult is what a frame is made of.
type DecodeResult struct {
	Fields  []decode.Field `json:"fields"`
	Summary decode.Summary `json:"summary"`
}

// A TextResult is what a process wrote, as far as the log still has it.
type TextResult struct {
	Parts  []TextPart `json:"parts"`
	Next   uint64     `json:"next"`   // the event to ask from for what follows; beyond To if nothing does
	Missed uint64     `json:"missed"` // events before Parts that are gone, of whatever kind
}

// A TextPart is what a process wrote at once, or several times in a row.
type TextPart struct {
	FD   int    `json:"fd"`
	Text string `json:"text"`
}

// A MatchResult is which frames a filter chooses.
type MatchResult struct {
	Matched string `json:"matched"` // 1 or 0 for each frame, of those that were looked at: ask again for the others
}
