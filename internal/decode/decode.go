// Package decode turns the bytes of a frame into what a person reads and a
// grader compares, and back: a line, a tree of fields under Wireshark's
// display-filter names, a comparison with wanted values, and frames built from
// such names.
//
// Frames are hostile: programs under test choose every byte. gopacket is used
// only through a DecodingLayerParser that holds one layer at a time out of an
// explicit list and recovers panics; no packet is decoded further than the list
// goes. Nothing here keeps state, and no input makes it panic or take more than
// a bounded amount of memory.
package decode

import (
	"encoding/hex"

	"wireloom/vnet/packet"
)

// MaxFrame is the longest frame that is decoded or built, in bytes: the longest
// IP packet with an Ethernet header and a tag. What is longer is cut and marked bad.
const MaxFrame = 65535 + 18

// A Link is what a frame starts with.
type Link = packet.Link

// The link types. Null is taken to be little-endian.
const (
	Ethernet = packet.LinkEthernet
	Raw      = packet.LinkRaw
	Null     = packet.LinkNull
)

// A Summary is a frame in one line.
type Summary struct {
	Proto string `json:"proto"`          // the innermost protocol: "ARP", "ICMP", "TCP", ...
	Src   string `json:"src,omitempty"`  // IP address, or MAC where there is none
	Dst   string `json:"dst,omitempty"`  // likewise
	Info  string `json:"info,omitempty"` // "echo request id 7 seq 12"
	Bad   string `json:"bad,omitempty"`  // what is malformed or has a bad checksum; "" when nothing is
}

// A Field is a protocol layer or a field in one, with its place in the frame.
type Field struct {
	Name   string  `json:"name"`             // Wireshark's display-filter name: "eth.dst", "arp.opcode"; of a layer "eth", "arp"
	Label  string  `json:"label"`            // "Destination"
	Value  string  `json:"value,omitempty"`  // as [Build] and [NewWant] take it: "02:00:00:00:00:01", "0x0800", "64"; of long bytes only the start
	Text   string  `json:"text,omitempty"`   // what the value means: "IPv4", "echo request"
	Off    int     `json:"off"`              // first byte in the frame
	Len    int     `json:"len"`              // bytes
	Bad    string  `json:"bad,omitempty"`    // what is wrong with it: "should be 0x1c2d"
	Filter string  `json:"filter,omitempty"` // a display filter that chooses frames with this value, or with this layer
	Fields []Field `json:"fields,omitempty"` // the fields of a layer, the bits of a field
}

// A KV is one named value of a frame, wanted or to be built.
type KV struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// previewBytes is how much of a long field Value and Got show.
const previewBytes = 64

// preview is b in hex, cut to a readable length.
func preview(b []byte) string {
	if len(b) > previewBytes {
		return hex.EncodeToString(b[:previewBytes]) + "..."
	}
	return hex.EncodeToString(b)
}
