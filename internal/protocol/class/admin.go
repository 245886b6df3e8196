package class

// QueuePlace is where somebody is in the queue for a lab: GET /api/queue/{ticket}?place=, which is
// answered when the place is another one, or after 25 s. Who is ready asks again for what was
// refused, with the ticket in the header Wireloom-Ticket.
type QueuePlace struct {
	Ticket  string `json:"ticket,omitempty"`
	Place   int    `json:"place,omitempty"`   // from 1
	Seconds int    `json:"seconds,omitempty"` // for which they will probably wait
	Ready   bool   `json:"ready,omitempty"`
}

// AdminStatus is the server in figures: GET /api/admin/status.
type AdminStatus struct {
	Version   string        `json:"version"`
	Versions  []NamedText   `json:"versions,omitempty"` // Go, SQLite, …
	Now       int64         `json:"now"`
	Started   int64         `json:"started"`
	People    int           `json:"people"`
	Classes   []AdminClass  `json:"classes"`
	Labs      LabCounts     `json:"labs"`
	Waiting   int           `json:"waiting"` // in the queue for a lab
	Grading   GradingCounts `json:"grading"`
	Outbox    OutboxCounts  `json:"outbox"`
	Refused   []NamedCount  `json:"refused"` // by why
	Disk      Disk          `json:"disk"`
	Memory    int64         `json:"memory"` // bytes that the server uses
	Anonymous Anonymous     `json:"anonymous"`
	Pending   int           `json:"pending"` // deployments that wait for an operator
}

// A NamedCount is how often something was.
type NamedCount struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// A NamedText is what something is.
type NamedText struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// An AdminClass is a class in figures.
type AdminClass struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Term     string `json:"term,omitempty"`
	People   int    `json:"people"`
	Labs     int    `json:"labs"` // live
	Handins  int    `json:"handins"`
	Archived bool   `json:"archived,omitempty"`
}

// LabCounts is how many labs there are.
type LabCounts struct {
	Live        int `json:"live"`
	Max         int `json:"max"`
	Visitors    int `json:"visitors"` // of those that are live
	Parked      int `json:"parked"`
	Quarantined int `json:"quarantined"`
}

// GradingCounts is how much is graded.
type GradingCounts struct {
	Queued  int `json:"queued"`
	Running int `json:"running"`
	Failed  int `json:"failed"`
}

// OutboxCounts is how many scores are on their way.
type OutboxCounts struct {
	Waiting int `json:"waiting"`
	Refused int `json:"refused"`
}

// Disk is the data folder and what is free beside it, in bytes.
type Disk struct {
	Database int64 `json:"database"`
	Blobs    int64 `json:"blobs"`
	Labs     int64 `json:"labs"`
	Free     int64 `json:"free"`
	Total    int64 `json:"total"`
}

// Anonymous is whether visitors may have labs.
type Anonymous struct {
	On  bool   `json:"on"`
	Why string `json:"why,omitempty"` // as visitors are told
	By  string `json:"by,omitempty"`
	At  int64  `json:"at,omitempty"`
}

// AnonymousAsk turns visitors' labs on or off: POST /api/admin/anonymous.
type AnonymousAsk struct {
	On  bool   `json:"on"`
	Why string `json:"why,omitempty"`
}

// LabState is what has become of a lab.
type LabState string

// The states that there are.
const (
	LabLive        LabState = "live"
	LabParked      LabState = "parked"
	LabQuarantined LabState = "quarantined" // its journal doesn't replay
)

// AdminLabs are the labs that there are: GET /api/admin/labs.
type AdminLabs struct {
	Labs []AdminLab `json:"labs"`
	More bool       `json:"more,omitempty"` // than are listed
}

// An AdminLab is one.
type AdminLab struct {
	ID       string   `json:"id"`
	State    LabState `json:"state"`
	Why      string   `json:"why,omitempty"`    // it is quarantined
	Person   string   `json:"person,omitempty"` // a name; "" a visitor's
	Class    string   `json:"class,omitempty"`  // a name
	Scenario string   `json:"scenario"`
	Created  int64    `json:"created"`
	Used     int64    `json:"used"`
	Size     int64    `json:"size"` // bytes on the disk
}

// Audit is who did what, newest first: GET /api/admin/audit?before=.
type Audit struct {
	Rows []AuditRow `json:"rows"`
	Next string     `json:"next,omitempty"` // what to ask before the next time; "" at the end
}

// An AuditRow is an act.
type AuditRow struct {
	ID      string `json:"id"`
	At      int64  `json:"at"`
	Request string `json:"request,omitempty"` // its id, as the log has it
	Who     string `json:"who"`               // a name
	Class   string `json:"class,omitempty"`   // a name
	What    string `json:"what"`
	About   string `json:"about,omitempty"`
	Detail  string `json:"detail,omitempty"`
}
