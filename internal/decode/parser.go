package decode

import (
	"strings"

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

// parse decodes one layer with panics recovered, and says what is wrong with
// it, if anything.
func parse(first gopacket.LayerType, l gopacket.DecodingLayer, b []byte) string {
	p := gopacket.NewDecodingLayerParser(first)
	p.IgnorePanic = false
	p.SetDecodingLayerContainer(one{l})
	var decoded []gopacket.LayerType
	err := p.DecodeLayers(b, &decoded)
	switch {
	case err == nil:
		return ""
	case strings.HasPrefix(err.Error(), "panic:"):
		return "malformed header"
	}
	return err.Error()
}

// The gopacket layers that are used; this is the explicit list.
var (
	_ gopacket.DecodingLayer = (*layers.Ethernet)(nil)
	_ gopacket.DecodingLayer = (*layers.Dot1Q)(nil)
	_ gopacket.DecodingLayer = (*layers.ARP)(nil)
	_ gopacket.DecodingLayer = (*layers.IPv4)(nil)
	_ gopacket.DecodingLayer = (*layers.IPv6)(nil)
	_ gopacket.DecodingLayer = (*layers.ICMPv4)(nil)
	_ gopacket.DecodingLayer = (*layers.ICMPv6)(nil)
	_ gopacket.DecodingLayer = (*layers.UDP)(nil)
	_ gopacket.DecodingLayer = (*layers.TCP)(nil)
)
