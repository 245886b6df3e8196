package mark

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

var due = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// attempts makes a list in the words of a table: minutes from the due date, then points by
// the visible checks and by all; -1 is not graded, -2 can't be.
func attempts(list ...[3]int) []Attempt {
	var out []Attempt
	for i, x := range list {
		a := Attempt{ID: string(rune('a' + i)), Number: i + 1, At: due.Add(time.Duration(x[0]) * time.Minute), Failed: x[2] == -2}
		if x[1] >= 0 {
			a.Visible = &Result{Whole(x[1]), Whole(10)}
		}
		if x[2] >= 0 {
			a.Full = &Result{Whole(x[2]), Whole(10)}
		}
		out = append(out, a)
	}
	return out
}

func TestCounting(t *testing.T) {
	after, before := due.Add(time.Hour), due.Add(-time.Hour)
	for _, c := range []struct {
		name   string
		rule   Rule
		now    time.Time
		list   []Attempt
		pin    string
		want   string
		reason Reason
	}{
		{"nothing handed in", Best, after, nil, "", "", NoReason},
		{"the best in time", Best, after, attempts([3]int{-9, 5, 7}, [3]int{-8, 5, 9}, [3]int{-7, 5, 8}), "", "b", ByRule},
		{"of equal ones the later", Best, after, attempts([3]int{-9, 5, 7}, [3]int{-8, 5, 7}), "", "b", ByRule},
		{"the last in time, though it is worse", Last, after, attempts([3]int{-9, 5, 9}, [3]int{-8, 5, 2}), "", "b", ByRule},
		{"before the due date by visible checks, whatever is known", Best, before, attempts([3]int{-90, 5, 1}, [3]int{-80, 4, 10}), "", "a", ByRule},
		{"exactly at the due date is in time", Last, after, attempts([3]int{-9, 5, 9}, [3]int{0, 5, 2}), "", "b", ByRule},
		{"a lower late one never lowers", Last, after, attempts([3]int{-9, 5, 9}, [3]int{5, 5, 2}), "", "a", ByRule},
		{"an equal late one does not count", Best, after, attempts([3]int{-9, 5, 9}, [3]int{5, 5, 9}), "", "a", ByRule},
		{"a better late one counts, and is late", Last, after, attempts([3]int{-9, 5, 3}, [3]int{5, 5, 8}, [3]int{9, 5, 4}), "", "b", ByLate},
		{"a late one alone counts", Last, after, attempts([3]int{5, 5, 8}), "", "a", ByLate},
		{"a late one alone counts before it is graded", Best, after, attempts([3]int{5, 5, -1}), "", "a", ByLate},
		{"a late one is nothing before the last in time is graded", Last, after, attempts([3]int{-9, 5, -1}, [3]int{5, 5, 8}), "", "a", ByRule},
		{"a late one counts where the one in time can't be graded", Last, after, attempts([3]int{-9, 5, -2}, [3]int{5, 5, 8}), "", "b", ByLate},
		{"a teacher's pin wins", Best, after, attempts([3]int{-9, 5, 9}, [3]int{-8, 5, 2}, [3]int{5, 5, 1}), "c", "c", ByPin},
		{"a pin on what is not there is none", Best, after, attempts([3]int{-9, 5, 9}), "x", "a", ByRule},
		{"one that is not graded is no best", Best, after, attempts([3]int{-9, 5, 0}, [3]int{-8, 5, -1}), "", "a", ByRule},
	} {
		i, reason := Counting(c.rule, Dates{Due: due}, c.now, c.list, c.pin)
		got := ""
		if i >= 0 {
			got = c.list[i].ID
		}
		if got != c.want || reason != c.reason {
			t.Errorf("%s: got %q %q, want %q %q", c.name, got, reason, c.want, c.reason)
		}
	}
}

