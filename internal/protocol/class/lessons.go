package class

// Counts is which hand-in of a lesson counts.
type Counts string

// The rules that there are. A late hand-in never lowers.
const (
	Best Counts = "best"
	Last Counts = "last"
)

// Lessons are those of a class in their order; a student's are the published ones.
type Lessons struct {
	Lessons []Lesson `json:"lessons"`
	Now     int64    `json:"now"` // the server's clock: dates are counted down by it
}

// A Lesson is a scenario with dates.
type Lesson struct {
	ID        string `json:"id"`
	Class     string `json:"class"`
	Position  int    `json:"position"`
	Title     string `json:"title"`
	Scenario  string `json:"scenario"` // its name
	Hash      string `json:"hash"`     // the version of the scenario
	Goal      string `json:"goal,omitempty"`
	Points    int    `json:"points"` // that its visible checks are worth, and for staff all
	Opens     int64  `json:"opens,omitempty"`
	Due       int64  `json:"due,omitempty"`
	Locks     int64  `json:"locks,omitempty"` // from when on nothing is taken
	Zone      string `json:"zone"`
	Counts    Counts `json:"counts"`
	Published bool   `json:"published"`
	Version   int64  `json:"version"`

	Mine       *MyLesson   `json:"mine,omitempty"`       // of the student who asks
	Handed     int         `json:"handed,omitempty"`     // how many people have handed in; staff see it
	Extensions []Extension `json:"extensions,omitempty"` // staff see them
}

// MyLesson is where a student is with a lesson.
type MyLesson struct {
	Begun    bool     `json:"begun,omitempty"` // there is a bench
	Lab      string   `json:"lab,omitempty"`   // the bench's
	Due      int64    `json:"due,omitempty"`   // with the extension
	Locks    int64    `json:"locks,omitempty"`
	Extended bool     `json:"extended,omitempty"`
	Handins  int      `json:"handins,omitempty"`
	Handed   int64    `json:"handed,omitempty"`  // when the counting hand-in came
	Late     bool     `json:"late,omitempty"`    // it came late
	Grading  bool     `json:"grading,omitempty"` // one is being graded
	Points   *float64 `json:"points,omitempty"`  // what counts so far
	Excused  bool     `json:"excused,omitempty"`
	Comment  string   `json:"comment,omitempty"` // a teacher's
}

// LessonAsk makes a lesson: POST /api/classes/{class}/lessons. It comes last.
type LessonAsk struct {
	Scenario  string `json:"scenario"` // a built-in one's name, or the hash of an uploaded one
	Title     string `json:"title,omitempty"`
	Opens     int64  `json:"opens,omitempty"`
	Due       int64  `json:"due,omitempty"`
	Locks     int64  `json:"locks,omitempty"`
	Counts    Counts `json:"counts,omitempty"`
	Published bool   `json:"published,omitempty"`
}

// LessonChange changes what it has of a lesson: PATCH /api/lessons/{lesson}. A date of 0
// is none.
type LessonChange struct {
	Title     *string `json:"title,omitempty"`
	Scenario  *string `json:"scenario,omitempty"`
	Position  *int    `json:"position,omitempty"` // from 1; the others make room
	Opens     *int64  `json:"opens,omitempty"`
	Due       *int64  `json:"due,omitempty"`
	Locks     *int64  `json:"locks,omitempty"`
	Counts    Counts  `json:"counts,omitempty"`
	Published *bool   `json:"published,omitempty"`
	Version   int64   `json:"version"`
}

// An Extension is a later date for somebody.
type Extension struct {
	Who   string `json:"who"`  // a person's id, or section:NAME
	Name  string `json:"name"` // of whom it is
	Due   int64  `json:"due"`
	Locks int64  `json:"locks,omitempty"`
	By    string `json:"by,omitempty"` // the name of who gave it
	At    int64  `json:"at,omitempty"`
}

// ExtensionAsk gives one: PUT /api/lessons/{lesson}/extensions/{who}.
type ExtensionAsk struct {
	Due   int64 `json:"due"`
	Locks int64 `json:"locks,omitempty"`
}

// Scenarios are what a lesson of a class can be made of: GET /api/classes/{class}/scenarios.
type Scenarios struct {
	Scenarios []Scenario `json:"scenarios"`
}

// A Scenario is one of them. An upload is answered with it.
type Scenario struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Hash    string `json:"hash,omitempty"` // of an uploaded one
	Builtin bool   `json:"builtin,omitempty"`
	Course  int    `json:"course,omitempty"` // its position in the course, from 1
	Goal    string `json:"goal,omitempty"`
	Points  int    `json:"points"`
	Created int64  `json:"created,omitempty"`
}

// Bench is a student's own lab of a lesson: POST /api/lessons/{lesson}/bench, and …/bench/over.
type Bench struct {
	Lab string `json:"lab"`
}
