package stream

import (
	"context"
	"slices"
	"strings"
	"time"

	"wireloom/internal/protocol"
	"wireloom/internal/session"
	"wireloom/internal/switchboard"
	"wireloom/vnet"
)

// maxEntries is how many addresses of a switch's table a reply has.
const maxEntries = 256

// switchMembers are the fields of commands about switches and links.
type switchMembers struct {
	Port   *string  `json:"port"`
	Access *int     `json:"access"`
	Native *int     `json:"native"`
	Trunk  *string  `json:"trunk"`
	Way    *string  `json:"way"`
	Words  []string `json:"words"`
	A      *string  `json:"a"`
	B      *string  `json:"b"`
	Delay  *int64   `json:"delay"`
	Switch *string  `json:"switch"`
	VLAN   *int     `json:"vlan"`
}

func setPort(ctx context.Context, s *session.Session, c *command) (any, error) {
	_, err := s.Do(ctx, vnet.SetPort{Port: *c.Port, Link: *c.Link})
	return nil, err
}

func setVLAN(ctx context.Context, s *session.Session, c *command) (any, error) {
	v, err := switchboard.Membership(*c.Access, *c.Native, *c.Trunk)
	if err == nil {
		_, err = s.Do(ctx, vnet.SetVLAN{Port: *c.Port, VLAN: v})
	}
	return nil, err
}

func impair(ctx context.Context, s *session.Session, c *command) (any, error) {
	words := slices.DeleteFunc(slices.Clone(c.Words), func(w string) bool { return strings.TrimSpace(w) == "" })
	_, err := s.Do(ctx, vnet.Impair{Port: *c.Port, Way: *c.Way, Words: words})
	return nil, err
}

func plug(ctx context.Context, s *session.Session, c *command) (any, error) {
	_, err := s.Do(ctx, vnet.Plug{A: *c.A, B: *c.B, Delay: time.Duration(*c.Delay)})
	return nil, err
}

func unplug(ctx context.Context, s *session.Session, c *command) (any, error) {
	_, err := s.Do(ctx, vnet.Unplug{Port: *c.Port})
	return nil, err
}

func macTable(ctx context.Context, s *session.Session, c *command) (any, error) {
	entries, total, err := s.MACs(ctx, *c.Switch, *c.VLAN, maxEntries)
	if err != nil {
		return nil, err
	}
	r := protocol.TableResult{Entries: []protocol.TableEntry{}, Total: total}
	for _, e := range entries {
		r.Entries = append(r.Entries, protocol.TableEntry{MAC: e.MAC, VLAN: int(e.VLAN), Port: e.Port, Seen: int64(e.Seen), Static: e.Static})
	}
	return r, nil
}
