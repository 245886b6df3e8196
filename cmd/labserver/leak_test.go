package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nhooyr.io/websocket"

	"wireloom/internal/httpapi"
	"wireloom/internal/open"
	"wireloom/internal/scenario/format"
	"wireloom/internal/stream"
)

// A canary is a text that must not leave: all of them begin alike, and say where they
// were put. Those of steps that everybody sees begin with shown: reports have them, and
// what a server hands out has not.
const (
	canary = "zebrafinch"
	shown  = "goldfinch"
)

// canaries are all of a scenario that a visitor must not have. $H is what begins the
// canaries of hidden texts, $S those of steps that are always visible.
const canaries = `# $H-comment
scenario: guarded
title: A lab of one's own
params:
  seen: {pick: [one, two]}
  unseen: {pick: ["$H-param"]}
nodes:
  a:
    nics: {em0: {port: s1.1, address: 10.0.0.1/24}}
    programs: {p: {slot: submission, argv: [p, "${seen}"]}}
    files: {/etc/motd: files/motd, /etc/text: {text: "for every program\n"}}
  b:
    nics: {em0: {port: s1.2, address: 10.0.0.2/24}}
    programs: {ping: {command: ping, argv: [ping, 10.0.0.1]}}
switches: {s1: {ports: 3}}
goal: Reach it.
try:
  - {label: ping, run: {node: b, command: ping -c 1 10.0.0.1}, look: At what comes back.}
  - {label: send, send: {port: s1.3, packet: {arp.opcode: 1}}}
stages:
  first:
    title: $S-stage-title
    setup:
      - {wait: 1ms, title: $S-setup-title}
steps:
  - id: $S-id
    stage: first
    title: $S-title
    send: {port: s1.3, packet: {eth.src: "02:00:00:00:00:aa", eth.type: 0x88b5, data.text: $S-packet}}
    stdout: {program: a.p, contains: $S-expected}
    points: 1
    why: $S-why
    hint: $S-hint
    staff: $H-staff-of-a-visible-step
  - id: $H-id
    title: $H-title
    visible: after-due
    send:
      - {port: s1.3, packet: {eth.src: "02:00:00:00:00:aa", eth.type: 0x88b5, data.text: "$H-packet ${unseen}"}}
      - {port: s1.3, capture: captures/$H-capture.pcap}
    stdin: {program: b.ping, text: $H-stdin}
    stdout: {program: a.p, contains: $H-expected}
    points: 1
    why: $H-why
    hint: $H-hint
    staff: $H-staff
  - id: $H-last
    visible: staff
    needs: [$H-id]
    run: {node: b, command: "echo $H-command", stdout: {contains: $H-command}}
    points: 1
    hint: $H-staff-hint
`

// solutions are bytes of the reference that must not leave, so long and odd that no
// other program has them.
func solution() []byte {
	var b []byte
	for i := range 16 {
		h := sha256.Sum256([]byte("solution " + strconv.Itoa(i)))
		b = append(b, h[:]...)
	}
	return b
}

