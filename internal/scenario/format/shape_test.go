package format_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/vnet/packet"
)

// A key that stands twice in a shape would be two: of fuel, the parser once took the
// first and the schema the second.
func TestAKeyStandsInAShapeOnce(t *testing.T) {
	fuel := func(most int64) format.Field { return format.Field{Name: "fuel", Shape: format.Number(1, most)} }
	for _, c := range []struct {
		name   string
		fields []format.Field
		twice  bool
	}{
		{"two keys", []format.Field{fuel(1), {Name: "memory", Shape: format.Number(1, 2)}}, false},
		{"one twice", []format.Field{fuel(1 << 40), {Name: "memory", Shape: format.Number(1, 2)}, fuel(1 << 53)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				said := fmt.Sprint(recover())
				if c.twice != strings.Contains(said, `the key "fuel" stands twice`) {
					t.Errorf("the shape says %q", said)
				}
			}()
			format.Object(c.fields...)
		})
	}
}

// What a shape has checked it has read: nobody reads the text again.
func TestAShapeReturnsWhatItChecked(t *testing.T) {
	mac, _ := packet.ParseMAC("02:00:00:00:00:0b") // written here
	for _, c := range []struct {
		name  string
		shape *format.Shape
		text  string
		want  any // nil: it is refused
	}{
		{"a number", format.Number(0, 40), "0x20", 32},
		{"a number in quotes", format.Number(0, 40), `"20"`, nil},
		{"a number beyond", format.Number(0, 40), "41", nil},
		{"a time", format.Duration(time.Minute), "1.5s", 1500 * time.Millisecond},
		{"a time beyond", format.Duration(time.Minute), "61s", nil},
		{"a size in MiB", format.Size(1<<20, 1<<30), "64", int64(64 << 20)},
		{"a size with a unit", format.Size(1<<20, 1<<30), "1GiB", int64(1 << 30)},
		{"true", format.Boolean, "true", true},
		{"yes", format.Boolean, "yes", nil},
		{"an address", format.Address, "10.0.0.2", netip.MustParseAddr("10.0.0.2")},
		{"a host", format.Host, "10.0.0.2", netip.MustParsePrefix("10.0.0.2/32")},
		{"the default route", format.Network, "default", netip.MustParsePrefix("0.0.0.0/0")},
		{"a MAC address", format.MAC, `"02:00:00:00:00:0b"`, mac},
		{"a port", format.LinkEnd, "s1.12", format.End{Switch: "s1", Port: 12}},
		{"an interface", format.LinkEnd, "bob:tap0", format.End{Node: "bob", Iface: "tap0"}},
		{"a program", format.Program, "bob.pingd", format.Slot{Node: "bob", Proc: "pingd"}},
		{"bytes", format.Hex(4), `"00:ff 1"`, nil},
		{"bytes in pairs", format.Hex(4), `"00:ff 10"`, []byte{0, 255, 16}},
		{"one of two words", format.OneOf("up or down", "up", "down"), "up", "up"},
		{"none of two words", format.OneOf("up or down", "up", "down"), "upp", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, ok := c.shape.Try(tree(t, []byte("x: "+c.text+"\n")).Get("x"))
			if ok != (c.want != nil) {
				t.Fatalf("%s is taken: %t", c.text, ok)
			}
			if !ok {
				return
			}
			if got := format.Read[any](v); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s is read as %v (%T), want %v (%T)", c.text, got, got, c.want, c.want)
			}
		})
	}
}

// An end of a link is written as it is read.
func TestEndsAreWrittenAsTheyAreRead(t *testing.T) {
	for text, driver := range map[string]format.Driver{"s1.1": format.NIC, "bob:em0": format.NIC, "bob:tap12": format.Tap, "bob:tun0": format.Tun, "bob:tunnel0": format.NIC} {
		e, err := format.ParseEnd(text)
		if err != nil || e.String() != text || e.Driver() != driver {
			t.Errorf("%s: got %v with driver %d, error %v", text, e, e.Driver(), err)
		}
	}
	for _, text := range []string{"", "s1", "s1.x", "s1."} {
		if e, err := format.ParseEnd(text); err == nil {
			t.Errorf("%q is taken as %v", text, e)
		}
	}
}

// Whatever a file holds, reading it, filling it in and holding it against a shape end.
func FuzzFile(f *testing.F) {
	f.Add([]byte("a: {b: [1, 2]}\nparams: {p: {from: 1, to: 3}}\nsteps: [{for: {each: i, in: 1..3, steps: [{id: \"s${i}\", wait: \"${p}s\"}]}}]\n"))
	f.Add([]byte("params: {p: {pick: [{a: x}, {a: y}]}}\ntitle: \"$${p} ${p.a}\"\nstages: {one: , two: {setup: [{wait: 1s}]}}\n"))
	f.Add([]byte("a: &x [*x]\n"))
	f.Add([]byte("? a\n: b\n"))
	shape := format.Object(
		format.Field{Name: "a", Shape: format.Any("anything")},
		format.Field{Name: "title", Shape: format.Line},
		format.Field{Name: "params", Shape: format.Params},
		format.Field{Name: "steps", Shape: format.ListOf(format.Object(
			format.Field{Name: "id", Shape: format.Name},
			format.Field{Name: "wait", Shape: format.Duration(time.Minute)},
		), format.MaxSteps)},
	)
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := format.ReadFile("f", src)
		if err != nil {
			if len(err.Error()) > 1<<20 {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		p, room := file.Mistakes(), format.NewRoom()
		full := file.Fill(file.Chosen("somebody", 1), room, p)
		if full == nil {
			if p.Total() == 0 {
				t.Fatal("nothing is filled in, and nothing said of it")
			}
			return
		}
		shape.Check(full, "the file", p)
		if n := len(full.Get("steps").List()); p.Total() == 0 && n > format.MaxSteps {
			t.Fatalf("%d steps", n)
		}
		for e := range file.Trials() {
			file.Fill(e, room, p)
		}
	})
}
