package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"nhooyr.io/websocket"

	"wireloom/internal/httpapi"
	"wireloom/internal/keeper"
	"wireloom/internal/session"
	"wireloom/internal/store/storetest"
	"wireloom/vnet"
)

// vile is a text of somebody who means harm to a terminal, or to who reads it: it names
// the window, clears the screen, turns the line around, and ends with a line that looks
// like one of ours. It can be a file's name.
const vile = "v\x1b[2J\x1b]0;owned\x07\x1b[1A]\x1b[8m]\u009b31m\u0085\u202e\u2066\u200f\ufeff\u2028\x7f\x08\r\xff\nlabserver: all is well\t"

// vileText is as much of it as a YAML or JSON text can say.
var vileText = strings.ToValidUTF8(vile, "")

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return strings.ReplaceAll(string(b), "\x7f", `\u007f`)
}

// wantSafe wants that a terminal only shows what is in a text: no control character but
// line ends and tabs, nothing that turns a line around or hides, nothing that is no
// UTF-8, and no line that is a stranger's. It doesn't know package terminal.
func wantSafe(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("it is no UTF-8: %q", text)
	}
	for i, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) && r != '\u00ad' || r == '\u2028' || r == '\u2029' {
			t.Errorf("%q is in it, behind %q", r, text[max(0, i-60):i])
			return
		}
	}
	for l := range strings.Lines(text) {
		if strings.HasPrefix(text, "<!doctype html>") {
			break // its lines are no terminal's
		}
		if strings.HasPrefix(l, "labserver: all is well") {
			t.Errorf("a line is a stranger's: %q, in %q", l, text)
		}
	}
}

// says is a module that writes a text to a file descriptor, in pieces, and then gives up
// in a function of that name.
func says(fd byte, text string) string {
	leb := func(n int) (b string) {
		for ; n >= 0x80; n >>= 7 {
			b += string([]byte{byte(n) | 0x80})
		}
		return b + string([]byte{byte(n)})
	}
	sized := func(s string) string { return leb(len(s)) + s }
	section := func(id byte, body string) string { return string([]byte{id}) + sized(body) }
	half := len(text) / 2
	word := func(n int) string { return string([]byte{byte(n), byte(n >> 8), 0, 0}) }
	data := word(16) + word(half) + word(16+half) + word(len(text)-half) + text
	write := func(vec byte) string {
		return "\x41" + string([]byte{fd}) + "\x41" + string([]byte{vec}) + "\x41\x01\x41\x80\x20\x10\x00\x1a"
	}
	code := "\x00" + write(0) + write(8) + "\x00\x0b"
	return "\x00asm\x01\x00\x00\x00" +
		section(1, "\x02\x60\x04\x7f\x7f\x7f\x7f\x01\x7f\x60\x00\x00") +
		section(2, "\x01\x16wasi_snapshot_preview1\x08fd_write\x00\x00") +
		section(3, "\x01\x01") + section(5, "\x01\x00\x01") +
		section(7, "\x02\x06memory\x02\x00\x06_start\x00\x01") +
		section(10, "\x01"+sized(code)) +
		section(11, "\x01\x00\x41\x00\x0b"+sized(data)) +
		section(0, "\x04name"+"\x01"+sized("\x01\x01"+sized(vileText)))
}

// vileScenario has it wherever a scenario has a free text.
var vileScenario = strings.ReplaceAll(`scenario: vile
title: VILE
params:
  p:
    pick:
      - VILE
      - x
nodes:
  bob:
    programs:
      quits:
        slot: submission
        argv:
          - quits
          - VILE
steps:
  - id: code
    title: VILE
    points: 2
    why: VILE
    hint: VILE
    staff: VILE
    exit: {program: bob.quits, code: 7, within: 100ms}
  - id: prompt
    title: VILE
    needs: [code]
    visible: staff
    stdout:
      program: bob.quits
      contains: VILE
      within: 1s
`, "VILE", quoted(vileText))

