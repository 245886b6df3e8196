package report

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"wireloom/internal/decode"
	"wireloom/internal/report/document"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

const (
	runHash    = "9f2c1a7f5be0c4d3a86f10b2e4d7c9a1b3f5e7d9c1a3b5d7e9f1a3c5e7092b4d"
	sourceHash = "0c4d3a86f10b2e4d7c9a1b3f5e7d9c1a3b5d7e9f1a3c5e7092b4d9f2c1a7f5be"
	moduleHash = "7c9a1b3f5e7d9c1a3b5d7e9f1a3c5e7092b4d9f2c1a7f5be0c4d3a86f10b2e4d"
)

// hostile is what a program under test, or who names its file, may come up with.
const hostile = "\x1b[2J\x1b]0;owned\x07</script><script>alert(1)</script><img src=x onerror=alert(1)>" +
	"\"'&amp;]]>\u202egnp.exe\u2066 \x00\xff\xfe\r\n=cmd|' /C calc'!A0"

// frame is an ICMP echo packet.
func frame(t testing.TB, icmpType, seq string) string {
	t.Helper()
	b, err := decode.Build(decode.Ethernet, []decode.KV{
		{Name: "eth.dst", Value: "02:00:00:00:00:aa"},
		{Name: "eth.src", Value: "02:00:00:00:00:0b"},
		{Name: "ip.src", Value: "10.0.0.2"},
		{Name: "ip.dst", Value: "10.0.0.7"},
		{Name: "icmp.type", Value: icmpType},
		{Name: "icmp.ident", Value: "0x1234"},
		{Name: "icmp.seq", Value: seq},
		{Name: "data.data", Value: "57:69:72:65:6c:6f:6f:6d:21"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b)
}

// pingResult is a grading with a check of every kind, for staff.
func pingResult(t testing.TB) *grade.Result {
	t.Helper()
	file := "scenarios/ping/scenario.yaml"
	r := &grade.Result{
		Scenario: "ping", Title: "Answer pings from a program", Student: "anna", Audience: scenario.Staff, Version: "v1.2.0",
		Seed: 42, Params: map[string]string{"host": "11", "net": "10.1.0"}, Source: sourceHash,
		Programs: []grade.ProgramRef{{Node: "bob", Proc: "pingd", Name: "anna.wasm", Hash: moduleHash, Size: 31415}},
		Hash:     runHash, Events: 231, Ended: 3300 * time.Millisecond,
		Notes: []string{"bob:pingd ended at 2.5s: it wrote outside of its memory"},
		Output: []grade.Printed{{
			Node: "bob", Proc: "pingd", Before: 40,
			Lines: []string{"5 bytes", "thread 'main' panicked at src/main.rs:60:5:", "index out of bounds: the len is 51 but the index is 60"},
		}},
	}
	r.Checks = []grade.Check{
		{
			ID: "arp-reply", Title: "an ARP request for its address is answered", Points: 2, Earned: 2, Status: passed, Visible: "always",
			File: file, Line: 31, Source: "  - id: arp-reply", At: 101250 * time.Microsecond, Took: 1250 * time.Microsecond,
			Expected: "a frame with arp.opcode 2 at s1.2 going in within 200ms", Actual: "at 101.25ms: ARP 10.0.0.2 is at 02:00:00:00:00:0b",
			Why:   "A host that asks who has your address must learn your hardware address from the answer (RFC 826).",
			Staff: "Nearly everybody gets this one.",
		},
		{
			ID: "echo-reply", Title: "an echo request is answered with the same identifier, number and data", Points: 3, Status: failed, Visible: "always",
			File: file, Line: 74, Source: "  - id: echo-reply", At: 801 * time.Millisecond, Took: 200 * time.Millisecond,
			Expected: "exactly one frame with icmp.type 0, icmp.ident 0x1234, icmp.seq 5 at s1.2 going in within 200ms",
			Actual:   "1 frame at s1.2, none like that; nearest: ICMP echo reply id 4660 seq 1280 at 605ms",
			Why:      "ping tells its requests apart by identifier and number, and compares the data byte for byte (RFC 792).",
			Hint:     "Send back the whole ICMP message; only the type changes, from 8 to 0, and so the checksum.",
			Staff:    "The number was converted with htons twice.",
			Diff: []grade.FieldDiff{
				{Field: "ip.src", Want: "10.0.0.2", Got: "10.0.0.2", Same: true},
				{Field: "icmp.type", Want: "0", Got: "0", Same: true},
				{Field: "icmp.ident", Want: "0x1234", Got: "0x1234", Same: true},
				{Field: "icmp.seq", Want: "5", Got: "1280"},
				{Field: "data.data", Want: "57:69:72:65:6c:6f:6f:6d:21", Got: "57:69:72:65:6c:6f:6f:6d:21", Same: true},
			},
			Log: []string{
				"0.601000  s1  frame in at s1.1: ICMP echo request id 4660 seq 5",
				"0.602000  bob:pingd  read(4</dev/tap0>, 2048) = 51",
				"0.605000  bob:pingd  write(4</dev/tap0>, 51) = 51",
			},
			Output: []grade.Printed{{Node: "bob", Proc: "pingd", Lines: []string{"opened /dev/tap0", "  ok    3/3  echo-reply: a program may print what it likes", ""}}},
			Packets: []grade.Packet{
				{At: 601 * time.Millisecond, Port: "s1.1", Summary: "ICMP echo request id 4660 seq 5", Hex: frame(t, "8", "5"), Role: grade.RoleSent},
				{At: 605 * time.Millisecond, Port: "s1.2", Summary: "ICMP echo reply id 4660 seq 1280", Hex: frame(t, "0", "1280"), Role: grade.RoleNearest},
			},
		},
		{
			ID: "echo-other", Title: "an echo request for another address is not answered", Points: 1, Status: skipped, Visible: "always",
			Needs: []string{"echo-reply"}, Because: "echo-reply", File: file, Line: 112, Source: "  - id: echo-other", At: 801 * time.Millisecond,
			Expected: "no frame with icmp.type 0 at s1.2 within 500ms", Actual: "not tried: it needs echo-reply, which did not pass",
		},
		{
			ID: "long-ping", Title: "a long packet comes back whole", Points: 2, Earned: 2, Status: passed, Visible: "after-due",
			File: file, Line: 130, Source: "  - id: long-ping", At: 1900 * time.Millisecond, Took: time.Second, Expected: "3 of 3 answered", Actual: "3 of 3 answered",
		},
		{
			ID: "no-cheating", Title: "it does not answer a reply", Points: 2, Status: errored, Visible: "staff",
			File: file, Line: 141, Source: "  - id: no-cheating", At: 3300 * time.Millisecond, Took: time.Second,
			Expected: "no frame at s1.2", Actual: "bob:pingd is not running: it wrote outside of its memory", Staff: "Seen in the copied solution of last year.",
		},
	}
	return totalled(r)
}

// gradedInPart has points of a part, a bonus that was reached and one that was not, and hints.
func gradedInPart(t testing.TB) *grade.Result {
	t.Helper()
	r := pingResult(t)
	r.Attempt, r.Hints = 2, grade.Asked{"echo-reply": 1}
	some := &r.Checks[1]
	some.Points, some.Met, some.Parts, some.Earned, some.Paid = 10, 6, 10, 5, 1
	some.Hint, some.HintsLeft, some.HintCost = "Look at the number.\nIt is in network order.\nhtons once.", 1, 2
	r.Checks[0].Bonus, r.Checks[0].Paid, r.Checks[0].Earned = true, 1, 1
	r.Checks[2].Bonus, r.Checks[2].Status, r.Checks[2].Because, r.Checks[2].Needs = true, failed, "", nil
	r.Checks = r.Checks[:4]
	return totalled(r)
}

// visibleTo is what the run for an audience would have found.
func visibleTo(r *grade.Result, a scenario.Audience) *grade.Result {
	s := *r
	s.Audience, s.Checks, s.Hidden = a, nil, false
	for _, c := range r.Checks {
		if a != scenario.Staff {
			c.Staff, c.File = "", "scenario.yaml"
		}
		if document.MaySee(a, c.Visible) {
			s.Checks = append(s.Checks, c)
		} else {
			s.Hidden = true
		}
	}
	return totalled(&s)
}

func totalled(r *grade.Result) *grade.Result {
	r.Total()
	return r
}

// hostileResult has text that wants to be something else in every place.
func hostileResult(t testing.TB) *grade.Result {
	t.Helper()
	r := pingResult(t)
	r.Title, r.Student, r.Stage, r.Version = hostile, hostile, hostile, hostile
	r.Params = map[string]string{hostile: hostile}
	r.Programs[0].Name = hostile
	r.Notes = []string{hostile}
	r.Output = []grade.Printed{{Node: hostile, Proc: hostile, Lines: []string{hostile, "\n"}, Before: -1}}
	for i := range r.Checks {
		c := &r.Checks[i]
		c.Title, c.Why, c.Hint, c.Source, c.Staff = hostile, hostile, hostile, hostile, hostile
		c.Expected, c.Actual, c.Log = hostile, hostile, []string{hostile, strings.Repeat("x", 300)}
		c.Diff = []grade.FieldDiff{{Field: "data.data", Want: hostile, Got: hostile}}
		c.Output = []grade.Printed{{Node: hostile, Proc: hostile, Lines: []string{hostile, strings.Repeat("x", 300)}, Before: 1}}
		c.Packets = []grade.Packet{
			{Port: hostile, Summary: hostile, Role: grade.RoleUnexpected, Hex: hex.EncodeToString([]byte(hostile))},
			{Port: "tun0", Summary: "cut", Role: grade.RoleNearest, Link: "raw", Hex: "45000"},
		}
	}
	return r
}

// randomResult is any result for staff, in the order that scenarios demand: what
// everybody sees first.
func randomResult(rnd *rand.Rand) *grade.Result {
	text := func() string {
		n := rnd.IntN(30)
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.UintN(256))
		}
		return string(b)
	}
	r := &grade.Result{
		Scenario: "s", Title: text(), Audience: scenario.Staff, Seed: rnd.Uint64(), Source: sourceHash, Hash: runHash,
		Ended: time.Duration(rnd.Int64N(int64(time.Hour))), Events: rnd.Uint64(), Notes: []string{text()},
	}
	for _, v := range []string{"always", "after-due", "staff"} {
		for range rnd.IntN(4) {
			c := grade.Check{
				ID: text(), Title: text(), Points: rnd.IntN(10), Visible: v, Status: []string{passed, failed, skipped, errored}[rnd.IntN(4)],
				At: time.Duration(rnd.Int64N(int64(time.Hour))), Took: time.Duration(rnd.Int64N(int64(time.Hour))), File: "exam/scenario.yaml", Line: rnd.IntN(500),
				Actual: text(), Expected: text(), Hint: text(), Staff: "staff only " + text(), Log: []string{text()},
				Output:  []grade.Printed{{Node: text(), Proc: text(), Lines: []string{text(), text()}, Before: rnd.IntN(3)}},
				Diff:    []grade.FieldDiff{{Field: text(), Want: text(), Got: text(), Same: rnd.IntN(2) == 0}},
				Packets: []grade.Packet{{Port: text(), Summary: text(), Hex: hex.EncodeToString([]byte(text())), Role: grade.RoleNearest}},
			}
			switch {
			case c.Status == passed:
				c.Earned = c.Points
			case c.Status == failed && rnd.IntN(2) == 0:
				c.Earned, c.Met, c.Parts = c.Points/2, 1, 2
			}
			c.Bonus, c.HintsLeft, c.HintCost, c.Paid = rnd.IntN(4) == 0, rnd.IntN(2), rnd.IntN(2), rnd.IntN(2)
			r.Checks = append(r.Checks, c)
		}
	}
	return totalled(r)
}
