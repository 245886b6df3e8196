package settings_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/settings"
)

// A told is a command with a flag of each kind.
type told struct {
	table *settings.Table
	addr  string
	wait  time.Duration
	loud  bool
	names settings.List
	limit int64
	form  *settings.Choice
	db    settings.Secret
	login []string
}

func newTold() *told {
	x := &told{}
	f := flag.NewFlagSet("x", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&x.addr, "addr", "127.0.0.1:8080", "the `address`")
	f.DurationVar(&x.wait, "wait", time.Minute, "so `long`")
	f.BoolVar(&x.loud, "loud", false, "say | more")
	f.Var(&x.names, "host", "a `name`")
	f.Var(&settings.Amount{To: &x.limit, Otherwise: 7}, "max-labs", "this `number`")
	x.form = settings.ChoiceFlag(f, "log", "text", []string{"text", "json"}, "the `form`", settings.OneOf("text", "json"))
	f.Var(&x.db, "db", "the `URL`")
	f.String("config", "", "a `file`")
	x.table = &settings.Table{Flags: f, Prefix: "W_", Only: []string{"config"}, Blocks: []settings.Block{{
		Name: "logins", Doc: "Who may come in.", Example: "logins:\n  - name: campus\n",
		Shape: format.ListOf(format.Object(format.Field{Name: "name", Shape: format.Text("a name"), Required: true, Doc: "The name."}), 3),
		Read: func(v *format.Value) error {
			for _, l := range v.List() {
				x.login = append(x.login, l.Get("name").String())
			}
			return nil
		},
		Masked: func() []string { return []string{"- name: " + x.login[0]} },
	}}}
	return x
}

// read has a command told by its arguments, the environment and a file.
func (x *told) read(t *testing.T, args, env, file string) error {
	t.Helper()
	if err := x.table.Flags.Parse(strings.Fields(args)); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{}
	for line := range strings.Lines(env) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		vars[name] = value
	}
	path := ""
	if file != "" {
		path = filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return x.table.Read(path, func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
}

func TestAFlagCountsMoreThanTheEnvironmentAndThatMoreThanTheFile(t *testing.T) {
	const file = "# of a school\naddr: 0.0.0.0:1\nwait: 1s\nloud: true\nhost: [a.example, b.example]\nmax-labs: 9\nlog: json\ndb: postgres://w:hush@db/w\nlogins:\n  - name: campus\n"
	x := newTold()
	if err := x.read(t, "--addr 1.2.3.4:5", "W_ADDR=0.0.0.0:2\nW_WAIT=2s\nW_LOUD=\nW_HOST=c.example d.example\n", file); err != nil {
		t.Fatal(err)
	}
	if x.addr != "1.2.3.4:5" || x.wait != 2*time.Second || !x.loud || strings.Join(x.names, " ") != "c.example d.example" || x.limit != 9 || x.form.Now != "json" || x.db.Text() != "postgres://w:hush@db/w" || x.login[0] != "campus" {
		t.Errorf("got %+v", x)
	}
	var out strings.Builder
	if err := x.table.Show(&out); err != nil {
		t.Fatal(err)
	}
	shown := out.String()
	for _, want := range []string{
		"addr: 1.2.3.4:5  # --addr\n", "wait: 2s  # $W_WAIT\n", "c.yaml:4\n", "host: [c.example, d.example]  # $W_HOST\n", "max-labs: 9  # ",
		"log: json  # ", `db: "postgres://w:(secret)@db/w"`, "logins:  # ", "  - name: campus\n",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("it shows no %q: %s", want, shown)
		}
	}
	if strings.Contains(shown, "hush") {
		t.Errorf("it shows a secret: %s", shown)
	}
	if x.table.From("addr") != "--addr" || x.table.From("nothing") != "" {
		t.Errorf("addr is from %q", x.table.From("addr"))
	}
}

// What it shows is a file that says the same, where there is no secret.
func TestWhatIsShownIsAFile(t *testing.T) {
	x, y := newTold(), newTold()
	if err := x.read(t, "--addr [::1]:80 --host * --host -a", "", "db: '@/dev/null'"); err == nil {
		t.Error("a file without a secret in it was taken")
	}
	if err := x.read(t, "", "", ""); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := x.table.Show(&out); err != nil {
		t.Fatal(err)
	}
	if err := y.read(t, "", "", out.String()); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if y.addr != "[::1]:80" || strings.Join(y.names, " ") != "* -a" {
		t.Errorf("got %+v of %s", y, out.String())
	}
}

