package visitor

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// day is how long an Allowance is for.
const day = 24 * time.Hour

// maxSpenders are the addresses of which an Allowance knows; beyond them those who have spent least
// are forgotten.
const maxSpenders = 1 << 16

// An Allowance is how much time of the cores the labs of one address may take in a day, which begins
// when they take some first: enough for whoever learns, and not for who wants a computer for nothing.
// It is for strangers alone. The zero value has no limit; its methods may be called from any goroutine.
type Allowance struct {
	Each time.Duration    // for one address; no limit where it is not above 0
	Now  func() time.Time // time.Now if nil

	mu      sync.Mutex
	by      map[string]*spent
	refused int64
}

// spent is what an address has taken since its day began.
type spent struct {
	began time.Time
	time  time.Duration
}

func (a *Allowance) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// Spend notes that a client's labs have taken d.
func (a *Allowance) Spend(client Client, d time.Duration) {
	if a.Each <= 0 || !client.Stranger() || d <= 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	s := a.by[client.Address]
	if s == nil || now.Sub(s.began) >= day {
		a.makeRoom(now)
		s = &spent{began: now}
		a.by[client.Address] = s
	}
	s.time += d
}

// makeRoom forgets whose day is over, and half of the others where they are too many.
func (a *Allowance) makeRoom(now time.Time) {
	if a.by == nil {
		a.by = map[string]*spent{}
	}
	if len(a.by) < maxSpenders {
		return
	}
	var list []string
	for address, s := range a.by {
		if now.Sub(s.began) >= day {
			delete(a.by, address)
			continue
		}
		list = append(list, address)
	}
	slices.SortFunc(list, func(x, y string) int { return cmp.Compare(a.by[x].time, a.by[y].time) })
	for _, address := range list[:max(0, len(list)-maxSpenders/2)] {
		delete(a.by, address)
	}
}

// Over says why a client's labs may take no more now; nil if they may.
func (a *Allowance) Over(client Client) *Refusal {
	if a.Each <= 0 || !client.Stranger() {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, now := a.by[client.Address], a.now()
	if s == nil || s.time < a.Each || now.Sub(s.began) >= day {
		return nil
	}
	a.refused++
	return TooMany(KindCPU, s.began.Add(day).Sub(now), "labs from your address have taken %s of this server's cores in a day, which is as much as visitors without an account may (--cpu-per-day): sign in, or come back at %s",
		a.Each, s.began.Add(day).UTC().Format("15:04 UTC"))
}

// Use says how much is used, in seconds.
func (a *Allowance) Use() Use {
	a.mu.Lock()
	defer a.mu.Unlock()
	u := Use{Limit: -1, ClientLimit: -1, Refused: a.refused}
	if a.Each > 0 {
		u.ClientLimit = int64(a.Each / time.Second)
	}
	now := a.now()
	for _, s := range a.by {
		if now.Sub(s.began) < day {
			u.Used += int64(s.time / time.Second)
			u.Client = max(u.Client, int64(s.time/time.Second))
		}
	}
	return u
}
