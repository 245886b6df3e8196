package keepalive

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A peer answers so many times, and then no more.
type peer struct {
	began   time.Time
	answers int
	said    []string
}

func (p *peer) say(what string) {
	p.said = append(p.said, fmt.Sprint(what, " at ", time.Since(p.began)))
}

func (p *peer) Ping(ctx context.Context) error {
	p.say("asked")
	if p.answers--; p.answers >= 0 {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (p *peer) CloseNow() error {
	p.say("closed")
	return nil
}

// Proxies that cut what is quiet for 50 seconds or more cut nothing, and a peer that is gone is
// let go.
func TestQuietConnectionsAreKeptAndDeadOnesClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{began: time.Now(), answers: 2}
		Run(t.Context(), p, Every)
		want := []string{"asked at 20s", "asked at 40s", "asked at 1m0s", "closed at 1m10s"}
		if !slices.Equal(p.said, want) {
			t.Errorf("the peer was %q, want %q", p.said, want)
		}
		const shortest = 50 * time.Second // of the proxies' default limits
		if 2*Every >= shortest {
			t.Errorf("it is asked each %v: a proxy cuts after %v, and one answer may be late", Every, shortest)
		}
	})
}

func TestWhoLeavesIsAskedNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithTimeout(t.Context(), 50*time.Second)
		defer leave()
		p := &peer{began: time.Now(), answers: 100}
		Run(ctx, p, Every)
		if want := []string{"asked at 20s", "asked at 40s"}; !slices.Equal(p.said, want) {
			t.Errorf("the peer was %q, want %q", p.said, want)
		}
	})
}
