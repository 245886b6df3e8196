// Package pcapfilter is the language of pcap-filter(7), in which tcpdump(1) is told what to
// show. A filter decides about a packet as the program would that libpcap 1.10 makes of the
// same words: a load beyond the packet's end refuses the packet, whatever stands around it.
//
// The text is a visitor's: it has MaxText bytes at most and nests MaxDepth deep, and what a
// filter costs for a packet is in proportion to its text.
package pcapfilter

import (
	"errors"
	"fmt"
	"net/netip"
)

// Limits of a filter's text.
const (
	MaxText  = 8 << 10 // bytes
	MaxDepth = 100     // parentheses, not and unary minus within each other
)

// A Link is what packets begin with: the DLT_ of <net/bpf.h>.
type Link uint8

// The links. Null is DLT_NULL: four bytes with the address family, in the order of the
// machine that captured, which is little-endian here.
const (
	Ethernet Link = iota
	Raw
	Null
)

// An Env is what names stand for where the filter is used.
type Env struct {
	Link Link
	// Lookup is the address of a host's name; nil: there are none.
	Lookup func(name string) (netip.Addr, bool)
	// Netmask is that of the interface, for "ip broadcast"; 0 where there is none.
	Netmask uint32
}

// A Filter decides about packets. It has no state.
type Filter struct {
	root node // nil takes everything
}

// Compile reads a filter. The error is what libpcap says of the text.
func Compile(text string, env Env) (*Filter, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("a filter of %d bytes: at most %d are read", len(text), MaxText)
	}
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := parser{tokens: tokens, gen: gen{env: env, link: firstOffsets(env.Link)}}
	root, err := p.filter()
	if err != nil {
		return nil, err
	}
	return &Filter{root}, nil
}

// Match says whether the filter takes a packet of which data was kept; size is how long it
// was on the wire.
func (f *Filter) Match(data []byte, size int) bool {
	if f.root == nil {
		return true
	}
	m := machine{data: data, size: uint32(size)}
	return f.root.eval(&m) && !m.refused
}

var errSyntax = errors.New("can't parse filter expression: syntax error")