// guarded writes a teacher's folder with a canary in everything that students must not
// have.
func guarded(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "guarded")
	named := func(s string) string {
		return strings.NewReplacer("$H", canary, "$S", shown).Replace(s)
	}
	custom := append([]byte{8}, canary[:8]...)
	custom = append(custom, canary+"-in-the-solution "...)
	custom = append(custom, solution()...)
	section := []byte{0, byte(len(custom)&0x7f | 0x80), byte(len(custom) >> 7)} // its length in LEB128
	module := append(append([]byte(exitsWith(7)), section...), custom...)
	for name, b := range map[string][]byte{
		"scenario.yaml":             []byte(named(canaries)),
		"brief.md":                  []byte("# Do it\n"),
		"files/motd":                []byte("hello\n"),
		"files/$H-unused":           []byte(named("$H-in-a-file-of-no-node")),
		"captures/$H-capture.pcap":  pcapOf(t, named("$H-in-a-capture")),
		"mutants/$H.patch":          []byte(named("Mistake: $H-mutant")),
		"reference/$H.c":            []byte(named("/* $H-reference */")),
		"starter/main.c":            []byte("int main(void) { return 0; }\n"),
		"reference.wasm.gz":         gzipped(t, module),
		"notes.txt":                 []byte(named("$H-notes")),
		"reference/$H-program.wasm": module,
	} {
		path := filepath.Join(dir, filepath.FromSlash(named(name)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// pcapOf is a capture of one frame with a text in it.
func pcapOf(t *testing.T, text string) []byte {
	t.Helper()
	frame := append([]byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\xaa\x88\xb5"), text...)
	le := func(n ...uint32) (b []byte) {
		for _, n := range n {
			b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		}
		return b
	}
	head := append(le(0xa1b2c3d4, 0x00040002), le(0, 0, 65535, 1)...)
	return append(append(head, le(0, 0, uint32(len(frame)), uint32(len(frame)))...), frame...)
}

// A finder looks for secrets in what leaves, however it is packed.
type finder struct {
	secrets map[string][]byte // by what they are called
	hidden  []string          // texts, in any case
}

// newFinder looks for texts, and for each sixteen bytes of parts.
func newFinder(hidden []string, parts []byte) *finder {
	f := &finder{secrets: map[string][]byte{}, hidden: hidden}
	for i := 0; i+16 <= len(parts); i += 16 {
		f.secrets[fmt.Sprintf("byte %d of the solution", i)] = parts[i : i+16]
	}
	return f
}

var (
	base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{12,}`)
	hexRun    = regexp.MustCompile(`[0-9A-Fa-f]{16,}`)
)

const maxUnpacked = 16 << 20

// find returns what of the secrets is in b, "" for nothing.
func (f *finder) find(b []byte) string { return f.look(b, 0) }

func (f *finder) look(b []byte, depth int) string {
	low := bytes.ToLower(b)
	for _, text := range f.hidden {
		if i := bytes.Index(low, []byte(text)); i >= 0 {
			return strconv.Quote(string(b[i:min(i+60, len(b))]))
		}
	}
	for name, s := range f.secrets {
		if bytes.Contains(b, s) {
			return name
		}
	}
	if depth == 4 {
		return ""
	}
	for _, u := range unpacked(b) {
		if what := f.look(u, depth+1); what != "" {
			return what
		}
	}
	return ""
}

// unpacked returns what may be in b in another form.
func unpacked(b []byte) (out [][]byte) {
	if z, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err == nil {
		for _, f := range z.File {
			out = append(out, []byte(f.Name), []byte(f.Comment))
			if r, err := f.Open(); err == nil {
				text, _ := io.ReadAll(io.LimitReader(r, maxUnpacked)) // as much as there is
				out = append(out, text)
			}
		}
		return out
	}
	for rest, at := b, 0; ; rest = rest[at+1:] {
		if at = bytes.Index(rest, []byte("\x1f\x8b\x08")); at < 0 {
			break
		}
		if z, err := gzip.NewReader(bytes.NewReader(rest[at:])); err == nil {
			text, _ := io.ReadAll(io.LimitReader(z, maxUnpacked)) // as much as there is
			out = append(out, text)
		}
	}
	for _, run := range hexRun.FindAll(b, -1) {
		for odd := range 2 {
			text := run[odd:]
			plain := make([]byte, len(text)/2)
			if _, err := hex.Decode(plain, text[:len(text)/2*2]); err == nil {
				out = append(out, plain)
			}
		}
	}
	for _, run := range base64Run.FindAll(b, -1) {
		for from := range 4 {
			text := strings.NewReplacer("-", "+", "_", "/").Replace(string(run[from:]))
			if plain, err := base64.RawStdEncoding.DecodeString(text[:len(text)/4*4]); err == nil {
				out = append(out, plain)
			}
		}
	}
	if text, err := url.QueryUnescape(string(b)); err == nil && text != string(b) {
		out = append(out, []byte(text))
	}
	var v any
	if json.Unmarshal(b, &v) == nil {
		if plain := jsonTexts(v, nil); !bytes.Equal(plain, b) {
			out = append(out, plain)
		}
	}
	return out
}

// jsonTexts are the texts in a JSON value without its escapes.
func jsonTexts(v any, b []byte) []byte {
	switch v := v.(type) {
	case string:
		return append(append(b, v...), '\n')
	case []any:
		for _, x := range v {
			b = jsonTexts(x, b)
		}
	case map[string]any:
		for k, x := range v {
			b = jsonTexts(x, append(append(b, k...), '\n'))
		}
	}
	return b
}

// The test of the test: a secret is found however it is wrapped.
func TestTheFinderFinds(t *testing.T) {
	f := newFinder([]string{canary}, solution())
	secret := []byte("... " + canary + "-x ...")
	zipped := func(name string, b []byte) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(b)
		}
		if err == nil {
			err = z.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for _, tc := range []struct {
		name string
		b    []byte
	}{
		{"as it is", secret},
		{"in capitals", bytes.ToUpper(secret)},
		{"in hex", []byte(`{"data":"` + hex.EncodeToString(secret) + `"}`)},
		{"in hex, shifted", []byte("f" + strings.ToUpper(hex.EncodeToString(secret)))},
		{"in base64", []byte(`{"data":"` + base64.StdEncoding.EncodeToString(secret) + `"}`)},
		{"in base64 behind a path", []byte("ab/" + base64.RawURLEncoding.EncodeToString(secret))},
		{"in JSON's escapes", []byte(`{"a":["z\u0065brafinch"]}`)},
		{"in an address", []byte("/x?name=%7a%65brafinch")},
		{"in a zip", zipped("a", secret)},
		{"as a name in a zip", zipped(canary, nil)},
		{"in gzip", append([]byte("before"), gzipped(t, secret)...)},
		{"in gzip in base64 in a zip", zipped("a", []byte(`"`+base64.StdEncoding.EncodeToString(gzipped(t, secret))+`"`))},
		{"a part of the solution", append([]byte("before"), solution()[5:60]...)},
		{"a part of the solution in hex", []byte(hex.EncodeToString(solution()[100:140]))},
	} {
		if f.find(tc.b) == "" {
			t.Errorf("%s: it is not found in %q", tc.name, tc.b)
		}
	}
	if what := f.find([]byte("nothing to see: " + strings.Repeat("0123456789abcdef", 40))); what != "" {
		t.Errorf("%s is found where there is nothing", what)
	}
}

// answers are the whole of an answer: status, headers and body.
func (v *student) whole(method, path, body string, head ...string) []byte {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n", res.Status)
	if err := res.Header.Write(&out); err != nil {
		v.t.Fatal(err)
	}
	v.said = append(v.said, out.Bytes(), b) // the body alone too: a zip is one only from its first byte
	return b
}

// Whatever a visitor asks a server for, they get nothing of the scenario's steps, of
// its author's texts and files, and of the solution. Every route of the server has to
// have its place here, and every command and message of the stream.
func TestNothingThatIsHiddenLeavesTheServer(t *testing.T) {
	dir := guarded(t)
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.CopyFS(broken, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	// A solution that cannot be compiled: its import is not there, and its name tells.
	module := strings.ReplaceAll(exitsWith(7), "\x09proc_exit", "\x09zebrafinc")
	for name, text := range map[string]string{
		"reference.wasm.gz": string(gzipped(t, []byte(module))),
		"scenario.yaml":     strings.Replace(strings.NewReplacer("$H", canary, "$S", shown).Replace(canaries), "scenario: guarded", "scenario: broken", 1),
	} {
		if err := os.WriteFile(filepath.Join(broken, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := startServe(t, dir, broken)
	secrets := newFinder([]string{canary, shown, canary[:9]}, solution())
	src, err := open.Scenario(dir)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := src.Reference(format.Slot{Node: "a", Proc: "p"})
	if err != nil || secrets.find(ref) == "" || len(src.Steps) != 3 {
		t.Fatalf("the scenario is not what this test is about: %v", err)
	}

	v := visit(t, s.url, "guarded")
	lab := "/api/labs/" + v.lab
	var reports [][]byte // they have the steps that everybody sees
	check := func(v *student, want string) {
		from := len(v.said)
		if b := v.whole("POST", "/api/labs/"+v.lab+"/check", ""); !bytes.Contains(b, []byte(want)) {
			t.Errorf("a check has no %q: %s", want, b)
		}
		reports, v.said = append(reports, v.said[from:]...), v.said[:from]
	}
	routes := map[string]func(){
		"GET /healthz":       func() { v.whole("GET", "/healthz", "") },
		"GET /readyz":        func() { v.whole("GET", "/readyz", "") },
		"GET /api/scenarios": func() { v.whole("GET", "/api/scenarios", "") },
		"GET /api/scenarios/{name}/starter.zip": func() {
			if b := v.whole("GET", "/api/scenarios/guarded/starter.zip", ""); !bytes.HasPrefix(b, []byte("PK")) {
				t.Errorf("the starter is %.100q", b)
			}
			for _, name := range []string{"nothing", "guarded/..%2fguarded", "..", "vpn"} {
				v.whole("GET", "/api/scenarios/"+name+"/starter.zip", "")
			}
		},
		"POST /api/labs/{id}/check": func() {
			check(v, shown+"-expected") // with the program that was uploaded
			solved := visit(t, s.url, "guarded")
			check(solved, shown+"-expected")
			v.said = append(v.said, solved.said...)
			empty := visitWith(t, s.url, `{"scenario":"guarded","empty":true}`)
			empty.whole("POST", "/api/labs/"+empty.lab+"/check", "")
			empty.whole("GET", "/api/labs/"+empty.lab+"/recording", "")
			v.said = append(v.said, empty.said...)
		},
		"POST /api/labs": func() {
			v.whole("POST", "/api/labs", `{"scenario":"guarded"}`)
			v.whole("POST", "/api/labs", `{"scenario":"nothing"}`)
			v.whole("POST", "/api/labs", `{"scenario":"guarded","student":"x"}`)
			v.whole("POST", "/api/labs", `{"scenario":"guarded","empty":"x"}`)
			if b := v.whole("POST", "/api/labs", `{"scenario":"broken"}`); !bytes.Contains(b, []byte("cannot build that lab")) {
				t.Errorf("a lab whose solution cannot be compiled: %s", b)
			}
		},
		"GET /api/labs/{id}": func() { v.whole("GET", lab, "") },
		"DELETE /api/labs/{id}": func() {
			other := visit(t, s.url, "guarded")
			other.whole("DELETE", "/api/labs/"+other.lab, "")
			v.said = append(v.said, other.said...)
		},
		"GET /api/labs/{id}/stream": func() {
			v.whole("GET", lab+"/stream", "")
			v.whole("GET", lab+"/stream?since=x", "")
		},
		"POST /api/labs/{id}/programs": func() {
			// Nothing is uploaded by its hash, and a program is not the solution because it says so.
			v.whole("POST", lab+"/programs?node=a&proc=p&name=mine.wasm&hash="+sum(ref), "")
			v.whole("POST", lab+"/programs?node=a&proc=p&name=../reference.wasm.gz", "x")
			v.whole("POST", lab+"/programs?node=a&proc=q&name=mine.wasm", exitsWith(5))
			v.whole("POST", lab+"/programs?node=a&proc=p&name=mine.wasm", exitsWith(5))
			v.whole("GET", lab+"/programs/"+sum(ref), "")
			v.whole("GET", lab+"/programs?hash="+sum(ref), "")
		},
		"GET /api/labs/{id}/doors/{port}": func() {
			for _, path := range []string{"/doors/s1.1", "/doors/scenario.yaml", "/doors/%2e%2e"} {
				v.whole("GET", lab+path, "")
			}
		},
		"GET /api/labs/{id}/capture.pcapng": func() {
			if b := v.whole("GET", lab+"/capture.pcapng", ""); len(b) < 1000 {
				t.Errorf("the capture has %d bytes", len(b))
			}
		},
		"GET /api/labs/{id}/points": func() {
			if b := v.whole("GET", lab+"/points", ""); !bytes.Contains(b, []byte(`"name":"all"`)) {
				t.Errorf("the capture points are %.200s", b)
			}
		},
		"GET /api/labs/{id}/live.pcapng": func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			body, err := liveCapture(ctx, s.url, v.lab, []string{"s1"}, "")
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			b := make([]byte, 300)
			if _, err := io.ReadFull(body, b); err != nil {
				t.Error(err)
			}
			v.said = append(v.said, b)
			v.whole("GET", lab+"/live.pcapng?point=nothing", "")
		},
		"GET /api/labs/{id}/recording": func() {
			if b := v.whole("GET", lab+"/recording", ""); !bytes.HasPrefix(b, []byte("PK")) {
				t.Errorf("the recording is %.100q", b)
			}
		},
		"GET /api/queue/{ticket}": func() { v.whole("GET", "/api/queue/nobody", "") },
		"/api":                    func() { v.whole("GET", "/api", "") },
		"/api/": func() {
			for _, path := range []string{"/api/", "/api/programs/" + sum(ref), "/api/scenarios/guarded", "/api/scenarios/guarded/scenario.yaml", "/api/labs/" + v.lab + "/scenario.yaml"} {
				v.whole("GET", path, "")
			}
		},
		"/": func() {
			for _, path := range []string{"/", "/scenario.yaml", "/guarded/scenario.yaml", "/scenarios/guarded/scenario.yaml", "/reference.wasm.gz", "/../guarded/scenario.yaml", "/%2e%2e/scenario.yaml", "/" + sum(ref)} {
				v.whole("GET", path, "", "Accept-Encoding", "gzip")
			}
		},
	}
	api, err := httpapi.New(httpapi.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range api.Routes() {
		if routes[pattern] == nil {
			t.Errorf("the route %q has no place in this test: say what a visitor asks of it", pattern)
		}
	}
	for pattern := range routes {
		if !slices.Contains(api.Routes(), pattern) {
			t.Errorf("there is no route %q", pattern)
		}
	}

	ops := map[string][]string{
		"pause": {``}, "step": {``}, "resume": {``}, "rate": {`,"rate":10`, `,"rate":3`},
		"stop": {`,"node":"a","proc":"p"`}, "start": {`,"node":"a","proc":"p"`, `,"node":"a","proc":"q"`}, "kill": {`,"node":"a","proc":"p"`, `,"node":"b","proc":"ping"`},
		"try":    {`,"n":1`, `,"n":2`, `,"n":0`, `,"n":9`},
		"stdin":  {`,"node":"a","proc":"p","text":"x\n"`},
		"text":   {`,"node":"a","proc":"p","from":0,"to":1000000`, `,"node":"a","proc":"q","from":1,"to":0`},
		"port":   {`,"port":"s1.1","link":"down"`, `,"port":"s1.1","link":"up"`, `,"port":"a:em0","link":"x"`},
		"vlan":   {`,"port":"s1.1","access":10,"native":0,"trunk":""`, `,"port":"s9.1","access":0,"native":1,"trunk":"10-20"`},
		"impair": {`,"port":"s1.1","way":"","words":["delay 1ms"]`, `,"port":"s1.1","way":"","words":[]`, `,"port":"s1.1","way":"x","words":["nothing"]`},
		"unplug": {`,"port":"s1.1"`, `,"port":"s1.1"`},
		"plug":   {`,"a":"s1.1","b":"a:em0","delay":0`, `,"a":"s1.1","b":"a:tap9","delay":0`},
		"table":  {`,"switch":"s1","vlan":-1`, `,"switch":"s9","vlan":1`},
		"match":  {`,"filter":"arp","frames":[{"link":"ethernet","hex":"ffffffffffff0200000000aa88b5"}]`, `,"filter":"nothing","frames":[]`},
		"decode": {`,"link":"ethernet","hex":"ffffffffffff0200000000aa88b5"`, `,"link":"x","hex":""`},
		"exec": {
			`,"node":"a","line":"ls -lR /"`, `,"node":"a","line":"cat /etc/motd /etc/text"`, `,"node":"a","line":"ps"`, `,"node":"a","line":"help"`, `,"node":"a","line":"env"`,
			`,"node":"a","line":"cat /scenario.yaml /proc/1/exe /dev/mem"`, `,"node":"b","line":"ping -c 2 10.0.0.1"`, `,"node":"a","line":"nothing"`,
		},
	}
	for _, op := range stream.Ops() {
		if ops[op] == nil {
			t.Errorf("the command %q has no place in this test: say what a visitor gives it", op)
		}
		for _, members := range ops[op] {
			v.command(`"op":"` + op + `"` + members)
		}
	}
	v.command(`"op":"install","node":"a","proc":"p"`)
	v.command(`"op":"resume"`)
	v.command(`"op":"start","node":"a","proc":"p"`)
	v.reach(2_000_000_000)
	for _, pattern := range slices.Sorted(func(yield func(string) bool) {
		for p := range routes {
			if !yield(p) {
				return
			}
		}
	}) {
		routes[pattern]()
		// And HEAD, which is answered as GET is, and a method that no route takes.
		method, path, ok := strings.Cut(pattern, " ")
		if !ok {
			path = pattern
		}
		path = strings.NewReplacer("{id}", v.lab, "{name}", "guarded").Replace(path)
		if method == http.MethodGet {
			v.whole(http.MethodHead, path, "")
		}
		v.whole("BREW", path, "")
	}
	v.whole("DELETE", lab, "")
	for {
		_, b, err := v.conn.Read(t.Context())
		if err != nil {
			v.said = append(v.said, []byte(err.Error()))
			break
		}
		v.said = append(v.said, b)
	}
	// Who does not speak the protocol is told why.
	rude := visit(t, s.url, "guarded")
	if err := rude.conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"cmd","id":1,"op":"install","node":"a","proc":"p","hash":"`+sum(ref)+`"}`)); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		var b []byte
		_, b, err = rude.conn.Read(t.Context())
		v.said = append(v.said, b)
	}
	v.said = append(v.said, []byte(err.Error()))
	if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("a command with a hash ends the connection with %v", err)
	}

	types := map[string]bool{}
	for i, b := range v.said {
		if what := secrets.find(b); what != "" {
			t.Errorf("message %d of %d has %s in it: %.300q", i, len(v.said), what, b)
		}
		var m struct{ Type string }
		if json.Unmarshal(b, &m) == nil {
			types[m.Type] = true
		}
	}
	hidden := newFinder([]string{canary}, solution())
	for i, b := range reports {
		if what := hidden.find(b); what != "" {
			t.Errorf("part %d of the checks' reports has %s in it: %.300q", i, what, b)
		}
	}
	for _, typ := range messageTypes(t) {
		if !types[typ] && typ != "people" { // who is at a student's bench: nobody is told that of a visitor's lab
			t.Errorf("no message of the type %s was looked at", typ)
		}
	}
	s.stop()
	for line := range strings.Lines(s.log.String()) {
		what := secrets.find([]byte(line))
		if forOperator := strings.Contains(line, "a lab could not be opened"); forOperator != (what != "") {
			t.Errorf("the log has %q in a line: %s", what, line)
		}
	}
}

