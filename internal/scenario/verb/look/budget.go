package look

import (
	"fmt"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/sys"
)

func init() { verb.Register(verb.States, 2, budget{}) }

// budget is what a program may use.
type budget struct{}

func (budget) Name() string { return "budget" }
func (budget) Doc() string  { return "What a program may use." }

func (budget) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "program", Shape: format.Program, Required: true, Doc: "NODE.PROGRAM."},
		format.Field{Name: "fuel", Shape: format.Number(1, 1<<53), Doc: "At most so many units of fuel; one is about an instruction, and takes 10 ns."},
		format.Field{Name: "memory", Shape: format.Number(1, sys.MaxMemory), Doc: "At most so many bytes of memory."},
		format.Field{Name: "per_packet", Shape: format.Number(1, 1<<53), Doc: "At most so many units of fuel for each packet that it read from a device."},
		format.Field{Name: "since", Shape: verb.Since, Doc: "From when fuel is counted: start, of the program, or step; start where it is not given."},
	), 8)
}

func (budget) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &spending{
		program: s.Program(v.Get("program")), fuel: int64(format.Read[int](v.Get("fuel"))), memory: int64(format.Read[int](v.Get("memory"))),
		perPacket: int64(format.Read[int](v.Get("per_packet"))), sinceStep: v.Get("since").String() == "step",
	}
	if x.fuel == 0 && x.memory == 0 && x.perPacket == 0 {
		s.Mistakes.At(v, "budget needs fuel, memory or per_packet")
	}
	return x
}

type spending struct {
	verb.State
	program                 format.Slot
	fuel, memory, perPacket int64 // 0: any
	sinceStep               bool
}

func (x *spending) Proof() verb.Proof {
	if x.perPacket == 0 {
		return verb.Weak
	}
	return verb.Strong
}

func (x *spending) Run(r *run.Run) error {
	st, ok := r.Status(x.program)
	if !ok || st.PID == 0 && st.Exit == nil {
		r.Find(run.Finding{Expected: x.program.String() + " stays within its budget", Actual: "it has not been started"})
		return nil
	}
	p := r.Program(x.program)
	fuel, packets, when := st.Fuel, p.Read.Packets, "since it began"
	if x.sinceStep {
		when = "in this step"
		fuel, packets = p.SinceStep(st)
	}
	limit := func(what string, used, limit int64) {
		if limit > 0 {
			r.Find(run.Finding{
				OK: used <= limit, Expected: fmt.Sprintf("%s uses at most %d %s", x.program, limit, what), Actual: fmt.Sprintf("it used %d %s %s", used, what, when),
			})
		}
	}
	limit("units of fuel", fuel, x.fuel)
	limit("bytes of memory", st.Memory, x.memory)
	each := fmt.Sprintf("%s uses at most %d units of fuel a packet", x.program, x.perPacket)
	switch {
	case x.perPacket > 0 && packets == 0:
		r.Find(run.Finding{Expected: each, Actual: "it read no packet " + when})
	case x.perPacket > 0:
		r.Find(run.Finding{
			OK: fuel <= x.perPacket*packets, Expected: each, Actual: fmt.Sprintf("it used %d units for %d packets %s, %d each", fuel, packets, when, fuel/packets),
		})
	}
	return nil
}
