package batch

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// find says in a line what Find makes of a folder: NAME: SLOT=FILE ..., or why not.
func (b *bench) find(parts []Part) string {
	b.Helper()
	f, err := Find(b.dir, parts, b.from, b.out)
	if err != nil {
		return err.Error()
	}
	var got []string
	stems := map[string]string{}
	for i := range f.Submissions {
		s := &f.Submissions[i]
		line := s.Name + ":"
		if s.Student != "" && s.Student != s.Name {
			line = fmt.Sprintf("%s of %s:", s.Name, s.Student)
		}
		var files []string
		for _, p := range s.programs {
			for _, slot := range p.Slots {
				files = append(files, slot+"="+filepath.ToSlash(p.path))
			}
		}
		slices.Sort(files)
		if s.problem != nil {
			files = []string{s.problem.Error()}
		}
		line += " " + strings.Join(files, " ")
		if s.Late {
			line += " late"
		}
		if len(s.also) > 0 {
			line += " and " + strings.Join(s.also, ",")
		}
		for _, n := range s.notes {
			line += " (" + n + ")"
		}
		got = append(got, line)
		if other, twice := stems[fold(s.stem)]; twice || !fitsFile(s.stem[:min(len(s.stem), maxStem)]) || len(s.stem) > maxStem+20 || strings.HasPrefix(s.stem, ".") {
			b.Errorf("the result of %s is called %q, that of %q %v", s.Name, s.stem, other, twice)
		}
		stems[fold(s.stem)] = s.Name
	}
	for _, o := range f.Others {
		got = append(got, o.Name+" is other: "+o.Why)
	}
	return strings.Join(got, "; ")
}

