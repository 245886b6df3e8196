package classroom

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"wireloom/internal/lti"
	"wireloom/internal/lti/message"
	"wireloom/internal/outbox"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

func init() {
	makers = append(makers, func(w *world, c *Config) {
		c.LTI = lti.New(lti.Config{DB: w.db, People: w.people, Site: c.Site, Inside: true})
		c.Outbox = outbox.NewSender(w.db, c.LTI, slog.New(slog.DiscardHandler))
	})
}

func TestPlatformsByTheirRoutes(t *testing.T) {
	r := newRoom(t)
	const at = "/api/admin/platforms"
	ask := wire.PlatformAsk{
		Name: "Moodle", Product: "moodle", Issuer: "http://lms.test", Client: "c1", Auth: "http://127.0.0.1:1/auth", Token: "http://127.0.0.1:1/token",
		Keys: "http://127.0.0.1:1/keys", Deployments: []string{"1"},
	}
	made := get[wire.Platform](r, "operator", "POST", at, ask)
	if made.Name != "Moodle" || made.Version != 1 || len(made.Deployments) != 1 || made.Deployments[0].Pending {
		t.Errorf("made %+v", made)
	}
	r.says("operator", "POST", at, ask, 409, "registered already")
	r.says("operator", "POST", at, wire.PlatformAsk{Issuer: "x", Client: "y", Auth: "gopher://x", Token: ask.Token, Keys: ask.Keys}, 400, "login address")
	list := get[wire.Platforms](r, "operator", "GET", at, nil)
	if len(list.Platforms) != 1 || !strings.HasSuffix(list.Tool.Launch, "/lti/launch") || !strings.Contains(list.Tool.Register, "/lti/register/") {
		t.Errorf("the list %+v", list)
	}
	one := at + "/" + made.ID
	if p := get[wire.Platform](r, "operator", "PATCH", one, wire.PlatformChange{Refuse: "1", Version: 1}); !p.Deployments[0].Pending || p.Version != 2 {
		t.Errorf("refused %+v", p)
	}
	r.try("operator", "PATCH", one, wire.PlatformChange{Accept: "1", Version: 1}, 409)
	r.try("operator", "PATCH", one, wire.PlatformChange{Accept: "2", Version: 2}, 404)
	if p := get[wire.Platform](r, "operator", "PATCH", one, wire.PlatformChange{Accept: "*", Version: 2}); len(p.Deployments) != 2 {
		t.Errorf("all are accepted: %+v", p)
	}
	r.says("teacher", "POST", "/api/classes/c/roster/sync", nil, 409, "no course of a learning platform")
	r.try("operator", "DELETE", one, nil, 204)
	r.try("operator", "DELETE", one, nil, 404)
	if keys := string(r.try("", "GET", "/lti/keys", nil, 200)); !strings.Contains(keys, `"keys"`) || strings.Contains(keys, `"d"`) {
		t.Errorf("the keys are %s", keys)
	}
	if got := string(r.try("", "POST", "/lti/launch", nil, 400)); !strings.Contains(got, "was used before, or begun more than ten minutes ago") {
		t.Errorf("a launch of nobody: %s", got)
	}
}

func TestScoresOnTheirWay(t *testing.T) {
	r := newRoom(t)
	r.write(func(tx *store.Tx) error {
		return errors.Join(
			outbox.Put(tx, outbox.Score{Lesson: "lc", Person: "own", Points: 7500, Max: 10000, Handin: "h"}),
			outbox.Put(tx, outbox.Score{Lesson: "lc", Person: "other", Excused: true}))
	})
	states := func(got wire.Sync) (s string) {
		for _, row := range got.Rows {
			s += row.Name + " " + string(row.State)
			if row.Points != nil {
				s += " with points"
			}
			s += "; "
		}
		return s
	}
	const want = "both none; other excused; own nowhere with points; "
	got := get[wire.Sync](r, "assistant", "GET", "/api/lessons/lc/sync", nil)
	if s := states(got); s != want || got.Linked {
		t.Errorf("got %s, %v, want %s", s, got.Linked, want)
	}
	for _, row := range got.Rows {
		if row.Person == "own" && (*row.Points != 7.5 || row.Max != 10 || row.Todo == "") {
			t.Errorf("a row %+v", row)
		}
	}
	r.try("assistant", "POST", "/api/lessons/lc/sync", wire.SyncAsk{}, 403)
	r.try("teacher", "POST", "/api/lessons/lc/sync", wire.SyncAsk{Person: "own"}, 200)
}

// The addresses of docs/platforms.md are routes, and what it has of the pages' sentences is in them.
func TestThePlatformsPage(t *testing.T) {
	b, err := os.ReadFile("../../docs/platforms.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	paths := map[string]bool{}
	for _, route := range newWorld(t).room.Routes() {
		paths[route.Path] = true
	}
	for _, path := range []string{"/lti/login", "/lti/launch", "/lti/keys"} {
		if !paths[path] || !strings.Contains(page, "`"+path+"`") {
			t.Errorf("%s is no route, or the page doesn't have it", path)
		}
	}
	for words, why := range map[string]message.Why{
		"does not know your learning platform": message.NoPlatform, "not let in yet": message.Pending, "was used before": message.StateUnknown,
		"is too old": message.TooOld, "choose to open it in a new window": message.PlatformSaid,
	} {
		if !strings.Contains(message.Refuse(why, "").Sentence(), words) || !strings.Contains(page, words) {
			t.Errorf("%q is not in the sentence %q, or not on the page", words, message.Refuse(why, "").Sentence())
		}
	}
}
