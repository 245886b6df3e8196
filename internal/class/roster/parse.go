// Package roster reads lists of the people of a class as Canvas, Moodle and spreadsheets
// write them, and compares one with who is in the class. It changes nothing itself.
package roster

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Limits of a file. A class of 5,000 with all columns has half a megabyte.
const (
	MaxFile = 1 << 20 // bytes
	MaxRows = 5000    // people
	maxCell = 250     // bytes of a cell that is used
	maxCols = 2000    // Canvas writes one for each assignment
	maxBad  = 100     // bad lines that are listed
)

// A Row is what a file says of a person: as it stands there, but for blanks. What it doesn't say is "".
type Row struct {
	Line    int // of the file, from 1
	Name    string
	Email   string
	SIS     string
	Login   string
	Canvas  string
	Section string
	Role    string // "student", "assistant", "teacher"; "" if the file has no such column
}

// A Bad line is one that can't be used.
type Bad struct {
	Line int
	Why  string
}

// A File is a roster that was read.
type File struct {
	Read string // how, in a sentence
	Rows []Row
	Bad  []Bad
	More int // bad lines that are not listed
}

func (f *File) bad(line int, format string, args ...any) {
	if len(f.Bad) == maxBad {
		f.More++
		return
	}
	f.Bad = append(f.Bad, Bad{line, fmt.Sprintf(format, args...)})
}

// separators are what cells may be apart by, with their names.
var separators = []struct {
	r    rune
	name string
}{{',', "commas"}, {';', "semicolons"}, {'\t', "tabs"}}

// Parse reads a file. Its error is a sentence on why nothing of it can be used.
func Parse(file []byte) (*File, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("the file has more than %d bytes, and a roster of %d people has less: is it the right file?", MaxFile, MaxRows)
	}
	s, how, err := text(file)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(s, "\n") { // as Excel on a Mac writes them
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	var skipped int // lines before the header
	if line, rest, ok := strings.Cut(s, "\n"); ok && len(line) < 10 && strings.HasPrefix(line, "sep=") {
		s, skipped = rest, 1 // Excel's own way to say what its cells are apart by: the header shows it too
	}
	best, most := separators[0], -1
	for _, sep := range separators {
		header, err := reader(s, sep.r).Read()
		if err != nil && errors.Is(err, io.EOF) {
			return nil, errors.New("the file has no lines")
		}
		if _, known := layout(header); err == nil && known > most {
			best, most = sep, known
		}
	}
	f := &File{Read: fmt.Sprintf("CSV with %s, in %s", best.name, how)}
	return f, f.read(reader(s, best.r), skipped)
}

func reader(s string, sep rune) *csv.Reader {
	r := csv.NewReader(strings.NewReader(s))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = sep, -1, true
	return r
}

// read reads the lines into the file.
func (f *File) read(r *csv.Reader, skipped int) error {
	header, err := r.Read()
	if err != nil {
		return sentence(err, skipped)
	}
	at, _ := layout(header)
	if len(header) > maxCols {
		return fmt.Errorf("the first line has %d columns, and at most %d are allowed", len(header), maxCols)
	}
	if at[fullName] < 0 && (at[firstName] < 0 || at[lastName] < 0) {
		return fmt.Errorf("no column has the names: the first line must call the columns, such as Name (or First name and Last name), Email, SIS User ID, Section; it has %s", shown(header))
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return sentence(err, skipped)
		}
		line, _ := r.FieldPos(0)
		f.line(cells, at, line+skipped)
		if len(f.Rows) > MaxRows {
			return fmt.Errorf("the file has more than %d people, and a class has at most so many", MaxRows)
		}
	}
	if len(f.Rows) == 0 {
		return fmt.Errorf("the file has a header and nobody in it that can be used%s", f.first())
	}
	return nil
}

// first is why the first bad line was, for a file in which all are.
func (f *File) first() string {
	if len(f.Bad) == 0 {
		return ""
	}
	return fmt.Sprintf(": line %d: %s", f.Bad[0].Line, f.Bad[0].Why)
}

// shown is what a header has, for a sentence.
func shown(header []string) string {
	var names []string
	for _, h := range header {
		if len(names) == 8 {
			names = append(names, "...")
			break
		}
		names = append(names, fmt.Sprintf("%.30q", squeeze(h)))
	}
	return strings.Join(names, ", ")
}

// sentence says where a file is no CSV. Nothing of such a file is used: a quote that is not
// closed swallows people, and who is missing would look dropped.
func sentence(err error, skipped int) error {
	var wrong *csv.ParseError
	if !errors.As(err, &wrong) {
		return err
	}
	return fmt.Errorf("line %d is no CSV: a quote (\") stands in the middle of a cell, or is not closed: put the cell in quotes, and write each quote in it twice", wrong.Line+skipped)
}

// squeeze is a cell without line breaks, control characters and more than one blank.
func squeeze(cell string) string {
	return strings.Join(strings.FieldsFunc(cell, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff'
	}), " ")
}

// line reads one person.
func (f *File) line(cells []string, at [columns]int, line int) {
	get := func(c column) string {
		if at[c] < 0 || at[c] >= len(cells) {
			return ""
		}
		cell := cells[at[c]]
		if len(cell) > maxCell {
			return cell // judged below, without looking at each letter of it
		}
		return squeeze(cell)
	}
	row := Row{
		Line: line, Name: get(fullName), Email: get(email), SIS: get(sis), Login: get(login), Canvas: get(canvas), Section: get(section),
	}
	if row.Name == "" {
		row.Name = strings.TrimSpace(get(firstName) + " " + get(lastName))
	}
	said := get(role)
	for _, cell := range []string{row.Name, row.Email, row.SIS, row.Login, row.Canvas, row.Section, said} {
		if len(cell) > maxCell {
			f.bad(line, "a cell has %d bytes, and at most %d are allowed: is a quote not closed?", len(cell), maxCell)
			return
		}
	}
	if said != "" {
		if row.Role = roles[word(said)]; row.Role == "" {
			f.bad(line, "the role %q is none of student, assistant, teacher", said)
			return
		}
	}
	if row.Email != "" && strings.Count(row.Email, "@") != 1 {
		f.bad(line, "%q is no e-mail address", row.Email)
		return
	}
	switch empty := row.Email == "" && row.SIS == "" && row.Login == "" && row.Canvas == ""; {
	case empty && row.Name == "", empty && row.Name == "Points Possible": // a blank line, and Canvas's second
	case row.Name == "":
		f.bad(line, "there is no name")
	case (row.Name == "Student, Test" || row.Name == "Test Student") && row.SIS == "":
		f.bad(line, "this is Canvas's test student, who is nobody")
	default:
		f.Rows = append(f.Rows, row)
	}
}
