//go:build unix

package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/classroom/route"
	"wireloom/internal/host"
)

// zipFolder is a folder as a teacher uploads it.
func zipFolder(t *testing.T, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	err := z.AddFS(os.DirFS(dir))
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A reader is a student's browser of which all is kept that it is answered.
type reader struct {
	*browser
	said map[string][]byte // by what was asked
}

// asks keeps the whole of an answer, and returns its status and body.
func (r *reader) asks(method, ref string, body []byte, head ...string) (int, []byte) {
	r.t.Helper()
	res, got := r.ask(method, ref, body, head...)
	var all bytes.Buffer
	if err := res.Header.Write(&all); err != nil {
		r.t.Fatal(err)
	}
	what := method + " " + ref + " " + string(body[:min(len(body), 60)])
	r.said[what+" (head)"], r.said[what] = all.Bytes(), got
	return res.StatusCode, got
}

// graded waits until a hand-in is graded, by what the page asks, and returns it.
func (r *reader) graded(id string) (h struct {
	State, Why string
	Version    int64
	Points     *float64
},
) {
	r.t.Helper()
	ref := "api/handins/" + id
	for {
		status, got := r.asks("GET", ref, nil)
		if err := json.Unmarshal(got, &h); err != nil || status != http.StatusOK {
			r.t.Fatalf("GET %s: %d %s %v", ref, status, got, err)
		}
		if h.State == "done" || h.State == "failed" {
			return h
		}
		ref = "api/handins/" + id + "?after=" + jsonText(r.t, h.Version)
	}
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// handInForm is a hand-in by a form.
func handInForm(t *testing.T, slot, name, program string) (body []byte, typ string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile(slot, name)
	if err == nil {
		_, err = io.WriteString(part, program)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), form.FormDataContentType()
}

// Whatever a student asks a server for who is in a class and hands in, they get nothing of what
// is hidden: before the due date, where there is none, and after it nothing of what is for staff.
func TestNothingThatIsHiddenComesBackFromAHandIn(t *testing.T) {
	dir, at := guarded(t), newHome(t)
	s := startServe(t, at.serves("--files", t.TempDir())...)
	page, err := url.Parse(s.url + "/")
	if err != nil {
		t.Fatal(err)
	}
	open := func() *browser { return (&browser{t, &http.Client{}, page}).keepsCookies() }
	ada := open()
	ada.signIn(at)
	var class, diff idOf
	var uploaded struct{ Hash string }
	ada.says(201, "POST", "api/classes", map[string]any{"name": "Networks", "zone": "UTC"}, &class)
	ada.says(200, "POST", "api/classes/"+class.ID+"/roster/preview", "Name\nBen Bitdiddle\n", &diff)
	ada.says(200, "POST", "api/classes/"+class.ID+"/roster/apply", map[string]any{"preview": diff.Preview}, nil)
	if err := json.Unmarshal(ada.want(201, "POST", "api/classes/"+class.ID+"/scenarios", zipFolder(t, dir), "Content-Type", "application/zip"), &uploaded); err != nil {
		t.Fatal(err)
	}
	ada.says(200, "GET", "api/classes/"+class.ID, nil, &class)

	now, word := time.Now(), ""
	staffOnly := []string{canary + "-staff", canary + "-command", canary + "-last", canary + "-comment", canary + "-mutant", canary + "-reference", canary + "-notes", canary + "-unused", canary + "-in-a-file"}
	for _, tc := range []struct {
		name   string
		due    int64
		hidden []string
	}{
		{"before the due date", now.Add(24 * time.Hour).UnixMilli(), []string{canary}},
		{"without a due date", 0, []string{canary}},
		{"after the due date", now.Add(-time.Hour).UnixMilli(), staffOnly},
	} {
		t.Run(tc.name, func(t *testing.T) {
			secrets := newFinder(tc.hidden, solution())
			var lesson, bench idOf
			ada.says(201, "POST", "api/classes/"+class.ID+"/lessons", map[string]any{"scenario": uploaded.Hash, "title": tc.name, "due": tc.due, "published": true}, &lesson)
			var who struct{ Person, Word string }
			b := open()
			b.t = t
			b.says(200, "POST", "api/join", map[string]string{"code": class.Code, "name": "Ben Bitdiddle", "secret": word}, &who)
			if who.Word != "" {
				word = who.Word
			}
			ben := &reader{b, map[string][]byte{}}

			at := "api/lessons/" + lesson.ID
			ben.says(201, "POST", at+"/bench", map[string]string{}, &bench)
			lab := "api/labs/" + bench.Lab
			if st, got := ben.asks("POST", lab+"/programs?node=a&proc=p&name=mine.wasm", []byte(exitsWith(5))); st != http.StatusOK {
				t.Fatalf("no upload: %d %s", st, got)
			}
			c, _, err := ben.watch(bench.Lab, ben.origin())
			if err != nil {
				t.Fatal(err)
			}
			c.SetReadLimit(16 << 20)
			defer func() { _ = c.CloseNow() }() // seen
			for n := range 3 {
				_, msg, err := c.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				acknowledge(t, c, msg)
				ben.said["stream "+jsonText(t, n)] = msg
			}

			// All the ways of handing in, and of handing in what is none.
			var handins []string
			handIn := func(want int, body []byte, typ string) {
				t.Helper()
				st, got := ben.asks("POST", at+"/handins", body, "Content-Type", typ)
				var r idOf
				if err := json.Unmarshal(got, &r); err != nil || st != want {
					t.Errorf("handing in %.60q: %d %s, want %d", body, st, got, want)
				}
				if r.Handin != "" {
					handins = append(handins, r.Handin)
					ben.graded(r.Handin)
				}
			}
			handIn(201, []byte(`{"from":"bench"}`), "application/json")
			for _, x := range []struct {
				slot, name, program string
				want                int
			}{
				{"program", "mine.wasm", exitsWith(7), 201},
				{"submission", canary[:9] + ".wasm", exitsWith(0), 201},
				{"a.p", "broken.wasm", "\x00asm\x01\x00\x00\x00\xff\xff", 201}, // it can't be compiled
				{"a.p", "none.wasm", "text", 400},
				{"b.ping", "mine.wasm", exitsWith(1), 400},
				{"a.q", "mine.wasm", exitsWith(1), 400},
				{"", "mine.wasm", exitsWith(1), 201},
			} {
				body, typ := handInForm(t, x.slot, x.name, x.program)
				handIn(x.want, body, typ)
			}
			handIn(400, []byte(`{"from":"reference"}`), "application/json")
			handIn(400, []byte(`x`), "multipart/form-data; boundary=x")

			// Every route that there is, as far as it gets. What ends a session comes last.
			routes := classRoutes(t)
			slices.SortStableFunc(routes, func(a, b route.Route) int {
				return map[bool]int{true: 1}[a.Path == "/api/signout"] - map[bool]int{true: 1}[b.Path == "/api/signout"]
			})
			for _, r := range routes {
				for i, handin := range handins {
					path := strings.NewReplacer("{class}", class.ID, "{lesson}", lesson.ID, "{person}", who.Person, "{handin}", handin, "{slot}", "a.p", "{lab}", bench.Lab,
						"{notice}", "1", "{entry}", bench.Lab, "{who}", who.Person).Replace(r.Path)
					path = regexp.MustCompile(`\{[a-z.]+\}`).ReplaceAllString(path, "nothing")
					if i > 0 && !strings.Contains(r.Path, "{handin}") {
						break
					}
					switch {
					case strings.HasSuffix(r.Path, "/notices"): // it waits for news
						continue
					case r.Method == http.MethodGet:
						ben.asks(r.Method, path[1:], nil)
					default:
						ben.asks(r.Method, path[1:], []byte("{}"), "Content-Type", "application/json")
					}
					if strings.HasSuffix(r.Path, "/report") {
						for _, form := range []string{"text", "json", "html", "junit", "gradescope", "x"} {
							ben.asks(r.Method, path[1:]+"?form="+form, nil)
						}
					}
					if strings.HasSuffix(r.Path, "/{slot}") {
						for _, slot := range []string{"a.q", "b.ping", "reference", "..%2fscenario.yaml"} {
							ben.asks(r.Method, strings.Replace(path[1:], "a.p", slot, 1), nil)
						}
					}
				}
			}
			b.says(200, "POST", "api/join", map[string]string{"code": class.Code, "name": "Ben Bitdiddle", "secret": word}, nil)
			for _, ref := range []string{lab, lab + "/recording", lab + "/capture.pcapng", lab + "/points", "api/scenarios", "api/scenarios/guarded/starter.zip"} {
				ben.asks("GET", ref, nil)
			}
			ben.asks("POST", lab+"/check", nil)
			reports := 0
			for what, got := range ben.said {
				if found := secrets.find(got); found != "" {
					t.Errorf("%s has %s in it: %.300q", what, found, got)
				}
				if strings.Contains(what, "/report") && bytes.Contains(got, []byte(shown)) {
					reports++
				}
			}
			if reports < 10 {
				t.Errorf("%d reports have a visible check: what this test looks at is not there", reports)
			}
			_ = c.Close(websocket.StatusNormalClosure, "") // seen
		})
	}
}

// classRoutes are those of classes, as a server has them.
func classRoutes(t *testing.T) []route.Route {
	t.Helper()
	s, err := openSchool(t.Context(), slog.New(slog.DiscardHandler), &host.Config{Data: t.TempDir()}, nil, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close(slog.New(slog.DiscardHandler))
	return s.room.Routes()
}
