package recording

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/memory"
	"wireloom/vnet/sys"
)

// A native is a program made of a Go function. Its bytes are its name.
type native struct {
	name string
	main func(p *sys.Proc) sys.Exit
}

func (n native) Name() string              { return n.name }
func (n native) ID() string                { return hashOf(n.name) }
func (n native) Main(p *sys.Proc) sys.Exit { return n.main(p) }

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// programs are what the tests run, by name.
var programs = map[string]func(p *sys.Proc) sys.Exit{
	"quiet": func(*sys.Proc) sys.Exit { return sys.Exit{How: "exit"} },
	"spins": func(p *sys.Proc) sys.Exit {
		for !p.Dying() {
			p.Charge(p.Budget())
		}
		return p.Verdict()
	},
	"prints": func(p *sys.Proc) sys.Exit {
		for !p.Dying() {
			p.Write(1, []byte("x"))
			p.Sleep(time.Second)
		}
		return p.Verdict()
	},
	"eats": func(p *sys.Proc) sys.Exit {
		p.SetStack(memory.MaxKernel + MaxStacks + 1)
		for !p.Dying() {
			p.Sleep(time.Millisecond)
		}
		return p.Verdict()
	},
}

func compile(_ context.Context, name string, b []byte) (sys.Program, error) {
	if main := programs[string(b)]; main != nil {
		return native{string(b), main}, nil
	}
	return nil, fmt.Errorf("%s is no program", name)
}

var builder = Builder{
	Lab:     func(c config.Lab) (*vnet.Lab, error) { return vnet.New(c, vnet.Runtime{}) },
	Compile: compile,
	Program: func(hash string) ([]byte, error) {
		for name := range programs {
			if hashOf(name) == hash {
				return []byte(name), nil
			}
		}
		return nil, nil
	},
}

// sample is a recording of a lab with a slot, in which name was started with the lab.
func sample(name string) *Recording {
	return &Recording{
		Format: Format, Version: "devel 123", Scenario: "small", Title: "A small lab", Brief: "Look at it.",
		Config:   config.Lab{Name: "small", Seed: 7, Nodes: []config.Node{{Name: "a", Programs: []config.Program{{Name: "p", Start: true, Slot: true}}}}},
		Programs: []Program{{"a", "p", name + ".wasm", hashOf(name), int64(len(name))}},
		Commands: []Recorded{},
	}
}

// run is sample after its run, up to a time, with a command after a second.
func run(t testing.TB, name string, until time.Duration, commands ...vnet.Command) *Recording {
	t.Helper()
	r := sample(name)
	lab, err := builder.Lab(r.Config)
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	prog, err := compile(t.Context(), name, []byte(name))
	if err == nil {
		err = lab.Install("a", "p", prog)
	}
	if err != nil {
		t.Fatal(err)
	}
	lab.Start()
	for _, c := range commands {
		lab.Run(lab.Now()+time.Second, vnet.NoLimit)
		x := Recorded{At: int64(lab.Now()), Step: lab.Steps(), Command: c}
		if install, ok := c.(vnet.Install); ok {
			x.Name = "up.wasm"
			if install.Program, err = compile(t.Context(), "up.wasm", []byte("quiet")); err != nil {
				t.Fatal(err)
			}
			c = install
		}
		r.Commands = append(r.Commands, x)
		if _, err := lab.Do(c); err != nil {
			t.Fatal(err)
		}
	}
	lab.Run(until, vnet.NoLimit)
	_, events := lab.Log().Bounds()
	r.End = End{int64(lab.Now()), lab.Steps(), events, lab.Log().Hash()}
	return r
}

func written(t testing.TB, r *Recording, programs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	var stored []Stored
	for _, p := range programs {
		stored = append(stored, Stored{hashOf(p), func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(p)), nil }})
	}
	if err := Write(&b, r, stored, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	r := run(t, "prints", 10*time.Second, vnet.Kill{Node: "a", Proc: "p"}, vnet.Install{Node: "a", Proc: "p", Hash: hashOf("quiet")})
	b := written(t, r, "quiet")
	if !bytes.Equal(b, written(t, r, "quiet")) {
		t.Error("the same recording gives other bytes")
	}
	f := read(t, b)
	got, err := json.Marshal([]any{f.Recording, f.Config, f.Brief})
	want, werr := json.Marshal([]any{r, r.Config, r.Brief})
	if err != nil || werr != nil || string(got) != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if p, err := f.Program(hashOf("quiet")); err != nil || string(p) != "quiet" || f.Holds(hashOf("prints")) {
		t.Errorf("the program is %q, %v", p, err)
	}
	res, err := f.Replay(t.Context(), builder, Limits{Time: time.Hour})
	if err != nil || !res.Same || res.Hash != r.End.Hash || res.At != 10*time.Second || res.Events != r.End.Events || res.Version != "devel 123" {
		t.Errorf("the replay gives %+v, %v", res, err)
	}
}