// Whatever a stranger gives a command, a terminal only shows it.
func TestNothingOfStrangersReachesATerminalRaw(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir) // for files that get such a name
	put := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	lab := filepath.Dir(put("lab/scenario.yaml", vileScenario))
	here := filepath.Dir(put(vile+"/scenario.yaml", vileScenario)) // in a folder of that name
	broken := filepath.Dir(put("b"+vile+"/scenario.yaml", "scenario: vile\nnodez: {}\n"+quoted(vileText)+": 1\n"))
	rawYAML := filepath.Dir(put("raw/scenario.yaml", "scenario: x\nnodes: {a\x1b[2J\u202e: 1\n"))
	put("lab2/scenario.yaml", strings.Replace(vileScenario, "within: 100ms", "within: 100m "+quoted(vileText), 1))
	prints := put("p"+vile+".wasm", says(1, vileText))
	complains := put("e.wasm", says(2, vile))
	noModule := put("n"+vile+".wasm", "hello "+vile)
	needs := put("i.wasm", strings.Replace(says(1, "x"), "\x08fd_write", "\x08fd\x1b[2J\r\n", 1))
	put("hand/"+vile+".wasm", says(1, vileText))
	put("hand/"+vile+"/x.wasm", says(1, vileText))
	put("hand/a.wasm", "no module "+vile)
	put("hand/l"+vile+".c", "")
	put("hand/o"+vile+".txt", "")
	put("hand/f/"+vile+".wasm", "x")
	put("hand/f/"+vile+".x.wasm", "x")
	report := filepath.Join(dir, "r.json")
	if code, _, errs := labserver(t, "grade", lab, "--program", prints, "--student", vileText, "--output", report, "--format", "json"); code != exitFailed {
		t.Fatal(errs)
	}
	text := string(read(t, dir, "r.json"))
	forged := put("f"+vile+".json", strings.NewReplacer(`"version": "`, `"version": "`+strings.Trim(quoted(vileText), `"`), `"status": "failed"`, `"status": `+quoted(vileText)).Replace(text))
	nowhere := put("g.json", strings.Replace(text, `"scenario": "`, `"scenario": "`+strings.Trim(quoted("/"+vileText), `"`), 1))
	unknown := put("u.json", strings.Replace(text, `"format"`, quoted(vileText)+`: 1, "format"`, 1))
	recording := forgedRecording(t, lab, put("rec"+vile+".zip", ""), strings.Repeat("0", 64))
	odd := put("odd.zip", zipOf(t, map[string]string{vile: "x"}))
	other := hostileServer(t)
	gone := vile + "/nowhere"
	tab := filepath.Dir(put("tab"+vile+"/lab.wasm", "\x00asm"))
	put("tab"+vile+"/wasm_exec.js", "Go")

	covered := map[string]bool{}
	o := storetest.Fresh(t)
	for _, args := range [][]string{
		{vile},
		{"serve", vile},
		{"serve", here, lab},
		{"serve", broken},
		{"serve", "--addr", "127.0.0.1:0", here},
		{"serve", "--addr", "127.0.0.1:0", "--log", "json", here},
		{"attach", "--server", vile, "x", "bob"},
		{"attach", "--server", other + "/hello", "x", "bob"},
		{"attach", vile},
		{"attach", "--server", other, vile, vile},
		{"attach", "--server", other, "refuses", "bob"},
		{"attach", "--server", other, "nodes", "bob"},
		{"attach", "--server", other, "prints", "bob", "x"},
		{"attach", "--server", other, "fails", "bob", "x"},
		{"attach", "--server", other, "bye", "bob", "x"},
		{"attach", "--server", other, "greets", "bob"},
		{"attach", "--server", other, "garbles", "bob", "x"},
		{"attach", "--server", other, "closes", "bob", "x"},
		{"capture", vile},
		{"capture", vile, vile},
		{"capture", other, "refuses", "-i", vile},
		{"capture", other, vile, "-D"},
		{"capture", other, "refuses", "-D"},
		{"capture", other, "x"},
		{"capture", other, "x", "-w", gone},
		{"run", lab, "--pcap", "a.pcapng", "--capture", vile},
		{"run", lab, "--pcap", "a.pcapng", "--filter", vile},
		{"run", lab, "--for", "10ms", "--program", prints},
		{"run", here, "--for", "10ms", "--strace", "--program", complains},
		{"run", lab, "--pcap", gone},
		{"run", lab, "--events", gone},
		{"run", lab, "--for", "10ms", "--program", complains, "--events", "events.json"},
		{"run", lab, "--program", noModule},
		{"run", lab, "--program", needs},
		{"run", vile, vile},
		{"grade", lab, "--program", prints, "--student", vileText},
		{"grade", here, "--program", complains, "--format", "json"},
		{"grade", lab, "--program", prints, "--format", "html"},
		{"grade", lab, "--program", prints, "--format", "junit"},
		{"grade", lab, "--program", prints, "--format", "gradescope"},
		{"grade", lab, "--program", noModule},
		{"grade", lab, "--program", needs},
		{"grade", lab, "--program", gone},
		{"grade", broken},
		{"grade", rawYAML},
		{"grade", vile},
		{"grade", gone},
		{"grade", vile + "=x.wasm"},
		{"grade", lab, "--program", vile + "=x.wasm"},
		{"grade", lab, "--repeat", "2", "--program", prints},
		{"grade-all", lab, "hand", "--student-from", "name", "--format", "html"},
		{"grade-all", here, "hand", "--out", vile + "-out"},
		{"grade-all", lab, gone},
		{"grade-all", vile, vile, vile},
		{"grade-all", lab, here},
		{"verify", report, "--program", complains},
		{"verify", forged, "--program", prints},
		{"verify", nowhere},
		{"verify", unknown},
		{"verify", gone},
		{"verify", noModule},
		{"verify", report, "--scenario", broken},
		{"verify", report, "--key", vile},
		{"verify", report, "--student", vile},
		{"verify", report, "--program", prints, "--submission", vile},
		{"grade", lab, "--submission", "hand"},
		{"grade", lab, "--submission", "hand/f"},
		{"grade", lab, "--submission", vile + "-none"},
		{"grade", lab, "--program", prints, "--format", "json", "--sign", vile},
		{"key", "new", "k" + vile},
		{"key", "new", "k" + vile},
		{"key", "public", "k" + vile},
		{"key", "public", noModule},
		{"key", "new", gone},
		{"key", vile, vile},
		{"verify", report, "--key", "k" + vile},
		{"replay", recording},
		{"replay", forgedRecording(t, lab, put("rec2.zip", ""), vileText)},
		{"replay", gone},
		{"replay", noModule},
		{"replay", odd},
		{"check", lab, here, broken, rawYAML, "lab2", vile, gone},
		{"schema", vile},
		{"fields", vile},
		{"compile", noModule, needs},
		{"compile", gone},
		{"compile", prints, here},
		{"cc"},
		{"cc", vile + ".c"},
		{"sdk", noModule},
		{"sdk", vile + "-sdk"},
		{"site", vile},
		{"site", "out" + vile, "--lab", tab, here},
		{"site", "out" + vile, "--lab", tab, broken},
		{"site", here, "--lab", tab, lab},
		{"site", gone, "--lab", noModule},
		{"completion", vile},
		{"complete", "grade", here, "--stage", ""},
		{"complete", "grade", lab, "--program", ""},
		{"complete", vile, vile},
		{"version", vile},
		{"verify", put("receipt.txt", "wireloom hand-in 1\nhandin "+vileText+"\nsignature "+vileText)},
		{"admin", vile},
		{"admin", "--data", "data" + vile, "operator", vile},
		{"admin", "--data", gone, "operator", "Ada"},
		{"admin", "--data", "data" + vile, "backup", gone},
		{"admin", "--data", "data" + vile, "export", vile},
		{"admin", "--data", "data" + vile, "erase", vile},
		{"admin", "--data", "restored" + vile, "restore", noModule},
		{"admin", "--config", noModule, "operator", "Ada"},
		{"health", "--url", vile},
		{"health", "--config", gone},
	} {
		covered[args[0]] = true
		t.Run(fmt.Sprintf("%.60q", args), func(t *testing.T) {
			if args[0] == "admin" && o.URL != "" {
				t.Setenv("WIRELOOM_DB", o.URL)
			}
			wantSafeRun(t, args...)
		})
	}
	wantSafe(t, string(read(t, dir, "events.json")))
	for _, name := range []string{"table.txt", "table.html", "results.csv", "results.json"} {
		wantSafe(t, string(read(t, dir, "hand-results/"+name)))
	}
	// A value that no flag wants, and a flag that there is not.
	for _, c := range commands() {
		if !covered[c.name] {
			t.Errorf("nothing is tried with %s", c.name)
		}
		_, out, errs := labserver(t, c.name, "--help")
		for _, m := range regexp.MustCompile(`(?m)^  --?([A-Za-z-]+)`).FindAllStringSubmatch(out+errs, -1) {
			t.Run(c.name+" --"+m[1], func(t *testing.T) {
				if c.name == "serve" {
					wantSafeRun(t, c.name, "--addr=127.0.0.1:0", "--"+m[1]+"="+vile)
					return
				}
				wantSafeRun(t, c.name, "--"+m[1]+"="+vile, lab, "hand")
				wantSafeRun(t, c.name, lab, "--"+m[1]+"="+vile)
			})
		}
		wantSafeRun(t, c.name, "--"+vile)
	}
}

