package scenarios

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"wireloom/internal/decode"
)

var (
	paramKey  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	countForm = regexp.MustCompile(`^([0-9]{1,15}|[0-9]{1,15}\.\.([0-9]{1,15})?|\.\.[0-9]{1,15})$`)
)

// count is a number or a range of numbers.
var count = &shape{kind: shapeText, want: "a number such as 3, or a range such as 1..3, 2.. or ..5", pattern: countForm, max: 40}

var paramsShape = mapOf(paramKey, "a param's name: a lower-case letter, then letters, digits or _", object(
	field{"pick", listOf(&shape{kind: shapeAny, want: "a value"}, MaxPick), false, "One of these; each a single value, or a mapping of single values."},
	field{"from", number(0, MaxRange), false, "A whole number from here."},
	field{"to", number(0, MaxRange), false, "To here, which can be chosen too."},
), MaxParams)

var stageShape = object(
	field{"title", text("a line of text"), false, "What it is about."},
	field{"reference", many(proc, 32), false, "Slots that run the reference solution when the stage is graded alone."},
	field{"setup", listOf(stepShape, MaxSteps), false, "What is done first when the stage is graded alone; nothing is checked in it."},
)

// forShape is that of a loop, before it is unrolled.
var forShape = object(
	field{"each", &shape{kind: shapeText, want: "a name: a lower-case letter, then letters, digits or _", pattern: paramKey, max: 32}, false, "The name that stands for the item: ${name}, or ${name.key} of a mapping."},
	field{"in", &shape{kind: shapeAny, want: "a list, or a range such as 1..3"}, false, "What it goes over: a list of values or mappings, or a range such as 1..3."},
	field{"times", &shape{kind: shapeAny, want: "a whole number"}, false, "How often, instead of in."},
	field{"steps", &shape{kind: shapeAny, want: "a list of steps", ref: "steps"}, true, "The steps to repeat."},
)

