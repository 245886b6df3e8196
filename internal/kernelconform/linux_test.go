package main

import (
	"slices"
	"testing"

	"wireloom/internal/kernelconform/situation"
	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/kern"
)

const (
	roundTrip = "the suite's round trip takes 0.1 s, the recorder's none, and time-outs come of that: TCP's own tests have these times"
	byChance  = "Linux waits up to a second, by chance, before it reports a group or asks for its own address"
	waits     = "a solicitation has the source of the packet that waits: the recorder asks the address of the prefix, the suite the other one"
)

// linuxCannot is what our Linux node can't be equal to in Linux's transcripts. These are of
// our own recorder, which asks a little more than the suite, and not always at the same pace.
var linuxCannot = []cause{
	{"linux.", "", "id", "", 0, "ids come from counters that begin and jump by chance"},
	{"linux.", "", "note", "arp ", 0, "the table of neighbours is printed in another form"},
	{"linux.", "", "frame", "ARP op1 10.0.0.1(02:00:00:00:01:01) -> 10.0.0.2(00:00:00:00:00:00) eth 02:00:00:00:01:01>02", 0, "a known neighbour is asked again after 20 to 50 s, by chance"},
	{"linux.fwd", "", "frame", "ARP op1 10.0.1.1(02:00:00:00:01:02) -> 10.0.1", 0, "the same; and when the recorder asked for the absent host"},
	{"linux.backlog", "what came", "time", "", 0, "the same"},
	{"linux.echo", "timestamp option", "note", "ip hdr", 0, "the time is another one"},
	{"linux.frag", "send 4000", "ck", "", 0, "the port is another one"},
	{"linux.fwd", "from ", "ck", "", 0, "the suite's checksum is that of its own address"},
	{"linux.fwd", "spoofed", "ck", "", 0, "the suite's checksum is that of its own address"},
	{"linux.delack", "RST exact", "note", "", 0, "a program has the numbers of all nodes: 54 is ECONNRESET"},
	{"linux.data", "", "", "", 0, roundTrip},
	{"linux.zerowin", "", "", "", 0, roundTrip},
	{"linux.peerclose", "LAST_ACK", "", "", 0, roundTrip},
	{"linux.fwd", "absent host", "note", "from 10.0.0.1", 0, "what was sent is a part of the line"},
	{"linux.fwd", "from 0.0.0.0", "", "t3 c1", 0, "the recorder waited for the absent host's error before"},
	{"linux.fwd", "from 0.0.0.0", "note", "from 10.0.0.1", 0, "the same"},
	{"linux.v6", "interface up", "", "", 0, byChance},
	{"linux.v6", "fd00::1/64 set", "", "", 0, byChance},
	{"linux.v6", "RA with prefix", "", "", 0, byChance},
	{"linux.v6", "", "frame", "t135 fe80::", 0, "a known neighbour is asked again after 20 to 50 s, by chance"},
	{"linux.v6", "echo to an fd11", "frame", "t135", 0, waits},
	{"linux.v6", "one datagram to absent", "frame", "t135 fd", 0, waits},
	{"linux.v6", "one datagram to absent", "note", "again", 0, "Linux does not tell an unconnected socket of an absent neighbour"},
	{"linux.v6", "1400 bytes", "note", "its length", 0, "the recorder says it"},
	{"linux.synack", "data on SYN", "frame", "3008", 0, "the suite shows the last SYN+ACK again"},
}

// A Linux node does what Linux 6.1 was recorded to do, in each step that the recorder and the
// situations have in common.
func TestLinuxAnswersAsRecorded(t *testing.T) {
	recorded, node := recordings(kern.Linux), ours(kern.Linux)
	used := make([]bool, len(linuxCannot))
	steps := 0
	for _, s := range situation.All {
		want := *recorded.get(s.Name)
		if len(want.Steps) == 0 {
			continue
		}
		got := *node.get(s.Name)
		got.Steps, want.Steps = common(got.Steps, want.Steps), common(want.Steps, got.Steps)
		steps += len(want.Steps)
		for _, d := range transcript.Compare(&got, &want) {
			if i := slices.IndexFunc(linuxCannot, func(c cause) bool { return c.covers(want.Name, d) }); i >= 0 {
				used[i] = true
				continue
			}
			t.Errorf("%s:%v", want.Name, d)
		}
	}
	if node.err != nil {
		t.Error(node.err)
	}
	for i, u := range used {
		if !u {
			t.Errorf("nothing differs any more of %+v", linuxCannot[i])
		}
	}
	if t.Logf("%d steps", steps); steps < 200 {
		t.Errorf("%d steps are compared, want 200 or more", steps)
	}
}

// common are the steps that others have, too, by their titles.
func common(all, others []transcript.Step) []transcript.Step {
	return slices.DeleteFunc(slices.Clone(all), func(s transcript.Step) bool {
		return !slices.ContainsFunc(others, func(o transcript.Step) bool { return o.Title == s.Title })
	})
}
