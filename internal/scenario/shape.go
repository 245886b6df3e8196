package scenario

import (
	"fmt"
	"regexp"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/verb"
	_ "wireloom/internal/scenario/verb/act"  // which registers its verbs
	_ "wireloom/internal/scenario/verb/look" // likewise
	"wireloom/vnet/config"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/memory"
	"wireloom/vnet/sys"
)

// MaxPoints is what a step may be worth at most.
const MaxPoints = 1000

// FileShape is that of scenario.yaml.
var FileShape = format.Object(
	format.Field{Name: "scenario", Shape: format.Name, Required: true, Doc: "Its name, which is that of its folder."},
	format.Field{Name: "title", Shape: format.Line, Doc: "What it is about, in a line."},
	format.Field{Name: "goal", Shape: format.Text("a sentence"), Doc: "What is to be reached, in a sentence for who opens the lab."},
	format.Field{Name: "course", Shape: format.Number(1, 100), Doc: "Its position in the course, from 1; not there where it is not part of it."},
	format.Field{Name: "seed", Shape: seedShape, Doc: "Of everything that is random in it; 1 where it is not given."},
	format.Field{Name: "memory", Shape: format.Size(memory.MinLab, memory.MaxLab), Doc: fmt.Sprintf("How much memory all programs of the lab may use together; %dMiB where it is not given.", memory.DefaultLab>>20)},
	format.Field{Name: "params", Shape: format.Params, Doc: "Values that differ from student to student; ${name} stands for them in any text."},
	format.Field{Name: "nodes", Shape: format.MapOf(format.NameKey, "a node's name", nodeShape, config.MaxNodes), Required: true, Doc: "The emulated machines, by name."},
	format.Field{Name: "switches", Shape: format.MapOf(format.NameKey, "a switch's name", switchShape, config.MaxSwitches), Doc: "The Ethernet switches, by name."},
	format.Field{Name: "links", Shape: format.MapOf(format.EndKey, "an end of the link: SWITCH.PORT or NODE:INTERFACE", linkShape, 1024), Doc: "What is to be said of links. A NIC or device with a port has one already."},
	format.Field{Name: "stages", Shape: format.MapOf(format.NameKey, "a stage's name", stageShape, 32), Doc: "Parts that can be graded alone, by name."},
	format.Field{Name: "try", Shape: format.ListOf(tryShape, MaxTries), Doc: "Buttons for who opens the lab on the page: each runs a command, sends a frame and the like. They have no part in a grading."},
	format.Field{Name: "steps", Shape: format.ListOf(stepShape, format.MaxSteps), Doc: "What is done and checked when the scenario is graded, in this order."},
)

var seedShape = format.Number(0, 1<<53)

var linkShape = format.Object(
	format.Field{Name: "delay", Shape: format.Duration(10 * time.Second), Doc: "How long a frame takes from end to end; 0 where it is not given."},
	format.Field{Name: "netem", Shape: verb.Netem, Doc: "What it does to frames in both directions, in the words of tc netem, a text for each stage."},
	format.Field{Name: "netem_out", Shape: verb.Netem, Doc: "To those that leave this end."},
	format.Field{Name: "netem_in", Shape: verb.Netem, Doc: "To those that come to this end."},
	format.Field{Name: "to", Shape: format.LinkEnd, Doc: "The other end, where the link is not that of a NIC or device whose port is this key."},
)

var texts = format.ListOf(format.Text("a text"), 64)

var nodeShape = format.Object(
	format.Field{Name: "dialect", Shape: format.As(format.OneOf("freebsd, dragonfly, netbsd or linux", "freebsd", "dragonfly", "netbsd", "linux"), parseDialect), Doc: "Which kernel it behaves as; freebsd where it is not given. A linux has no tun and no tap."},
	format.Field{Name: "nics", Shape: format.MapOf(format.IfaceKey, "an interface's name, such as em0", nicShape, 32), Doc: "Ordinary Ethernet interfaces, held by the node's own IP stack."},
	format.Field{Name: "devices", Shape: format.MapOf(format.IfaceKey, "a device's name, such as tap0", deviceShape, 32), Doc: "tun and tap devices that exist when the lab starts."},
	format.Field{Name: "routes", Shape: format.ListOf(routeShape, inet.MaxRoutes), Doc: "Static routes of the node's IP stack."},
	format.Field{Name: "forward", Shape: format.Boolean, Doc: "The node is a router: it passes on packets for others (net.inet.ip.forwarding)."},
	format.Field{Name: "programs", Shape: format.MapOf(format.NameKey, "the program's name", programShape, 32), Doc: "The programs that run on it, by name."},
	format.Field{Name: "files", Shape: filesShape, Doc: "Read-only files that programs find on it, by path. What ends in a slash is an empty directory."},
)

var nicShape = format.Object(
	format.Field{Name: "port", Shape: format.LinkEnd, Doc: "The end of a link that it is plugged into."},
	format.Field{Name: "address", Shape: format.Prefix, Doc: "Its IP address."},
	format.Field{Name: "addresses", Shape: format.ListOf(format.Prefix, 16), Doc: "Its IP addresses, where it has several."},
	format.Field{Name: "mac", Shape: format.MAC, Doc: "Its Ethernet address; one is made up where it is not given."},
)

