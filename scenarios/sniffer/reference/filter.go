//go:build wasip1

package main

import (
	"fmt"
	"net/netip"
	"strconv"
)

// A filter is some terms that must all be true of a frame.
type filter []func(*seen) bool

func (f filter) shows(s *seen) bool {
	for _, is := range f {
		if !is(s) {
			return false
		}
	}
	return true
}

// parseFilter reads the words of a filter; "and" may stand between terms.
func parseFilter(words []string) (filter, error) {
	var f filter
	not := false
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch word {
		case "and":
			continue
		case "not":
			not = !not
			continue
		}
		is, ok := plain[word]
		if make := valued[word]; make != nil {
			if len(words) == 0 {
				return nil, fmt.Errorf("%s: of which?", word)
			}
			var err error
			if is, err = make(words[0]); err != nil {
				return nil, err
			}
			words, ok = words[1:], true
		}
		if !ok {
			return nil, fmt.Errorf("%s: not understood; there are not, arp, ip, ip6, icmp, tcp, udp, vlan N, host A and port N", word)
		}
		wrong := not
		f = append(f, func(s *seen) bool { return is(s) != wrong })
		not = false
	}
	return f, nil
}

// plain are the terms of one word.
var plain = map[string]func(*seen) bool{
	"arp":  func(s *seen) bool { return s.arp },
	"ip":   func(s *seen) bool { return s.ip },
	"ip6":  func(s *seen) bool { return s.ip6 },
	"icmp": func(s *seen) bool { return s.ip && s.proto == protoICMP },
	"tcp":  func(s *seen) bool { return s.proto == protoTCP },
	"udp":  func(s *seen) bool { return s.proto == protoUDP },
}

// valued are those of two, by the second.
var valued = map[string]func(string) (func(*seen) bool, error){
	"vlan": func(text string) (func(*seen) bool, error) {
		n, err := strconv.ParseUint(text, 10, 12)
		return func(s *seen) bool { return s.vlan == int(n) }, err
	},
	"host": func(text string) (func(*seen) bool, error) {
		a, err := netip.ParseAddr(text)
		return func(s *seen) bool { return s.src == a || s.dst == a }, err
	},
	"port": func(text string) (func(*seen) bool, error) {
		n, err := strconv.ParseUint(text, 10, 16)
		return func(s *seen) bool { return s.sport == int(n) || s.dport == int(n) }, err
	},
}
