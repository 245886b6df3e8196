package roster

import (
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16File is a text as Excel saves it.
func utf16File(order binary.AppendByteOrder, text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

const canvasFile = "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Lab 1 (1234)\r\n" +
	"    Points Possible,,,,,10\r\n" +
	"\"Lovelace, Ada\",17,s01,ada,Group A,9\r\n" +
	"\"Müller, Jörg\",18,s02,joerg,Group B,\r\n" +
	"\"Student, Test\",99,,0123456789abcdef,Group A,\r\n"

func TestParse(t *testing.T) {
	ada := Row{Line: 3, Name: "Lovelace, Ada", SIS: "s01", Login: "ada", Canvas: "17", Section: "Group A"}
	joerg := Row{Line: 4, Name: "Müller, Jörg", SIS: "s02", Login: "joerg", Canvas: "18", Section: "Group B"}
	excel := "Vorname;Nachname;E-Mail-Adresse;Gruppe\r\nJörg;Müller;j@example.org;1\r\n"
	fromExcel := []Row{{Line: 2, Name: "Jörg Müller", Email: "j@example.org", Section: "1"}}
	for _, tc := range []struct {
		name, file string
		read       string
		want       []Row
		bad        string
	}{
		{"Canvas's gradebook", canvasFile, "CSV with commas, in UTF-8", []Row{ada, joerg}, "5: this is Canvas's test student, who is nobody\n"},
		{
			"Moodle's participants", "First name,Last name,Email address,Groups\nAda,Lovelace,Ada@Example.org,\"A, B\"\n", "CSV with commas, in UTF-8",
			[]Row{{Line: 2, Name: "Ada Lovelace", Email: "Ada@Example.org", Section: "A, B"}},
			"",
		},
		{
			"Moodle's grades: its ID number is the school's", "First name,Last name,ID number,Institution,Email address\nAda,Lovelace,s01,,a@b\n", "CSV with commas, in UTF-8",
			[]Row{{Line: 2, Name: "Ada Lovelace", SIS: "s01", Email: "a@b"}},
			"",
		},
		{"Excel with semicolons", excel, "CSV with semicolons, in UTF-8", fromExcel, ""},
		{"Excel's own first line", "sep=;\r\n" + excel, "CSV with semicolons, in UTF-8", []Row{{Line: 3, Name: "Jörg Müller", Email: "j@example.org", Section: "1"}}, ""},
		{"Excel's Unicode text", string(utf16File(binary.LittleEndian, "\ufeff"+strings.ReplaceAll(excel, ";", "\t"))), "CSV with tabs, in UTF-16", fromExcel, ""},
		{"the other way round", string(utf16File(binary.BigEndian, "\ufeff"+excel)), "CSV with semicolons, in UTF-16", fromExcel, ""},
		{"without a mark", string(utf16File(binary.LittleEndian, excel)), "CSV with semicolons, in UTF-16", fromExcel, ""},
		{"without a mark, the other way round", string(utf16File(binary.BigEndian, excel)), "CSV with semicolons, in UTF-16", fromExcel, ""},
		{"Windows-1252", strings.ReplaceAll(strings.ReplaceAll(excel, "ö", "\xf6"), "ü", "\xfc"), "CSV with semicolons, in Windows-1252", fromExcel, ""},
		{"an old Mac's lines", "Name,Email\rAda,a@b\rBob,b@b\r", "CSV with commas, in UTF-8", []Row{{Line: 2, Name: "Ada", Email: "a@b"}, {Line: 3, Name: "Bob", Email: "b@b"}}, ""},
		{
			"quoted line breaks and blanks", "Name,Email\n\"  Ada\n   Lovelace \",a@b\nBob,b@b\n", "CSV with commas, in UTF-8",
			[]Row{{Line: 2, Name: "Ada Lovelace", Email: "a@b"}, {Line: 4, Name: "Bob", Email: "b@b"}},
			"",
		},
		{"an ID alone is the school's", "ID,Name\n7,Ada\n", "CSV with commas, in UTF-8", []Row{{Line: 2, Name: "Ada", SIS: "7"}}, ""},
		{
			"roles", "Name,Role\nAda,Teaching Assistant\nBob,Student\nEve,Janitor\n", "CSV with commas, in UTF-8",
			[]Row{{Line: 2, Name: "Ada", Role: "assistant"}, {Line: 3, Name: "Bob", Role: "student"}},
			"4: the role \"Janitor\" is none of student, assistant, teacher\n",
		},
		{
			"short lines, blank lines, lines with no name", "Name,Email,Section\nAda\n\n,,\n,x@y\nBob,nobody\n", "CSV with commas, in UTF-8",
			[]Row{{Line: 2, Name: "Ada"}},
			"5: there is no name\n6: \"nobody\" is no e-mail address\n",
		},
		{"a long cell that nobody needs", "Name,Essay\nAda," + strings.Repeat("x", 5000) + "\n", "CSV with commas, in UTF-8", []Row{{Line: 2, Name: "Ada"}}, ""},
		{
			"a long cell", "Name\n" + strings.Repeat("x", 251) + "\nAda\n", "CSV with commas, in UTF-8",
			[]Row{{Line: 3, Name: "Ada"}},
			"2: a cell has 251 bytes, and at most 250 are allowed: is a quote not closed?\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := Parse([]byte(tc.file))
			if err != nil {
				t.Fatal(err)
			}
			var bad strings.Builder
			for _, b := range f.Bad {
				fmt.Fprintf(&bad, "%d: %s\n", b.Line, b.Why)
			}
			if f.Read != tc.read || !reflect.DeepEqual(f.Rows, tc.want) || bad.String() != tc.bad {
				t.Errorf("read: %s\ngot  %+v\nwant %+v\nbad %q\nwant %q", f.Read, f.Rows, tc.want, bad.String(), tc.bad)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ name, file, want string }{
		{"nothing", "", "the file is empty"},
		{"a mark alone", "\ufeff", "no lines"},
		{"a spreadsheet", "PK\x03\x04...", "Save as, CSV UTF-8"},
		{"noise", "\x7fELF\x02\x01\x01\x00\x01\x02", "bytes of zero"},
		{"no column of names", "Email,Section\na@b,1\n", "no column has the names: the first line must call the columns, such as Name (or First name and Last name), Email, SIS User ID, Section; it has \"Email\", \"Section\""},
		{"only first names", "First name,Email\nAda,a@b\n", "no column has the names"},
		{"no header", "Ada,a@b\nBob,b@b\n", "no column has the names"},
		{"a header alone", "Name,Email\n", "nobody in it"},
		{"nobody who can be used", "Name,Email\n,a@b\n", "nobody in it that can be used: line 2: there is no name"},
		{"a quote in a cell", "Name\nAda \"the\" Lovelace\n", "line 2 is no CSV: a quote"},
		{"a quote that is not closed", "sep=,\nName\n\"Ada\nBob\n", "is no CSV: a quote"},
		{"a hundred thousand people", "Name\n" + strings.Repeat("Ada\n", 100_000), "more than 5000 people"},
		{"a megabyte", "Name\n" + strings.Repeat("x", MaxFile), "more than 1048576 bytes"},
		{"a cell of a megabyte", "Name\n" + strings.Repeat("x", MaxFile-5), "a cell has 1048571 bytes"},
		{"ten thousand columns", "Name" + strings.Repeat(",", 10_000) + "\nAda\n", "10001 columns"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Parse([]byte(tc.file)); err == nil || !strings.Contains(err.Error(), tc.want) || len(err.Error()) > 600 {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// describe is a plan as a test writes it.
func describe(p *Plan) string {
	var b strings.Builder
	for _, put := range p.Put {
		what := "new"
		if put.Person != "" {
			what = put.Person
		}
		if put.Back {
			what += " is back"
		}
		fmt.Fprintf(&b, "%s %s", what, put.Name)
		for _, c := range put.Changes {
			fmt.Fprintf(&b, "; %s %q to %q", c.What, c.From, c.To)
		}
		b.WriteString("\n")
	}
	for _, m := range p.Dropped {
		fmt.Fprintf(&b, "drop %s\n", m.Person)
	}
	for _, bad := range p.Bad {
		fmt.Fprintf(&b, "line %d: %s\n", bad.Line, bad.Why)
	}
	fmt.Fprintf(&b, "%d same", p.Same)
	return b.String()
}

// fold stands for identity.Fold.
func fold(name string) string {
	if last, first, ok := strings.Cut(name, ", "); ok {
		name = first + " " + last
	}
	return strings.ToLower(name)
}

func TestDiff(t *testing.T) {
	member := func(person, role string, active bool, row Row) Member {
		row.Role = role
		return Member{person, active, row}
	}
	class := []Member{
		member("ada", "student", true, Row{Name: "Ada Lovelace", Email: "ada@x", SIS: "1", Section: "A"}),
		member("bob", "student", true, Row{Name: "Bob", Email: "bob@x"}),
		member("eve", "student", false, Row{Name: "Eve", Email: "eve@x", SIS: "3"}),
		member("tom", "teacher", true, Row{Name: "Tom"}),
	}
	for _, tc := range []struct{ name, file, want string }{
		{"the same people", "Name,Email,SIS ID\nAda Lovelace,ada@x,1\nBob,bob@x,\n", "2 same"},
		{"one is new, one is missing", "Name,Email\nAda Lovelace,ada@x\nKim,kim@x\n", "new Kim\ndrop bob\n1 same"},
		{"teachers are never dropped, nor changed by a list of students without roles", "Name\nAda Lovelace\nBob\nTom\n", "3 same"},
		{"a section", "Name,SIS ID,Section\n\"Lovelace, Ada\",1,B\nBob,,\n", "ada Lovelace, Ada; name \"Ada Lovelace\" to \"Lovelace, Ada\"; section \"A\" to \"B\"\n1 same"},
		{"an empty cell takes nothing away", "Name,Email,Section\nAda Lovelace,,\nBob,bob@x,\n", "2 same"},
		{"who was dropped is back", "Name,SIS ID\nAda Lovelace,1\nBob,\nEve,3\n", "eve is back Eve\n2 same"},
		{
			"another address, the same id", "Name,Email,SIS ID\nAda King,king@x,1\nBob,bob@x,\n",
			"ada Ada King; name \"Ada Lovelace\" to \"Ada King\"; email \"ada@x\" to \"king@x\"\n1 same",
		},
		{"an address that was given to somebody else", "Name,Email,SIS ID\nEva,eve@x,9\nAda Lovelace,,1\nBob,bob@x,\n", "new Eva\n2 same"},
		{"the name of somebody with another id", "Name,SIS ID\nAda Lovelace,77\nBob,\n", "new Ada Lovelace\ndrop ada\n1 same"},
		{"who was there by name gets an id", "Name,SIS ID\nAda Lovelace,1\nBob,2\n", "bob Bob; sis \"\" to \"2\"\n1 same"},
		{
			"a line twice", "Name,Email,SIS ID\nAda Lovelace,ada@x,1\nBob,bob@x,\nAda L,ada@x,1\n",
			"line 4: it is the same person as line 2 (the same SIS User ID): this line is left out\n2 same",
		},
		{
			"two of a name that nothing tells apart", "Name,SIS ID\nAda Lovelace,1\nBob,\nKim,\nKim,\n",
			"new Kim\nline 5: it has the same name as line 4, and nothing tells them apart: add a column such as Email or SIS User ID\n2 same",
		},
		{"two of a name that ids tell apart", "Name,SIS ID\nAda Lovelace,1\nBob,\nKim,5\nKim,6\n", "new Kim\nnew Kim\n2 same"},
		{
			"two lines for one who is there", "Name,Email,SIS ID\nAda,,1\nAda L,ada@x,\nBob,,\n",
			"ada Ada; name \"Ada Lovelace\" to \"Ada\"\nline 3: Ada Lovelace is line 2 already: this line is left out\n1 same",
		},
		{"a role", "Name,Email,Role\nAda Lovelace,ada@x,TA\nBob,bob@x,Student\n", "ada Ada Lovelace; role \"student\" to \"assistant\"\n1 same"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := Parse([]byte(tc.file))
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(Diff(f, class, fold)); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// apply is a class after a plan.
func apply(p *Plan) []Member {
	var members []Member
	for i, put := range p.Put {
		put.Person, put.Line = fmt.Sprint(i), 0
		members = append(members, put.Member)
	}
	return members
}

// Whatever the file is: a sentence, or people within the limits; and the same file again
// changes nothing.
func FuzzParse(f *testing.F) {
	f.Add([]byte(canvasFile))
	f.Add(utf16File(binary.LittleEndian, "\ufeffName\tEmail\nAda\ta@b\nBob\tb@b\n"))
	f.Add([]byte("Vorname;Nachname;ID\n\xf6;x;1\n;;2\n\"a\nb\";y;1\n"))
	f.Add([]byte("sep=;\nName;Role;Login\nA;ta;x\nA;;x\nB;;X\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		read, err := Parse(file)
		if err != nil {
			if len(err.Error()) > 1000 || !utf8.ValidString(err.Error()) {
				t.Errorf("the sentence: %q", err)
			}
			return
		}
		if len(read.Rows) > MaxRows || len(read.Bad) > maxBad {
			t.Errorf("%d people, %d bad lines", len(read.Rows), len(read.Bad))
		}
		for _, r := range read.Rows {
			for _, cell := range []string{r.Name, r.Email, r.SIS, r.Login, r.Canvas, r.Section, r.Role} {
				if len(cell) > maxCell || !utf8.ValidString(cell) || strings.ContainsAny(cell, "\x00\r\n\t") {
					t.Errorf("line %d has a cell %q", r.Line, cell)
				}
			}
		}
		first := Diff(read, nil, fold)
		if again := Diff(read, apply(first), fold); len(again.Put) > 0 || len(again.Dropped) > 0 {
			t.Errorf("the same file changes something:\n%s\nat first:\n%s", describe(again), describe(first))
		}
	})
}

// The example of docs/rosters.md is read, and each of the columns that its table names is known.
func TestTheRosterPage(t *testing.T) {
	b, err := os.ReadFile("../../../docs/rosters.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	_, rest, _ := strings.Cut(page, "```csv\n")
	example, _, found := strings.Cut(rest, "```")
	if f, err := Parse([]byte(example)); !found || err != nil || len(f.Rows) != 2 || len(f.Bad) != 0 {
		t.Errorf("the example: %+v, %v", f, err)
	}
	_, rest, _ = strings.Cut(page, "| column |")
	table, _, _ := strings.Cut(rest, "\n\n")
	for _, name := range []string{"Name", "Student", "Full name", "First name", "Last name", "Email", "Email address", "Mail", "SIS User ID", "Student ID", "ID number", "ID", "SIS Login ID", "Login", "Username", "Section", "Group", "Role"} {
		if headers[word(name)] == ignored || !strings.Contains(table, name) {
			t.Errorf("the column %s is not known, or not in the table", name)
		}
	}
}

// A file in which everybody is called the same is no roster, and is not compared line by line with
// itself: that takes seconds, in which nobody else can write.
func TestALineThatManyAreLike(t *testing.T) {
	for _, c := range []struct {
		name, head, line string
		want             string
	}{
		{"one name", "Name,SIS ID", "Kim Lee,%[1]d", "50 lines before it have the same name"},
		{"one address", "Name,SIS ID,Email", "Person %[1]d,%[1]d,a@x", "50 lines before it have the same e-mail address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			b.WriteString(c.head + "\n")
			for n := range 60 {
				fmt.Fprintf(&b, c.line+"\n", n)
			}
			f, err := Parse([]byte(b.String()))
			if err != nil {
				t.Fatal(err)
			}
			p := Diff(f, nil, strings.ToLower)
			if len(p.Put) != 50 || len(p.Bad) != 10 || !strings.Contains(p.Bad[0].Why, c.want) {
				t.Errorf("%d are new, %d lines bad: %+v", len(p.Put), len(p.Bad), p.Bad)
			}
		})
	}
}
