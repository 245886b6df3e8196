package classroom

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

func init() {
	makers = append(makers, func(_ *world, c *Config) { c.Desk = &console{} })
}

// A console stands for the server.
type console struct{ ended []string }

func (d *console) Status() wire.AdminStatus {
	return wire.AdminStatus{Version: "test", Labs: wire.LabCounts{Max: 9}}
}

func (d *console) EndLab(_ context.Context, id, _ string) error {
	if id == "none" {
		return store.ErrNone
	}
	d.ended = append(d.ended, id)
	return nil
}

func TestTheOperatorsPage(t *testing.T) {
	r := newRoom(t)
	var s wire.AdminStatus
	if err := json.Unmarshal(r.try("operator", "GET", "/api/admin/status", nil, 200), &s); err != nil || s.Labs.Max != 9 || s.People == 0 || len(s.Classes) < 2 || !s.Anonymous.On {
		t.Errorf("%+v %v", s, err)
	}
	r.says("operator", "POST", "/api/admin/anonymous", wire.AnonymousAsk{}, 400, "say why")
	if why := r.room.Anonymous(); why != "" {
		t.Errorf("visitors are refused: %s", why)
	}
	r.try("operator", "POST", "/api/admin/anonymous", wire.AnonymousAsk{Why: "an exam"}, 204)
	if why := r.room.Anonymous(); why != "an exam" {
		t.Errorf("visitors are told %q", why)
	}
	if err := json.Unmarshal(r.try("operator", "GET", "/api/admin/status", nil, 200), &s); err != nil || s.Anonymous.On || s.Anonymous.By != "operator" || s.Anonymous.At == 0 {
		t.Errorf("%+v %v", s.Anonymous, err)
	}
	r.try("operator", "POST", "/api/admin/anonymous", wire.AnonymousAsk{On: true}, 204)
	if why := r.room.Anonymous(); why != "" {
		t.Errorf("visitors are refused: %s", why)
	}
	var labs wire.AdminLabs
	if err := json.Unmarshal(r.try("operator", "GET", "/api/admin/labs?state=live", nil, 200), &labs); err != nil || len(labs.Labs) < 2 {
		t.Fatalf("%+v %v", labs, err)
	}
	for _, l := range labs.Labs {
		if l.ID == "bench" && (l.Person != "own" || l.Class != "c" || l.Scenario != "ping") || l.ID == "visitors" && l.Person != "" {
			t.Errorf("%+v", l)
		}
	}
	r.says("operator", "GET", "/api/admin/labs?state=x", nil, 400, "live, parked or quarantined")
	r.try("operator", "DELETE", "/api/admin/labs/visitors", nil, 204)
	r.try("operator", "DELETE", "/api/admin/labs/none", nil, http.StatusNotFound)
	if d := r.room.conf.Desk.(*console); fmt.Sprint(d.ended) != "[visitors]" {
		t.Errorf("ended %q", d.ended)
	}
}

func TestTheAuditHasPages(t *testing.T) {
	r := newRoom(t)
	r.write(func(tx *store.Tx) error {
		for n := range adminPage + 20 {
			if err := tx.Audit(store.AuditRow{Who: "teacher", Class: "c", What: fmt.Sprint("act ", n%2), About: "x"}); err != nil {
				return err
			}
		}
		return nil
	})
	seen := map[string]bool{}
	path := "/api/admin/audit?class=c&who=teacher"
	for next, pages := "", 0; ; pages++ {
		var a wire.Audit
		if err := json.Unmarshal(r.try("operator", "GET", path+"&before="+next, nil, 200), &a); err != nil {
			t.Fatal(err)
		}
		for _, row := range a.Rows {
			if seen[row.ID] || row.Who != "teacher" || row.Class != "c" {
				t.Errorf("%+v, twice: %v", row, seen[row.ID])
			}
			seen[row.ID] = true
		}
		if next = a.Next; next == "" {
			if pages != 1 || len(seen) != adminPage+20 {
				t.Errorf("%d rows on %d pages", len(seen), pages+1)
			}
			break
		}
	}
	if b := r.try("operator", "GET", "/api/admin/audit?what=act+1", nil, 200); strings.Count(string(b), `"id"`) != (adminPage+20)/2 {
		t.Errorf("%d rows of one kind", strings.Count(string(b), `"id"`))
	}
	r.says("operator", "GET", "/api/admin/audit?before=zzz", nil, 400, "before is")
}
