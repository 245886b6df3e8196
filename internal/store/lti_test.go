package store_test

import (
	"errors"
	"testing"
	"time"

	"wireloom/internal/store"
)

func TestPlatforms(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		p := store.PlatformRow{Name: "Canvas", Product: "canvas", Issuer: "https://i", Client: "c", Auth: "https://a", Token: "https://t", JWKS: "https://k"}
		do(t, tx.AddPlatform(&p))
		again := p
		wantErr(t, "the same issuer and client", tx.AddPlatform(&again), store.ErrTaken)
		other := store.PlatformRow{Issuer: "https://i", Client: "d"}
		do(t, tx.AddPlatform(&other))
		want(t, "of the issuer", len(good(tx.Platforms("https://i", 10))(t)), 2)
		want(t, "of all", len(good(tx.Platforms("", 10))(t)), 2)
		want(t, "of another", len(good(tx.Platforms("https://j", 10))(t)), 0)
		stale := p
		p.Name = "New"
		do(t, tx.SetPlatform(&p))
		do(t, tx.SawPlatform(p.ID, "https://f"))
		got := good(tx.PlatformOf("https://i", "c"))(t)
		if got.Name != "New" || got.Version != 2 || got.Frames != "https://f" || got.Seen.IsZero() {
			t.Errorf("got %+v", got)
		}
		want(t, "by id", good(tx.Platform(p.ID))(t), got)

		do(t, tx.SetDeployment(store.DeploymentRow{Platform: p.ID, ID: "1", Created: tx.Now()}),
			tx.SetDeployment(store.DeploymentRow{Platform: p.ID, ID: "2", Pending: true, Created: tx.Now()}),
			tx.SetDeployment(store.DeploymentRow{Platform: p.ID, ID: "2", Pending: true, Seen: tx.Now()}))
		list := good(tx.Deployments(p.ID, 10))(t)
		if len(list) != 2 || list[0].ID != "2" || !list[0].Pending || list[0].Created.IsZero() || list[0].Seen.IsZero() {
			t.Errorf("deployments: %+v", list)
		}
		want(t, "one that waits", good(tx.Deployment(p.ID, "2"))(t).Pending, true)
		do(t, tx.DropDeployment(p.ID, "2"))
		_, err := tx.Deployment(p.ID, "2")
		wantErr(t, "one that is gone", err, store.ErrNone)

		c := store.CourseRow{Platform: p.ID, Deployment: "1", Context: "k", Title: "Net", Members: "https://m"}
		do(t, tx.SetCourse(&c))
		c.Class = "class"
		do(t, tx.SetCourse(&c))
		want(t, "a course", good(tx.CourseOf(p.ID, "1", "k"))(t), c)
		want(t, "by id", good(tx.Course(c.ID))(t), c)
		want(t, "of a class", len(good(tx.CoursesOf("class", 10))(t)), 1)
		do(t, tx.AddCopy(c.ID, "old", "new"), tx.AddCopy(c.ID, "old", "newer"))
		want(t, "a copy", good(tx.CopyOf(c.ID, "old"))(t), "newer")

		l := store.LinkRow{Course: c.ID, Resource: "r", Lesson: "l", Items: "https://items"}
		do(t, tx.SetLink(&l))
		l.Item = "https://item"
		do(t, tx.SetLink(&l))
		want(t, "a link", good(tx.LinkOf(c.ID, "r"))(t), l)
		want(t, "by id", good(tx.Link(l.ID))(t), l)
		want(t, "of a lesson", len(good(tx.LinksOf("l", 10))(t)), 1)

		do(t, tx.SetOutbox(store.OutboxRow{Lesson: "l", Person: "p", Link: l.ID, Subject: "s", State: "waiting"}))
		do(t, tx.DropPlatform(p.ID))
		want(t, "a score whose platform is gone", good(tx.Outbox("l", "p"))(t).Link, "")
		_, err = tx.Link(l.ID)
		wantErr(t, "its link", err, store.ErrNone)
		wantErr(t, "twice", tx.DropPlatform(p.ID), store.ErrNone)
		if err := tx.SetPlatform(&stale); !errors.Is(err, store.ErrStale) {
			t.Errorf("a platform that is gone: got %v", err)
		}
	})
}

