package act

import (
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/packet"
)

func init() { verb.Register(verb.Orders, 11, setEntry{}) }

// setEntry changes the table of a switch.
type setEntry struct{ verb.Tryable }

func (setEntry) Name() string { return "set_entry" }
func (setEntry) Doc() string {
	return "Put an entry that does not age into the table of a switch, or take one out."
}

func (setEntry) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "port", Shape: format.LinkEnd, Required: true, Doc: "The port that the address is behind: SWITCH.PORT."},
		format.Field{Name: "mac", Shape: format.MAC, Required: true, Doc: "The address."},
		format.Field{Name: "vlan", Shape: format.Number(1, bridge.MaxVLANs), Doc: "Its VLAN; all that the port is a member of where it is not given."},
		format.Field{Name: "remove", Shape: format.Boolean, Doc: "Take it out, static or learned."},
	), 256)
}

func (setEntry) Parse(v *format.Value, s *verb.Scope) verb.Step {
	c := vnet.SetEntry{
		Port: s.End(v.Get("port")).String(), MAC: format.Read[packet.MAC](v.Get("mac")), VLAN: uint16(format.Read[int](v.Get("vlan"))), Remove: format.Read[bool](v.Get("remove")),
	}
	say := "set the entry "
	if c.Remove {
		say = "remove the entry "
	}
	return ordered{do: c, say: say + c.MAC.String() + " at " + c.Port}
}
