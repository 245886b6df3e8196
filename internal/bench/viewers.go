package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"wireloom/internal/sched"
	"wireloom/internal/stream"
)

// A public is the server of the labs' viewers.
type public struct {
	addr   string
	hub    stream.Hub
	server *http.Server
}

func serve(live []*liveLab) (*public, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &public{addr: listener.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("/labs/{lab}", func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(r.PathValue("lab"))
		if err != nil || i < 0 || i >= len(live) {
			http.NotFound(w, r)
			return
		}
		p.hub.Serve(w, r, live[i].session, r.PathValue("lab"))
	})
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(listener) }() // it ends when close closes it
	return p, nil
}

// watch lets the labs run for a while with a viewer for each.
func (p *public) watch(ctx context.Context, live []*liveLab, turns *sched.Scheduler) (*load, error) {
	c, err := newCrowd(ctx, p.addr+"/labs/{}", len(live), endless)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := pause(ctx, labsSettle); err != nil { // they begin with what the labs have kept for them
		return nil, err
	}
	m, err := watch(ctx, live, turns, watched)
	if err == nil && p.hub.Count() != len(live) {
		err = fmt.Errorf("%d viewers of %d are left", p.hub.Count(), len(live))
	}
	return m, err
}

func (p *public) close() {
	_ = p.server.Close() // the listener, at most
}