func TestFind(t *testing.T) {
	two := []Part{{Slots: []string{"a.x", "b.x"}, Names: []string{"end", "a.x", "b.x"}}, {Slots: []string{"r.y"}, Names: []string{"middle", "r.y"}}}
	long := strings.Repeat("n", 231)
	for _, tc := range []struct {
		name  string
		parts []Part
		files []string // one that ends with / is a folder
		want  string
	}{
		{"files", onePart, []string{"b.wasm", "a.wasm"}, "a: bob.pingd=a.wasm; b: bob.pingd=b.wasm"},
		{"a folder with one program of any name", onePart, []string{"a/whatever.wasm", "a/notes.txt"}, "a: bob.pingd=a/whatever.wasm and notes.txt"},
		{"the slot's word goes first", onePart, []string{"a/old.wasm", "a/submission.wasm"}, "a: bob.pingd=a/submission.wasm and old.wasm"},
		{"hidden files are none", onePart, []string{"a.wasm", ".b.wasm", ".DS_Store", "a2/.x.wasm", "a2/y.wasm"}, "a: bob.pingd=a.wasm; a2: bob.pingd=a2/y.wasm"},
		{"what systems leave in folders", onePart, []string{"a.wasm", "__MACOSX/._a.wasm", "thumbs.db", "desktop.ini"}, "a: bob.pingd=a.wasm"},
		{"capitals", onePart, []string{"A.WASM", "b/X.Wasm"}, "A: bob.pingd=A.WASM; b: bob.pingd=b/X.Wasm"},
		{"a folder with a source alone", onePart, []string{"a/main.c"}, "a: there is no .wasm file in it, but main.c, which is no WebAssembly: hand in the .wasm file that is built of it"},
		{"a folder with a zip alone", onePart, []string{"a/x.zip", "a/readme.md"}, "a: there is no .wasm file in it, but x.zip, which is an archive: hand in the .wasm file that is in it"},
		{"a folder with texts", onePart, []string{"a/x.txt", "a/y.pdf"}, "a: there is no .wasm file in it: it has x.txt, y.pdf"},
		{"an empty folder", onePart, []string{"a/"}, "a: there is no .wasm file in it: it is empty"},
		{"an empty folder with what macOS leaves", onePart, []string{"a/.DS_Store"}, "a: there is no .wasm file in it: it is empty"},
		{"a folder that is called like a program", onePart, []string{"x.wasm/y.wasm"}, "x: bob.pingd=x.wasm/y.wasm"},
		{"a folder in a folder, as zips are unpacked", onePart, []string{"a/project/main.wasm", "a/__MACOSX/x", "a/project/src/main.c"}, "a: bob.pingd=a/project/main.wasm and src"},
		{"folders without end", onePart, []string{"a/1/2/3/4/5/6/7/8/9/10/x.wasm"}, "a: there is no .wasm file in it: it has 9"},
		{"two programs in a folder", onePart, []string{"a/x.wasm", "a/y.WASM"}, "a: it has several files for one program: x.wasm, y.WASM: hand in one, or call it submission.wasm"},
		{"a source that was handed in", onePart, []string{"a.wasm", "lost.c", "packed.zip"}, "a: bob.pingd=a.wasm; lost.c: it is no WebAssembly: hand in the .wasm file that is built of it; packed.zip: it is an archive: hand in the .wasm file that is in it"},
		{"a source beside its program", onePart, []string{"a.wasm", "a.c", "b/x.wasm", "b.zip"}, "a: bob.pingd=a.wasm; b: bob.pingd=b/x.wasm; a.c is other: it lies beside the submission a; b.zip is other: it lies beside the submission b"},
		{"other texts", onePart, []string{"a.wasm", "grades.csv"}, "a: bob.pingd=a.wasm; grades.csv is other: it is no .wasm file"},
		{"two programs", two, []string{"a/end.wasm", "a/r.y.wasm"}, "a: a.x=a/end.wasm b.x=a/end.wasm r.y=a/r.y.wasm"},
		{"two programs, one missing", two, []string{"a/end.wasm"}, "a: there is no middle.wasm in it: it has end.wasm"},
		{"two programs need a folder", two, []string{"a.wasm"}, "a: a submission is a folder with end.wasm, middle.wasm"},
		{"a name that is too long for its results", onePart, []string{long + ".wasm"}, long + ": bob.pingd=" + long + ".wasm"},
		{"nothing", onePart, []string{"readme.txt"}, "submissions: there is none in DIR: a submission is a .wasm file, or a folder with one; in it is readme.txt"},
		{"nothing at all", onePart, nil, "submissions: there is none in DIR: a submission is a .wasm file, or a folder with one"},
		{"a file and a folder of one name", onePart, []string{"a.wasm", "a/x.wasm"}, "a: bob.pingd=a/x.wasm (its name is nearly that of a.wasm); a.wasm: bob.pingd=a.wasm (its name is nearly that of a)"},
		{"two ends of one name", onePart, []string{"a.wasm", "a.WASM"}, "a.WASM: bob.pingd=a.WASM (its name is nearly that of a.wasm); a.wasm: bob.pingd=a.wasm (its name is nearly that of a.WASM)"},
		{"one name where case is nothing", onePart, []string{"Anna.wasm", "anna.wasm"}, "Anna: bob.pingd=Anna.wasm (its name is nearly that of anna); anna: bob.pingd=anna.wasm (its name is nearly that of Anna)"},
		{"an accent's two forms", onePart, []string{"Zo\u00eb.wasm", "Zoe\u0308.wasm"}, "Zo\u00eb: bob.pingd=Zoe\u0308.wasm (its name is nearly that of Zo\u00eb); Zo\u00eb: bob.pingd=Zo\u00eb.wasm (its name is nearly that of Zo\u00eb)"},
		{"no UTF-8", onePart, []string{"m\xfcller.wasm"}, `m\xfcller: bob.pingd=m` + "\xfcller.wasm"},
		{"control characters", onePart, []string{"a\n\x1b[2J.wasm"}, `a\n\x1b[2J: bob.pingd=a` + "\n\x1b[2J.wasm"},
		{"a text that runs backwards", onePart, []string{"\u202eb.wasm"}, `\u202eb: bob.pingd=` + "\u202eb.wasm"},
		{"letters that are no name elsewhere", onePart, []string{`a:b?.wasm`, `a:b*.wasm`}, "a:b*: bob.pingd=a:b*.wasm; a:b?: bob.pingd=a:b?.wasm"},
		{"a name like that of another's result", onePart, []string{"a:b.wasm", marked("a:b", "a:b.wasm") + ".wasm"}, "a:b: bob.pingd=a:b.wasm; " + marked("a:b", "a:b.wasm") + ": bob.pingd=" + marked("a:b", "a:b.wasm") + ".wasm"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t, nil)
			for _, f := range tc.files {
				b.file(f, "x")
			}
			if got := strings.ReplaceAll(b.find(tc.parts), b.dir, "DIR"); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	if _, err := Find("/nowhere", onePart, FromNone, ""); err == nil {
		t.Error("a folder that is not there holds submissions")
	}
}

// Nothing that leads elsewhere is followed, and nothing is opened that would wait.
func TestOnlyOrdinaryFilesAreSubmissions(t *testing.T) {
	b := newBench(t, map[string]string{"good.wasm": "good", "g/x.wasm": "link", "both/x.wasm": "good"})
	secret := filepath.Join(t.TempDir(), "reference.wasm")
	if err := os.WriteFile(secret, []byte("good"), 0o644); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string {
		path := filepath.Join(b.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, to := range map[string]string{
		"link.wasm": secret, "linked": filepath.Dir(secret), "other.wasm": "good.wasm", "in/x.wasm": secret, "in2/submission.wasm": "../good.wasm", "broken.wasm": "nowhere",
		"self.wasm": "self.wasm", "both/y.txt": secret, "deep/sub": filepath.Dir(secret),
	} {
		if err := os.Symlink(to, at(name)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	for _, name := range []string{"pipe.wasm", "p/x.wasm", "pipe"} {
		if err := mkfifo(at(name)); err != nil {
			t.Skipf("no FIFOs here: %v", err)
		}
	}
	l, err := net.Listen("unix", at("socket.wasm"))
	if err != nil {
		t.Skipf("no sockets here: %v", err)
	}
	defer func() { _ = l.Close() }() // nobody connects
	if err := os.Link(secret, at("hard.wasm")); err != nil {
		t.Skipf("no hard links here: %v", err)
	}
	link, fifo := "a link, not graded: hand in the file itself", "a FIFO (named pipe), not graded: hand in a .wasm file"
	want := strings.Join([]string{
		"both: bob.pingd=both/x.wasm and y.txt", "broken: " + link, "deep: there is no .wasm file in it, but sub, which is " + link, "g: bob.pingd=g/x.wasm", "good: bob.pingd=good.wasm",
		"hard: bob.pingd=hard.wasm", "in: x.wasm in it is " + link, "in2: submission.wasm in it is " + link, "link: " + link, "linked: " + link, "other: " + link,
		"p: x.wasm in it is " + fifo, "pipe: " + fifo + " (its name is nearly that of pipe.wasm)", "pipe.wasm: " + fifo + " (its name is nearly that of pipe)", "self: " + link,
		"socket: a socket, not graded: hand in a .wasm file",
	}, "; ")
	if got := b.find(onePart); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// They are rows, and none stops the others; who swaps a file for a link or a pipe
	// after it was found gains nothing.
	f, err := Find(b.dir, onePart, FromNone, b.out)
	if err != nil {
		t.Fatal(err)
	}
	for name, swap := range map[string]func(string) error{
		"good.wasm":   func(p string) error { return os.Symlink(secret, p) },
		"g/x.wasm":    mkfifo,
		"both/x.wasm": func(p string) error { return os.Mkdir(p, 0o755) },
	} {
		if err := os.Remove(at(name)); err != nil {
			t.Fatal(err)
		}
		if err := swap(at(name)); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := Run(t.Context(), f, b.set, b.opt)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, r.Name+" "+r.Status)
	}
	if g, want := strings.Join(got, ", "), "both refused, broken refused, deep refused, g refused, good refused, hard graded, in refused, in2 refused, link refused, linked refused, other refused, p refused, pipe refused, pipe.wasm refused, self refused, socket refused"; g != want {
		t.Errorf("got  %s\nwant %s", g, want)
	}
	for name, want := range map[string]string{"good": link, "g": fifo, "both": "a folder where a file was"} {
		if row := b.row(name); row.Error != want {
			t.Errorf("%s: got %q, want %q", name, row.Error, want)
		}
	}
}

// A process that grades opens a file as Find does: between the two somebody may have
// put another there.
func TestReadProgram(t *testing.T) {
	b := newBench(t, map[string]string{"a.wasm": "a", "sub/b.wasm": "b"})
	for _, link := range []struct{ to, name string }{{"a.wasm", "link.wasm"}, {"sub", "linked"}} {
		if err := os.Symlink(link.to, filepath.Join(b.dir, link.name)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	if err := mkfifo(filepath.Join(b.dir, "pipe.wasm")); err != nil {
		t.Skipf("no FIFOs here: %v", err)
	}
	for _, tc := range []struct{ path, want, err string }{
		{"a.wasm", "a", ""},
		{"sub/b.wasm", "b", ""},
		{"link.wasm", "", "a link, not graded"},
		{"linked/b.wasm", "", "a link, not graded"},
		{"pipe.wasm", "", "a FIFO (named pipe), not graded"},
		{"sub", "", "a folder where a file was"},
		{"../a.wasm", "", "its program cannot be read: path escapes"},
		{"nowhere.wasm", "", "its program cannot be read: no such file"},
	} {
		got, err := ReadProgram(b.dir, tc.path)
		if string(got) != tc.want || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: got %q, %v, want %q, %s", tc.path, got, err, tc.want, tc.err)
		}
	}
}

// Results in the folder of submissions are no submission.
func TestTheFolderOfResultsIsNoSubmission(t *testing.T) {
	b := newBench(t, map[string]string{"a.wasm": "good", "results/rows/a.json": "{}"})
	b.out = filepath.Join(b.dir, "results")
	if got, want := b.find(onePart), "a: bob.pingd=a.wasm"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
