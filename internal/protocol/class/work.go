package class

// A Program is what was in a slot.
type Program struct {
	Slot string `json:"slot"` // NODE.PROC
	Name string `json:"name"` // of its file
	Hash string `json:"hash"` // SHA-256
	Size int64  `json:"size"` // bytes
}

// HandinAsk hands in what is on the bench: POST /api/lessons/{lesson}/handins. Programs
// come as a multipart form instead, each in a part that is called as its slot.
type HandinAsk struct {
	From string `json:"from"` // "bench"
}

// Receipt says what the server has: it is answered when it lies on the disk.
type Receipt struct {
	Handin   string    `json:"handin"`
	Lesson   string    `json:"lesson"`
	Number   int       `json:"number"` // from 1, of this student's
	At       int64     `json:"at"`     // the server's clock
	Hash     string    `json:"hash"`   // SHA-256 of what is stored
	Size     int64     `json:"size"`   // bytes
	Programs []Program `json:"programs"`
	Due      int64     `json:"due,omitempty"` // with the extension
	Late     bool      `json:"late,omitempty"`
}

// HandinState is where a hand-in's grading is.
type HandinState string

// The states that there are.
const (
	Queued  HandinState = "queued"
	Running HandinState = "running"
	Graded  HandinState = "done"
	Failed  HandinState = "failed"
)

// Handins are a student's of a lesson, newest first: GET /api/lessons/{lesson}/handins.
type Handins struct {
	Handins []Handin `json:"handins"`
	Mark    *Mark    `json:"mark,omitempty"` // what a teacher said of them
}

// A Handin is GET /api/handins/{handin}. With ?after=VERSION it is answered when its
// version is another one, or after 25 s. Its fields are all that the page of a hand-in shows.
type Handin struct {
	ID       string      `json:"id"`
	Lesson   string      `json:"lesson"`
	Person   string      `json:"person"`
	Number   int         `json:"number"`
	At       int64       `json:"at"`
	Hash     string      `json:"hash"`
	Size     int64       `json:"size"`
	Programs []Program   `json:"programs"`
	Late     bool        `json:"late,omitempty"`
	LateBy   int64       `json:"lateby,omitempty"`
	State    HandinState `json:"state"`
	Ahead    int         `json:"ahead,omitempty"`   // how many are graded before it
	Seconds  int         `json:"seconds,omitempty"` // for which it will probably wait
	Why      string      `json:"why,omitempty"`     // grading failed
	Points   *float64    `json:"points,omitempty"`  // that the asker may see
	Max      float64     `json:"max"`
	Passed   int         `json:"passed"` // checks
	Of       int         `json:"of"`
	Hidden   bool        `json:"hidden,omitempty"` // more is checked after the due date
	Counts   bool        `json:"counts,omitempty"`
	Pinned   bool        `json:"pinned,omitempty"` // a teacher said that it counts
	Report   bool        `json:"report,omitempty"` // there is one
	Grader   string      `json:"grader,omitempty"` // the version that graded
	Version  int64       `json:"version"`
}

// A Mark is what teachers say of a student's work. Nothing automatic changes it.
type Mark struct {
	Points  *float64 `json:"points,omitempty"` // instead of those of the checks
	Comment string   `json:"comment,omitempty"`
	Excused bool     `json:"excused,omitempty"`
	Pin     string   `json:"pin,omitempty"` // the hand-in that counts
	By      string   `json:"by,omitempty"`  // the name of who said it
	At      int64    `json:"at,omitempty"`
	Version int64    `json:"version"`
}

// MarkAsk says the whole of a mark anew: POST /api/lessons/{lesson}/people/{person}/marks,
// which answers with the BookRow. The first has version 0.
type MarkAsk struct {
	Points  *float64 `json:"points,omitempty"`
	Comment string   `json:"comment,omitempty"`
	Excused bool     `json:"excused,omitempty"`
	Pin     string   `json:"pin,omitempty"`
	Version int64    `json:"version"`
}

