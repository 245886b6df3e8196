package outbox

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/store"
)

var t0 = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

func score(points int, handin string) Score {
	return Score{Lesson: "l", Person: "p", Points: mark.Whole(points), Max: mark.Whole(10), Handin: handin, At: t0}
}

// A row goes through a story, a line each: what happens, and what it is then.
func TestStoriesOfARow(t *testing.T) {
	type step struct {
		do   func(r store.OutboxRow, now time.Time) store.OutboxRow
		name string
		want string
	}
	var post Post // the one that is under way
	putStep := func(s Score) func(store.OutboxRow, time.Time) store.OutboxRow {
		return func(r store.OutboxRow, now time.Time) store.OutboxRow { return put(r, s, now) }
	}
	claimStep := func(r store.OutboxRow, now time.Time) store.OutboxRow {
		r, post = claim(r, now, "lease")
		return r
	}
	answerStep := func(a Answer) func(store.OutboxRow, time.Time) store.OutboxRow {
		return func(r store.OutboxRow, now time.Time) store.OutboxRow { return settle(r, post, a, now) }
	}
	die := func(r store.OutboxRow, _ time.Time) store.OutboxRow { return r } // the lease runs out
	comes := func(r store.OutboxRow, now time.Time) store.OutboxRow { return come(r, "link", "sub", false, now) }
	moves := func(r store.OutboxRow, now time.Time) store.OutboxRow { return come(r, "link2", "sub", false, now) }
	ok := Answer{Status: 200}
	for _, tc := range []struct {
		name  string
		steps []step
	}{
		{"a score is sent", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(ok), "taken", "sent"},
			{putStep(score(5, "h1")), "put again", "sent"},
		}},
		{"who never came by a platform waits for that", []step{
			{putStep(score(5, "h1")), "put", "nowhere"},
			{comes, "comes", "waiting"},
		}},
		{"zero is a score", []step{
			{comes, "comes", "none"},
			{putStep(score(0, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 0 new"},
			{answerStep(ok), "taken", "sent"},
		}},
		{"more than the maximum is sent as it is", []step{
			{comes, "comes", "none"},
			{putStep(score(12, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 12 new"},
		}},
		{"a lesson of 0 points has none", []step{
			{comes, "comes", "none"},
			{putStep(Score{Lesson: "l", Person: "p", Handin: "h1"}), "put", "refused"},
		}},
		{"excused is nothing that can be sent", []step{
			{comes, "comes", "none"},
			{putStep(Score{Lesson: "l", Person: "p", Excused: true}), "put", "excused"},
			{putStep(score(5, "h1")), "put", "waiting"},
		}},
		{"a score that is withdrawn before it is sent", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{withdraw, "absent", "none"},
		}},
		{"a regrade is no new attempt", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(ok), "taken", "sent"},
			{putStep(score(6, "h1")), "regraded", "waiting"},
			{claimStep, "claim", "waiting posts 6"},
			{answerStep(ok), "taken", "sent"},
			{putStep(score(6, "h2")), "another hand-in", "waiting"},
			{claimStep, "claim", "waiting posts 6 new"},
		}},
		{"what is put while another is under way goes next, and only the newest", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{putStep(score(6, "h1")), "put", "waiting"},
			{putStep(score(7, "h1")), "put", "waiting"},
			{answerStep(ok), "taken", "waiting"},
			{claimStep, "claim", "waiting posts 7"},
			{answerStep(ok), "taken", "sent"},
		}},
		{"what is put back while another is under way is sent all the same", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(ok), "taken", "sent"},
			{putStep(score(6, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 6"},
			{putStep(score(5, "h1")), "put back", "waiting"},
			{answerStep(ok), "taken", "waiting"},
			{claimStep, "claim", "waiting posts 5"},
			{answerStep(ok), "taken", "sent"},
		}},
		{"what is put back before it was sent is there already", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(ok), "taken", "sent"},
			{putStep(score(6, "h1")), "put", "waiting"},
			{putStep(score(5, "h1")), "put back", "sent"},
		}},
		{"who dies while posting repeats it with the same timestamp, and makes no second attempt", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{die, "dies", "waiting"},
			{claimStep, "claim", "waiting posts 5 same stamp"},
			{answerStep(Answer{Status: 409, Words: "earlier timestamp"}), "it had arrived, or somebody else graded", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(ok), "taken", "sent"},
		}},
		{"a late timestamp is repeated once", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(Answer{Status: 409, Words: "earlier timestamp"}), "late", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(Answer{Status: 400, Words: "Timestamp is older"}), "late again", "refused"},
		}},
		{"a platform that is down is asked again", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(Answer{Status: 503, Words: "down"}), "down", "waiting +15s"},
			{claimStep, "claim", "waiting posts 5"},
			{answerStep(Answer{Status: 502}), "down", "waiting +1m0s"},
			{claimStep, "claim", "waiting posts 5"},
			{answerStep(Answer{Status: 429, RetryAfter: time.Hour}), "asks for an hour", "waiting +1h0m0s"},
			{claimStep, "claim", "waiting posts 5"},
			{answerStep(Answer{Status: 429, RetryAfter: 1000 * time.Hour}), "asks for more than a day", "waiting +24h0m0s"},
		}},
		{"who gets no answer repeats it with the same timestamp", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(Answer{Words: "does not answer"}), "nothing", "waiting +15s"},
			{claimStep, "claim", "waiting posts 5 same stamp"},
		}},
		{"a refusal stays until somebody sends again", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(Answer{Status: 422, Words: "not a student"}), "refused", "refused"},
			{resend, "resend", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
		}},
		{"another course has another column", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{answerStep(ok), "taken", "sent"},
			{moves, "moves", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
		}},
		{"who moves while it is being posted gets it in both", []step{
			{comes, "comes", "none"},
			{putStep(score(5, "h1")), "put", "waiting"},
			{claimStep, "claim", "waiting posts 5 new"},
			{moves, "moves", "waiting"},
			{answerStep(ok), "taken by the old one", "waiting"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := store.OutboxRow{Lesson: "l", Person: "p", State: None}
			now := t0
			var stamp time.Time
			for _, s := range tc.steps {
				now = now.Add(10 * time.Millisecond)
				post = Post{lease: post.lease, serial: post.serial, Points: post.Points, Max: post.Max, Handin: post.Handin, Link: post.Link, Stamp: post.Stamp, repeat: post.repeat}
				r = s.do(r, now)
				got := r.State
				if s.name == "claim" {
					got += " posts " + post.Points.String()
					switch {
					case post.Stamp.Equal(stamp):
						got += " same stamp"
					case !post.Stamp.After(stamp) || !stamp.IsZero() && post.Stamp.Sub(stamp) < time.Second:
						t.Errorf("%s: the timestamp %v is not a second after %v", s.name, post.Stamp, stamp)
					}
					stamp = post.Stamp
					if post.New {
						got += " new"
					}
				} else if r.Tries > 0 && r.State == Waiting {
					got += " +" + r.Next.Sub(now).String()
				}
				if got != s.want {
					t.Errorf("%s: got %s, want %s", s.name, got, s.want)
				}
				if r.State == Refused && r.Todo == "" {
					t.Errorf("%s: nobody is told what would help", s.name)
				}
			}
		})
	}
}

