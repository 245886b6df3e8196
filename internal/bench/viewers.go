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

// watch lets the labs run for a while, each with so many frames a second and the first ones
// with a viewer.
func (p *public) watch(ctx context.Context, live []*liveLab, turns *sched.Scheduler, rate float64, viewers int) (*load, error) {
	c, err := newCrowd(ctx, p.addr+"/labs/{}", viewers, endless)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := pause(ctx, labsSettle); err != nil { // they begin with what the labs have kept for them
		return nil, err
	}
	m, err := watch(ctx, live, turns, rate, watched)
	if err == nil && p.hub.Count() != viewers {
		err = fmt.Errorf("%d viewers of %d are left", p.hub.Count(), viewers)
	}
	return m, err
}

func (p *public) close() {
	_ = p.server.Close() // the listener, at most
}
