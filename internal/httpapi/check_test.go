package httpapi

import (
	"context"
	"errors"
	"strings"
	"testing"

	"wireloom/internal/session"
	"wireloom/internal/visitor"
)

// A check is given what the slots have now, and its answer, or why there is none, is told.
func TestCheck(t *testing.T) {
	var got []session.Held
	var fails error
	x := openSite(t, Config{Check: func(_ context.Context, c Checking) (any, error) {
		got = c.Programs
		return map[string]string{"of": c.Lab.Scenario}, fails
	}})
	path := "/api/labs/" + x.do("POST", "/api/labs", `{"scenario":"ping","empty":true}`).json.ID
	if a := x.do("POST", path+"/check", ""); a.status != 200 || strings.TrimSpace(string(a.body)) != `{"of":"ping"}` || len(got) != 0 {
		t.Errorf("an empty lab: %d %s, with %v", a.status, a.body, got)
	}
	module := "\x00asm\x01\x00\x00\x00"
	if a := x.do("POST", path+"/programs?node=h1&proc=p&name=mine.wasm", module); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	fails = errors.New("it is not to be had in /var/secret")
	if a := x.do("POST", path+"/check", ""); a.status != 409 || a.json.Error != "nothing was checked: "+fails.Error() {
		t.Errorf("a check that fails: %d %s", a.status, a.body)
	}
	if len(got) != 1 || got[0].Node != "h1" || got[0].Proc != "p" || got[0].Name != "mine.wasm" || string(got[0].Module) != module {
		t.Errorf("it is given %+v", got)
	}
}

// One lab is checked once at a time, and a client has so many checks on their way.
func TestChecksAreLimited(t *testing.T) {
	inside, on := make(chan struct{}), make(chan struct{})
	x := openSite(t, Config{Limits: Limits{Checks: visitor.Limit{Each: 1}}, Check: func(context.Context, Checking) (any, error) {
		inside <- struct{}{}
		<-on
		return nil, nil
	}})
	var labs []string
	for range 2 {
		labs = append(labs, "/api/labs/"+x.do("POST", "/api/labs", `{"scenario":"ping"}`).json.ID+"/check")
	}
	first := make(chan answer)
	go func() { first <- x.do("POST", labs[0], "") }()
	<-inside
	for lab, want := range map[string]string{
		labs[0]: "this lab's programs are being checked already",
		labs[1]: "1 labs from your address are being checked, and the limit is 1 (--max-checks-per-client): wait until one is done",
	} {
		if a := x.do("POST", lab, ""); a.status != 429 || a.head.Get("Retry-After") == "" || !strings.Contains(a.json.Error, want) {
			t.Errorf("%d %s, want 429 with %q", a.status, a.body, want)
		}
	}
	close(on)
	if a := <-first; a.status != 200 {
		t.Errorf("the first: %d %s", a.status, a.body)
	}
}

func TestStarter(t *testing.T) {
	x := openSite(t, Config{Starter: func(name string) []byte { return []byte("PK of " + name) }})
	a := x.do("GET", "/api/scenarios/ping/starter.zip", "")
	if a.status != 200 || string(a.body) != "PK of ping" || a.head.Get("Content-Disposition") != "attachment; filename=ping-starter.zip" {
		t.Errorf("%d %v %s", a.status, a.head, a.body)
	}
	for _, name := range []string{"broken", "nothing"} {
		if a := x.do("GET", "/api/scenarios/"+name+"/starter.zip", ""); a.status != 404 || !strings.Contains(a.json.Error, "no starter") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}
