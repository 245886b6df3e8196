// Package tab has the labs of a page that has no server: what a server does with labs, it does in
// the page's worker, by the same code and with the same messages. It builds for every system, so
// that tests need no browser; program main is the worker's.
package tab

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"wireloom/internal/labapi"
	"wireloom/internal/product"
	"wireloom/internal/scenario"
	"wireloom/internal/sched"
	"wireloom/internal/session"
	"wireloom/internal/stream"
	"wireloom/internal/stream/carrier"
)

// Limits of a tab. The page is one person's, and the memory is the browser's.
const (
	maxLabs      = 4
	checkTimeout = 5 * time.Minute
	replyTimeout = 30 * time.Second
)

// A Site is what a folder offers, as its file site.json says it.
type Site struct {
	Version   string `json:"version"` // of the program that wrote it
	Scenarios []Offer
}

// An Offer is a scenario of a folder.
type Offer struct {
	labapi.Scenario
	Folder   string `json:"folder"`             // the file with its folder, a zip
	Starter  string `json:"starter,omitempty"`  // the file with what one begins with, a zip
	Abridged bool   `json:"abridged,omitempty"` // there are steps that are not given away
}

// A Tab has the labs of one page. Its methods may be called from any goroutine.
type Tab struct {
	site   Site
	folder func(ctx context.Context, name string) ([]byte, error)
	engine *product.Engine
	sched  *sched.Scheduler
	hub    stream.Hub

	mu   sync.Mutex
	labs []*lab // the oldest first
}

// A lab is one that somebody has opened.
type lab struct {
	*session.Session
	id       string
	scenario *scenario.Scenario
	end      context.CancelFunc
	checking chan struct{} // holds one: its programs are being checked
	viewers  int           // the tab's mu guards it
}

// New returns a tab without labs. folder reads a file of the site's folder; between is called
// after each turn of a lab (sched.Scheduler.Between).
func New(ctx context.Context, site Site, folder func(ctx context.Context, name string) ([]byte, error), between func()) (*Tab, error) {
	engine, err := product.OpenEngine(ctx, "")
	if err != nil {
		return nil, err
	}
	t := &Tab{site: site, folder: folder, engine: engine, sched: sched.New(1)}
	t.sched.Between = between
	t.hub.Version, t.hub.Scheduler, t.hub.Rate = site.Version, t.sched, portRate
	return t, nil
}

// portRate is how many bytes a second a viewer gets at most: nothing is between it and its lab but
// memory, so that the page's work with them is the limit.
const portRate = 8 << 20

// open opens a lab of a scenario, whose slots are empty: no program is given away.
func (t *Tab) open(ctx context.Context, name string) (*lab, error) {
	i := slices.IndexFunc(t.site.Scenarios, func(o Offer) bool { return o.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no scenario %.64q here", name)
	}
	o := t.site.Scenarios[i]
	packed, err := t.folder(ctx, o.Folder)
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", o.Folder, err)
	}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", o.Folder, err)
	}
	sc, err := scenario.Open(z, name)
	if err != nil {
		return nil, err
	}
	sc.Abridged = o.Abridged
	if err := t.makeRoom(); err != nil {
		return nil, err
	}
	net, setup, err := product.Build(ctx, sc, t.engine.Compile, product.Options{Empty: true, Bare: true})
	if err != nil {
		return nil, err
	}
	s, err := session.New(net, setup, session.Options{Scheduler: t.sched, Idle: -1, Version: t.site.Version})
	if err != nil {
		net.Close()
		return nil, err
	}
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	l := &lab{Session: s, id: rand.Text(), scenario: sc, end: end, checking: make(chan struct{}, 1)}
	t.mu.Lock()
	t.labs = append(t.labs, l)
	t.mu.Unlock()
	go func() {
		s.Run(running)
		end()
		t.forget(l)
	}()
	return l, nil
}

// makeRoom closes the oldest lab that nobody watches, where there are as many as there may be.
func (t *Tab) makeRoom() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.labs) < maxLabs {
		return nil
	}
	i := slices.IndexFunc(t.labs, func(l *lab) bool { return l.viewers == 0 })
	if i < 0 {
		return fmt.Errorf("this tab has %d labs, as many as it may have: close one of them", maxLabs)
	}
	t.labs[i].end()
	t.labs = slices.Delete(t.labs, i, i+1)
	return nil
}

func (t *Tab) forget(l *lab) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.labs = slices.DeleteFunc(t.labs, func(x *lab) bool { return x == l })
}

// errNoLab is what is answered about labs that are not there any more.
var errNoLab = errors.New("this lab is closed: a lab ends with the page that it is in; start a new one")

func (t *Tab) find(id string) (*lab, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.labs, func(l *lab) bool { return l.id == id })
	if i < 0 {
		return nil, errNoLab
	}
	return t.labs[i], nil
}

// Show shows a lab by a connection until the viewer leaves or the lab closes.
func (t *Tab) Show(ctx context.Context, id string, since *uint64, connect func() (carrier.Conn, error)) error {
	l, err := t.find(id)
	if err != nil {
		return err
	}
	t.watch(l, 1)
	defer t.watch(l, -1)
	return t.hub.Show(ctx, stream.Visit{Lab: l.Session, ID: id, Pass: &stream.Pass{}, Since: since}, connect)
}

func (t *Tab) watch(l *lab, more int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.viewers += more
}

// Close ends all labs, and returns when they have.
func (t *Tab) Close() error {
	t.mu.Lock()
	labs := slices.Clone(t.labs)
	t.mu.Unlock()
	for _, l := range labs {
		l.end()
		<-l.Done()
	}
	return t.engine.Close()
}