// wantSafeRun runs a command line, which is interrupted before it begins where it would
// serve.
func wantSafeRun(t *testing.T, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if args[0] == "serve" {
		cancel()
	}
	var out, errs strings.Builder
	run(ctx, args, stdio{strings.NewReader(""), &out, &errs})
	wantSafe(t, out.String())
	wantSafe(t, errs.String())
	if out.Len()+errs.Len() == 0 && args[0] != "attach" {
		t.Error("it says nothing")
	}
}

func zipOf(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// forgedRecording is a recording of a lab that says of itself what is vile, and that
// another run came of it, with that hash.
func forgedRecording(t *testing.T, lab, to, hash string) string {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	offer, err := offers(log, []string{lab})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := openEngine(t.Context(), stdio{nil, io.Discard, io.Discard}, "")
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpapi.New(httpapi.Config{
		Version: "THE-VERSION", Scenarios: offer.list, Compile: engine.Compile, Session: session.Options{Dir: t.TempDir()},
		NewLab: func(ctx context.Context, name string, empty bool) (*vnet.Lab, session.Setup, error) {
			b, err := offer.build(ctx, keeper.Ask{Scenario: name, Empty: empty}, engine.Compile)
			return b.Lab, b.Setup, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(api)
	defer func() {
		if err := api.Close(context.Background(), "the test is over"); err != nil {
			t.Error(err)
		}
		srv.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}()
	res, err := http.Post(srv.URL+"/api/labs", "application/json", strings.NewReader(`{"scenario":"vile"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // its address is in the head
	at, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	res, err = http.Get(at.String() + "/recording")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // read to its end
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("no recording: %s, %v: %.200s", res.Status, err, b)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		_ = r.Close() // read to its end
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = strings.ReplaceAll(string(text), "THE-VERSION", strings.Trim(quoted(vileText), `"`))
		if strings.HasSuffix(f.Name, ".json") {
			files[f.Name] = regexp.MustCompile(`("hash": ?")[0-9a-f]{64}("\s*}\s*}\s*)$`).ReplaceAllString(files[f.Name], "${1}"+strings.Trim(quoted(hash), `"`)+"${2}")
		}
	}
	if err := os.WriteFile(to, []byte(zipOf(t, files)), 0o644); err != nil {
		t.Fatal(err)
	}
	return to
}

// hostileServer answers attach as no server of ours does. The lab's id says what it is
// to do.
func hostileServer(t *testing.T) (url string) {
	t.Helper()
	node := quoted("bob")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/labs/"), "/")[0]
		if what == "refuses" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"error":%s}`, quoted(vileText))
			return
		}
		switch path.Base(r.URL.Path) {
		case "points":
			fmt.Fprintf(w, `[{"name":%s,"does":%[1]s}]`, quoted(vileText))
			return
		case "live.pcapng":
			fmt.Fprint(w, vileText)
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // it was no attach
		}
		defer func() { _ = c.CloseNow() }() // nobody is left who cares
		say := func(m string) { _ = c.Write(r.Context(), websocket.MessageText, []byte(m)) }
		names, kind := node, `"hello"`
		switch what {
		case "nodes":
			names = quoted(vileText)
		case "greets":
			kind = quoted(vileText)
		}
		say(`{"type":` + kind + `,"next":1,"topology":{"nodes":[{"name":` + names + `}]}}`)
		if r.URL.RawQuery == "" {
			_, _, _ = c.Read(r.Context()) // until it comes back for the rest
			return
		}
		_, request, err := c.Read(r.Context())
		if err != nil {
			return // it left
		}
		var q struct{ ID int64 }
		if err := json.Unmarshal(request, &q); err != nil {
			return // it was no request
		}
		// What a command prints has lines of its own, and attach shows them as they are.
		printed := quoted(strings.ReplaceAll(vileText, "\n", ""))
		switch what {
		case "fails":
			say(fmt.Sprintf(`{"type":"reply","id":%d,"ok":false,"error":%s}`, q.ID, quoted(vileText)))
		case "bye":
			say(`{"type":"bye","reason":` + quoted(vileText) + `}`)
		case "garbles":
			_ = c.Write(r.Context(), websocket.MessageText, []byte("{"+vile))
		case "closes":
			_ = c.Close(websocket.StatusPolicyViolation, vileText) // it may be gone
			return
		default:
			say(fmt.Sprintf(`{"type":"reply","id":%d,"ok":true,"result":{"proc":"x"}}`, q.ID))
			for fd := range 4 {
				say(fmt.Sprintf(`{"type":"events","events":[{"k":"console","node":"bob","proc":"x","fd":%d,"text":%s},{"k":"console","node":"bob","proc":"x","fd":%d,"text":"\u001b[3"}]}`, fd, printed, fd))
			}
			say(`{"type":"events","events":[{"k":"exit","node":"bob","proc":"x","n":0}]}`)
		}
		_, _, _ = c.Read(r.Context()) // until it leaves
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// On a terminal that shows colours a program may set them, in run and in attach, and
// nothing of it is left behind.
func TestAProgramsColoursAreShown(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	lab := t.TempDir()
	scenarioFolder(t, lab, quitter)
	colored := file(t, "c.wasm", says(1, "\x1b[1;31mred\n\x1b[2Jplain\n"))
	show := func(args ...string) string {
		t.Helper()
		out := &teletype{terminal: true}
		run(t.Context(), args, stdio{strings.NewReader(""), out, out})
		return out.String()
	}
	if got := show("run", lab, "--for", "10ms", "--program", colored); !strings.Contains(got, "  \x1b[1;31mred\x1b[0m\n") || !strings.Contains(got, `  \x1b[2Jplain`+"\n") {
		t.Errorf("got %q", got)
	}
	if got := show("attach", "--server", coloredServer(t), "x", "bob", "x"); got != "\x1b[32mgreen\n\\x1b[2Jstill\x1b[0m" {
		t.Errorf("got %q", got)
	}
	t.Setenv("NO_COLOR", "1")
	if got := show("run", lab, "--for", "10ms", "--program", colored); strings.Contains(got, "\x1b") || !strings.Contains(got, `\x1b[1;31mred`) {
		t.Errorf("without colours: got %q", got)
	}
}

// coloredServer runs a command that prints green letters.
func coloredServer(t *testing.T) (url string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // it was no attach
		}
		defer func() { _ = c.CloseNow() }() // nobody is left who cares
		say := func(m string) { _ = c.Write(r.Context(), websocket.MessageText, []byte(m)) }
		say(`{"type":"hello","next":1,"topology":{"nodes":[{"name":"bob"}]}}`)
		if _, _, err := c.Read(r.Context()); err != nil {
			return // it comes back for the rest
		}
		say(`{"type":"reply","id":1,"ok":true,"result":{"proc":"x"}}`)
		say(`{"type":"events","events":[{"k":"console","node":"bob","proc":"x","fd":1,"text":"\u001b[3"},{"k":"console","node":"bob","proc":"x","fd":1,"text":"2mgreen\n\u001b[2Jstill"},{"k":"exit","node":"bob","proc":"x"}]}`)
		_, _, _ = c.Read(r.Context()) // until it leaves
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}
