package class

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the samples")

// now is Tuesday, 1 December 2026, 12:00 in Vienna.
const (
	now    = int64(1796122800000)
	minute = 60_000
	hour   = 60 * minute
	day    = 24 * hour
)

var (
	firstNames = []string{"Ada", "Blaise", "Carla", "David", "Edsger", "Fatima", "Grace", "Hedy", "Ivan", "Jana", "Katherine", "Leslie", "Mary", "Niklaus", "Olga"}
	lastNames  = []string{"Lovelace", "Pascal", "Novák", "Hopper", "Şahin", "Dijkstra", "O'Brien", "Wirth", "Berger", "Lamarr"}
)

// students are so many, no two alike.
func students(n int) []Member {
	var out []Member
	for i := range n {
		name := firstNames[i%len(firstNames)] + " " + lastNames[(i*7+i/len(firstNames))%len(lastNames)]
		m := Member{
			Person: fmt.Sprintf("person%020d", i), Name: name, Role: Student, Section: []string{"Mon", "Wed"}[i%2],
			Login: fmt.Sprintf("s%04d", 1000+i), Active: i != 7, Joined: now - 20*day,
		}
		if i%5 != 4 {
			m.Seen = now - int64(i)*37*minute
		}
		out = append(out, m)
	}
	return out
}

func lessonSamples() []Lesson {
	const zone = "Europe/Vienna"
	l := func(i int, title, scenario, goal string, points int, due int64) Lesson {
		return Lesson{
			ID: fmt.Sprintf("lesson%020d", i), Class: "class0", Position: i, Title: title, Scenario: scenario, Hash: "9f86d081884c7d65",
			Goal: goal, Points: points, Due: due, Zone: zone, Counts: Best, Published: true, Version: 3,
		}
	}
	all := []Lesson{
		l(1, "First read and write", "first-io", "Open the tap, read one frame, and send it back to where it came from.", 10, now-6*day),
		l(2, "Who has this address?", "arp", "Answer ARP requests for one's own address, and for no other.", 20, now-2*hour),
		l(3, "Answer pings from a program", "ping", "Answer ICMP echo requests, whatever they carry.", 24, now+3*hour+12*minute),
		l(4, "A learning switch", "learning-switch", "Forward frames by what was learned of their senders.", 30, now+5*day),
		l(5, "A router", "router", "Forward IPv4 between three networks.", 40, now+12*day),
	}
	all[1].Locks = now + 2*day
	all[4].Opens = now + 4*day
	all[3].Counts = Last
	return all
}

func mine() []Lesson {
	all := lessonSamples()
	all[0].Mine = &MyLesson{Begun: true, Lab: "lab0", Due: all[0].Due, Handins: 3, Handed: all[0].Due - day, Points: new(10.0)}
	all[1].Mine = &MyLesson{
		Begun: true, Lab: "lab1", Due: all[1].Due, Locks: all[1].Locks, Handins: 1, Handed: now - hour, Late: true, Points: new(14.0),
		Comment: "Well begun. Look again at requests for other addresses: yours answers them, too.",
	}
	all[2].Mine = &MyLesson{Begun: true, Lab: "lab2", Due: all[2].Due + 2*day, Extended: true}
	all[3].Mine = &MyLesson{Due: all[3].Due}
	all[4].Mine = &MyLesson{Due: all[4].Due}
	return all
}

func staffLessons() []Lesson {
	all := lessonSamples()
	for i := range all {
		all[i].Handed = []int{29, 24, 11, 0, 0}[i]
	}
	all[2].Extensions = []Extension{
		{Who: "person00000000000000000003", Name: "David Hopper", Due: all[2].Due + 2*day, By: "Tina Berger", At: now - day},
		{Who: "section:Wed", Name: "section Wed", Due: all[2].Due + day, By: "Tina Berger", At: now - day},
	}
	all[4].Published = false
	return all
}

