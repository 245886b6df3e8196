package act

import (
	"fmt"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Orders, 13, traffic{}) }

// traffic puts frames somewhere while other steps are done.
type traffic struct{ verb.Tryable }

func (traffic) Name() string { return "traffic" }
func (traffic) Doc() string {
	return "Send a frame again and again, while the steps after this one are done; or no longer."
}

func (traffic) Shape() *format.Shape {
	return format.Many(format.Object(append(whichFrame(),
		format.Field{Name: "name", Shape: format.Name, Required: true, Doc: "What it is called: another of its name takes its place."},
		format.Field{Name: "every", Shape: format.Duration(vnet.MaxTrafficEvery), Doc: "How long from one frame to the next; 1s where it is not given."},
		format.Field{Name: "count", Shape: format.Number(1, maxRepeat), Doc: "How many frames; without end where it is not given."},
		format.Field{Name: "stop", Shape: format.Boolean, Doc: "It ends; there is nothing else but its name then."},
	)...), 16)
}

func (traffic) Parse(v *format.Value, s *verb.Scope) verb.Step {
	name := v.Get("name").String()
	if format.Read[bool](v.Get("stop")) {
		if len(v.Keys) > 2 {
			s.Mistakes.At(v, "traffic that stops has its name and nothing else")
		}
		return ordered{do: vnet.Traffic{Name: name, Stop: true}, say: "stop the traffic " + name}
	}
	x := flowing{name: name, every: format.Or(v.Get("every"), time.Second), count: format.Read[int](v.Get("count")), putting: parsePutting(v, s)}
	if x.every < vnet.MinTrafficEvery {
		s.Mistakes.At(v.Get("every"), "a frame every %v is too many: at least %v are from one to the next", x.every, vnet.MinTrafficEvery)
	}
	return &x
}

type flowing struct {
	verb.Act
	putting
	name  string
	every time.Duration
	count int // 0: without end
}

func (x *flowing) Say() string {
	return fmt.Sprintf("traffic %s: %s %s every %v", x.name, x.what(), x.where(), x.every)
}

func (x *flowing) Commands() []vnet.Command { return x.known(x.begins) }

func (x *flowing) Run(r *run.Run) error {
	if frame, ok := x.build(r); ok {
		r.Do(x.begins(frame))
	}
	return nil
}

// begins is the command that begins it.
func (x *flowing) begins(frame []byte) vnet.Command {
	c := vnet.Traffic{Name: x.name, Every: x.every, Count: x.count}
	switch once := x.command(frame).(type) {
	case vnet.Output:
		c.How, c.Port, c.Hex = "output", once.Port, once.Hex
	case vnet.Inject:
		c.How, c.Port, c.Hex = "inject", once.Port, once.Hex
	case vnet.Arrive:
		c.How, c.Port, c.Hex = "arrive", once.Port, once.Hex
	}
	return c
}