// Five things that a score alone does not tell apart, and what is final.
func TestJudge(t *testing.T) {
	after, before := due.Add(time.Hour), due.Add(-time.Hour)
	zero, much := Points(0), Whole(25)
	for _, c := range []struct {
		name  string
		dates Dates
		now   time.Time
		list  []Attempt
		mark  Mark
		want  Grade
	}{
		{"no hand-in", Dates{Due: due}, after, nil, Mark{}, Grade{Standing: Absent}},
		{"0 points", Dates{Due: due}, after, attempts([3]int{-9, 0, 0}), Mark{}, Grade{Standing: Graded, Max: Whole(10), Final: true, Handin: "a", Reason: ByRule}},
		{"more than the maximum", Dates{Due: due}, after, attempts([3]int{-9, 5, 12}), Mark{}, Grade{Standing: Graded, Points: Whole(12), Max: Whole(10), Final: true, Handin: "a", Reason: ByRule}},
		{"excused", Dates{Due: due}, after, attempts([3]int{-9, 5, 7}), Mark{Excused: true}, Grade{Standing: Excused, Max: Whole(10), Final: true, Handin: "a", Reason: ByRule}},
		{"before the due date nothing is final", Dates{Due: due}, before, attempts([3]int{-90, 5, 9}), Mark{}, Grade{Standing: Graded, Points: Whole(5), Max: Whole(10), Handin: "a", Reason: ByRule}},
		{"without a due date all checks count at once", Dates{}, before, attempts([3]int{-90, 5, 9}), Mark{}, Grade{Standing: Graded, Points: Whole(9), Max: Whole(10), Final: true, Handin: "a", Reason: ByRule}},
		{"handed in and not graded", Dates{Due: due}, after, attempts([3]int{-9, 5, -1}), Mark{}, Grade{Standing: Waiting, Handin: "a", Reason: ByRule}},
		{"what can't be graded", Dates{Due: due}, after, attempts([3]int{-9, -1, -2}), Mark{}, Grade{Standing: Failed, Handin: "a", Reason: ByRule}},
		{"not final while another is graded", Dates{Due: due}, after, attempts([3]int{-9, 5, 9}, [3]int{-8, 5, -1}), Mark{}, Grade{Standing: Graded, Points: Whole(9), Max: Whole(10), Handin: "a", Reason: ByRule}},
		{"points by hand instead of those of checks", Dates{Due: due}, before, attempts([3]int{-90, 5, 9}), Mark{Points: &much, Comment: "well"}, Grade{Standing: Graded, Points: much, Max: Whole(10), Manual: true, Final: true, Handin: "a", Reason: ByRule, Comment: "well"}},
		{"0 points by hand without a hand-in", Dates{Due: due}, after, nil, Mark{Points: &zero}, Grade{Standing: Graded, Manual: true, Final: true}},
		{"late, with the time", Dates{Due: due}, after, attempts([3]int{5, 5, 9}), Mark{}, Grade{Standing: Graded, Points: Whole(9), Max: Whole(10), Final: true, Handin: "a", Reason: ByLate, Late: 5 * time.Minute}},
		{"an extension takes lateness away", Dates{Due: due.Add(6 * time.Minute)}, after, attempts([3]int{5, 5, 9}), Mark{}, Grade{Standing: Graded, Points: Whole(9), Max: Whole(10), Final: true, Handin: "a", Reason: ByRule}},
	} {
		if got := Judge(Best, c.dates, c.now, c.list, c.mark); got != c.want {
			t.Errorf("%s: got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestDoor(t *testing.T) {
	d := Dates{Opens: due.Add(-time.Hour), Due: due, Locks: due.Add(time.Hour)}
	for _, c := range []struct {
		name string
		at   time.Duration
		want Door
	}{
		{"before it opens", -61 * time.Minute, Unopened},
		{"when it opens", -time.Hour, Open},
		{"late", time.Minute, Open},
		{"at the lock date", time.Hour, Open},
		{"after it", time.Hour + time.Millisecond, Locked},
	} {
		if got := d.Door(due.Add(c.at)); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if (Dates{}).Door(due) != Open {
		t.Error("a lesson without dates is not open")
	}
}

func TestPoints(t *testing.T) {
	for _, c := range []struct {
		f    float64
		want string
	}{{0, "0"}, {7, "7"}, {7.5, "7.5"}, {0.1, "0.1"}, {9.999, "9.999"}, {1e6, "1000000"}, {-1, ""}, {0.00001, ""}, {1e7, ""}, {math.NaN(), ""}, {math.Inf(1), ""}} {
		p, err := FromFloat(c.f)
		if c.want == "" {
			if err == nil {
				t.Errorf("%v is taken as %s", c.f, p)
			}
			continue
		}
		if err != nil || p.String() != c.want {
			t.Errorf("%v: got %q, %v, want %q", c.f, p, err, c.want)
		}
		if b, err := json.Marshal(p.Float()); err != nil || string(b) != c.want {
			t.Errorf("%v in JSON: got %s, %v", c.f, b, err)
		}
	}
	if got := (-Whole(1)).String(); got != "-1" {
		t.Errorf("got %q", got)
	}
}
