package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/protocol"
	"wireloom/internal/stream"
	"wireloom/internal/visitor"
)

// Every route of a lab asks what the request may do, and a route that is new must be in
// this table: so none is left open.
func TestEveryRouteOfALabAsksForAccess(t *testing.T) {
	has := Full
	x := openSite(t, Config{Access: func(*http.Request, string) Access { return has }})
	lab := x.lab()
	needs := map[string]Access{
		"GET /api/labs/{id}":                Watch,
		"GET /api/labs/{id}/stream":         Watch,
		"GET /api/labs/{id}/capture.pcapng": Watch,
		"GET /api/labs/{id}/live.pcapng":    Watch,
		"GET /api/labs/{id}/points":         Watch,
		"GET /api/labs/{id}/recording":      Watch,
		"DELETE /api/labs/{id}":             Full,
		"GET /api/labs/{id}/doors/{port}":   Full,
		"POST /api/labs/{id}/programs":      Full,
		"POST /api/labs/{id}/check":         Full,
	}
	for _, route := range x.api.Routes() {
		method, path, _ := strings.Cut(route, " ")
		if !strings.Contains(path, "/labs/{id}") {
			continue
		}
		wants, ok := needs[route]
		if !ok {
			t.Errorf("%s is not in the table of this test: say what access it needs", route)
		}
		path = strings.NewReplacer("{id}", lab, "{port}", "x").Replace(path)
		for _, has = range []Access{None, Watch} {
			if has >= wants {
				continue
			}
			want, sentence := http.StatusForbidden, "press Ask to type"
			if has == None {
				want, sentence = http.StatusNotFound, "this lab is not there any more"
			}
			if a := x.do(method, path, ""); a.status != want || !strings.Contains(a.json.Error, sentence) {
				t.Errorf("%s with access %d: %d %s, want %d", route, has, a.status, a.body, want)
			}
		}
	}
	has = Full
}

// Of the commands of a viewer that may only watch, those that do something are refused.
// What it may do can change while it is there.
func TestAWatchersCommandsAreRefused(t *testing.T) {
	const why = "you watch this lab"
	may := make(chan stream.May, 1) // what is allowed now
	may <- stream.May{NotType: why}
	now := func() stream.May { m := <-may; may <- m; return m }
	did := make(chan string, 1)
	x := openSite(t, Config{Visit: func(*http.Request, string) *stream.Pass {
		return &stream.Pass{May: now, Did: func(words string) { did <- words }, People: func() (protocol.People, <-chan struct{}) {
			return protocol.People{Watching: []string{"Ada"}, May: protocol.Watch}, make(chan struct{})
		}}
	}})
	c, _, err := x.watch("", x.lab())
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	ask := func(op string) (failed string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := c.Write(ctx, websocket.MessageText, []byte(`{"type":"cmd","id":7,`+op+`}`)); err != nil {
			t.Fatal(err)
		}
		for {
			_, b, err := c.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var m struct {
				Type     string
				N        uint64
				ID       int
				Error    string
				Watching []string
			}
			if err := json.Unmarshal(b, &m); err != nil {
				t.Fatal(err)
			}
			seen = seen || m.Type == "people" && len(m.Watching) == 1 && m.Watching[0] == "Ada"
			if m.Type == "reply" && m.ID == 7 {
				return m.Error
			}
		}
	}
	for _, op := range []string{
		`"op":"pause"`, `"op":"resume"`, `"op":"step"`, `"op":"rate","rate":10`, `"op":"start","node":"h1","proc":"p"`, `"op":"stop","node":"h1","proc":"p"`,
		`"op":"kill","node":"h1","proc":"p"`, `"op":"exec","node":"h1","line":"ls"`, `"op":"try","n":1`, `"op":"stdin","node":"h1","proc":"p","text":"x"`,
		`"op":"unplug","port":"s1.1"`, `"op":"plug","a":"h1:em0","b":"s1.1","delay":1`,
	} {
		if got := ask(op); got != why {
			t.Errorf("%s is answered %q, want %q", op, got, why)
		}
	}
	if got := ask(`"op":"decode","link":"ethernet","hex":"00"`); got != "" {
		t.Errorf("what only looks is answered %q", got)
	}
	if !seen {
		t.Error("it was not told who watches")
	}
	<-may
	may <- stream.May{}
	if got := ask(`"op":"stop","node":"h1","proc":"p"`); got != "" {
		t.Errorf("after it was allowed: %q", got)
	}
	if got := <-did; got != `stop "h1" "p"` {
		t.Errorf("what it did is told as %s", got)
	}
}

// Who is signed in counts as that person: a class behind one address is many clients.
func TestPeopleBehindOneAddress(t *testing.T) {
	x := openSite(t, Config{
		Limits: Limits{Labs: visitor.Limit{Each: 1, Person: 1}, Viewers: visitor.Limit{Each: 1, Person: 2}},
		Client: func(r *http.Request) (person, class string) {
			if p := r.Header.Get("Test-Person"); p != "" {
				return p, "class"
			}
			return "", ""
		},
	})
	open := func(person string) answer {
		return x.do("POST", "/api/labs", `{"scenario":"ping"}`, "Test-Person", person)
	}
	for person := range strings.FieldsSeq("a b c d e f g h i j k l m n o p q r s t") {
		if a := open(person); a.status != http.StatusCreated {
			t.Errorf("%s: %d %s", person, a.status, a.body)
		}
	}
	if a := open("a"); a.status != http.StatusTooManyRequests || !strings.Contains(a.json.Error, "from you,") {
		t.Errorf("a second lab of one: %d %s", a.status, a.body)
	}
	x.lab() // a stranger's
	if a := open(""); a.status != http.StatusTooManyRequests || !strings.Contains(a.json.Error, "from your address") {
		t.Errorf("a stranger's second: %d %s", a.status, a.body)
	}
	if n := x.api.refusals.Count(visitor.KindLabs); n != 2 {
		t.Errorf("%d refusals are counted, want 2", n)
	}
}