func handins() []Handin {
	program := []Program{{Slot: "bob.pingd", Name: "pingd.wasm", Hash: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", Size: 18231}}
	h := func(n int, at int64) Handin {
		return Handin{
			ID: fmt.Sprintf("handin%020d", n), Lesson: lessonSamples()[2].ID, Person: "person00000000000000000000", Number: n, At: at,
			Hash: "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9", Size: 61022, Programs: program, Max: 24, Of: 8, Version: 4,
		}
	}
	all := []Handin{h(3, now-minute), h(2, now-hour), h(1, now-day)}
	all[0].State, all[0].Ahead, all[0].Seconds = Queued, 2, 14
	all[1].State, all[1].Passed, all[1].Points, all[1].Counts, all[1].Report, all[1].Hidden = Graded, 6, new(18.0), true, true, true
	all[2].State, all[2].Why = Failed, "bob.pingd used more memory than the lesson allows: 64 MB"
	return all
}

func bookRows(n int) []BookRow {
	var out []BookRow
	for i, m := range students(n) {
		r := BookRow{Person: m.Person, Name: m.Name, Section: m.Section, Active: m.Active, Due: now - 2*hour, Sync: SyncNone}
		if i%6 != 5 {
			r.Handins, r.Number, r.Handin, r.State = 1+i%4, 1+i%4, fmt.Sprintf("handin%020d", i), Graded
			r.At = now - 3*hour - int64(i*i%97)*11*minute
			r.Passed, r.Of = 8-i%9%4, 8
			r.Auto, r.Final, r.Sync = new(float64(20-i%9)), new(float64(20-i%9)), SyncSent
		}
		switch {
		case i%11 == 3:
			r.Late, r.LateBy, r.At = true, int64(i)*17*minute, r.Due+int64(i)*17*minute
		case i%13 == 2:
			r.Mark = &Mark{Points: new(19.5), Comment: "Shown on paper.", By: "Tina Berger", At: now - day, Version: 2}
			r.Final = r.Mark.Points
		case i == 9:
			r.State, r.Sync = Running, SyncWaiting
		case i == 10:
			r.Mark = &Mark{Excused: true, By: "Tina Berger", At: now - day, Version: 1}
			r.Final, r.Sync = nil, SyncExcused
		case i == 12:
			r.Sync = SyncRefused
		}
		out = append(out, r)
	}
	return out
}

func classBook(n int) ClassBook {
	var b ClassBook
	for _, l := range lessonSamples() {
		b.Lessons = append(b.Lessons, BookLesson{ID: l.ID, Title: l.Title, Max: float64(l.Points), Due: l.Due})
	}
	for i, m := range students(n) {
		r := ClassRow{Person: m.Person, Name: m.Name, Section: m.Section, Active: m.Active}
		for j, l := range b.Lessons[:3] {
			if (i+j)%7 != 6 {
				r.Cells = append(r.Cells, BookCell{Lesson: l.ID, Final: new(l.Max - float64((i*3+j)%8)), Late: (i+j)%9 == 4, Marked: (i+j)%12 == 3})
			}
		}
		b.Rows = append(b.Rows, r)
	}
	return b
}

func wall(n int) Wall {
	did := []string{"uploaded pingd.wasm into bob.pingd", "checked: 5 of 8", "typed ping -c 3 bob at alice", "paused time", "typed ifconfig -a at bob", "restarted pingd"}
	w := Wall{Type: "wall", Now: now}
	for i, m := range students(n) {
		c := WallCard{
			Lab: fmt.Sprintf("lab%023d", i), Person: m.Person, Name: m.Name, Section: m.Section, Lesson: lessonSamples()[i%3].ID, Title: lessonSamples()[i%3].Title,
			Here: i%8 != 7, Did: did[i%len(did)], At: now - int64(i%7)*40_000, Passed: i * 5 % 9, Of: 8, Since: now - int64(i%5)*2*minute,
		}
		if c.Passed == 8 {
			c.Handed = i % 2
		}
		switch i {
		case 4:
			c.Hand, c.HandAt = "My program never sees the second frame. What do I overlook?", now-3*minute
		case 11:
			c.Hand, c.HandAt = " ", now-40_000
		case 14:
			c.Help, c.Helper = HelpAccepted, "Tina Berger"
		case 15:
			c.Parked, c.Here = true, false
		case 6:
			c.Since, c.Passed = now-17*minute, 2
		case 17:
			c.Of, c.Passed = 0, 0
		}
		w.Cards = append(w.Cards, c)
	}
	return w
}

// samples has a value of each answer, as a class of 30 in the middle of its term has them:
// the page's tests read them, and its pictures are drawn of them.
func samples() map[string]any {
	people := append([]Member{
		{Person: "teacher0000000000000000000", Name: "Tina Berger", Role: Teacher, Email: "tina@example.org", Active: true, Joined: now - 40*day, Seen: now - minute},
		{Person: "assist00000000000000000000", Name: "Tom Wirth", Role: Assistant, Email: "tom@example.org", Active: true, Joined: now - 40*day, Seen: now - day},
	}, students(30)...)
	class := Class{
		ID: "class0", Name: "Networks 1", Term: "Autumn 2026", Zone: "Europe/Vienna", Role: Teacher, Code: "7KQ2M9XA", Open: true,
		Created: now - 60*day, Version: 5, Students: 29, Linked: true,
	}
	student := class
	student.Role, student.Code, student.Students, student.Linked = Student, "", 0, false
	old := class
	old.ID, old.Term, old.Archived, old.Linked = "class1", "Autumn 2025", true, false
	var sync []SyncRow
	for _, r := range bookRows(30) {
		s := SyncRow{Person: r.Person, Name: r.Name, Platform: "Campus Moodle", State: r.Sync, Points: r.Final, Max: 20}
		switch r.Sync {
		case SyncSent:
			s.Sent = now - 90*minute
		case SyncRefused:
			s.Words, s.Todo = "Incorrect score received", "They have no role there that is graded: add them to the course as a student, then send again."
		case SyncWaiting:
			s.Next = now + 2*minute
		case SyncNone, SyncExcused, SyncNowhere: // no more to say
		}
		sync = append(sync, s)
	}
	return map[string]any{
		"refusal":       Refusal{Error: "Somebody of this name has joined already. If that was you, say your return word, too.", Want: "word"},
		"full":          Refusal{Error: "This server has as many labs as it can run.", Queue: &QueuePlace{Ticket: "ticket0", Place: 3, Seconds: 40}},
		"visitor":       Me{Ways: []Way{{Kind: ByOIDC, Name: "Campus login", Href: "auth/oidc/campus"}, {Kind: ByName}, {Kind: ByCode}}},
		"me-student":    Me{SignedIn: true, Person: "person00000000000000000000", Name: "Ada Lovelace", Class: "class0", Ways: []Way{}},
		"me-teacher":    Me{SignedIn: true, Person: "teacher0000000000000000000", Name: "Tina Berger", Creates: true, Ways: []Way{}},
		"me-operator":   Me{SignedIn: true, Person: "operator000000000000000000", Name: "Olga Operator", Operator: true, Creates: true, Ways: []Way{}},
		"welcome":       Welcome{Person: "person00000000000000000000", Name: "Ada Lovelace", Class: "class0", Word: "bamiko-dutera"},
		"ticket":        Ticket{Href: "ticket/abc"},
		"identities":    Identities{Identities: []Identity{{ID: "identity0", Kind: ByName, Issuer: "Networks 1", Created: now - day, This: true}}},
		"arrivals":      Arrivals{Arrivals: []Arrival{{ID: "arrival0", Name: "Nora Newcomer", At: now - 4*minute}}},
		"classes":       Classes{Classes: []Class{class, old}},
		"class":         class,
		"class-student": student,
		"roster":        Roster{People: people},
		"member":        people[2],
		"roster-diff": RosterDiff{
			Preview: "preview0", Read: "Read as a Canvas export: UTF-8, commas, 31 lines; names from “Student”, sections from “Section”.",
			Added: students(34)[30:], Back: people[9:10], Changed: []RosterChange{{Person: people[4].Person, Name: people[4].Name, What: "section", From: "Mon", To: "Wed"}},
			Dropped: people[12:14], Same: 26, Wrong: []RosterLine{{Line: 17, Why: "there is no name in it"}},
		},
		"one-time-code":   OneTimeCode{Code: "PX4T-92KC", Expires: now + 12*hour},
		"lessons-student": Lessons{Lessons: mine(), Now: now},
		"lessons":         Lessons{Lessons: staffLessons(), Now: now},
		"lesson":          staffLessons()[2],
		"extension":       staffLessons()[2].Extensions[0],
		"scenarios": Scenarios{Scenarios: []Scenario{
			{Name: "first-io", Title: "First read and write", Builtin: true, Course: 1, Points: 10, Goal: "Open the tap, read one frame, and send it back to where it came from."},
			{Name: "arp", Title: "Who has this address?", Builtin: true, Course: 2, Points: 20, Goal: "Answer ARP requests for one's own address, and for no other."},
			{Name: "ping", Title: "Answer pings from a program", Builtin: true, Course: 3, Points: 24, Goal: "Answer ICMP echo requests, whatever they carry."},
			{Name: "learning-switch", Title: "A learning switch", Builtin: true, Course: 4, Points: 30, Goal: "Forward frames by what was learned of their senders."},
			{Name: "mine", Title: "A lab of our own", Hash: "b5bb9d8014a0f9b1", Points: 12, Created: now - day},
		}},
		"scenario": Scenario{Name: "mine", Title: "A lab of our own", Hash: "b5bb9d8014a0f9b1", Points: 12, Created: now},
		"bench":    Bench{Lab: "lab0"},
		"receipt": Receipt{
			Handin: handins()[0].ID, Lesson: handins()[0].Lesson, Number: 3, At: now - minute, Hash: handins()[0].Hash, Size: 61022, Programs: handins()[0].Programs,
			Due: now + 3*hour,
		},
		"handins":    Handins{Handins: handins(), Mark: &Mark{Comment: "Look again at the checksum.", By: "Tina Berger", At: now - hour, Version: 1}},
		"handin":     handins()[1],
		"book":       Book{Lesson: lessonSamples()[1].ID, Max: 20, Rows: bookRows(30)},
		"book-row":   bookRows(3)[2],
		"class-book": classBook(30),
		"regrade": Regrade{
			ID: "regrade0", Lesson: lessonSamples()[1].ID, Reason: "Check 4 refused answers that RFC 826 allows.", By: "Tina Berger", At: now, State: RegradeReady,
			Graded: 25, Of: 25, Same: 22, Grader: "20261201-abc1234",
			Changes: []RegradeRow{
				{Person: "person00000000000000000001", Name: "Blaise Wirth", From: new(14.0), To: new(18.0)},
				{Person: "person00000000000000000004", Name: "Edsger Şahin", From: new(16.0), To: new(15.0)},
				{Person: "person00000000000000000002", Name: "Carla O'Brien", From: new(12.0), To: new(16.0), Why: "19.5 points of a teacher's stay"},
			},
		},
		"sync": Sync{Linked: true, Rows: sync},
		"platforms": Platforms{
			Tool: Tool{
				Login: "https://labs.example.org/lti/login", Launch: "https://labs.example.org/lti/launch", DeepLink: "https://labs.example.org/lti/deeplink",
				Keys: "https://labs.example.org/lti/keys", Register: "https://labs.example.org/lti/register",
			},
			Platforms: []Platform{
				{
					ID: "platform0", Name: "Campus Moodle", Product: "moodle", Issuer: "https://moodle.example.org", Client: "kX3jY0", Auth: "https://moodle.example.org/mod/lti/auth.php",
					Token: "https://moodle.example.org/mod/lti/token.php", Keys: "https://moodle.example.org/mod/lti/certs.php", Created: now - 90*day, Seen: now - hour, Version: 2,
					Deployments: []Deployment{{ID: "1", Seen: now - hour}, {ID: "7", Pending: true, Seen: now - 2*day}},
				},
				{
					ID: "platform1", Name: "Canvas", Product: "canvas", Issuer: "https://canvas.instructure.com", Client: "10000000000123", Auth: "https://sso.canvaslms.com/api/lti/authorize_redirect",
					Token: "https://sso.canvaslms.com/login/oauth2/token", Keys: "https://sso.canvaslms.com/api/lti/security/jwks", Created: now - day, Version: 1,
				},
			},
		},
		"platform": Platform{ID: "platform0", Name: "Campus Moodle", Issuer: "https://moodle.example.org", Client: "kX3jY0", Auth: "a", Token: "t", Keys: "k", Version: 3, Deployments: []Deployment{{ID: "7"}}},
		"notices": Notices{
			Last: 12, Hands: []string{lessonSamples()[2].ID},
			Notices: []Notice{
				{ID: 12, At: now, Kind: NoticeText, From: "Tina Berger", Text: "Ten minutes left. Hand in what you have: you can again later."},
				{ID: 11, At: now - hour, Kind: NoticeProgram, From: "Tina Berger", Text: "A sniffer that shows what arrives.", Lesson: lessonSamples()[2].ID, Slot: "bob.pingd"},
			},
		},
		"help":  Help{Lab: "lab0", State: HelpAsked, By: "Tina Berger"},
		"queue": QueuePlace{Place: 2, Seconds: 30},
		"wall":  wall(30),
		"cards": Cards{Type: "cards", Now: now + 1000, Cards: []WallChange{{Lab: wall(1).Cards[0].Lab, Passed: new(6), Did: new("checked: 6 of 8"), At: new(now)}}, Gone: []string{wall(2).Cards[1].Lab}},
		"admin-status": AdminStatus{
			Version: "20261201-abc1234", Versions: []NamedText{{"Go", "go1.26.8"}, {"SQLite", "3.54.1"}}, Now: now, Started: now - 9*day - 3*hour, People: 312,
			Classes: []AdminClass{{ID: "class0", Name: "Networks 1", Term: "Autumn 2026", People: 32, Labs: 21, Handins: 96}, {ID: "class1", Name: "Networks 1", Term: "Autumn 2025", People: 28, Handins: 410, Archived: true}},
			Labs:    LabCounts{Live: 38, Max: 200, Visitors: 17, Parked: 143, Quarantined: 1}, Waiting: 2, Grading: GradingCounts{Queued: 4, Running: 2}, Outbox: OutboxCounts{Waiting: 1, Refused: 1},
			Refused: []NamedCount{{"labs", 31}, {"codes", 12}, {"uploads", 2}}, Disk: Disk{Database: 21_000_000, Blobs: 340_000_000, Labs: 96_000_000, Free: 41_000_000_000, Total: 80_000_000_000},
			Memory: 612_000_000, Anonymous: Anonymous{On: true}, Pending: 1,
		},
		"admin-labs": AdminLabs{Labs: []AdminLab{
			{ID: "k3fdq0v9r2mplxc7ty1wbn5zea", State: LabLive, Person: "Ada Lovelace", Class: "Networks 1", Scenario: "ping", Created: now - 2*day, Used: now - minute, Size: 81_204},
			{ID: "p0fdq0v9r2mplxc7ty1wbn5zeb", State: LabParked, Person: "Blaise Wirth", Class: "Networks 1", Scenario: "arp", Created: now - 5*day, Used: now - day, Size: 12_400},
			{ID: "q1fdq0v9r2mplxc7ty1wbn5zec", State: LabQuarantined, Why: "its journal ends in the middle of command 412", Scenario: "vpn", Created: now - day, Used: now - 3*hour, Size: 204_112},
		}},
		"audit": Audit{Next: "audit1", Rows: []AuditRow{
			{ID: "audit3", At: now - minute, Request: "r-81f2", Who: "Tina Berger", Class: "Networks 1", What: "lesson.publish", About: "A learning switch"},
			{ID: "audit2", At: now - hour, Request: "r-80aa", Who: "Tina Berger", Class: "Networks 1", What: "regrade.apply", About: "Who has this address?", Detail: "3 changed: check 4 refused answers that RFC 826 allows"},
			{ID: "audit1", At: now - day, Request: "r-7c01", Who: "Olga Operator", What: "platform.accept", About: "Campus Moodle", Detail: "deployment 1"},
		}},
	}
}

// TestSamples holds what the page's tests read against what these structs say.
func TestSamples(t *testing.T) {
	for name, v := range samples() {
		got, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		file := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(file, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the structs say (%v): go test ./internal/protocol/class -update", file, err)
		}
	}
}

func TestEachAnswerHasASample(t *testing.T) {
	had := map[reflect.Type]bool{}
	for _, v := range samples() {
		had[reflect.TypeOf(v)] = true
	}
	want := Answers
	for _, v := range Messages {
		want = append(want, v)
	}
	for _, v := range want {
		if !had[reflect.TypeOf(v)] {
			t.Errorf("no sample is a %T", v)
		}
	}
}