// Book is the gradebook of a lesson: GET /api/lessons/{lesson}/book.
type Book struct {
	Lesson string    `json:"lesson"`
	Max    float64   `json:"max"`
	Rows   []BookRow `json:"rows"`
}

// A BookRow is a student's.
type BookRow struct {
	Person  string      `json:"person"`
	Name    string      `json:"name"`
	Section string      `json:"section,omitempty"`
	Active  bool        `json:"active"`
	Handins int         `json:"handins,omitempty"`
	Handin  string      `json:"handin,omitempty"` // the one that counts
	Number  int         `json:"number,omitempty"` // its
	At      int64       `json:"at,omitempty"`
	Due     int64       `json:"due,omitempty"` // with the extension
	Late    bool        `json:"late,omitempty"`
	LateBy  int64       `json:"lateby,omitempty"`
	State   HandinState `json:"state,omitempty"`
	Passed  int         `json:"passed,omitempty"`
	Of      int         `json:"of,omitempty"`
	Auto    *float64    `json:"auto,omitempty"`  // of the checks
	Final   *float64    `json:"final,omitempty"` // what goes out; absent: nothing does
	Mark    *Mark       `json:"mark,omitempty"`
	Sync    SyncState   `json:"sync,omitempty"` // "" where no platform is linked
}

// ClassBook is the gradebook of a class: GET /api/classes/{class}/book.
type ClassBook struct {
	Lessons []BookLesson `json:"lessons"`
	Rows    []ClassRow   `json:"rows"`
}

// A BookLesson is a column of it.
type BookLesson struct {
	ID    string  `json:"id"`
	Title string  `json:"title"`
	Max   float64 `json:"max"`
	Due   int64   `json:"due,omitempty"`
}

// A ClassRow is a student's, with a cell for each lesson that there is something of.
type ClassRow struct {
	Person  string     `json:"person"`
	Name    string     `json:"name"`
	Section string     `json:"section,omitempty"`
	Active  bool       `json:"active"`
	Cells   []BookCell `json:"cells"`
}

// A BookCell is a student's lesson.
type BookCell struct {
	Lesson  string   `json:"lesson"`
	Final   *float64 `json:"final,omitempty"`
	Late    bool     `json:"late,omitempty"`
	Excused bool     `json:"excused,omitempty"`
	Grading bool     `json:"grading,omitempty"`
	Marked  bool     `json:"marked,omitempty"` // a teacher's points
}

// RegradeAsk grades a lesson's counting hand-ins again: POST /api/lessons/{lesson}/regrades.
type RegradeAsk struct {
	Reason string `json:"reason"`
}

// RegradeState is where a regrade is.
type RegradeState string

// The states that there are. What is ready is a preview.
const (
	Regrading      RegradeState = "running"
	RegradeReady   RegradeState = "ready"
	RegradeApplied RegradeState = "applied"
)

// A Regrade is GET /api/regrades/{regrade}: nobody's points change until it is applied.
type Regrade struct {
	ID      string       `json:"id"`
	Lesson  string       `json:"lesson"`
	Reason  string       `json:"reason"`
	By      string       `json:"by"` // the name of who asked for it
	At      int64        `json:"at"`
	State   RegradeState `json:"state"`
	Graded  int          `json:"graded"`
	Of      int          `json:"of"`
	Same    int          `json:"same"`
	Changes []RegradeRow `json:"changes"`
	Grader  string       `json:"grader,omitempty"`
	Applied int64        `json:"applied,omitempty"`
}

// A RegradeRow is somebody whose points change.
type RegradeRow struct {
	Person string   `json:"person"`
	Name   string   `json:"name"`
	From   *float64 `json:"from,omitempty"`
	To     *float64 `json:"to,omitempty"`
	Why    string   `json:"why,omitempty"` // grading failed; or a teacher's points stay
}