func TestWhatIsWrongIsSaidWithItsPlace(t *testing.T) {
	for _, c := range []struct{ name, env, file, want string }{
		{"an unknown key", "", "adr: x\n", `c.yaml:1:1: there is no setting "adr": do you mean addr?`},
		{"one that is for the command line only", "", "config: x\n", `c.yaml:1:1: there is no setting "config"`},
		{"a key twice", "", "addr: a\naddr: b\n", "c.yaml:2:"},
		{"a bad value", "", "\nmax-labs: none\n", "c.yaml:2:11: max-labs: want 1 or more"},
		{"a bad time", "", "wait: soon\n", "c.yaml:1:7: wait: "},
		{"a list where one is wanted", "", "addr: [a, b]\n", "c.yaml:1:7: addr is a list: want a single value"},
		{"a mapping", "", "host: {a: b}\n", "host is a mapping"},
		{"no mapping", "", "- addr\n", "the file is a list, want a mapping"},
		{"no YAML", "", "addr: 'x\n", "c.yaml:1:"},
		{"an anchor", "", "addr: &a x\n", "not allowed here"},
		{"an unknown key of a block", "", "logins:\n  - nam: x\n", `c.yaml:2:`},
		{"a block that is a word", "", "logins: x\n", "logins"},
		{"the environment", "W_MAX_LABS=none", "", "$W_MAX_LABS: want 1 or more"},
		{"the file of a secret that is not there", "", "db: '@/nonexistent/x'\n", "the file of a secret: open /nonexistent/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := newTold().read(t, "", c.env, c.file)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// A line of a file may be a password.
func TestWhatIsWrongShowsNoLine(t *testing.T) {
	err := newTold().read(t, "", "", "db: [postgres://w:hush@db/w]\nlog: {x: hush}\nwait: hush hush\nhush: 'hush\n")
	if err == nil {
		t.Fatal("it was taken")
	}
	err2 := newTold().read(t, "", "", "db: [[postgres://w:hush@db/w]]\nlog: {x: hush}\n")
	if err2 == nil || strings.Contains(err2.Error(), "hush") {
		t.Errorf("got %v", err2)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(" hush \nmore"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		set, text, shown string
		bare             bool
	}{
		{"hush", "hush", "(secret)", true},
		{"postgres://w:hush@db:5432/w?sslmode=disable", "postgres://w:hush@db:5432/w?sslmode=disable", "postgres://w:(secret)@db:5432/w?sslmode=disable", true},
		{"postgres://w:h%40sh@db/w", "postgres://w:h%40sh@db/w", "postgres://w:(secret)@db/w", true},
		{"postgres://db/w?password=hush", "postgres://db/w?password=hush", "(secret)", true},
		{"postgres:///w?host=/run/postgresql", "postgres:///w?host=/run/postgresql", "postgres:///w?host=/run/postgresql", false},
		{"host=db password=hush", "host=db password=hush", "(secret)", true},
		{"@" + file, "hush", "@" + file, false},
	} {
		var s settings.Secret
		if err := s.Set(c.set); err != nil || s.Text() != c.text || s.String() != c.shown || s.Bare() != c.bare {
			t.Errorf("%s is %q, shown as %s, bare %v, %v", c.set, s.Text(), s.String(), s.Bare(), err)
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, s := range []string{"addr: x\n", "host: [a, b]\n", "logins:\n - name: x\n", "# x\n", "", "\ufeffaddr: x", "addr: &a x\n"} {
		f.Add(s)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "c.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		x := newTold()
		if err := x.table.Read(path, func(string) (string, bool) { return "", false }); err != nil {
			return
		}
		var out strings.Builder
		if err := x.table.Show(&out); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if y := newTold(); !strings.Contains(out.String(), "secret") && y.table.Read(path, func(string) (string, bool) { return "", false }) != nil {
			t.Errorf("what is shown of %q is no file: %s", text, out.String())
		}
	})
}
