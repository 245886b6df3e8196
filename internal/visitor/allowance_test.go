package visitor

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAllowance(t *testing.T) {
	now := time.Date(2027, 3, 1, 8, 30, 0, 0, time.UTC)
	a := Allowance{Each: time.Hour, Now: func() time.Time { return now }}
	stranger, other, person := of("192.0.2.1"), of("192.0.2.2"), Client{Person: "p", Address: "192.0.2.1"}
	a.Spend(person, 5*time.Hour)
	a.Spend(stranger, 59*time.Minute)
	if why := a.Over(stranger); why != nil {
		t.Errorf("before it is used up: %v", why)
	}
	now = now.Add(23 * time.Hour)
	a.Spend(stranger, time.Minute)
	why := a.Over(stranger)
	if why == nil || why.Kind != KindCPU || why.Status != 429 || why.After != time.Hour || !strings.Contains(why.Why, "come back at 08:30 UTC") {
		t.Fatalf("used up: %+v", why)
	}
	for name, c := range map[string]Client{"another address": other, "a person at the same address": person, "what is nobody's": {}} {
		if why := a.Over(c); why != nil {
			t.Errorf("%s: %v", name, why)
		}
	}
	if u := a.Use(); u != (Use{Used: 3600, Limit: -1, Client: 3600, ClientLimit: 3600, Refused: 1}) {
		t.Errorf("%+v", u)
	}
	now = now.Add(time.Hour)
	if why := a.Over(stranger); why != nil {
		t.Errorf("on the next day: %v", why)
	}
	a.Spend(stranger, time.Second)
	if u := a.Use(); u.Client != 1 {
		t.Errorf("on the next day there is %d s from yesterday", u.Client-1)
	}
	none := Allowance{}
	none.Spend(stranger, time.Hour)
	if why := none.Over(stranger); why != nil || none.Use().Used != 0 {
		t.Errorf("without a limit: %v", why)
	}
}

// Whoever has many addresses makes the server remember no more of them, and has nobody forgotten who
// has used up what they may.
func TestAnAllowanceIsBounded(t *testing.T) {
	a := Allowance{Each: time.Hour}
	a.Spend(of("192.0.2.1"), time.Hour)
	for n := range maxSpenders + 10 {
		a.Spend(of(fmt.Sprint("2001:db8::", n)), time.Millisecond)
	}
	if len(a.spent.by) > maxSpenders || a.Over(of("192.0.2.1")) == nil {
		t.Errorf("%d are known; who is over the limit: %v", len(a.spent.by), a.Over(of("192.0.2.1")))
	}
}
