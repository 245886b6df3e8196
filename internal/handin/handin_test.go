//go:build unix

package handin

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var (
	one = []Part{{"submission", []string{"bob.pingd"}}}
	two = []Part{{"client", []string{"alice.client"}}, {"server", []string{"bob.serverd", "carol.serverd"}}}
)

// What students hand in. A name that ends in "/" is a folder, in "@" a link, in "|" a
// pipe, in "!" a WebAssembly module whatever it is called.
func TestFind(t *testing.T) {
	for _, tc := range []struct {
		name  string
		parts []Part
		files []string
		want  string // SLOT=FILE each, or what the student reads
	}{
		{"one file of any name", one, []string{"mine.wasm"}, "bob.pingd=mine.wasm"},
		{"capitals", one, []string{"MINE.WASM"}, "bob.pingd=MINE.WASM"},
		{"odd names", one, []string{"lösung ☃ =1.wasm"}, "bob.pingd=lösung ☃ =1.wasm"},
		{"a name like a flag", one, []string{"-mine.wasm"}, "bob.pingd=-mine.wasm"},
		{"beside its source", one, []string{"main.c", "mine.wasm"}, "bob.pingd=mine.wasm"},
		{"in a folder", one, []string{"build/out/mine.wasm", "build/main.c"}, "bob.pingd=build/out/mine.wasm"},
		{"the nearest counts", one, []string{"mine.wasm", "node_modules/x/other.wasm"}, "bob.pingd=mine.wasm"},
		{"what macOS leaves", one, []string{"mine.wasm", "__MACOSX/._mine.wasm", "._mine.wasm", ".DS_Store"}, "bob.pingd=mine.wasm"},
		{"two, one by its word", one, []string{"submission.wasm", "notes.wasm"}, "bob.pingd=submission.wasm"},
		{"two, one by its slot", one, []string{"Bob.Pingd.wasm", "notes.wasm"}, "bob.pingd=Bob.Pingd.wasm"},
		{
			"two", one,
			[]string{"mine.wasm", "old one.wasm"},
			`there are 2 .wasm files: mine.wasm, "old one.wasm". One program is graded: hand in that one alone, or call it submission.wasm`,
		},
		{"word and slot", one, []string{"submission.wasm", "bob.pingd.wasm"}, "there are 2 files for one program: bob.pingd.wasm, submission.wasm. Hand in one of them"},
		{"many", one, strings.Fields("a.wasm b.wasm c.wasm d.wasm e.wasm f.wasm g.wasm h.wasm i.wasm j.wasm"), "there are 10 .wasm files: a.wasm, b.wasm, c.wasm, d.wasm, e.wasm, f.wasm, g.wasm, h.wasm, and 2 more."},
		{"nothing", one, nil, "there is no .wasm file in what was handed in. The folder is empty. Build your program, and hand in the .wasm file that comes out"},
		{"source alone", one, []string{"main.c", "README.md"}, "there is no .wasm file in what was handed in. Handed in was README.md, main.c. Build your program"},
		{"a folder of that name", one, []string{"mine.wasm/"}, "there is no .wasm file in what was handed in. mine.wasm is a folder, not a file: hand in the file itself"},
		{"a file in a folder of that name", one, []string{"mine.wasm/real.wasm"}, "bob.pingd=mine.wasm/real.wasm"},
		{"a folder of that name beside a program", one, []string{"mine.wasm", "old.wasm/"}, "bob.pingd=mine.wasm"},
		{"a link", one, []string{"mine.wasm@"}, "mine.wasm is a link, not a file: hand in the file itself"},
		{"a pipe", one, []string{"mine.wasm|"}, "mine.wasm is no ordinary file: hand in the file itself"},
		{"packed", one, []string{"mine.zip"}, "mine.zip is packed: unpack it, and hand in the .wasm file that is in it"},
		{"a module of another name", one, []string{"a.out!"}, "a.out is a WebAssembly module, but its name does not end in .wasm: call it a.wasm"},
		{"a name of the extension alone", one, []string{"x/.wasm"}, "there is no .wasm file"},
		{"each by its word", two, []string{"client.wasm", "server.wasm"}, "alice.client=client.wasm bob.serverd=server.wasm carol.serverd=server.wasm"},
		{"each by its word or slot, and others", two, []string{"Client.WASM", "carol.serverd.wasm", "test.wasm", "main.c"}, "alice.client=Client.WASM bob.serverd=carol.serverd.wasm carol.serverd=carol.serverd.wasm"},
		{
			"one file for two", two,
			[]string{"mine.wasm"},
			"client.wasm is missing. This lab takes 2 programs: client.wasm (for alice.client), server.wasm (for bob.serverd and carol.serverd). " +
				"mine.wasm has the name of none of them: call it as the program that it is. One file is not taken for 2 programs",
		},
		{"one is misnamed", two, []string{"client.wasm", "servr.wasm"}, "server.wasm is missing. This lab takes 2 programs: client.wasm (for alice.client), server.wasm (for bob.serverd and carol.serverd). servr.wasm may be meant: call it server.wasm"},
		{"one has a number", two, []string{"client (1).wasm", "server.wasm"}, `"client (1).wasm" may be meant: call it client.wasm`},
		{"in a folder, misnamed", two, []string{"out/client.wasm", "out/serverr.wasm"}, "out/serverr.wasm may be meant: call it out/server.wasm"},
		{"one is missing", two, []string{"client.wasm", "main.c"}, "server.wasm is missing. This lab takes 2 programs: client.wasm (for alice.client), server.wasm (for bob.serverd and carol.serverd). Handed in was client.wasm, main.c. Hand in a file of that name for each"},
		{"one is a folder", two, []string{"client.wasm", "server.wasm/"}, "server.wasm is a folder, not a file: hand in the file itself"},
		{"two for one", two, []string{"client.wasm", "alice.client.wasm", "server.wasm"}, "there are 2 files for one program: alice.client.wasm, client.wasm. Hand in one of them"},
		{"one has no .wasm", two, []string{"client.wasm", "server!"}, "server is a WebAssembly module, but its name does not end in .wasm: call it server.wasm"},
		{"a name that moves the cursor", one, []string{"a\x1b[2J.c"}, `Handed in was "a\x1b[2J.c". Build`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range tc.files {
				put(t, filepath.Join(dir, filepath.FromSlash(f)), strings.HasSuffix(f, "/"))
			}
			found, err := Find(dir, tc.parts)
			var lines []string
			for slot, file := range found {
				rel, rerr := filepath.Rel(dir, file)
				if rerr != nil {
					t.Fatal(rerr)
				}
				lines = append(lines, slot+"="+filepath.ToSlash(rel))
			}
			slices.Sort(lines)
			got := strings.Join(lines, " ")
			if p := (*Problem)(nil); errors.As(err, &p) {
				if got = p.Say; p.Slot == "" || len(found) > 0 {
					t.Errorf("slot %q, found %v", p.Slot, found)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got, tc.want) || strings.HasPrefix(tc.want, "bob.pingd=") && got != tc.want {
				t.Errorf("got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// put makes a file of a hand-in.
func put(t *testing.T, name string, folder bool) {
	t.Helper()
	dir := filepath.Dir(name)
	if folder {
		dir = name
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	switch last := name[len(name)-1]; {
	case folder:
	case last == '@':
		err = os.Symlink("/etc/passwd", strings.TrimSuffix(name, "@"))
	case last == '|':
		err = syscall.Mkfifo(strings.TrimSuffix(name, "|"), 0o644)
	case last == '!':
		err = os.WriteFile(strings.TrimSuffix(name, "!"), []byte("\x00asm\x01\x00\x00\x00"), 0o644)
	default:
		err = os.WriteFile(name, []byte("x"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A folder with more than its limits is looked at as far as they go.
func TestLimits(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, strings.Repeat("d/", maxDepth), "mine.wasm"), false)
	if _, err := Find(dir, one); err == nil || !strings.Contains(err.Error(), "there is no .wasm file") {
		t.Errorf("too deep: got %v", err)
	}
	put(t, filepath.Join(dir, "d", strings.Repeat("long", 50)+".wasm"), false)
	put(t, filepath.Join(dir, "d", "b.wasm"), false)
	if _, err := Find(dir, one); err == nil || len(err.Error()) > 400 {
		t.Errorf("long names: got %v", err)
	}
	if _, err := Find(filepath.Join(dir, "nowhere"), one); err == nil || errors.As(err, new(*Problem)) {
		t.Errorf("no folder: got %v", err)
	}
}