var deviceShape = format.Object(
	format.Field{Name: "port", Shape: format.LinkEnd, Doc: "The switch port that it is a member of."},
	format.Field{Name: "mac", Shape: format.MAC, Doc: "Its Ethernet address; as the driver chooses it where it is not given."},
	format.Field{Name: "address", Shape: format.Host, Doc: "Its IP address on the node's own stack: of a tun with its peer, of a tap that has no port with its prefix length."},
	format.Field{Name: "addresses", Shape: format.ListOf(format.Prefix, 16), Doc: "The IP addresses of a tap, where it has several."},
	format.Field{Name: "peer", Shape: format.Address, Doc: "Of a tun: the address of the other side."},
	format.Field{Name: "down", Shape: format.Boolean, Doc: "Leave it down: the program has to bring it up."},
)

var routeShape = format.Object(
	format.Field{Name: "to", Shape: format.Network, Required: true, Doc: "The network, such as 10.1.0.0/16, or default."},
	format.Field{Name: "via", Shape: format.Address, Doc: "The gateway, on a network of one of the node's addresses."},
	format.Field{Name: "dev", Shape: format.Word("an interface of the node, such as tun0", format.IfaceKey, 32), Doc: "The interface, where there is no gateway."},
)

var programShape = format.Object(
	format.Field{Name: "slot", Shape: format.Name, Doc: "What the student supplies; the word is for the brief, such as submission."},
	format.Field{Name: "command", Shape: format.Word("a command that is part of every node, such as ping", format.NameKey, 32), Doc: "A built-in command instead of a program."},
	format.Field{Name: "argv", Shape: texts, Doc: "Its arguments, the program's own name first."},
	format.Field{Name: "env", Shape: texts, Doc: "Its environment, each KEY=value."},
	format.Field{Name: "memory", Shape: format.Size(1<<20, sys.MaxMemory), Doc: fmt.Sprintf("How much memory it may use; %dMiB where it is not given.", sys.DefaultMemory>>20)},
	format.Field{Name: "fuel", Shape: format.Number(1, 1<<40), Doc: "How many units of fuel it may use in all (about one an instruction, 10 ns of its node's time each), until SIGXCPU ends it; no limit where it is not given."},
	format.Field{Name: "start", Shape: format.Boolean, Doc: "Start it with the lab; true where it is not given."},
)

var filesShape = format.MapOf(regexp.MustCompile(`^(/[^/]+)+/?$`), "an absolute path, such as /etc/foo.conf", format.Either(
	"the name of a file in the scenario's folder, such as files/foo.conf, or {text: ...}", format.Text("a text"), format.Object(
		format.Field{Name: "text", Shape: format.TextOf("a text", MaxFileText), Doc: "What is in the file; nothing where it is not given."},
	),
), MaxNodeFiles)

var stageShape = format.Object(
	format.Field{Name: "title", Shape: format.Line, Doc: "What it is about."},
	format.Field{Name: "reference", Shape: format.Many(format.Program, 32), Doc: "Slots that run the reference solution when the stage is graded alone."},
	format.Field{Name: "setup", Shape: format.ListOf(stepShape, format.MaxSteps), Doc: "What is done first when the stage is graded alone; nothing is checked in it."},
)

// stepShape is that of a step: what is said of it, and its verbs.
var stepShape = format.Named(format.StepName, format.Object(append(append([]format.Field{
	{Name: "id", Shape: format.Name, Doc: "A name for the step, needed where it gives points or another one refers to it."},
	{Name: "title", Shape: format.Line, Doc: "What is checked, in a line for people."},
	{Name: "points", Shape: pointsShape, Doc: "What it is worth if it passes, or in part."},
	{Name: "bonus", Shape: format.Boolean, Doc: "Whether its points are beyond the total."},
	{Name: "why", Shape: format.Text("a sentence"), Doc: "Why it matters; shown with the result."},
	{Name: "hint", Shape: hintShape, Doc: "What to look at; shown when it fails. A list is shown bit by bit, one at each failure."},
	{Name: "staff", Shape: format.Text("a sentence"), Doc: "What staff should know of it; shown to no student."},
	{Name: "needs", Shape: format.ListOf(format.Name, 64), Doc: "Steps that must have passed; else this one is skipped."},
	{Name: "visible", Shape: format.As(format.OneOf("always, after-due or staff", visibleWords[:]...), parseVisible), Doc: "Who sees it: always, after-due or staff; always where it is not given. Steps are in this order."},
	{Name: "stage", Shape: format.Name, Doc: "The stage that it belongs to."},
}, verb.Keys()...), format.Loop)...))

// parseDialect reads the name of a kernel.
func parseDialect(s string) (kern.Dialect, error) {
	for _, d := range kern.Dialects() {
		if d.String() == s {
			return d, nil
		}
	}
	return 0, fmt.Errorf("there is no dialect %.40q", s)
}

// Schema is the JSON Schema of scenario.yaml, for editors. It is written from the shapes
// that the parser checks a file against.
func Schema() []byte { return format.Schema(FileShape, "Wireloom scenario") }
