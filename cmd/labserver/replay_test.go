package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/open"
	"wireloom/internal/recording"
	"wireloom/internal/scenario/format"
	"wireloom/internal/terminal"
)

// A student is somebody with a browser: a lab on a server, and its stream.
type student struct {
	t    *testing.T
	url  string // of the server
	lab  string // its id
	conn *websocket.Conn
	ids  int
	said [][]byte // every message
}

// visit opens a lab of a scenario.
func visit(t *testing.T, url, scenario string) *student {
	t.Helper()
	return visitWith(t, url, `{"scenario":"`+scenario+`"}`)
}

// visitWith opens the lab that a request asks for.
func visitWith(t *testing.T, url, ask string) *student {
	t.Helper()
	v := &student{t: t, url: url}
	status, body := v.ask("POST", "/api/labs", []byte(ask))
	var lab struct{ ID string }
	if err := json.Unmarshal(body, &lab); err != nil || status != http.StatusCreated {
		t.Fatalf("no lab for %s: %d %s, %v", ask, status, body, err)
	}
	v.lab = lab.ID
	var err error
	v.conn, _, err = websocket.Dial(t.Context(), url+"/api/labs/"+v.lab+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	v.conn.SetReadLimit(16 << 20)
	t.Cleanup(func() { _ = v.conn.CloseNow() }) // closed already, or of no use
	return v
}

// ask makes a request and returns the answer's status and body.
func (v *student) ask(method, path string, body []byte) (int, []byte) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, bytes.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.StatusCode, b
}

// next reads a message, and acknowledges it as a page does.
func (v *student) next() []byte {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), time.Minute)
	defer cancel()
	_, b, err := v.conn.Read(ctx)
	if err != nil {
		v.t.Fatal(err)
	}
	v.said = append(v.said, b)
	acknowledge(v.t, v.conn, b)
	return b
}

// acknowledge says that a message was shown, if it is one of those that wait for that.
// The server may have gone.
func acknowledge(t *testing.T, c *websocket.Conn, b []byte) {
	t.Helper()
	var m struct {
		Type string
		N    uint64
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	if m.Type == "events" || m.Type == "state" {
		_ = c.Write(t.Context(), websocket.MessageText, fmt.Appendf(nil, `{"type":"ack","n":%d}`, m.N))
	}
}

// command sends a command of these members and returns the reply to it.
func (v *student) command(members string) []byte {
	v.t.Helper()
	v.ids++
	text := fmt.Sprintf(`{"type":"cmd","id":%d,%s}`, v.ids, members)
	if err := v.conn.Write(v.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		v.t.Fatal(err)
	}
	for {
		var m struct {
			Type string
			ID   int
		}
		b := v.next()
		if err := json.Unmarshal(b, &m); err != nil {
			v.t.Fatal(err)
		}
		if m.Type == "reply" && m.ID == v.ids {
			return b
		}
	}
}

// reach waits until the lab is at a virtual time.
func (v *student) reach(at time.Duration) {
	v.t.Helper()
	for {
		var m struct {
			Type string
			T    time.Duration
		}
		if err := json.Unmarshal(v.next(), &m); err != nil {
			v.t.Fatal(err)
		}
		if m.Type == "state" && m.T >= at {
			return
		}
	}
}

// upload puts a program into a slot.
func (v *student) upload(slot format.Slot, module []byte) {
	v.t.Helper()
	status, body := v.ask("POST", "/api/labs/"+v.lab+"/programs?node="+slot.Node+"&proc="+slot.Proc+"&name=mine.wasm", module)
	if status != http.StatusOK {
		v.t.Fatalf("%s was not uploaded: %d %s", slot, status, body)
	}
}

// recording downloads the recording into a file.
func (v *student) recording() (path string, rec *recording.File) {
	v.t.Helper()
	status, b := v.ask("GET", "/api/labs/"+v.lab+"/recording", nil)
	if status != http.StatusOK {
		v.t.Fatalf("no recording: %d %s", status, b)
	}
	path = file(v.t, "lab.wireloom.zip", string(b))
	rec, err := recording.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		v.t.Fatal(err)
	}
	return path, rec
}

