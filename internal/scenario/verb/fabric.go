package verb

import (
	"wireloom/internal/scenario/format"
	"wireloom/vnet/config"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/fabric/netem"
)

// What is said of switches and links both in a topology and by a step.

var vlan = format.Number(1, bridge.MaxVLANs)

// VLANFields are the keys that say which VLANs a port is a member of.
func VLANFields() []format.Field {
	return []format.Field{
		{Name: "access", Shape: vlan, Doc: "The VLAN of an access port: all its frames are without a tag."},
		{Name: "trunk", Shape: format.Many(vlan, bridge.MaxVLANs), Doc: "The VLANs whose frames have a tag there."},
		{Name: "native", Shape: vlan, Doc: "The VLAN of frames without a tag, on a trunk."},
		{Name: "untagged", Shape: format.Many(vlan, bridge.MaxVLANs), Doc: "Other VLANs whose frames leave without a tag."},
		{Name: "ingress_filtering", Shape: format.Boolean, Doc: "Whether frames of VLANs that it is no member of are dropped as they come in; true where it is not given."},
		{Name: "accept", Shape: format.OneOf("all, tagged or untagged", "all", "tagged", "untagged"), Doc: "Which frames come in: those with a VLAN in a tag, those without, or all; all where it is not given."},
	}
}

// VLANOf is what those keys say; nil where they say nothing.
func VLANOf(v *format.Value) *config.PortVLAN {
	p := &config.PortVLAN{
		Access: vid(v.Get("access")), Native: vid(v.Get("native")), Trunk: vids(v.Get("trunk")), Untagged: vids(v.Get("untagged")),
		Lenient: !format.Or(v.Get("ingress_filtering"), true), Accept: v.Get("accept").String(),
	}
	if p.Accept == "all" {
		p.Accept = ""
	}
	if p.Access|p.Native == 0 && p.Trunk == nil && p.Untagged == nil && !p.Lenient && p.Accept == "" {
		return nil
	}
	return p
}

func vid(v *format.Value) uint16 { return uint16(format.Read[int](v)) }

func vids(v *format.Value) (out []uint16) {
	for _, n := range format.Reads[int](v) {
		out = append(out, uint16(n))
	}
	return out
}

// Mirror says where a copy goes of what passes a port.
var Mirror = format.Object(
	format.Field{Name: "to", Shape: format.Number(1, config.MaxPorts), Required: true, Doc: "The number of the port that gets it."},
	format.Field{Name: "direction", Shape: format.OneOf("in, out or both", "in", "out", "both"), Doc: "What comes in by the port, what leaves it, or both; both where it is not given."},
)

// MirrorOf is what stands at v; nil where nothing does.
func MirrorOf(v *format.Value) *config.PortMirror {
	if v == nil {
		return nil
	}
	d := v.Get("direction").String()
	return &config.PortMirror{To: format.Read[int](v.Get("to")), In: d != "out", Out: d != "in"}
}

// Netem is what a link does to frames in one direction: a text, or one for each stage.
var Netem = format.Many(format.TextOf("words of tc netem, such as delay 10ms 2ms loss 1%", netem.MaxWords), netem.MaxStages)

// Words are those that stand at v, of which each has been looked at.
func Words(v *format.Value, m *format.Mistakes) netem.Words {
	var out netem.Words
	for _, s := range v.Each() {
		if _, err := netem.Parse(s.Text); err != nil {
			m.At(s, "%v", err)
		}
		out = append(out, s.Text)
	}
	return out
}
