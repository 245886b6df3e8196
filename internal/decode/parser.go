package decode

import (
	"strings"
	"sync"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// one is a container of exactly one decoding layer, which decodes once. A
// frame is walked layer by layer with it, so that a layer's place is known, a
// packet inside a packet does not overwrite the outer one's fields, and nothing
// outside the explicit list in walk.go is ever reached.
type one struct{ layer gopacket.DecodingLayer }

// Put implements gopacket.DecodingLayerContainer.
func (o one) Put(d gopacket.DecodingLayer) gopacket.DecodingLayerContainer { return one{d} }

// Decoder implements gopacket.DecodingLayerContainer.
func (o one) Decoder(t gopacket.LayerType) (gopacket.DecodingLayer, bool) {
	return o.layer, o.layer.CanDecode().Contains(t)
}

// LayersDecoder implements gopacket.DecodingLayerContainer.
func (o one) LayersDecoder(first gopacket.LayerType, df gopacket.DecodeFeedback) gopacket.DecodingLayerFunc {
	return func(data []byte, decoded *[]gopacket.LayerType) (gopacket.LayerType, error) {
		*decoded = append((*decoded)[:0], first)
		return gopacket.LayerTypeZero, o.layer.DecodeFromBytes(data, df)
	}
}

// A reader has the layers that gopacket reads headers into, a parser each. It is made
// once and used again and again: what it held before is never looked at.
type reader struct {
	eth   layers.Ethernet
	dot1q layers.Dot1Q
	arp   layers.ARP
	ip4   layers.IPv4
	ip6   layers.IPv6
	icmp  layers.ICMPv4
	icmp6 layers.ICMPv6
	udp   layers.UDP
	tcp   layers.TCP

	parsers struct{ eth, dot1q, arp, ip4, ip6, icmp, icmp6, udp, tcp *gopacket.DecodingLayerParser }
	decoded []gopacket.LayerType
	found   []layer // memory of a walker whose layers nobody keeps
}

func newReader() *reader {
	r := &reader{}
	parser := func(first gopacket.LayerType, l gopacket.DecodingLayer) *gopacket.DecodingLayerParser {
		p := gopacket.NewDecodingLayerParser(first)
		p.IgnorePanic = false
		p.SetDecodingLayerContainer(one{l})
		return p
	}
	p := &r.parsers
	p.eth, p.dot1q, p.arp = parser(layers.LayerTypeEthernet, &r.eth), parser(layers.LayerTypeDot1Q, &r.dot1q), parser(layers.LayerTypeARP, &r.arp)
	p.ip4, p.icmp = parser(layers.LayerTypeIPv4, &r.ip4), parser(layers.LayerTypeICMPv4, &r.icmp)
	p.ip6, p.icmp6 = parser(layers.LayerTypeIPv6, &r.ip6), parser(layers.LayerTypeICMPv6, &r.icmp6)
	p.udp, p.tcp = parser(layers.LayerTypeUDP, &r.udp), parser(layers.LayerTypeTCP, &r.tcp)
	return r
}

// readers are those that nobody uses now. To make one costs more than to read a frame.
var readers = sync.Pool{New: func() any { return newReader() }}

// parse decodes one layer with panics recovered, and says what is wrong with
// it, if anything.
func (r *reader) parse(p *gopacket.DecodingLayerParser, b []byte) string {
	err := p.DecodeLayers(b, &r.decoded)
	switch {
	case err == nil:
		return ""
	case strings.HasPrefix(err.Error(), "panic:"):
		return "malformed header"
	}
	return err.Error()
}