// A zipped builds a zip file of names and contents.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestReadRefusesWhatIsNoRecording(t *testing.T) {
	parts := func(change func(*Recording)) (text, config string) {
		r := sample("quiet")
		r.End.Hash = hashOf("x")
		change(r)
		a, err := json.Marshal(r)
		b, berr := json.Marshal(r.Config)
		if err != nil || berr != nil {
			t.Fatal(err, berr)
		}
		return string(a), string(b)
	}
	text, config := parts(func(*Recording) {})
	changed := func(change func(*Recording)) []byte {
		text, config := parts(change)
		return zipped(t, textFile, text, configFile, config)
	}
	with := func(old, now string) []byte {
		if !strings.Contains(text, old) {
			t.Fatalf("there is no %s in %s", old, text)
		}
		return zipped(t, textFile, strings.Replace(text, old, now, 1), configFile, config)
	}
	at := func(at int64, step uint64) Recorded {
		return Recorded{At: at, Step: step, Command: vnet.Kill{Node: "a", Proc: "p"}}
	}
	many := []string{textFile, text, configFile, config}
	for i := range MaxPrograms + 3 {
		name := fmt.Sprint(i)
		many = append(many, programFolder+hashOf(name)+programSuffix, name)
	}
	for _, tc := range []struct {
		name string
		file []byte
		want string
	}{
		{"not a zip", []byte("hello"), "this is not a recording, which is a zip file"},
		{"empty", zipped(t), "it holds no recording.json"},
		{"no configuration", zipped(t, textFile, text), "it holds no config.json"},
		{"a file too many", zipped(t, textFile, text, configFile, config, "../evil", ""), `it holds "../evil", which does not belong there`},
		{"a name that a terminal would obey", zipped(t, textFile, text, configFile, config, "\x1b[31m\u202e", ""), `it holds "\x1b[31m\u202e", which`},
		{"a file twice", zipped(t, textFile, text, configFile, config, configFile, config), `it holds "config.json" twice`},
		{"too many files", zipped(t, many...), "at most 260 are allowed"},
		{"a scenario's file", zipped(t, textFile, text, configFile, config, "scenario/scenario.yaml", ""), "does not belong there"},
		{
			"format 1", zipped(t, textFile, `{"format":1,"version":"devel 9","scenario":"ping","seed":1,"config":"00"}`, "scenario/scenario.yaml", ""),
			`it is of format 1, which held the scenario's file instead of the lab's configuration; this program reads formats 2 and 3. It was made by labserver "devel 9": replay it with that one`,
		},
		{"a later format", zipped(t, textFile, `{"format":4,"colour":1}`), "it is of format 4; this program reads formats 2 and 3"},
		{"no format", zipped(t, textFile, `{}`), "it is of format 0"},
		{"not JSON", zipped(t, textFile, "{"), "recording.json: it ends in the middle"},
		{"an unknown key", with(`"format"`, `"colour":2,"format"`), `recording.json: it has no key "colour"`},
		{"a key twice", with(`"format"`, `"title":"x","format"`), `recording.json: it has the key "title" twice`},
		{"a key in another case", with(`"title"`, `"Title"`), `recording.json: it has no key "Title"`},
		{"a text for a number", with(`"at":0`, `"at":"0"`), "recording.json: end.at is a text, want a number"},
		{"a number for a list", with(`"commands":[]`, `"commands":7`), "recording.json: commands is a number, want a list"},
		{"a fraction", with(`"step":0`, `"step":0.5`), "recording.json: end.step is 0.5, want a whole number"},
		{"an unknown command", with(`"commands":[]`, `"commands":[{"at":0,"step":0,"op":"dance"}]`), `recording.json: commands[0] is wrong: there is no command "dance"`},
		{"no command", with(`"commands":[]`, `"commands":[{"at":0,"step":0}]`), "recording.json: commands[0] is wrong: this is no command: it lacks an op"},
		{"a key that a command has not", with(`"commands":[]`, `"commands":[{"at":0,"step":0,"op":"kill","line":"x"}]`), `commands[0] is wrong: command "kill": it has no key "line"`},
		{"a key of a command twice", with(`"commands":[]`, `"commands":[{"at":0,"step":0,"op":"kill","node":"a","node":"b"}]`), `commands[0] has the key "node" twice`},
		{"a key of a command in another case", with(`"commands":[]`, `"commands":[{"at":0,"step":0,"op":"kill","Node":"a"}]`), `commands[0] is wrong: command "kill": it has no key "Node"`},
		{"a text for a command's time", with(`"commands":[]`, `"commands":[{"at":"0","step":0,"op":"kill"}]`), "commands[0] is wrong: at: it is a text, want a number"},
		{"a number for a command's node", with(`"commands":[]`, `"commands":[{"at":0,"step":0,"op":"kill","node":1}]`), `commands[0] is wrong: command "kill": node is a number, want a text`},
		{"a configuration with an unknown key", zipped(t, textFile, text, configFile, `{"Name":"x","Colour":1}`), `config.json: it has no key "Colour"`},
		{"a configuration that lacks what is zero", zipped(t, textFile, text, configFile, `{"Name":"x"}`), `config.json is not as this labserver writes it: it was changed, or labserver "devel 123"`},
		{"a configuration with blanks", zipped(t, textFile, text, configFile, config+"\n"), "is not as this labserver writes it"},
		{"a wrong text in the configuration", zipped(t, textFile, text, configFile, strings.Replace(config, `"Seed":7`, `"Seed":"7"`, 1)), "config.json: Seed is a text, want a number"},
		{"a dialect that is none", zipped(t, textFile, text, configFile, strings.Replace(config, `"Dialect":0`, `"Dialect":256`, 1)), "config.json: Nodes[0].Dialect is 256, which is too large a number"},
		{"a program that is not its hash", zipped(t, textFile, text, configFile, config, programFolder+hashOf("a")+programSuffix, "b"), "it is not what its name says: its hash is " + hashOf("b")},
		{"a program without a hash", zipped(t, textFile, text, configFile, config, "programs/a.wasm", "a"), "does not belong there"},
		{"a program in a slot that is none", changed(func(r *Recording) { r.Programs[0].Proc = "q" }), "it has a program for a:q, which is no slot"},
		{"two programs in a slot", changed(func(r *Recording) { r.Programs = append(r.Programs, r.Programs[0]) }), "which is no slot of its lab, or has one already"},
		{"a slot's program without a hash", changed(func(r *Recording) { r.Programs[0].Hash = "../x" }), "no SHA-256"},
		{"a long name", changed(func(r *Recording) { r.Programs[0].Name = strings.Repeat("x", 300) }), "more than 256 bytes"},
		{"an upload without a hash", changed(func(r *Recording) {
			r.Commands = []Recorded{{Command: vnet.Install{Hash: "x"}}}
		}), "command 1 installs a program without a SHA-256"},
		{"an end without a hash", changed(func(r *Recording) { r.End.Hash = "" }), "its end has no hash"},
		{"too many commands", changed(func(r *Recording) {
			for range MaxCommands + 1 {
				r.Commands = append(r.Commands, at(0, 0))
			}
		}), "it has 20001 commands, at most 20000 are allowed"},
		{"commands out of order", changed(func(r *Recording) {
			r.Commands = []Recorded{at(5, 5), at(5, 4)}
			r.End.At, r.End.Step = 9, 9
		}), "command 2 is at 5 ns, step 4, which cannot follow 5 ns, step 5"},
		{"an end before the last command", changed(func(r *Recording) { r.Commands = []Recorded{at(5, 5)} }), "the end is at 0 ns, step 0, which cannot follow"},
		{"an end after the end of time", changed(func(r *Recording) { r.End.At = 1 << 62 }), "cannot follow"},
		{"a brief that is too long", zipped(t, textFile, text, configFile, config, briefFile, strings.Repeat("x", maxBrief+1)), "brief.md: it has more than the 65536 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Read(bytes.NewReader(tc.file), int64(len(tc.file)))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
	if f := read(t, zipped(t, textFile, text, configFile, config)); f.Scenario != "small" {
		t.Errorf("what all of these begin with is read as %+v", f.Recording)
	}
}

// What a recording says may be invented: a replay ends all the same, and says why.
func TestReplayHasLimits(t *testing.T) {
	forged := func(r *Recording) *Recording {
		r.End.At, r.End.Step, r.End.Events = int64(MaxTime), math.MaxUint64, math.MaxUint64
		return r
	}
	kill := vnet.Kill{Node: "a", Proc: "p"}
	for _, tc := range []struct {
		name   string
		rec    *Recording
		limits Limits
		err    string // of Replay; "" if it comes to its end
		why    string // that it is not the same
	}{
		{"ninety days of a program that spins", forged(run(t, "spins", time.Second)), Limits{Time: time.Nanosecond}, "the replay takes too long: it ran for ", ""},
		{"ninety days of which all but a second are quiet", forged(run(t, "quiet", time.Second)), Limits{}, "", "at the end: the lab is at 2160h0m0s"},
		{"more events than were recorded", func() *Recording {
			r := run(t, "prints", 10*time.Second)
			r.End.At, r.End.Step = int64(MaxTime), math.MaxUint64
			return r
		}(), Limits{}, "", "at the end: there are more events than the "},
		{"a lab that uses more memory than one may", forged(run(t, "eats", time.Second)), Limits{}, "the nested calls of its programs take more memory than those of a lab may: it ran for ", ""},
		{"a command at another step", func() *Recording {
			r := run(t, "prints", 10*time.Second, kill)
			r.Commands[0].Step++
			r.End.Step++
			return r
		}(), Limits{}, "", "at command 1 (kill): the lab is at 1s"},
		{"another hash", func() *Recording {
			r := run(t, "prints", 10*time.Second)
			r.End.Hash = hashOf("x")
			return r
		}(), Limits{}, "", "between two commands: there are "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res, err := read(t, written(t, tc.rec)).Replay(t.Context(), builder, tc.limits)
			switch {
			case tc.err != "":
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want %q in it", err, tc.err)
				}
			case err != nil || res.Same || !strings.Contains(res.Why, tc.why):
				t.Errorf("got %+v, %v, want why with %q in it", res, err, tc.why)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	_, err := read(t, written(t, forged(run(t, "spins", time.Second)))).Replay(ctx, builder, Limits{Progress: func(p Progress) {
		if told++; p.End != MaxTime || p.Last != math.MaxUint64 {
			t.Errorf("the progress is %+v", p)
		}
		cancel()
	}})
	if !errors.Is(err, ErrInterrupted) || told != 1 {
		t.Errorf("an interrupted replay ends with %v, after %d words of its progress", err, told)
	}
}

func TestAReplaySaysWhatItLacks(t *testing.T) {
	r := run(t, "prints", 3*time.Second, vnet.Kill{Node: "a", Proc: "p"}, vnet.Install{Node: "a", Proc: "p", Hash: hashOf("quiet")})
	none := builder
	none.Program = nil
	_, err := read(t, written(t, r)).Replay(t.Context(), none, Limits{})
	var lack *LackError
	if !errors.As(err, &lack) || len(lack.Lacks) != 2 {
		t.Fatalf("got %v", err)
	}
	for i, want := range []string{
		"a:p  SHA-256 " + hashOf("prints") + `  6 bytes  "prints.wasm"`,
		"a:p  SHA-256 " + hashOf("quiet") + `  "up.wasm"`,
	} {
		if got := lack.Lacks[i].String(); got != want || !strings.Contains(err.Error(), "\n  "+want) {
			t.Errorf("it lacks %s, want %s, in %v", got, want, err)
		}
	}
	if _, err := read(t, written(t, r, "quiet")).Replay(t.Context(), none, Limits{}); !errors.As(err, &lack) || len(lack.Lacks) != 1 {
		t.Errorf("with the upload in it: %v", err)
	}
	if res, err := read(t, written(t, r, "quiet", "prints")).Replay(t.Context(), none, Limits{}); err != nil || !res.Same {
		t.Errorf("with both in it: %+v, %v", res, err)
	}
	liar := builder
	liar.Program = func(string) ([]byte, error) { return []byte("eats"), nil }
	if _, err := read(t, written(t, r)).Replay(t.Context(), liar, Limits{}); err == nil || !strings.Contains(err.Error(), "is not the one with the hash") {
		t.Errorf("another program: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(written(f, run(f, "prints", 3*time.Second), "quiet"))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if l.Format != Format {
			t.Error("a recording of another format was taken")
		}
		// What is read is written and read again, to the same.
		var out bytes.Buffer
		if err := Write(&out, &l.Recording, nil, nil); err != nil {
			t.Fatal(err)
		}
		again := read(t, out.Bytes())
		first, _ := json.Marshal([]any{l.Recording, l.Config, l.Brief})
		if second, err := json.Marshal([]any{again.Recording, again.Config, again.Brief}); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s is read back as %s, %v", first, second, err)
		}
	})
}

// The two texts of a recording, without the zip around them, which keeps a fuzzer out.
func FuzzTexts(f *testing.F) {
	r := run(f, "prints", 3*time.Second, vnet.Kill{Node: "a", Proc: "p"})
	text, err := json.Marshal(r)
	config, cerr := canonical(r.Config)
	if err != nil || cerr != nil {
		f.Fatal(err, cerr)
	}
	f.Add(text, config)
	f.Fuzz(func(t *testing.T, text, config []byte) {
		l := &File{}
		if l.parse(text) != nil {
			return
		}
		var err error
		if l.Config, err = parseConfig(config, l.Version); err != nil || l.check() != nil {
			return
		}
		if again, err := canonical(l.Config); err != nil || !bytes.Equal(again, config) {
			t.Errorf("%s is read back as %s, %v", config, again, err)
		}
		// Whatever it asks for, the replay ends.
		_, _ = l.Replay(t.Context(), builder, Limits{Time: time.Millisecond})
	})
}
