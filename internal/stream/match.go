package stream

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"wireloom/internal/decode"
	"wireloom/internal/filter"
	"wireloom/internal/protocol"
	"wireloom/internal/session"
	"wireloom/vnet/packet"
)

// Limits of one question about frames. What a filter costs is known before it is asked:
// where it costs much, it is asked about fewer frames, and the viewer asks again.
const (
	maxMatchFrames = 1000
	maxMatchCost   = 4 << 20 // bytes of frames, times steps for each: some ten milliseconds
	frameCost      = 64      // what a frame costs besides its bytes
)

// match tells which frames a display filter chooses. The viewer sends them: so it can ask
// about all that it shows, also what the log no longer has, and a lab's frames are encoded
// once for all viewers, whatever each looks for.
func match(_ context.Context, _ *session.Session, c *command) (any, error) {
	f, err := filter.Compile(*c.Filter)
	switch {
	case err != nil:
		return nil, err
	case len(c.Frames) > maxMatchFrames:
		return nil, fmt.Errorf("%d frames: at most %d are looked at", len(c.Frames), maxMatchFrames)
	}
	var matched []byte
	cost := 0
	for i, x := range c.Frames {
		link, ok := packet.ParseLink(string(x.Link))
		if !ok {
			return nil, fmt.Errorf("frame %d: there is no link type %q: it is ethernet, raw or null", i, clip(string(x.Link)))
		}
		b, err := hex.DecodeString(string(x.Hex))
		if err != nil {
			return nil, fmt.Errorf("frame %d is not hex digits, two for each byte", i)
		}
		if cost += (len(b) + frameCost) * f.Cost(); cost > maxMatchCost && i > 0 {
			break
		}
		if f.Match(decode.Open(decode.Packet{Link: link, Data: b, Len: x.Size, At: time.Duration(x.At), Iface: x.Port})) {
			matched = append(matched, '1')
		} else {
			matched = append(matched, '0')
		}
	}
	return protocol.MatchResult{Matched: string(matched)}, nil
}
