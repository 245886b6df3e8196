//go:build unix

package main

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A backup that is made while people work has all that they were told is done before, and the
// labs that come back of it have their hashes.
func TestLabsComeBackOfABackup(t *testing.T) {
	data, restored, file := newHome(t), newHome(t), filepath.Join(t.TempDir(), "backup.tar")
	s := startServer(t, data.serves("--files", t.TempDir())...)
	var url atomic.Value
	url.Store(s.url)
	var hands []*hand
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i, scenario := range []string{"ping", "switch"} {
		h := &hand{t: t, name: scenario, url: &url, chance: rand.New(rand.NewPCG(7, uint64(i)))}
		h.open(scenario)
		hands = append(hands, h)
	}
	work := func() {
		for _, h := range hands {
			all.Go(func() { h.work(stop) })
		}
		time.Sleep(300 * time.Millisecond)
	}
	work()
	close(stop)
	all.Wait()
	before := make([]hand, len(hands))
	for i, h := range hands {
		before[i] = *h
		before[i].done, before[i].told = slices.Clone(h.done), slices.Clone(h.told)
	}
	stop = make(chan struct{})
	work() // and go on while it is backed up
	data.admin(t, exitOK, "backup", file)
	close(stop)
	all.Wait()
	s.end(t, syscall.SIGTERM)

	restored.admin(t, exitOK, "restore", file)
	s = startServer(t, restored.serves("--files", t.TempDir())...)
	url.Store(s.url)
	for i := range before {
		h := &before[i]
		h.unknown = nil
		h.check(t, true)
		if len(h.done) == 0 {
			t.Errorf("lab %s: nothing was done before the backup", h.name)
		}
	}
	s.end(t, syscall.SIGTERM)
}
