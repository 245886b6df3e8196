package batch

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"wireloom/internal/terminal"
)

// A From says what names of files and folders tell of who handed them in.
type From string

// The names that are understood.
const (
	FromNone       From = "none"       // nothing
	FromName       From = "name"       // the student's id
	FromMoodle     From = "moodle"     // Anna Meier_123456_assignsubmission_file_/x.wasm
	FromCanvas     From = "canvas"     // meieranna_LATE_12345_67890_x.wasm
	FromGradescope From = "gradescope" // submission_123456789/x.wasm, and submission_metadata.yml
	FromAuto       From = "auto"       // whichever of the three fits all, else the name
)

// Froms are all of them.
func Froms() []From {
	return []From{FromNone, FromName, FromMoodle, FromCanvas, FromGradescope, FromAuto}
}

// ParseFrom finds a From by its name.
func ParseFrom(s string) (From, error) {
	if f := From(s); slices.Contains(Froms(), f) {
		return f, nil
	}
	var names []string
	for _, f := range Froms() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("there is no %.40q; there are %s", s, strings.Join(names, ", "))
}

// An owner is who handed something in, as its name tells.
type owner struct {
	key     string // of all that is one submission; not two submissions have one
	student string // the id; "" if it isn't known
	who     string // for people; "" where the name says it best
	rest    string // what the file was called by its author
	late    bool
}

var (
	// Moodle's mod/assign/classes/downloader.php: the name, in which _ became a space, a
	// number of this assignment (a group's, or none, where groups hand in), the plugin,
	// and the file's name where files don't lie in folders. Versions before 4.2 end the
	// folder's name with _.
	moodleName = regexp.MustCompile(`(?s)^(.+?)(?:_(\d+))?_assignsubmission_[a-z0-9]+(?:_(.*))?$`)

	// Canvas' lib/content_zipper.rb: the sortable name in small letters, LATE, the user's
	// number, the attachment's number, the file's name. Versions of old wrote late. Where
	// students are anonymous the name is missing and the number is anon_ and five letters.
	canvasName = regexp.MustCompile(`(?s)^(?:(.+?)_)??(?:((?i)late)_)?(\d+|anon_[0-9A-Za-z]+)_(?:\d+_(.+)|(text\.html|link\.html))$`)

	gradescopeName = regexp.MustCompile(`^submission_[0-9A-Za-z]+$`)
)

// fits reports whether names of this kind look so.
func (f From) fits(name string) bool {
	switch f { //nolint:exhaustive // the others fit all
	case FromMoodle:
		return moodleName.MatchString(name)
	case FromCanvas:
		return canvasName.MatchString(name)
	case FromGradescope:
		return gradescopeName.MatchString(name)
	}
	return true
}

// owner says whose something is. What the names of this kind don't look like is its own.
func (f From) owner(name string, people map[string]person) owner {
	base, _ := cutWasm(name)
	alone := owner{key: "/" + name, student: base, rest: name}
	switch f {
	case FromMoodle:
		if m := moodleName.FindStringSubmatch(name); m != nil {
			key := m[1]
			if m[2] != "" {
				key += "_" + m[2]
			}
			return owner{key: key, student: m[1], who: m[1], rest: m[3]}
		}
	case FromCanvas:
		if m := canvasName.FindStringSubmatch(name); m != nil {
			o := owner{student: m[1], who: m[1], late: m[2] != "", rest: m[4] + m[5]}
			o.key = m[3]
			if m[1] != "" {
				o.key = m[1] + "_" + m[3]
			} else {
				o.student = m[3]
			}
			return o
		}
	case FromGradescope:
		if p, ok := people[name]; ok {
			alone.student, alone.who = p.id, p.names
		}
	case FromNone:
		alone.student = ""
	case FromName, FromAuto:
	}
	return alone
}

// settle is the student's id as grading takes it.
func (o *owner) settle() {
	if !utf8.ValidString(o.student) {
		o.student = terminal.Line(o.student)
	}
	o.student, o.who = norm.NFC.String(o.student), terminal.Line(norm.NFC.String(o.who))
}

// choose is what FromAuto means for a folder with these submissions.
func (f From) choose(names []string, metadata bool) From {
	switch {
	case f != FromAuto:
		return f
	case metadata:
		return FromGradescope
	}
	for _, try := range []From{FromMoodle, FromCanvas, FromGradescope} {
		if len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return !try.fits(n) }) {
			return try
		}
	}
	return FromName
}
