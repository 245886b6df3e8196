package httpapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"wireloom/internal/protocol/class"
	"wireloom/internal/visitor"
)

// A full server gives a place, the place becomes a lab when another closes, and nobody
// overtakes who waits.
func TestAFullServerGivesAPlace(t *testing.T) {
	x := openSite(t, Config{Limits: Limits{Labs: visitor.Limit{All: 1}}})
	lab := x.lab()
	a := x.do("POST", "/api/labs", `{"scenario":"ping"}`)
	var why class.Refusal
	if err := json.Unmarshal(a.body, &why); err != nil || a.status != 503 || why.Queue == nil || why.Queue.Place != 1 || why.Queue.Seconds < 1 || a.head.Get("Retry-After") == "" ||
		!strings.Contains(why.Error, "no lab was opened: this server runs 1 labs") {
		t.Fatalf("%d %s %v", a.status, a.body, err)
	}
	ticket := "/api/queue/" + why.Queue.Ticket
	got := make(chan answer)
	go func() { got <- x.do("GET", ticket+"?place=1", "") }()
	if a := x.do("DELETE", "/api/labs/"+lab, ""); a.status != 204 {
		t.Fatal(a.status)
	}
	if a := <-got; a.status != 200 || !strings.Contains(string(a.body), `"ready":true`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := x.do("POST", "/api/labs", `{"scenario":"ping"}`, "Wireloom-Ticket", why.Queue.Ticket); a.status != 201 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := x.do("GET", ticket, ""); a.status != 404 || a.json.Error == "" {
		t.Errorf("a ticket that was used: %d %s", a.status, a.body)
	}
	if n := x.api.refusals.Count(visitor.KindLabs); n != 1 {
		t.Errorf("%d refusals are counted", n)
	}
	if a := x.do("GET", ticket+"?place=x", ""); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAnonymousLabsCanBeSwitchedOff(t *testing.T) {
	off := ""
	x := openSite(t, Config{
		Anonymous: func() string { return off },
		Client:    func(r *http.Request) (string, string) { return r.Header.Get("Test-Person"), "" },
	})
	x.lab()
	off = "an exam is on until noon"
	a := x.do("POST", "/api/labs", `{"scenario":"ping"}`)
	if a.status != 503 || !strings.Contains(a.json.Error, off) || a.head.Get("Retry-After") == "" || strings.Contains(string(a.body), "queue") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := x.do("POST", "/api/labs", `{"scenario":"ping"}`, "Test-Person", "ada"); a.status != 201 {
		t.Errorf("who is signed in: %d %s", a.status, a.body)
	}
	if n := x.api.refusals.Count(visitor.KindAnonymous); n != 1 {
		t.Errorf("%d refusals are counted", n)
	}
}
