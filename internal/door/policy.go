// Package door is where peers outside of a lab are plugged into it: virtual machines, this
// machine's own kernel, capture files. It has what a peer speaks, and what keeps a lab from
// harm: a frame that cannot be is no frame, what comes too fast is dropped, and who takes
// nothing is gone; each loss is counted and shown.
//
// What comes in is a command of the lab's (vnet.Enter), which its session records.
package door

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"wireloom/vnet/config"
)

// A Policy is what an operator allows: nothing, where it is zero. Its methods may be called
// from any goroutine.
type Policy struct {
	kinds   []config.DoorKind
	listens []string // for streams: "127.0.0.1:9100", or "unix:" and a folder
	taps    []string

	// Frames and Bytes are what a door takes in, and gives out, in a second; the defaults
	// if 0, no limit if negative.
	Frames, Bytes int64

	mu    sync.Mutex
	taken map[string]bool // of listens and taps
}

// What a door takes in a second where nobody says otherwise: enough for a real machine's
// talk, and a twentieth of what a lab can carry.
const (
	DefaultFrames = 10_000
	DefaultBytes  = 16 << 20
)

// maxRange is how many addresses a range of ports may have.
const maxRange = 4096

// tapForm is that of an interface's name in Linux (IFNAMSIZ).
var tapForm = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,14}$`)

// Allow adds what a flag says: a kind alone, or with where its doors are.
func (p *Policy) Allow(text string) error {
	name, where, given := strings.Cut(text, "=")
	kind := config.DoorKind(name)
	var err error
	switch kind {
	case config.WebSocket, config.C2W, config.Capture:
		if given {
			return fmt.Errorf("%s has no place of its own: want %s alone", name, name)
		}
	case config.Stream:
		var more []string
		more, err = listens(where)
		p.listens = append(p.listens, more...)
	case config.Tap:
		for tap := range strings.SplitSeq(where, ",") {
			if !tapForm.MatchString(tap) {
				return fmt.Errorf("%.40q is no TAP's name: want tap=NAME, or tap=NAME,NAME", tap)
			}
			p.taps = append(p.taps, tap)
		}
	default:
		return fmt.Errorf("there is no door of the kind %.40q: there are websocket, c2w, stream=HOST:PORT, tap=NAME and file", name)
	}
	if err == nil && !slices.Contains(p.kinds, kind) {
		p.kinds = append(p.kinds, kind)
	}
	return err
}

// listens are the places that HOST:PORT, HOST:PORT-PORT or unix:FOLDER says.
func listens(where string) ([]string, error) {
	if folder, ok := strings.CutPrefix(where, unixPrefix); ok {
		if folder == "" || !filepath.IsAbs(folder) {
			return nil, fmt.Errorf("%.80q: want unix: and a folder, from / on", where)
		}
		return []string{unixPrefix + filepath.Clean(folder)}, nil
	}
	host, ports, err := net.SplitHostPort(where)
	if err != nil {
		return nil, errors.New("a stream has a place: want stream=HOST:PORT, stream=HOST:PORT-PORT, or stream=unix:FOLDER")
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return nil, fmt.Errorf("%.80q is no address: want one of this machine's, such as 127.0.0.1", host)
	}
	first, last, some := strings.Cut(ports, "-")
	if !some {
		last = first
	}
	from, err1 := strconv.ParseUint(first, 10, 16)
	to, err2 := strconv.ParseUint(last, 10, 16)
	if err1 != nil || err2 != nil || to < from || to-from >= maxRange {
		return nil, fmt.Errorf("%.40q are no ports: want one, or a range of at most %d", ports, maxRange)
	}
	var out []string
	for port := from; port <= to; port++ {
		out = append(out, net.JoinHostPort(host, strconv.FormatUint(port, 10)))
	}
	return out, nil
}

// unixPrefix begins a place that is a folder for local sockets.
const unixPrefix = "unix:"

// allows reports why a door may not be opened here; "" if it may.
func (p *Policy) allows(kind config.DoorKind) string {
	if p != nil && slices.Contains(p.kinds, kind) {
		return ""
	}
	return fmt.Sprintf("this server does not allow it: who runs it starts labserver with --door %s", usage[kind])
}

// usage is what the flag takes for a kind.
var usage = map[config.DoorKind]string{
	config.WebSocket: "websocket", config.C2W: "c2w", config.Stream: "stream=HOST:PORT", config.Tap: "tap=NAME", config.Capture: "file",
}

// take takes one of the places that nobody has, which try can use; or says why there is none.
func (p *Policy) take(places []string, try func(place string) error) (place string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken == nil {
		p.taken = map[string]bool{}
	}
	err = errors.New("other labs have all that this server has of it: close one first")
	for _, place := range places {
		if p.taken[place] && !strings.HasPrefix(place, unixPrefix) {
			continue
		}
		if err = try(place); err == nil {
			p.taken[place] = true
			return place, nil
		}
	}
	return "", err
}

func (p *Policy) give(place string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.taken, place)
}