func TestPausesGrowToADay(t *testing.T) {
	var got []time.Duration
	for i := range int64(9) {
		got = append(got, pause(i, 0))
	}
	if want := "[15s 1m0s 4m0s 16m0s 1h4m0s 4h16m0s 17h4m0s 24h0m0s 24h0m0s]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// Whatever happens, in whatever order: the timestamp never falls, a lease is one's, and when the platform takes everything in the end it has the newest score.
func TestAnyOrderEndsWithTheNewestScore(t *testing.T) {
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r := come(store.OutboxRow{Lesson: "l", Person: "p", State: None}, "link", "sub", false, t0)
		now := t0
		var under []Post
		var has mark.Points
		var stamp time.Time // the platform's
		take := func(p Post) Answer {
			if !p.Stamp.After(stamp) {
				return Answer{Status: 409, Words: "timestamp", Date: now}
			}
			has, stamp = p.Points, p.Stamp
			return Answer{Status: 200}
		}
		wants := mark.Points(-1)
		for range 40 {
			now = now.Add(time.Duration(rnd.IntN(5000)) * time.Millisecond)
			switch rnd.IntN(6) {
			case 0:
				s := score(rnd.IntN(4), fmt.Sprint(rnd.IntN(2)))
				r, wants = put(r, s, now), s.Points
			case 1, 2:
				if r.State == Waiting && !r.Next.After(now) && !r.Until.After(now) {
					var p Post
					r, p = claim(r, now, fmt.Sprint(rnd.Uint64()))
					under = append(under, p)
				}
			case 3:
				if len(under) > 0 { // taken, and we learn of it
					r = settle(r, under[0], take(under[0]), now)
					under = under[1:]
				}
			case 4:
				if len(under) > 0 { // taken, and we die
					take(under[0])
					under = under[1:]
					now = now.Add(lease)
				}
			case 5:
				if len(under) > 0 {
					r = settle(r, under[0], []Answer{{Status: 503}, {}, {Status: 429}}[rnd.IntN(3)], now)
					under = under[1:]
				}
			}
		}
		for range 20 {
			now = now.Add(25 * time.Hour)
			if r.State == Refused {
				r = resend(r, now)
			}
			if r.State == Waiting {
				var p Post
				r, p = claim(r, now, "last")
				r = settle(r, p, take(p), now)
			}
		}
		if wants >= 0 && (r.State != Sent || has != wants) {
			t.Fatalf("seed %d: the platform has %v, want %v: %+v", seed, has, wants, r)
		}
	}
}
