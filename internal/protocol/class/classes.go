package class

// Classes are those of who asks; an operator's are all: GET /api/classes.
type Classes struct {
	Classes []Class `json:"classes"`
}

// A Class is GET /api/classes/{class}.
type Class struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Term      string `json:"term,omitempty"`
	Zone      string `json:"zone"`           // of its dates: "Europe/Vienna"
	Role      Role   `json:"role"`           // of who asks
	Code      string `json:"code,omitempty"` // to join by; staff see it
	Open      bool   `json:"open"`           // who has the code is let in, also who isn't on the list
	Archived  bool   `json:"archived,omitempty"`
	Retention int64  `json:"retention,omitempty"` // when its people's work goes
	Created   int64  `json:"created"`
	Version   int64  `json:"version"`
	Students  int    `json:"students,omitempty"` // that are active; staff see it
	Linked    bool   `json:"linked,omitempty"`   // a course of a learning platform belongs to it
}

// ClassAsk makes a class: POST /api/classes.
type ClassAsk struct {
	Name string `json:"name"`
	Term string `json:"term,omitempty"`
	Zone string `json:"zone"`
}

// ClassChange changes what it has of a class: PATCH /api/classes/{class}.
type ClassChange struct {
	Name      *string `json:"name,omitempty"`
	Term      *string `json:"term,omitempty"`
	Zone      *string `json:"zone,omitempty"`
	Open      *bool   `json:"open,omitempty"`
	Archived  *bool   `json:"archived,omitempty"`
	Retention *int64  `json:"retention,omitempty"`
	Version   int64   `json:"version"`
}

// CopyAsk copies a class's lessons, and none of its people: POST /api/classes/{class}/copy.
type CopyAsk struct {
	Name  string `json:"name"`
	Term  string `json:"term,omitempty"`
	Weeks int    `json:"weeks"` // by which dates move
}

// CodeAsk makes a new join code: POST /api/classes/{class}/code. The old one is no more.
type CodeAsk struct {
	Version int64 `json:"version"`
}

// Roster is GET /api/classes/{class}/roster.
type Roster struct {
	People []Member `json:"people"`
}

// A Member is somebody of a class.
type Member struct {
	Person  string `json:"person"`
	Name    string `json:"name"`
	Role    Role   `json:"role"`
	Section string `json:"section,omitempty"`
	SIS     string `json:"sis,omitempty"`
	Login   string `json:"login,omitempty"`
	Email   string `json:"email,omitempty"`
	Active  bool   `json:"active"` // who was dropped is not, and keeps their work
	Joined  int64  `json:"joined,omitempty"`
	Changed int64  `json:"changed,omitempty"`
	Seen    int64  `json:"seen,omitempty"` // when they last signed in; 0 never
}

// RosterDiff is what a file would change: POST …/roster/preview. Nothing is changed yet.
type RosterDiff struct {
	Preview string         `json:"preview"` // to apply it by
	Read    string         `json:"read"`    // how the file was read, in a sentence
	Added   []Member       `json:"added"`
	Back    []Member       `json:"back"` // who were dropped once
	Changed []RosterChange `json:"changed"`
	Dropped []Member       `json:"dropped"` // who the file doesn't have
	Same    int            `json:"same"`
	Wrong   []RosterLine   `json:"wrong"` // lines that are left out
}

// A RosterChange is a member whose row says something else.
type RosterChange struct {
	Person string `json:"person"`
	Name   string `json:"name"`
	What   string `json:"what"` // "section"
	From   string `json:"from"`
	To     string `json:"to"`
}

// A RosterLine is a line of a file that can't be used.
type RosterLine struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// ApplyAsk applies a preview: POST …/roster/apply, which answers with the Roster.
type ApplyAsk struct {
	Preview string `json:"preview"`
	Drop    bool   `json:"drop,omitempty"` // also drop who the file doesn't have
}

// MemberAsk adds somebody: POST …/members, which answers with the Member.
type MemberAsk struct {
	Name    string `json:"name"`
	Email   string `json:"email,omitempty"`
	Section string `json:"section,omitempty"`
	Role    Role   `json:"role"`
}

// MemberChange changes what it has of a member: PATCH …/members/{person}.
type MemberChange struct {
	Name    *string `json:"name,omitempty"`
	Email   *string `json:"email,omitempty"`
	Section *string `json:"section,omitempty"`
	Role    Role    `json:"role,omitempty"`
	Active  *bool   `json:"active,omitempty"`
}

// OneTimeCode lets a member in once: POST …/members/{person}/code.
type OneTimeCode struct {
	Code    string `json:"code"`
	Expires int64  `json:"expires"`
}