func TestToolKeys(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		do(t, tx.AddKey(store.KeyRow{ID: "b", PEM: "x", Signs: tx.Now().Add(time.Hour)}), tx.AddKey(store.KeyRow{ID: "a", PEM: "y", Signs: tx.Now()}))
		list := good(tx.Keys())(t)
		if len(list) != 2 || list[0].ID != "a" || list[1].PEM != "x" {
			t.Errorf("got %+v", list)
		}
		do(t, tx.DropKey("a"))
		want(t, "after one is dropped", len(good(tx.Keys())(t)), 1)
	})
}

func TestOutbox(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		now := tx.Now()
		r := store.OutboxRow{
			Lesson: "l", Person: "a", Link: "k", Subject: "s", Wants: "score", Points: 1, Max: 2, Handin: "h", Handed: now, Comment: "c", Serial: 3,
			State: "waiting", Tries: 4, Again: 5, Next: now.Add(-time.Second), Stamp: now, Posting: 6, Lease: "e", Until: now.Add(-time.Minute),
			Sent: now, SentWants: "score", SentPoints: 7, SentMax: 8, SentHandin: "i", SentComment: "d", Words: "w", Todo: "t",
		}
		do(t, tx.SetOutbox(store.OutboxRow{Lesson: "l", Person: "a", State: "none"}), tx.SetOutbox(r))
		want(t, "a row", good(tx.Outbox("l", "a"))(t), r)
		for _, o := range []store.OutboxRow{
			{Lesson: "l", Person: "later", State: "waiting", Next: now.Add(time.Second)},
			{Lesson: "l", Person: "leased", State: "waiting", Next: now, Until: now.Add(time.Second)},
			{Lesson: "l", Person: "sent", State: "sent"},
			{Lesson: "m", Person: "now", Link: "k", State: "waiting", Next: now},
		} {
			do(t, tx.SetOutbox(o))
		}
		do(t, tx.AddClass(store.ClassRow{ID: "c", Code: "C", Name: "Nets", Term: "T"}), tx.PutVersion(store.VersionRow{Hash: "v"}),
			tx.AddLesson(store.LessonRow{ID: "l", Class: "c", VersionHash: "v"}))
		want(t, "of a class", good(tx.OutboxSums("sent", "waiting", "refused"))(t), []store.OutboxSum{{Class: "c", Name: "Nets", Term: "T", Sent: 1, Waiting: 3, Last: now}})
		want(t, "of a class in no such state", len(good(tx.OutboxSums("x", "y", "z"))(t)), 0)
		want(t, "said of them", good(tx.OutboxRefusals("waiting"))(t), []store.OutboxRefusal{{Class: "c", N: 2}, {Class: "c", Words: "w", Todo: "t", N: 1}})
		due := good(tx.OutboxDue("waiting", now, 10))(t)
		if len(due) != 2 || due[0].Person != "a" || due[1].Person != "now" {
			t.Errorf("due: %+v", due)
		}
		want(t, "due, at most one", len(good(tx.OutboxDue("waiting", now, 1))(t)), 1)
		want(t, "of a lesson", len(good(tx.OutboxOf("l", 10))(t)), 4)
		want(t, "by a link", len(good(tx.OutboxBy("k", 10))(t)), 2)
		n, since, err := tx.OutboxCounts("waiting")
		if n != 4 || !since.Equal(now.Add(-time.Second)) || err != nil {
			t.Errorf("counts: %d, %v, %v", n, since, err)
		}
		_, err = tx.Outbox("l", "nobody")
		wantErr(t, "nobody", err, store.ErrNone)
	})
}
