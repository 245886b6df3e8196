package act

import (
	"fmt"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Frames, 1, send{}) }

const (
	maxRepeat = 100_000 // of one send
	frontier  = 64      // frames that a step puts somewhere before the lab may carry them on
)

// send puts frames onto a wire, or out of a node's interface.
type send struct{ verb.Tryable }

func (send) Name() string { return "send" }
func (send) Doc() string  { return "Send a frame." }

// whichFrame are the keys that say which frame, and where.
func whichFrame() []format.Field {
	return append([]format.Field{
		{Name: "port", Shape: format.LinkEnd, Doc: "Where the frame comes in: it enters the switch by this port, or arrives at this interface."},
		{Name: "direction", Shape: format.OneOf("in or out", "in", "out"), Doc: "in; or out, as if what is at the port had sent it onto its link."},
		{Name: "device", Shape: format.LinkEnd, Doc: "Instead of port: the node's kernel sends it out of this interface; on a tun, an IP packet."},
	}, verb.FrameKeys()...)
}

// TryShape is that of a frame that is sent once.
func (send) TryShape() *format.Shape { return format.Many(format.Object(whichFrame()...), 16) }

func (send) Shape() *format.Shape {
	return format.Many(format.Object(append(whichFrame(),
		format.Field{Name: "repeat", Shape: format.Number(1, maxRepeat), Doc: "How often; once where it is not given."},
		format.Field{Name: "every", Shape: format.Duration(maxLate), Doc: "How long between one and the next; 0 where it is not given."},
	)...), 64)
}

func (send) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := sending{repeat: format.Or(v.Get("repeat"), 1), every: format.Or(v.Get("every"), noTime)}
	if time.Duration(x.repeat)*x.every > run.MaxVirtual {
		s.Mistakes.At(v, "%d frames, one every %v, take longer than %v", x.repeat, x.every, run.MaxVirtual)
	} else {
		x.putting = parsePutting(v, s)
	}
	x.Tells = verb.TellsFrame(x.frame)
	return &x
}

// putting is a frame that is put somewhere.
type putting struct {
	port   format.End // or device
	device format.End
	out    bool // as if what is at port had sent it
	frame  verb.Frame
}

// parsePutting reads which frame is put where: whichFrame.
func parsePutting(v *format.Value, s *verb.Scope) putting {
	x := putting{port: s.End(v.Get("port")), device: s.Device(v.Get("device")), out: v.Get("direction").String() == "out"}
	switch {
	case (v.Get("port") == nil) == (v.Get("device") == nil):
		s.Mistakes.At(v, "either a port or a device is wanted: where the frame goes")
	case !s.HasFrame(v):
	case v.Get("device") != nil && v.Get("direction") != nil:
		s.Mistakes.At(v.Get("direction"), "out of a device a packet goes in one direction only")
	case x.out && x.port != (format.End{}) && !s.Linked(x.port):
		s.Mistakes.At(v.Get("port"), "nothing is plugged into %s: there is no link for what is sent out of it", v.Get("port").Text)
	default:
		x.frame = s.Frame(v, verb.LinkOf(x.device))
	}
	return x
}

// what is the frame in words.
func (x *putting) what() string {
	if b := x.frame.Known(); b != nil {
		return fmt.Sprintf("%d bytes", len(b))
	}
	return "a frame"
}

// where is where it is put, in words.
func (x *putting) where() string {
	if x.device != (format.End{}) {
		return "out of " + x.device.String()
	}
	return "at " + x.port.String()
}

// known is what a command makes of a frame that is known beforehand; nil of others.
func (x *putting) known(command func(frame []byte) vnet.Command) []vnet.Command {
	if b := x.frame.Known(); b != nil {
		return []vnet.Command{command(b)}
	}
	return nil
}

// build is the frame now. Where it cannot be, the step fails.
func (x *putting) build(r *run.Run) (frame []byte, ok bool) {
	frame, err := x.frame.Build(r.Tell)
	if err != nil {
		r.Fail(err)
	}
	return frame, err == nil
}

type sending struct {
	verb.Act
	verb.Tells
	putting
	repeat int
	every  time.Duration
}

func (x *sending) Say() string {
	what := x.what()
	if x.repeat > 1 {
		what += fmt.Sprintf(" %d times", x.repeat)
	}
	return "send " + what + " " + x.where()
}

func (x *sending) Commands() []vnet.Command { return x.known(x.command) }

func (x *sending) Run(r *run.Run) error {
	frame, ok := x.build(r)
	if !ok {
		return nil
	}
	r.Sent(x.port.String()+x.device.String(), x.frame.Link, frame)
	for i := range x.repeat {
		if i > 0 && x.every > 0 {
			if err := r.For(x.every); err != nil {
				return err
			}
		}
		if i%frontier == frontier-1 { // so that they don't pile up in memory
			if err := r.For(0); err != nil {
				return err
			}
		}
		if err := r.Inject(x.command(frame)); err != nil {
			r.Fail(err)
			return nil
		}
	}
	return nil
}

func (x *putting) command(frame []byte) vnet.Command {
	switch {
	case x.device != (format.End{}):
		return vnet.Output{Port: x.device.String(), Hex: frame}
	case x.out:
		return vnet.Inject{Port: x.port.String(), Hex: frame}
	}
	return vnet.Arrive{Port: x.port.String(), Hex: frame}
}
