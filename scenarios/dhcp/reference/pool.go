//go:build wasip1

package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"
)

const (
	leases  = "/tmp/dhcpd.leases"
	poolMax = 256
)

// A state is that of an address. A free one remembers whose it was.
type state uint8

const (
	unused state = iota
	free
	offered
	bound
	declined
)

var states = []string{"unused", "free", "offered", "bound", "declined"}

// A lease is an address of the pool, and whose it is.
type lease struct {
	address netip.Addr
	state   state
	until   time.Time // free: since
	client  string
	hw      net.HardwareAddr
}

// A pool is the addresses that the server has to give. What it knows of them, but for
// offers, which are not worth it (RFC 2131, 3.1), it keeps in a file.
type pool []*lease

// openPool makes the pool, and reads whose its addresses are.
func openPool(first, last netip.Addr) (pool, error) {
	var p pool
	for a := first; a.Compare(last) <= 0 && len(p) < poolMax; a = a.Next() {
		p = append(p, &lease{address: a})
	}
	f, err := os.Open(leases)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		p.load(lines.Text())
	}
	return p, lines.Err()
}

// load reads a line of the file. What it can't understand, or is not ours any more, is
// left out.
func (p pool) load(line string) {
	var address, name, hw, client string
	var until int64
	if _, err := fmt.Sscan(line, &address, &name, &until, &hw, &client); err != nil {
		return
	}
	i := slices.IndexFunc(p, func(l *lease) bool { return l.address.String() == address })
	s := slices.Index(states, name)
	mac, err := hex.DecodeString(hw)
	id, err2 := hex.DecodeString(client)
	if i < 0 || s < int(free) || err != nil || err2 != nil {
		return
	}
	*p[i] = lease{p[i].address, state(s), time.Unix(until, 0), string(id), mac}
}

// save writes the file anew, under another name first: who is killed in between
// leaves the old one whole.
func (p pool) save() error {
	var b bytes.Buffer
	for _, l := range p {
		if l.state != unused && l.state != offered {
			fmt.Fprintf(&b, "%v %s %d %x %x\n", l.address, states[l.state], l.until.Unix(), []byte(l.hw), l.client)
		}
	}
	if err := os.WriteFile(leases+".new", b.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(leases+".new", leases)
}

// of returns the address that a client has, is offered or had; nil if none.
func (p pool) of(client string) *lease {
	for _, l := range p {
		if l.state != unused && l.state != declined && l.client == client {
			return l
		}
	}
	return nil
}

// find chooses an address for a client, in the order of RFC 2131, 4.3.1: its own, or
// that it had; the one that it asks for; the first that nobody had; the one that is
// free for longest. It is nil if all are taken.
func (p pool) find(m *message) *lease {
	best := p.of(m.client)
	if best != nil {
		return best
	}
	for _, l := range p {
		if l.state != unused && l.state != free {
			continue
		}
		if l.address == m.wanted {
			return l
		}
		if best == nil || best.state == free && (l.state == unused || l.until.Before(best.until)) {
			best = l
		}
	}
	return best
}

// set gives an address a new state, with a client if m is not nil.
func (p pool) set(l *lease, s state, m *message, until time.Time) {
	save := s != offered || l.state != unused
	l.state, l.until = s, until
	if m != nil {
		l.client, l.hw = m.client, m.hw
	}
	if save {
		warn(p.save())
	}
}

// expire frees the addresses whose time is up, and returns when the next one's is;
// the zero Time if there is none.
func (p pool) expire(now time.Time) (next time.Time) {
	for _, l := range p {
		switch {
		case l.state == unused || l.state == free:
		case !l.until.After(now):
			fmt.Println(l.address, "is free again, it was of", l.hw)
			p.set(l, free, nil, l.until)
		case next.IsZero() || l.until.Before(next):
			next = l.until
		}
	}
	return next
}
