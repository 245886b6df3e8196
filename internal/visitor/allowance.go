package visitor

import (
	"sync"
	"time"
)

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
	spent   Daily // nanoseconds, by address
	refused int64
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
	a.spent.Most = maxSpenders
	a.spent.Add(client.Address, int64(d), a.now())
}

// Over says why a client's labs may take no more now; nil if they may.
func (a *Allowance) Over(client Client) *Refusal {
	if a.Each <= 0 || !client.Stranger() {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	n, left := a.spent.Of(client.Address, now)
	if time.Duration(n) < a.Each {
		return nil
	}
	a.refused++
	return TooMany(KindCPU, left, "labs from your address have taken %s of this server's cores in a day, which is as much as visitors without an account may (--cpu-per-day): sign in, or come back at %s",
		a.Each, now.Add(left).UTC().Format("15:04 UTC"))
}

// Use says how much is used, in seconds.
func (a *Allowance) Use() Use {
	a.mu.Lock()
	defer a.mu.Unlock()
	u := Use{Limit: -1, ClientLimit: -1, Refused: a.refused}
	if a.Each > 0 {
		u.ClientLimit = int64(a.Each / time.Second)
	}
	a.spent.Each(a.now(), func(n int64) {
		seconds := n / int64(time.Second)
		u.Used += seconds
		u.Client = max(u.Client, seconds)
	})
	return u
}
