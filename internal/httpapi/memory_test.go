package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/session"
	"wireloom/vnet"
	"wireloom/vnet/sys"
)

const mib = 1 << 20

// within is a site with a budget, of a process that uses nothing besides, whose labs run
// what hog is.
func within(t *testing.T, limit int64, hog func(p *sys.Proc) sys.Exit) *site {
	t.Helper()
	b := budget.New(limit*mib, func() budget.Usage { return budget.Usage{} }, func(budget.Effort) {})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go b.Run(ctx)
	x := behind(t, Config{Budget: b})
	x.api.conf.NewLab = func(ctx context.Context, scenario string, empty bool) (*vnet.Lab, session.Setup, error) {
		lab, setup, err := newLab(ctx, scenario, empty)
		if err == nil {
			err = lab.Install("h1", "p", native{"hog", "", hog})
		}
		return lab, setup, err
	}
	return x
}

// takes takes so many MiB, and keeps them.
func takes(n int64) func(p *sys.Proc) sys.Exit {
	return func(p *sys.Proc) sys.Exit {
		p.SetMemory(n * mib)
		for !p.Dying() {
			p.Sleep(1 << 40)
		}
		return p.Verdict()
	}
}

func (x *site) memory() (m memory) {
	var h struct{ Memory memory }
	if err := json.Unmarshal(x.do("GET", "/healthz", "").body, &h); err != nil {
		x.t.Fatal(err)
	}
	return h.Memory
}

// What labs take is in /healthz, of all of them and of who takes the most.
func TestHealthShowsMemory(t *testing.T) {
	x := within(t, 1024, takes(50))
	x.labOf("10.0.0.1")
	x.labOf("10.0.0.1")
	x.labOf("10.0.0.2")
	until(t, "three labs have their memory", func() bool { return x.memory().Used >= 3*54*mib })
	m := x.memory()
	if m.Limit != 1024*mib || m.Clients != 2 || m.Greatest < 108*mib || m.Greatest > 112*mib || m.Share != (1024-128)*mib/3 || m.Closed != 0 {
		t.Errorf("%+v", m)
	}
	if y := openSite(t, Config{}); y.memory() != (memory{}) {
		t.Errorf("without a budget it is %+v", y.memory())
	}
}

// One client opens labs that take all that there is: it opens no more, and other clients'
// labs come and stay.
func TestOneClientTakesAllMemory(t *testing.T) {
	x := within(t, 400, takes(24)) // 350 MiB are granted: twelve such labs, and not thirteen
	for range 12 {
		x.labOf("10.0.0.1")
	}
	until(t, "the labs have their memory", func() bool { return x.memory().Used >= 12*28*mib })
	a := x.do("POST", "/api/labs", `{"scenario":"ping"}`, as("10.0.0.1")...)
	for a.status == http.StatusCreated { // as long as a lab without memory fits
		a = x.do("POST", "/api/labs", `{"scenario":"ping"}`, as("10.0.0.1")...)
	}
	if want := "no lab was opened: this server's memory is used up: the labs from your address use "; a.status != 503 || a.head.Get("Retry-After") == "" || !strings.HasPrefix(a.json.Error, want) {
		t.Errorf("one more lab: %d %s, want %s", a.status, a.body, want)
	}
	closed := x.memory().Closed
	others := []string{x.labOf("10.0.1.1"), x.labOf("10.0.1.2"), x.labOf("10.0.1.3")}
	until(t, "the others have their memory", func() bool {
		m := x.memory()
		return m.Clients == 4 && m.Closed >= closed+3 && m.Waiting == 0 && m.Used >= 11*28*mib
	})
	for _, id := range others {
		if a := x.do("GET", "/api/labs/"+id, ""); a.status != 200 {
			t.Errorf("the lab of another is not there: %d %s", a.status, a.body)
		}
	}
	if m := x.memory(); m.Used > 350*mib || m.Greatest > 10*29*mib {
		t.Errorf("%d MiB are used, of 350 that are granted, and %d by one client", m.Used/mib, m.Greatest/mib)
	}
}

// Who watches a lab that is closed for memory reads why.
func TestViewersReadThatMemoryIsUsedUp(t *testing.T) {
	var watched atomic.Bool
	x := within(t, 64, func(p *sys.Proc) sys.Exit {
		for !watched.Load() && !p.Dying() {
			p.Sleep(10 * time.Millisecond)
		}
		return takes(60)(p)
	})
	c, _, err := x.watch("10.0.0.1", x.labOf("10.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	watched.Store(true)
	for said := ""; ; {
		_, b, err := c.Read(t.Context())
		said += string(b)
		if strings.Contains(said, "the server ran out of memory and closed this lab: it used 65 MiB; all labs from your address used 65 MiB, and each address has a share of 24 MiB") {
			return
		}
		if err != nil {
			t.Fatalf("its viewer read %.400s, %v", said, err)
		}
	}
}

// A program that is compiled already waits for none that are not.
func TestWhatIsCompiledDoesNotWait(t *testing.T) {
	x := openSite(t, Config{})
	id := x.lab()
	for i := range compilers { // others keep the compiler busy
		if err := x.api.compilers.Enter(t.Context(), string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
		defer x.api.compilers.Leave(string(rune('a' + i)))
	}
	const module = "\x00asm\x01\x00\x00\x00"
	x.api.conf.Compiled = func(name string, wasm []byte) sys.Program {
		if string(wasm) != module {
			return nil
		}
		return native{name, hash(wasm), talk}
	}
	x.api.conf.Compile = func(context.Context, string, []byte) (sys.Program, error) {
		return nil, errors.New("it was compiled")
	}
	if a := x.do("POST", "/api/labs/"+id+"/programs?node=h1&proc=p&name=known.wasm", module); a.status != 200 || a.json.Program != hash([]byte(module)) {
		t.Errorf("%d %s", a.status, a.body)
	}
}