// messageTypes are the types of the server's messages in the stream, of which the page and its tests
// have examples.
func messageTypes(t *testing.T) (types []string) {
	t.Helper()
	const dir = "../../internal/stream/testdata"
	files, err := filepath.Glob(dir + "/*.json")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var m struct{ Type string }
		if json.Unmarshal(b, &m) == nil && m.Type != "" && m.Type != "ack" { // that is the page's
			types = append(types, m.Type)
		}
	}
	return types
}

// What is made for students has nothing of hidden steps and of what is for staff.
func TestNothingThatIsHiddenIsInReportsForStudents(t *testing.T) {
	dir := guarded(t)
	secrets := newFinder([]string{canary}, solution())
	out := t.TempDir()
	handed := filepath.Join(out, "handed")
	if err := os.MkdirAll(handed, 0o755); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(handed, "anna.wasm")
	if err := os.WriteFile(mine, []byte(exitsWith(5)), 0o600); err != nil {
		t.Fatal(err)
	}
	scan := func(what, where string, b []byte) {
		t.Helper()
		if found := secrets.find(b); found != "" {
			t.Errorf("%s: %s has %s in it", what, where, found)
		}
	}
	for _, format := range []string{"text", "json"} {
		code, said, errs := labserver(t, "grade", dir, "--program", mine, "--student", "anna", "--audience", "student", "--format", format,
			"--html", out+"/a.html", "--junit", out+"/a.xml", "--gradescope", out+"/a.results.json")
		if code != exitFailed || !strings.Contains(said, shown+"-expected") {
			t.Fatalf("exit code %d: %s%s", code, said, errs)
		}
		scan("grade", "what it prints as "+format, []byte(said))
		scan("grade", "what it says", []byte(errs))
	}
	code, said, errs := labserver(t, "grade", dir, "--program", file(t, "text.wasm", "text"), "--audience", "student")
	if code != exitFailed {
		t.Fatalf("exit code %d: %s%s", code, said, errs)
	}
	scan("grade of what is no program", "what it prints", []byte(said+errs))
	code, said, errs = labserver(t, "grade-all", dir, handed, "--audience", "student", "--student-from", "name", "--format", "html,junit,gradescope", "--out", out+"/all")
	if code != exitOK && code != exitFailed {
		t.Fatalf("exit code %d: %s%s", code, said, errs)
	}
	scan("grade-all", "what it prints", []byte(said+errs))
	files := 0
	err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files++
		if strings.HasSuffix(path, ".results.json") {
			b = visibleTests(t, b)
		}
		scan("a file", path, append([]byte(d.Name()+"\n"), b...))
		return err
	})
	if err != nil || files < 7 {
		t.Errorf("%d files, %v", files, err)
	}
}

