package lti

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"wireloom/internal/identity"
	"wireloom/internal/lti/platform"
	"wireloom/internal/outbox"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
	"wireloom/internal/visitor"
)

// The variables that make the test binary a sender on a store, until it is killed: its data folder,
// and its database where that is not a file there.
const (
	killed   = "WIRELOOM_TEST_SENDER"
	killedDB = "WIRELOOM_TEST_SENDER_DB"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killed); dir != "" {
		sendUntilKilled(store.Options{Dir: dir, URL: os.Getenv(killedDB)})
	}
	os.Exit(m.Run())
}

func sendUntilKilled(o store.Options) {
	ctx := context.Background()
	db, err := store.Open(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	site := &visitor.Site{}
	tool := New(Config{DB: db, Site: site, People: identity.New(identity.Config{DB: db, Site: site}), Inside: true})
	fmt.Println("sending")
	outbox.NewSender(db, tool, slog.New(slog.DiscardHandler)).Run(ctx)
}

// Trap 9, the part of the outbox: a sender that is killed at any moment has lost no score, and no student has a second attempt.
func TestASenderThatIsKilled(t *testing.T) {
	w := newWorld(t, platform.CanvasNew, 30)
	w.clock.Store(time.Now().UnixMilli()) // the sender's process has the real clock
	_, links := w.course("Ping")
	link := links["Ping"]
	people := map[string]string{}
	var l string
	for i := range 30 {
		user := fmt.Sprintf("s%d", i+1)
		l, people[user] = w.come(user, link)
		w.put(l, people[user], 1, 10, "h")
	}
	public, err := w.tool.Public(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.public = public
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	killedWhilePosting := 0
	rnd := rand.New(rand.NewPCG(9, 9))
	for range 12 {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		c.Env = append(os.Environ(), killed+"="+w.options.Dir, killedDB+"="+w.options.URL)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 16)); err != nil {
			t.Fatal("the sender did not begin: ", err)
		}
		before := w.lms.Requests("scores")
		// At a random one of its next posts, or a little after it has no more.
		for until := time.Now().Add(300 * time.Millisecond); w.lms.Requests("scores") < before+1+rnd.IntN(4) && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
		}
		_ = c.Process.Kill()
		if w.lms.Requests("scores") > before {
			killedWhilePosting++
		}
		_ = c.Wait()
	}
	if killedWhilePosting == 0 {
		t.Error("no sender was killed that had begun to post")
	}
	// A day later all leases are over.
	w.clock.Store(time.Now().Add(24 * time.Hour).UnixMilli())
	db := storetest.Open(t, w.options)
	w.db, w.tool.conf.DB = db, db
	w.sender = outbox.NewSender(db, w.tool, slog.New(slog.DiscardHandler))
	w.send()
	var wrong []string
	for user, p := range people {
		c, r := w.lms.Grade("net1", link.Item, user), w.outbox(l, p)
		if r.State != outbox.Sent || c.Score == nil || *c.Score != 1 || c.Attempts > 1 {
			wrong = append(wrong, fmt.Sprintf("%s: %s %q, %+v", user, r.State, r.Words, c))
		}
	}
	if len(wrong) > 0 {
		t.Error(strings.Join(wrong, "\n"))
	}
}
