package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/lockfile"
	"wireloom/internal/outbox"
	"wireloom/internal/store"
)

// The first operator comes in by what labserver admin prints, once, while the server runs.
func TestTheFirstOperator(t *testing.T) {
	at := newHome(t)
	data := at.Dir
	s := startServe(t, at.flags...)
	code, out, errs := labserver(t, append([]string{"admin", "operator", "Ada"}, at.flags...)...)
	_, token, ok := strings.Cut(strings.TrimSpace(out), "#signin=")
	if code != exitOK || !ok || errs != "" || !strings.HasPrefix(out, s.url+"/#") {
		t.Fatalf("code %d: %s%s, of a server at %s", code, out, errs, s.url)
	}
	signIn := func() (*http.Client, int) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &http.Client{Jar: jar}
		body, err := json.Marshal(map[string]string{"token": token})
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Post(s.url+"/api/signin", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close() // the status says it
		return c, res.StatusCode
	}
	ada, status := signIn()
	if status != http.StatusOK {
		t.Fatalf("signing in: %d: %s", status, s.log)
	}
	res, err := ada.Get(s.url + "/api/me")
	if err != nil {
		t.Fatal(err)
	}
	var me struct {
		Name     string
		Operator bool
	}
	err = json.NewDecoder(res.Body).Decode(&me)
	_ = res.Body.Close() // only read
	if err != nil || me.Name != "Ada" || !me.Operator {
		t.Errorf("she is %+v, %v", me, err)
	}
	if _, status := signIn(); status == http.StatusOK {
		t.Error("the address signs in twice")
	}
	s.stop()
	if log := s.log.String(); strings.Contains(log, token) || strings.Contains(log, "Ada") || strings.Contains(log, "There is no operator") {
		t.Errorf("the log says %s", log)
	}
	for _, c := range []struct{ args, want string }{
		{"", "takes one of operator"},
		{"operate x --data " + data, "takes one of operator"},
		{"scores x --data " + data, "takes scores; here it is"},
		{"operator --data " + data, "takes operator NAME"},
		{"operator Ada", "Name its data folder with --data"},
		{"operator Ada --config /nonexistent/x", "the settings: open /nonexistent/x"},
	} {
		if code, out, errs := labserver(t, append([]string{"admin"}, strings.Fields(c.args)...)...); code != exitError || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("admin %s: code %d, %s%s", c.args, code, out, errs)
		}
	}
}

// Who is first makes the tables of a new folder, the others wait until they are there.
func TestAnOperatorOfAFolderThatSomebodyMakes(t *testing.T) {
	for _, c := range []struct {
		name string
		held time.Duration // by who makes the folder
		want string
	}{
		{"for a moment", 300 * time.Millisecond, ""},
		{"for good", time.Hour, "there is no database in the data folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				lock, err := lockfile.Folder(data)
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(c.held, func() { _ = lock.Close() }) // of the test
				code, out, errs := labserver(t, "admin", "operator", "Ada", "--data", data)
				if (code == exitOK) != (c.want == "") || !strings.Contains(errs, c.want) || (c.want == "") != strings.Contains(out, "#signin=") {
					t.Errorf("code %d: %s%s", code, out, errs)
				}
			})
		})
	}
}

// What is at learning platforms, a line a class.
func TestAdminScores(t *testing.T) {
	at := newHome(t)
	db, err := store.Open(t.Context(), at.Options) // stands for the server
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // of the test
	if said := at.admin(t, exitOK, "scores"); said != "no class has scores for a learning platform\n" {
		t.Errorf("of nobody: %s", said)
	}
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		errs := []error{
			tx.AddClass(store.ClassRow{ID: "c", Code: "C", Name: "Networks 1", Term: "Spring"}), tx.AddClass(store.ClassRow{ID: "d", Code: "D", Name: "Alone"}),
			tx.PutVersion(store.VersionRow{Hash: "v"}),
			tx.AddLesson(store.LessonRow{ID: "l", Class: "c", VersionHash: "v"}), tx.AddLesson(store.LessonRow{ID: "m", Class: "c", VersionHash: "v"}),
			tx.AddLesson(store.LessonRow{ID: "n", Class: "d", VersionHash: "v"}),
		}
		for i, o := range []store.OutboxRow{
			{Lesson: "l", State: outbox.Sent, Sent: time.Date(2026, 12, 1, 9, 30, 0, 0, time.Local)},
			{Lesson: "l", State: outbox.Waiting},
			{Lesson: "m", State: outbox.Waiting},
			{Lesson: "m", State: outbox.Refused, Words: "no such\x1b[2J user", Todo: "Have them open it."},
			{Lesson: "l", State: outbox.Refused, Words: "no such\x1b[2J user", Todo: "Have them open it."},
			{Lesson: "l", State: outbox.None},
			{Lesson: "n", State: outbox.None},
		} {
			o.Person = string(rune('a' + i))
			errs = append(errs, tx.SetOutbox(o))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "Networks 1, Spring: 1 sent, 2 waiting, 2 refused, the last sent on 1 December 2026, 09:30\n    2 refused: \"no such\\x1b[2J user\" Have them open it.\n"
	if said := at.admin(t, exitOK, "scores"); said != want {
		t.Errorf("got %s, want %s", said, want)
	}
}

// A server that nobody runs yet says by which command somebody does.
func TestHowTheFirstOperatorIsMade(t *testing.T) {
	data := t.TempDir()
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("data: "+data+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, flag, value string }{{"by its folder", "--data", data}, {"by its settings", "--config", config}} {
		t.Run(c.name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			r, w := io.Pipe()
			var log bytes.Buffer
			ended := make(chan int, 1)
			go func() {
				code := run(ctx, []string{"serve", "--addr", "127.0.0.1:0", "--files", t.TempDir(), c.flag, c.value}, stdio{strings.NewReader(""), w, &log})
				_ = w.Close() // a pipe's end
				ended <- code
			}()
			lines := bufio.NewScanner(r)
			lines.Scan()
			lines.Scan()
			want := "There is no operator yet: labserver admin operator NAME " + c.flag + " " + c.value + ", run as this server's user, makes one"
			if got := lines.Text(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			stop()
			_, _ = io.Copy(io.Discard, r)
			if code := <-ended; code != exitOK {
				t.Errorf("code %d: %s", code, log.String())
			}
		})
	}
}