// visibleTests is a file for Gradescope without the tests that Gradescope hides: it
// gets all, as its documentation wants, and shows each when its visibility says.
func visibleTests(t *testing.T, b []byte) []byte {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	tests, _ := v["tests"].([]any)
	hidden := len(tests)
	tests = slices.DeleteFunc(tests, func(x any) bool { return x.(map[string]any)["visibility"] != "visible" })
	if hidden -= len(tests); hidden != 2 || len(tests) != 1 {
		t.Errorf("%d tests are hidden, and %d are visible", hidden, len(tests))
	}
	v["tests"] = tests
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What labserver gives out of itself, or a server of the built-in labs, has nothing of
// their solutions.
func TestSolutionsOfBuiltinLabsStay(t *testing.T) {
	sdk := t.TempDir()
	if code, _, errs := labserver(t, "sdk", sdk); code != exitOK {
		t.Fatal(errs)
	}
	sources, err := filepath.Glob("../../scenarios/*/reference/*")
	if err != nil || len(sources) < 12 {
		t.Fatalf("%d sources, %v", len(sources), err)
	}
	// A run of this many lines of a solution's source is no chance.
	const lines = 12
	secret := map[string]string{}
	for _, path := range sources {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // a folder
		}
		all := strings.Split(string(b), "\n")
		for i := 0; i+lines <= len(all); i++ {
			secret[strings.Join(all[i:i+lines], "\n")] = path
		}
	}
	err = filepath.WalkDir(sdk, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all := strings.Split(string(b), "\n")
		for i := 0; i+lines <= len(all); i++ {
			if from := secret[strings.Join(all[i:i+lines], "\n")]; from != "" {
				t.Errorf("%s has lines %d to %d of %s", path, i+1, i+lines, from)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s := startServe(t)
	for _, name := range open.Builtin() {
		t.Run(name, func(t *testing.T) {
			sc, err := open.BuiltinScenario(name)
			if err != nil {
				t.Fatal(err)
			}
			ref, err := sc.Reference(sc.Slots()[0])
			if err != nil {
				t.Fatal(err)
			}
			v := visit(t, s.url, name)
			v.reach(100_000_000)
			v.whole("GET", "/api/labs/"+v.lab+"/recording", "")
			v.whole("GET", "/api/labs/"+v.lab+"/capture.pcapng", "")
			v.whole("DELETE", "/api/labs/"+v.lab, "")
			// Programs share runtimes and texts; code is what stands in the middle.
			middle := ref[len(ref)/4 : len(ref)/4+min(4096, len(ref)/2)]
			secrets := newFinder(nil, middle)
			for i, b := range v.said {
				if what := secrets.find(b); what != "" {
					t.Errorf("message %d has %s in it", i, what)
				}
			}
			for _, step := range sc.Steps {
				for _, hint := range step.Hints {
					for i, b := range v.said {
						if bytes.Contains(b, []byte(hint.Text)) {
							t.Errorf("message %d has a hint of step %s in it", i, step.ID)
						}
					}
				}
			}
		})
	}
}