// other is a module that does the same as another and has another hash: it has a
// custom section more.
func other(module []byte, name string) []byte {
	section := append([]byte{0, byte(len(name) + 1), byte(len(name))}, name...)
	return append(append([]byte(nil), module...), section...)
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(b)
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// Every lab that labserver offers is recorded through the server and replayed by the
// command, to the same hash, with no solution in the recording.
func TestEveryBuiltinLabIsReplayed(t *testing.T) {
	s := startServe(t)
	for _, name := range open.Builtin() {
		t.Run(name, func(t *testing.T) {
			sc, err := open.BuiltinScenario(name)
			if err != nil {
				t.Fatal(err)
			}
			slot := sc.Slots()[0]
			ref, err := sc.Reference(slot)
			if err != nil {
				t.Fatal(err)
			}
			v := visit(t, s.url, name)
			v.command(`"op":"rate","rate":10`)
			v.command(`"op":"exec","node":"` + slot.Node + `","line":"ifconfig | cat"`)
			v.reach(3 * time.Second)
			v.command(`"op":"stop","node":"` + slot.Node + `","proc":"` + slot.Proc + `"`)
			const small = 512 << 10 // bytes of a program that is compiled in no time
			mine := other(ref, "mine")
			if len(ref) < small {
				v.upload(slot, mine)
			}
			v.command(`"op":"start","node":"` + slot.Node + `","proc":"` + slot.Proc + `"`)
			v.command(`"op":"step"`)
			v.command(`"op":"resume"`)
			v.reach(8 * time.Second)
			path, rec := v.recording()
			if rec.Holds(sum(ref)) || rec.Holds(sum(mine)) != (len(ref) < small) || len(rec.Programs) != len(sc.Slots()) || rec.Brief != sc.Brief {
				t.Errorf("the recording has %+v", rec.Recording)
			}
			if code, out, errs := labserver(t, "replay", path); code != exitOK || !strings.HasPrefix(out, "the same\n  run "+rec.End.Hash) {
				t.Errorf("exit code %d: %s%s", code, out, errs)
			}
			v.ask("DELETE", "/api/labs/"+v.lab, nil)
		})
	}
}

// The recording of a teacher's own lab needs the teacher's folder, or the program.
func TestAReplayOfOnesOwnLab(t *testing.T) {
	dir := t.TempDir()
	solution := []byte(exitsWith(7))
	write := func(name string, b []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("scenario.yaml", []byte("scenario: mine\nnodes: {a: {programs: {p: {slot: submission}}}}\n"))
	write("reference.wasm.gz", gzipped(t, solution))
	s := startServe(t, dir)
	v := visit(t, s.url, "mine")
	v.upload(format.Slot{Node: "a", Proc: "p"}, []byte(exitsWith(5)))
	v.command(`"op":"start","node":"a","proc":"p"`)
	path, _ := v.recording()
	given := write("solution.wasm", solution)
	for _, tc := range []struct {
		name string
		args []string
		code int
		out  string
		errs string
	}{
		{
			"nothing given", nil, exitError, "",
			"labserver: recording: of programs that were not uploaded it has only the hash, and these are not here:\n  a:p  SHA-256 " + sum(solution) +
				fmt.Sprintf("  %d bytes  \"p.wasm\"\ngive the scenario that they are the solutions of with --scenario, or each as a file with --program\n", len(solution)),
		},
		{"the scenario", []string{"--scenario", dir}, exitOK, "the same\n", ""},
		{"the program", []string{"--program", given}, exitOK, "the same\n", ""},
		{"another program, and the right one", []string{"--program", file(t, "x.wasm", exitsWith(9)), "--program", given}, exitOK, "the same\n", ""},
		{"another program", []string{"--program", file(t, "x.wasm", exitsWith(9))}, exitError, "", "a:p  SHA-256 "},
		{"a scenario that is none", []string{"--scenario", given}, exitError, "", "neither a folder nor a zip"},
		{"a program that is none", []string{"--program", dir + "/nothing"}, exitError, "", "no such file"},
		{"no time", []string{"--max-time", "-1s"}, exitError, "", "--max-time -1s: want some time, or 0 for no limit"},
		{"little time", []string{"--program", given, "--max-time", "1ns"}, exitError, "", "the replay takes too long: it ran for "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errs := labserver(t, append([]string{"replay", path}, tc.args...)...)
			if code != tc.code || !strings.HasPrefix(out, tc.out) || !strings.Contains(errs, tc.errs) {
				t.Errorf("code %d, want %d\nout %s\nerr %s\nwant %q in it", code, tc.code, out, errs, tc.errs)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var o, e bytes.Buffer
	if code := run(ctx, []string{"replay", path, "--program", given}, stdio{strings.NewReader(""), &o, &e}); code != exitError || !strings.Contains(e.String(), "the replay was interrupted: it ran for ") {
		t.Errorf("an interrupted replay ends with %d: %s%s", code, &o, &e)
	}
	if code, _, errs := labserver(t, "replay", os.DevNull); code != exitError || !strings.Contains(errs, "no ordinary file") {
		t.Errorf("what is no ordinary file: %d %s", code, errs)
	}
}

// What a terminal shows of a replay is a line that is written anew and taken away.
func TestProgressOfAReplay(t *testing.T) {
	for _, tc := range []struct {
		name     string
		terminal bool
		want     string
	}{
		{"what is no terminal", false, "^$"},
		{"a terminal", true, `^\r\x1b\[K1\.235s of 1m0s of virtual time, 5 of 300 events\r\x1b\[K$`},
	} {
		screen := &teletype{terminal: tc.terminal}
		p := replayProgress{screen: terminal.NewWriter(screen)}
		p.show(recording.Progress{At: 1234567 * time.Microsecond, End: time.Minute, Events: 5, Last: 300})
		p.end()
		if got := screen.String(); !regexp.MustCompile(tc.want).MatchString(got) {
			t.Errorf("%s got %q", tc.name, got)
		}
	}
}