// stepShape is that of a step; init adds the loop, which holds steps itself.
var stepShape = object(
	field{"id", ident, false, "A name for the step, needed where it gives points or another one refers to it."},
	field{"title", text("a line of text"), false, "What is checked, in a line for people."},
	field{"points", number(0, MaxPoints), false, "What it is worth if it passes."},
	field{"why", text("a sentence"), false, "Why it matters; shown with the result."},
	field{"hint", text("a sentence"), false, "What to look at; shown when it fails."},
	field{"staff", text("a sentence"), false, "What staff should know of it; shown to no student."},
	field{"needs", listOf(ident, 64), false, "Steps that must have passed; else this one is skipped."},
	field{"visible", one("always, after-due or staff", visibleWords[:]...), false, "Who sees it: always, after-due or staff; always where it is not given. Steps are in this order."},
	field{"stage", ident, false, "The stage that it belongs to."},

	field{"stop", many(proc, 32), false, "Stop a program, with SIGTERM."},
	field{"kill", many(proc, 32), false, "Kill a program."},
	field{"restart", many(proc, 32), false, "Kill a program if it runs, and start it."},
	field{"start", many(&shape{kind: shapeEither, want: "NODE.PROGRAM, such as bob.pingd", of: object(
		field{"program", proc, true, "NODE.PROGRAM."},
		field{"argv", late(strs), false, "Its arguments instead of those of its slot, the program's own name first."},
	)}, 32), false, "Start a program."},
	field{"fault", many(faultShape, 32), false, "Make a link or an interface fail, or work again."},
	field{"stdin", many(object(
		field{"program", proc, true, "NODE.PROGRAM."},
		field{"text", late(text("a text")), false, "What is typed."},
		field{"eof", boolean, false, "Nothing follows."},
	), 8), false, "Type to a program."},
	field{"wait", duration(MaxWithin), false, "Let time pass, before what follows."},
	field{"send", many(sendShape, 64), false, "Send a frame."},
	field{"do", many(doShape, 8), false, "Make system calls by hand."},
	field{"run", many(runShape, 8), false, "Run a command that nodes have."},
	field{"ping", many(object(
		field{"node", ident, true, "Who pings."},
		field{"to", address, true, "Whom."},
		field{"count", number(1, 1000), false, "How many requests, one a second; 3 where it is not given."},
		field{"replies", number(0, 1000), false, "How many must be answered; all where it is not given."},
		field{"size", number(0, 65507), false, "Bytes of data; 56 where it is not given."},
		field{"within", duration(time.Minute), false, "The longest that a reply may take; not looked at where it is not given."},
		field{"from", ident, false, "The node that must have answered, or any; where it is not given, the node that has the address in this file, if one has."},
	), 16), false, "Ping from a node, as its ping command does."},
	field{"expect", many(expectShape, 64), false, "Expect frames."},
	field{"stdout", many(stdoutShape(field{"program", proc, true, "NODE.PROGRAM."}), 8), false, "Expect what a program prints."},
	field{"exit", many(object(
		field{"program", proc, true, "NODE.PROGRAM."},
		field{"code", number(0, 255), false, "With this code."},
		field{"signal", one("a signal's name, such as SIGTERM", "SIGHUP", "SIGINT", "SIGKILL", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGIO", "SIGXCPU"), false, "By this signal."},
		field{"trap", boolean, false, "By a trap: it did what no program may."},
		field{"limit", boolean, false, "At one of its limits."},
		field{"within", duration(MaxWithin), false, "How long to wait for it; 1s where it is not given."},
	), 8), false, "Expect a program to end."},
	field{"running", many(proc, 32), false, "Programs that must not have ended."},
	field{"budget", many(object(
		field{"program", proc, true, "NODE.PROGRAM."},
		field{"fuel", number(1, 1<<53), false, "At most so many units of fuel; one is about an instruction, and takes 10 ns."},
		field{"memory", number(1, 512<<20), false, "At most so many bytes of memory."},
		field{"per_packet", number(1, 1<<53), false, "At most so many units of fuel for each packet that it read from a device."},
		field{"since", sinceShape, false, "From when fuel is counted: start, of the program, or step; start where it is not given."},
	), 8), false, "What a program may use."},
	field{"counters", many(countersShape(), 16), false, "The counters of an interface."},
	field{"mac_table", many(object(
		field{"switch", ident, true, "The switch."},
		field{"has", mapOf(anyKey, "a MAC address", end, 256), false, "Addresses that it has learned, each with its port."},
		field{"lacks", listOf(macAddr, 256), false, "Addresses that it must not know."},
		field{"count", count, false, "How many it knows."},
	), 8), false, "What a switch has learned."},
	field{"arp_table", many(object(
		field{"node", ident, true, "The node."},
		field{"has", mapOf(anyKey, "an IP address", macAddr, 256), false, "Addresses that it has resolved, each with its MAC address."},
		field{"lacks", listOf(address, 256), false, "Addresses that it must not have resolved."},
		field{"count", count, false, "How many it has."},
	), 8), false, "A node's ARP and neighbour table."},
	field{"routes", many(object(
		field{"node", ident, true, "The node."},
		field{"has", listOf(routeShape, 64), false, "Routes that it must have; what is left out of one is not looked at."},
		field{"lacks", listOf(routeShape, 64), false, "Routes that it must not have."},
	), 8), false, "A node's routes."},
	field{"device", many(object(
		field{"name", end, true, "NODE:INTERFACE, such as bob:tap0."},
		field{"exists", boolean, false, "Whether there is one; true where it is not given."},
		field{"open", boolean, false, "Whether a program has it open."},
		field{"flags", listOf(flagShape, 32), false, "Flags that it has."},
		field{"lacks_flags", listOf(flagShape, 32), false, "Flags that it has not."},
		field{"link", one("up, down or unknown", "up", "down", "unknown"), false, "The state of its link."},
		field{"mtu", count, false, "Its MTU."},
		field{"mac", macAddr, false, "Its Ethernet address."},
		field{"queue", count, false, "How many packets wait to be read."},
		field{"address", many(address, 16), false, "An address that it has."},
	), 16), false, "The state of a tun, a tap or another interface."},
)

var (
	anyKey     = regexp.MustCompile(`^[0-9A-Za-z:.]{1,64}$`)
	sinceShape = one("start or step", "start", "step")
	flagShape  = &shape{kind: shapeText, want: "a flag of an interface, such as UP or RUNNING", max: 16}
	routeShape = object(
		field{"to", network, true, "Where to; default, or 0.0.0.0/0, is the default route."},
		field{"via", address, false, "The next hop."},
		field{"dev", &shape{kind: shapeText, want: "an interface such as em0", pattern: ifaceKey, max: 20}, false, "The interface."},
	)
)

// stepID refers to another step.
var stepID = &shape{kind: shapeText, want: "the id of a step", pattern: nameKey, max: 32}

var sendShape = object(
	field{"port", end, false, "Where the frame comes in: it enters the switch by this port, or arrives at this interface."},
	field{"direction", one("in or out", "in", "out"), false, "in; or out, as if what is at the port had sent it onto its link."},
	field{"device", end, false, "Instead of port: the node's kernel sends it out of this interface; on a tun, an IP packet."},
	field{"packet", given, false, "The frame by its fields; lengths and checksums are right unless they are given."},
	field{"hex", late(hexa), false, "The frame by its bytes, instead."},
	field{"capture", &shape{kind: shapeText, want: "a file of the folder, such as captures/x.pcapng", pattern: captureForm, max: 128}, false, "A frame of a capture file in the folder, instead."},
	field{"frame", number(1, 1_000_000), false, "Which frame of the capture, from 1; the first where it is not given."},
	field{"cut", number(0, 65553), false, "Only the first so many bytes are sent."},
	field{"repeat", number(1, MaxRepeat), false, "How often; once where it is not given."},
	field{"every", duration(time.Minute), false, "How long between one and the next; 0 where it is not given."},
)

var captureForm = regexp.MustCompile(`^captures/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$`)

var expectShape = object(
	field{"port", end, false, "Where to look."},
	field{"device", end, false, "Instead of port: what programs write to a tun or tap (in) and read from it (out)."},
	field{"direction", one("in, out or both", "in", "out", "both"), false, "Frames that come in by the port to the switch or interface, go out of it, or both, which is meant where it is not given."},
	field{"within", duration(MaxWithin), false, "For how long, from the step's last send; 1s where it is not given."},
	field{"since", stepID, false, "Frames count from the beginning of this earlier step."},
	field{"count", count, false, "How many must be seen, a number or a range; at least one where it is not given. 0 means none."},
	field{"packet", wanted, false, "The fields that the frame must have; any frame where it is not given."},
	field{"packets", listOf(wanted, 64), false, "Instead of packet: each is met by a frame of its own."},
	field{"order", one("any or strict", "any", "strict"), false, "Of packets: strict, as they are listed, or any, which is meant where it is not given."},
	field{"only", boolean, false, "Whether other frames than these are a failure."},
	field{"reply_to", stepID, false, "The step that sent what this frame answers."},
)

var faultShape = object(
	field{"port", end, false, "An end of the link."},
	field{"link", one("down or up", "down", "up"), false, "The state of the link: down, nothing passes in either direction."},
	field{"direction", one("in or out", "in", "out"), false, "Frames that come in by the port, or leave it."},
	field{"drop", many(number(1, 1_000_000), 64), false, "Which frames are lost, counted from now."},
	field{"delay", many(number(1, 1_000_000), 64), false, "Which frames come late, counted from now."},
	field{"by", duration(time.Minute), false, "How late."},
	field{"interface", end, false, "Instead of port: the interface, as ifconfig up and down."},
	field{"state", one("down or up", "down", "up"), false, "Of the interface."},
)

var doShape = object(
	field{"node", ident, true, "The node."},
	field{"process", ident, false, "The name of the process that makes the calls; hand where it is not given. It goes on from step to step."},
	field{"within", duration(MaxWithin), false, "How long each call may take; 1s where it is not given."},
	field{"calls", listOf(&shape{kind: shapeEither, want: "a call such as: read 4 = EWOULDBLOCK", of: object(
		field{"call", late(text("a call as at the prompt of syscall")), true, "The call."},
		field{"result", late(text("an answer: a number, a range, an error, ok, any or blocks")), false, "What it must answer; ok where it is not given."},
		field{"packet", wanted, false, "The fields that the packet must have that it read."},
		field{"hex", hexa, false, "The bytes that it must have read."},
		field{"prints", late(text("a text")), false, "What its answer must contain."},
	)}, 64), true, "The calls, each with its answer after =."},
)

var runShape = object(
	field{"node", ident, true, "The node."},
	field{"command", late(many(late(text("a command line")), 64)), true, "The command line, split at blanks, or its words."},
	field{"within", duration(MaxWithin), false, "How long it may take; 30s where it is not given."},
	field{"exit", number(0, 255), false, "The code that it must end with."},
	field{"stdout", stdoutShape(), false, "What it must print."},
)

// stdoutShape is what is expected of a program's output.
func stdoutShape(first ...field) *shape {
	return object(append(first,
		field{"contains", many(text("a text"), 16), false, "A text that is in it."},
		field{"lacks", many(text("a text"), 16), false, "A text that is not."},
		field{"matches", many(regex, 16), false, "A regular expression (RE2) that it matches somewhere."},
		field{"equals", text("a text"), false, "The whole of it."},
		field{"within", duration(MaxWithin), false, "How long to wait for it; 1s where it is not given."},
		field{"since", sinceShape, false, "From when: start, of the program, or step; start where it is not given."},
		field{"stream", one("both, out or err", "both", "out", "err"), false, "Which of its streams; both where it is not given."},
	)...)
}

var regex = &shape{kind: shapeText, want: "a regular expression (RE2) of at most 1000 bytes", max: 1000, check: func(s string) error {
	_, err := compileRegexp(s)
	return err
}}

// counterNames are the counters of an interface, as netstat -i calls them.
var counterNames = [...]string{
	"ipackets", "ierrors", "ibytes", "imcasts", "iqdrops", "opackets", "oerrors", "obytes", "omcasts", "collisions",
}

func countersShape() *shape {
	fs := []field{
		{"interface", end, true, "NODE:INTERFACE."},
		{"since", sinceShape, false, "From when: start, of the lab, or step; start where it is not given."},
	}
	for _, n := range counterNames {
		fs = append(fs, field{n, count, false, "The counter " + n + ", a number or a range."})
	}
	return object(fs...)
}

func init() {
	stepShape.ref = "step"
	stepShape.fields = append(stepShape.fields, field{"for", forShape, false, "Do steps several times; stands alone."})
}

// checkWanted checks one field of an expectation.
func checkWanted(e *entry, p *problems) {
	op, vs, ok := wantedValues(e, p)
	if !ok {
		return
	}
	texts := make([]string, 0, len(vs))
	for _, v := range vs {
		if v.late {
			if err := decode.KnownField(e.key.text); err != nil {
				p.at(e.key, "%s", trimPackage(err))
			}
			return
		}
		texts = append(texts, v.text)
	}
	if _, err := decode.NewWant(e.key.text, op, texts...); err != nil {
		p.at(e.key, "%s", trimPackage(err))
	}
}

// wantOps are the keys of a field's value that is a mapping.
var wantOps = map[string]decode.WantOp{"not": decode.WantNot, "starts": decode.WantStarts, "contains": decode.WantContains}

// wantedValues reads the value of a field of an expectation: a scalar, a list of
// them, or a mapping of not, starts or contains to one or the other.
func wantedValues(e *entry, p *problems) (op decode.WantOp, vs []*value, ok bool) {
	v := e.val
	if v.kind == kindMap {
		if len(v.keys) != 1 {
			p.at(v, "field %s has a mapping with %d keys, want one of not, starts or contains", e.key.text, len(v.keys))
			return 0, nil, false
		}
		if op, ok = wantOps[v.keys[0].key.text]; !ok {
			p.at(v.keys[0].key, "field %s has no key %q; it has not, starts and contains", e.key.text, v.keys[0].key.text)
			return 0, nil, false
		}
		v = v.keys[0].val
	}
	switch v.kind {
	case kindScalar:
		return op, []*value{v}, true
	case kindList:
		for _, i := range v.items {
			if i.kind != kindScalar {
				p.at(i, "field %s has %v in its list, want single values", e.key.text, i.kind)
				return 0, nil, false
			}
		}
		if n := len(v.items); n == 0 || n > decode.MaxWants {
			p.at(v, "field %s has a list of %d values, want 1 to %d", e.key.text, n, decode.MaxWants)
			return 0, nil, false
		}
		return op, v.items, true
	case kindNull, kindMap:
	}
	p.at(v, "field %s is %v, want a single value, a list of them, or a mapping such as {not: 0}", e.key.text, v.kind)
	return 0, nil, false
}

// compileRegexp compiles an expression whose program is bounded: RE2's counted
// repetition multiplies.
func compileRegexp(s string) (*regexp.Regexp, error) {
	if strings.Count(s, "{") > 20 {
		return nil, fmt.Errorf("it has more than 20 counted repetitions")
	}
	return regexp.Compile(s)
}
