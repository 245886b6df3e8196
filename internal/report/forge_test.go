package report

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"wireloom/internal/scenario"
	"wireloom/internal/sign"
)

// testKey is a key that is always the same.
func testKey(t testing.TB) *sign.Key {
	t.Helper()
	k, err := sign.New(bytes.NewReader(bytes.Repeat([]byte{3}, 4*ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sealed is a report in a format, signed where the format has a place for that.
func sealed(t testing.TB, r *Report, f Format, k *sign.Key) []byte {
	t.Helper()
	if f == HTML {
		r.SignedBy = k.Public().String()
	}
	b, _ := Sign(f, []byte(write(t, r, f)), k)
	return b
}

// judge says why a file is not the report of a run, which is now; "" if it is.
func judge(b, now []byte) string {
	f, err := Parse(b)
	if err != nil {
		return err.Error()
	}
	if f.Signature != nil && !f.Fits(f.Signature) {
		return "its signature does not fit"
	}
	said, more := f.Differ(now)
	if more > 0 {
		said = append(said, fmt.Sprintf("%d more", more))
	}
	return strings.Join(said, "; ")
}

// An edit is one way to forge a report. want is in what is said of it.
type edit struct {
	name, from, to, want string
}

func (e edit) apply(t *testing.T, s string) string {
	t.Helper()
	if e.from == "" {
		return s + e.to
	}
	if e.from == "^" {
		return e.to + s
	}
	out := strings.Replace(s, e.from, e.to, 1)
	if out == s {
		t.Fatalf("%q is not there to be changed", e.from)
	}
	return out
}

// anywhere are edits of reports in each format.
var anywhere = []edit{
	{"a byte order mark", "^", "\ufeff", "it begins with a byte order mark"},
	{"a blank before it", "^", " ", `1 bytes come before it: " "`},
	{"a line before it", "^", "\n", `1 bytes come before it: "\n"`},
	{"a blank behind it", "", " ", `1 bytes follow where it should end: " "`},
	{"a line behind it", "", "\n", `1 bytes follow where it should end: "\n"`},
	{"NUL behind it", "", "\x00", "follow"},
	{"a no-break space behind it", "", "\u00a0", "follow"},
	{"a zero width space", "ARP", "A\u200bRP", `\u200b`},
	{"a letter of another alphabet", "an ARP request", "\u0430n ARP request", `\u0430n ARP request`},
	{"a digit of another alphabet", "echo request", "\uff11echo request", `\uff11`},
	{"two blanks for one", "an ARP request", "an  ARP request", "an  ARP"},
	{"a no-break space for a blank", "an ARP request", "an\u00a0ARP request", `an\u00a0ARP`},
	{"capitals", "an ARP request", "An ARP request", "An ARP"},
	{"a letter less", "an ARP request", "an AR request", "an AR request"},
	{"text that turns around", "an ARP request", "an \u202eARP request", `\u202e`},
	{"a composed letter", "an ARP request", "a\u0308n ARP request", `a\u0308n`},
	{"the word for staff", "an ARP request", "an ARP request (accepted by hand)", "accepted by hand"},
}

// forgeries are edits of the report of a student who did not pass, by format.
var forgeries = map[Format][]edit{
	JSON: {
		{"a tab in a text", "an ARP request", "an\tARP request", "it is not JSON: something is wrong at byte"},
		{"a second score", `"seed": 42`, `"score": 24, "seed": 42`, "score: the report says 24, this run nothing"},
		{"a score in capitals", `"seed": 42`, `"Score": 24, "seed": 42`, "it has no key \"Score\", but \"score\""},
		{"a total that is withheld", `"seed": 42`, `"passed": true, "seed": 42`, "passed: the report says true"},
		{"points of a check", `"earned": 0`, `"earned": 3`, "checks echo-reply: earned: the report says 3, this run 0"},
		{"points of a check, twice", `"earned": 0`, `"earned": 3, "earned": 0`, "checks[1] has the key \"earned\" twice"},
		{"points of a check, the other way around", `"earned": 0`, `"earned": 0, "earned": 3`, "checks[1] has the key \"earned\" twice"},
		{"points of a check, in capitals", `"earned": 0`, `"Earned": 3, "earned": 0`, "checks[1] has no key \"Earned\", but \"earned\""},
		{"points with an escape in the key", `"earned": 0`, `"earne\u0064": 3, "earned": 0`, "checks[1] has the key \"earned\" twice"},
		{"an outcome", `"status": "failed"`, `"status": "passed"`, "checks echo-reply: status: the report says passed, this run failed"},
		{"an outcome, twice", `"status": "failed"`, `"status": "passed", "status": "failed"`, "checks[1] has the key \"status\" twice"},
		{"an outcome with the long s", `"status": "failed"`, "\"\u017ftatus\": \"passed\", \"status\": \"failed\"", `has no key "ſtatus", but "status"`},
		{"a value of a nested key, twice", `"role": "sent"`, `"role": "nearest", "role": "sent"`, "checks[1].packets[0] has the key \"role\" twice"},
		{"a file, twice", `"bob.pingd": "anna.wasm"`, `"bob.pingd": "anna.wasm", "bob.pingd": "ben.wasm"`, "inputs.programs has the key \"bob.pingd\" twice"},
		{"a foreign key", `"seed": 42`, `"extra": 24, "seed": 42`, "it has no key \"extra\""},
		{"a foreign key deep in it", `"took_ns": 1250000`, `"took_ns": 1250000, "comment": "well done"`, "checks[0] has no key \"comment\""},
		{"an empty key", `"seed": 42`, `"": 24, "seed": 42`, `it has no key ""`},
		{"points as text", `"earned": 0`, `"earned": "3"`, "checks[1].earned is a text, want a number"},
		{"points with a fraction", `"earned": 0`, `"earned": 0.0`, "checks[1].earned is 0.0, want a whole number"},
		{"points as minus nothing", `"earned": 0`, `"earned": -0`, `it has "      \"earned\": -0,`},
		{"points that are null", `"earned": 0`, `"earned": null`, "checks[1].earned is null, want a number"},
		{"points in a list", `"earned": 0`, `"earned": [0]`, "checks[1].earned is a list, want a number"},
		{"checks in an object", `"inputs": {`, `"inputs": {}, "checks": {}, "x": {`, "checks is an object, want a list"},
		{"the student", `"student": "anna"`, `"student": "ben"`, "student: the report says ben, this run anna"},
		{"what is hidden", `"hidden": true`, `"hidden": false`, "hidden: the report says nothing, this run true"},
		{"a check less", `"id": "echo-other"`, `"id": "arp-other"`, "checks arp-other: id: the report says arp-other, this run echo-other"},
		{"the hash of the run", runHash, sourceHash, "hash: the report says"},
		{"a program's size", `"size": 31415`, `"size": 31416`, "programs 1: size: the report says 31416"},
		{"a program's name", `"name": "anna.wasm"`, `"name": "24 of 24 points.wasm"`, "24 of 24 points.wasm"},
		{"the scenario's file", `"file": "scenario.yaml"`, `"file": "24 of 24"`, "24 of 24"},
		{"a letter as an escape", `"student": "anna"`, `"student": "\u0061nna"`, `\\u0061nna`},
		{"an escape as a letter", `\u003c`, `<`, "<"},
		{"another order", "\"audience\": \"student\",\n  \"version\": \"v1.2.0\"", "\"version\": \"v1.2.0\",\n  \"audience\": \"student\"", `"version\": \"v1.2.0\",", which does not belong there`},
		{"without lines", "\n", "", "should have"},
		{"a comma too many", `"hidden": true`, `"hidden": true,`, "it is not JSON: something is wrong at byte"},
		{"a comment", `"seed": 42`, `/* 24 */ "seed": 42`, "it is not JSON: something is wrong at byte"},
		{"another value behind it", "", "{}", "something follows the JSON value"},
		{"a report behind it", "", `{"format": 1, "score": 24}`, "something follows the JSON value"},
		{"a signature", "\n}\n", ",\n  \"signature\": {\"key\": \"ed25519:x\", \"value\": \"x\"}\n}\n", "signature: it is not as labserver writes it"},
		{"a lone surrogate", `"student": "anna"`, `"student": "anna\ud800"`, "student: the report says"},
		{"no UTF-8", `"student": "anna"`, "\"student\": \"anna\xff\"", "it is not UTF-8"},
	},
	HTML: {
		{"a tab for a blank", "an ARP request", "an\tARP request", `\t`},
		{"the verdict", "1 of 3 checks</b>", "24 of 24 points</b>", `in <b class="bad">: it has "24 of 24 points" and should have "1 of 3 checks"`},
		{"the title", "1 of 3 checks passed so far; more is checked, and the total comes later</title>", "passed: 24 of 24 points</title>", "in <title>"},
		{"the tone of it", `<b class="bad">`, `<b class="good">`, `<b class=\"good\">`},
		{"a row of the table", `<td class="num">0/3</td>`, `<td class="num">3/3</td>`, `it has "3/3" and should have "0/3"`},
		{"an outcome", `<td class="mark bad">failed</td>`, `<td class="mark bad">passed</td>`, `it has "passed" and should have "failed"`},
		{"a heading added", "<h2>Checks</h2>", "<h1>Best of all: 24 of 24</h1><h2>Checks</h2>", "Best of all: 24 of 24"},
		{"a paragraph added", "</header>", "<p>Accepted.</p></header>", "which does not belong there"},
		{"a comment", "</header>", "<!-- 24 --></header>", "<!-- 24 -->"},
		{"a script", "</header>", "<script>document.title='24'</script></header>", "<script>"},
		{"a style", "</header>", "<style>.bad{display:none}</style></header>", "<style>"},
		{"the page's own style", ".bad { color: var(--bad); }", ".bad { display: none }", "in <style>"},
		{"the policy", "default-src &#39;none&#39;", "default-src *", "default-src *"},
		{"an attribute", "<h1>", `<h1 title="24">`, `<h1 title=\"24\">`},
		{"an attribute that hides", `<p class="verdict">`, `<p class="verdict" hidden>`, "hidden"},
		{"an image", "</header>", `<img src="24.png"></header>`, "24.png"},
		{"a picture's label", `role="img" aria-label="1 of 3`, `role="img" aria-label="3 of 3`, "3 of 3"},
		{"the bar", `width="331"`, `width="998"`, "998"},
		{"the doctype", "<!doctype html>", "<!DOCTYPE html>", "<!DOCTYPE html>"},
		{"the language", `lang="en"`, `lang="de"`, `lang=\"de\"`},
		{"the student on the page", "student anna", "student ben", "student ben"},
		{"a byte of a packet", `"hex":"0200`, `"hex":"0300`, "checks echo-reply: packets 1: hex: the report says 0300"},
		{"a byte of a packet that is shown", "0000  02 00", "0000  03 00", "0000  03 00"},
		{"a mark of what differs", "<mark>", "<b>", "<b>"},
		{"a check folded", ` open>`, `>`, "open"},
		{"an entity for a letter", "student anna", "student &#97;nna", "&#97;nna"},
		{"text between elements", "</main>", "24 of 24</main>", "24 of 24"},
		{"the points in the data", `"earned":0`, `"earned":3`, "in the page's data, checks echo-reply: earned: the report says 3, this run 0"},
		{"the points in the data, twice", `"earned":0`, `"earned":0,"earned":3`, "checks[1] has the key \"earned\" twice"},
		{"the points in the data, in capitals", `"earned":0`, `"earned":0,"EARNED":3`, "checks[1] has no key \"EARNED\", but \"earned\""},
		{"a foreign key in the data", `"seed":42`, `"seed":42,"extra":24`, "it has no key \"extra\""},
		{"a blank in the data", `"seed":42`, `"seed": 42`, "the data in the page differs in its bytes alone"},
		{"the data twice", scriptStart, scriptStart + "{}" + scriptEnd + scriptStart, "it holds the data of two reports"},
		{"the data in another element", scriptStart, `<script type="text/plain" id="wireloom-report">`, "the element that holds the page's data was changed"},
		{"without data", scriptID, `id="other"`, "this is no report"},
		{"a signature of nobody", "</body>\n", `<script type="application/json" id="wireloom-signature">{}</script>` + "\n</body>\n", "wireloom-signature"},
		{"a page behind it", "", "<!doctype html><p>24 of 24", "follow where it should end"},
		{"a form", "</header>", `<form action="https://example.com"></form></header>`, "<form"},
		{"a link of the table", `href="#check-2"`, `href="#check-1"`, "check-1"},
		{"a wanted field", "<td>5</td>", "<td>1280</td>", "1280"},
		{"the version", "v1.2.0", "v1.2.1", "v1.2.1"},
		{"a frame", "</header>", `<iframe srcdoc="24"></iframe></header>`, "<iframe"},
	},
	JUnit: {
		{"a tab for a blank", "an ARP request", "an\tARP request", `\t`},
		{"no failures", `failures="1"`, `failures="0"`, `failures=\"0\"`},
		{"points of a check", `name="echo-reply.earned" value="0"`, `name="echo-reply.earned" value="3"`, `echo-reply.earned\" value=\"3\"`},
		{"a failure that is none", "<failure ", "<system-out ", "system-out"},
		{"a failure less", "<skipped message=", "<x message=", "<x message="},
		{"a total", `name="total" value="comes later"`, `name="score" value="24"`, `name=\"score\" value=\"24\"`},
		{"the student", `value="anna"`, `value="ben"`, `value=\"ben\"`},
		{"the student, twice", "<properties>", `<properties><property name="student" value="ben"></property>`, "the property student is there twice"},
		{"the audience", `value="student"`, `value="dean"`, "there is no audience"},
		{"the seed", `name="seed" value="42"`, `name="seed" value="x"`, "the property seed is no seed"},
		{"another seed", `name="seed" value="42"`, `name="seed" value="43"`, `value=\"43\"`},
		{"no scenario", `name="scenario" value="ping"`, `name="scenario" value=""`, "it lacks its scenario"},
		{"a test case", "<testcase ", `<testcase name="bonus" classname="ping" time="0.000000"></testcase><testcase `, "bonus"},
		{"a comment", "<testcase ", "<!-- passed --><testcase ", "<!-- passed -->"},
		{"an entity", "<properties>", "<!ENTITY x 'y'><properties>", "<!ENTITY"},
		{"the root", `<testsuites name="wireloom"`, `<testsuites name="mine"`, "this is no report"},
		{"the end", "</testsuites>", "", "should have"},
		{"the end of an element", "</property>", "", `"</property>" is missing`},
		{"an empty element in short", "></property>", "/>", "/>"},
		{"another quote", `name="seed"`, `name='seed'`, `name='seed'`},
		{"another encoding", `encoding="UTF-8"`, `encoding="ISO-8859-1"`, "it is damaged"},
		{"another version of XML", `version="1.0"`, `version="1.1"`, "it is damaged"},
		{"a time", `time="3.300000"`, `time="0.300000"`, "0.300000"},
	},
	Gradescope: {
		{"a tab in a text", "an ARP request", "an\tARP request", "it is not JSON: something is wrong at byte"},
		{"a score", `"score": 0`, `"score": 3`, `\"score\": 3`},
		{"a score for the whole", `"output":`, `"score": 24, "output":`, "it has no key \"score\""},
		{"a score, twice", `"score": 0`, `"score": 3, "score": 0`, "tests[1] has the key \"score\" twice"},
		{"a score in capitals", `"score": 0`, `"Score": 3, "score": 0`, "tests[1] has no key \"Score\", but \"score\""},
		{"an outcome", `"status": "failed"`, `"status": "passed"`, `\"status\": \"passed\"`},
		{"an outcome, twice", `"status": "failed"`, `"status": "failed", "status": "passed"`, "tests[1] has the key \"status\" twice"},
		{"what is shown when", `"visibility": "hidden"`, `"visibility": "visible"`, "visible"},
		{"what is printed", "1 of 3 checks passed", "3 of 3 checks passed", "3 of 3 checks"},
		{"a foreign key", `"max_score": 3`, `"max_score": 3, "extra": 1`, "tests[1] has no key \"extra\""},
		{"the student", `"student": "anna"`, `"student": "ben"`, `\"student\": \"ben\"`},
		{"the student, twice", `"student": "anna"`, `"student": "anna", "student": "ben"`, "extra_data.wireloom has the key \"student\" twice"},
		{"a leaderboard", `"tests": [`, `"leaderboard": [], "tests": [`, "it has no key \"leaderboard\""},
		{"a test more", `"tests": [`, `"tests": [{"score": 24, "max_score": 24, "status": "passed", "name": "bonus", "visibility": "visible"},`, "bonus"},
		{"null", `"score": 0`, `"score": null`, "tests[1].score is null, want a number"},
		{"a number as text", `"score": 0`, `"score": "0"`, "is a text, want a number"},
		{"text as HTML", `"output_format": "text"`, `"output_format": "html"`, "html"},
		{"no tests", `"tests"`, `"test"`, "this is no report"},
		{"another value behind it", "", "{}", "something follows the JSON value"},
		{"an escape as a letter", `\u003c`, "<", "should have"},
		{"no UTF-8", "anna", "anna\xff", "it is not UTF-8"},
		{"a comma", `"tests": [`, `"tests": [,`, "it is not JSON: something is wrong at byte"},
		{"an earlier end", "\n}\n", "\n", "it ends in the middle"},
	},
	Text: {
		{"a tab for a blank", "an ARP request", "an\tARP request", `\t`},
		{"the verdict", "  1 of 3 checks passed so far; more is checked, and the total comes later", "  passed: 24 of 24 points", `it has "  passed: 24 of 24 points" and should have "  1 of 3 checks`},
		{"another verdict", "  1 of 3 checks", "  passed: 24 of 24 points\n  1 of 3 checks", `it has "  passed: 24 of 24 points", which does not belong there`},
		{"an outcome", "FAIL  0/3", "ok    3/3", `it has "  ok    3/3`},
		{"points", "0/3", "3/3", "FAIL  3/3"},
		{"a check less", "  skip  0/1  echo-other: an echo request for another address is not answered\n", "", "is missing"},
		{"a check more", "  FAIL  0/3", "  ok    9/9  bonus\n  FAIL  0/3", "bonus"},
		{"the student", "student anna", "student ben", "student ben"},
		{"the program", "anna.wasm", "ben.wasm", "ben.wasm"},
		{"the hash of the program", "7c9a1b3f5e7d", "7c9a1b3f5e7e", "7c9a1b3f5e7e"},
		{"the run", runHash, sourceHash, sourceHash},
		{"the seed", "seed 42,", "seed 43,", "seed 43"},
		{"the events", "231 events", "232 events", "232 events"},
		{"the version", "v1.2.0", "v1.2.1", "v1.2.1"},
		{"no last line", "events in 3.3s of virtual time", "", "this is no report"},
		{"a colour", "FAIL", "\x1b[32mFAIL\x1b[0m", `\x1b[32m`},
		{"an escape that moves up", "FAIL", "FAIL\x1b[1A", `\x1b[1A`},
		{"a return", "FAIL  0/3", "FAIL  0/3\rok    3/3", `\r`},
		{"a backspace", "0/3", "0/3\b\b\b3/3", `\b\b\b3/3`},
		{"a line that is wrapped elsewhere", "identifier,\n             number", "identifier, number\n             ", "number"},
		{"what the program printed", "  > opened /dev/tap0", "  ok    9/9  bonus", "bonus"},
		{"a blank at the end of a line", "student anna,", "student anna, ", "anna,  bob"},
		{"an empty line less", "\n\n", "\n", "is missing"},
	},
}

// cuts are the places at which a file is cut, each of which must be noticed.
var cuts = []string{"10 %", "50 %", "90 %", "its last byte"}

func cut(s, where string) string {
	switch where {
	case "10 %":
		return s[:len(s)/10]
	case "50 %":
		return s[:len(s)/2]
	case "90 %":
		return s[:len(s)*9/10]
	}
	return s[:len(s)-1]
}

// However a report is changed, it is not the report, and what is said tells what was
// changed.
func TestForgeries(t *testing.T) {
	for _, f := range Formats() {
		r := both(pingResult(t), scenario.Student)
		good := write(t, r, f)
		if why := judge([]byte(good), []byte(good)); why != "" {
			t.Fatalf("%s: the report itself: %s", f, why)
		}
		count := 0
		check := func(name, forged, want string) {
			count++
			t.Run(fmt.Sprintf("%s %s", f, name), func(t *testing.T) {
				got := judge([]byte(forged), []byte(good))
				if got == "" || !strings.Contains(got, want) {
					t.Errorf("got %s\nwant %q in it", got, want)
				}
				if clean(got) != got {
					t.Errorf("what is said can do something to a terminal: %q", got)
				}
			})
		}
		for _, e := range append(anywhere, forgeries[f]...) {
			check(e.name, e.apply(t, good), e.want)
		}
		check("CR LF", strings.ReplaceAll(good, "\n", "\r\n"), "its lines end with CR LF")
		check("one CR", strings.Replace(good, "\n", "\r\n", 1), "its lines end with CR LF")
		check("twice", good+good, "")
		for _, where := range cuts {
			check("cut at "+where, cut(good, where), "")
		}
		if count < 40 {
			t.Errorf("%s: %d forgeries, want 40 and more", f, count)
		}
	}
}

// A program that prints what looks like a report of another form doesn't make one.
func TestOutputIsNoReport(t *testing.T) {
	for _, f := range Formats() {
		r := pingResult(t)
		r.Checks[1].Output[0].Lines = []string{scriptStart + "{}" + scriptEnd, junitRoot + ">", `{"format": 1}`, "  seed 1, 2 events in 3s of virtual time; v0", `"wireloom-signature"`}
		r.Output[0].Lines = r.Checks[1].Output[0].Lines
		good := write(t, both(r, scenario.Student), f)
		file, err := Parse([]byte(good))
		if err != nil || file.Format != f || file.Head.Version != "v1.2.0" {
			t.Fatalf("%s: %+v, %v", f, file, err)
		}
		if why := judge([]byte(good), []byte(good)); why != "" {
			t.Errorf("%s: %s", f, why)
		}
	}
}

// A report that is signed is not the report, and not signed, once a byte of it is
// changed; nor is what another key has signed.
func TestSignedReports(t *testing.T) {
	k := testKey(t)
	other, err := sign.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []Format{JSON, HTML} {
		r := both(pingResult(t), scenario.Student)
		b := sealed(t, r, f, k)
		now := []byte(write(t, r, f))
		file, err := Parse(b)
		if err != nil || file.Signature == nil || !file.Fits(file.Signature) || file.Signature.Key != k.Public() || !bytes.Equal(file.Unsigned, now) {
			t.Fatalf("%s: %v, signature %v", f, err, file.Signature)
		}
		if why := judge(b, now); why != "" {
			t.Errorf("%s: %s", f, why)
		}
		text := string(b)
		for _, e := range []edit{
			{"a letter", "an ARP request", "an arp request", "its signature does not fit"},
			{"the key", k.Public().String() + `"`, other.Public().String() + `"`, "its signature does not fit"},
			{"the value", file.Signature.Value(), other.Sign(purpose, now).Value(), "its signature does not fit"},
			{"the value, cut", file.Signature.Value(), file.Signature.Value()[:80], ""},
			{"the value, longer", file.Signature.Value(), file.Signature.Value() + "A", ""},
			{"two of them", file.Signature.Value(), file.Signature.Value() + `","value":"` + file.Signature.Value(), ""},
		} {
			if got := judge([]byte(e.apply(t, text)), now); got == "" || !strings.Contains(got, e.want) {
				t.Errorf("%s %s: got %q, want %q in it", f, e.name, got, e.want)
			}
		}
		// Signed again by somebody else, it is of somebody else.
		again := sealed(t, r, f, other)
		file, err = Parse(again)
		if err != nil || file.Signature == nil || !file.Fits(file.Signature) || file.Signature.Key == k.Public() {
			t.Errorf("%s: %v, %v", f, err, file.Signature)
		}
	}
	for _, f := range []Format{Text, JUnit, Gradescope} {
		b := []byte(write(t, both(pingResult(t), scenario.Student), f))
		same, beside := Sign(f, b, k)
		s, err := ParseSignature(beside)
		file, perr := Parse(b)
		if err != nil || perr != nil || !bytes.Equal(same, b) || !file.Fits(s) {
			t.Errorf("%s: %v, %v", f, err, perr)
		}
		for _, bad := range []string{"", "x", string(beside[:len(beside)-1]), string(beside) + "\n", "ed25519:x y\n", s.Key.String() + "\n"} {
			if _, err := ParseSignature([]byte(bad)); !errors.As(err, new(*Altered)) {
				t.Errorf("%q: got %v", bad, err)
			}
		}
	}
}

// No change of one byte is overlooked, wherever it is.
func TestEveryByteCounts(t *testing.T) {
	k := testKey(t)
	for _, f := range Formats() {
		r := both(pingResult(t), scenario.Student)
		b := sealed(t, r, f, k)
		now := []byte(write(t, r, f))
		step := 1 + len(b)/800
		rnd := rand.New(rand.NewPCG(1, 2))
		for i := rnd.IntN(step); i < len(b); i += 1 + rnd.IntN(step*2) {
			forged := bytes.Clone(b)
			if forged[i] = byte(rnd.UintN(256)); forged[i] == b[i] {
				forged[i] ^= 0x20
			}
			if same(forged, now) {
				t.Errorf("%s: with %q instead of %q at %d it is the same", f, forged[i], b[i], i)
			}
		}
	}
}

// same reports whether a file passes for the report of the run. It is judge without
// words, which take longer.
func same(b, now []byte) bool {
	f, err := Parse(b)
	return err == nil && bytes.Equal(f.Unsigned, now) && (f.Signature == nil || f.Fits(f.Signature))
}

// One byte changed, taken out or put in: it is another report, and that is said without
// a crash.
func FuzzOneByte(f *testing.F) {
	k := testKey(f)
	type target struct{ b, now []byte }
	var targets []target
	for _, format := range Formats() {
		r := both(pingResult(f), scenario.Student)
		targets = append(targets, target{sealed(f, r, format, k), []byte(write(f, r, format))})
	}
	f.Add(uint8(0), uint32(100), byte('x'), uint8(0))
	f.Add(uint8(4), uint32(5000), byte('<'), uint8(1))
	f.Add(uint8(2), uint32(70), byte(0), uint8(2))
	f.Fuzz(func(t *testing.T, which uint8, at uint32, c byte, how uint8) {
		g := targets[int(which)%len(targets)]
		i := int(at) % len(g.b)
		var forged []byte
		switch how % 3 {
		case 0:
			if g.b[i] == c {
				return
			}
			forged = bytes.Clone(g.b)
			forged[i] = c
		case 1:
			forged = append(append(bytes.Clone(g.b[:i]), c), g.b[i:]...)
		case 2:
			forged = append(bytes.Clone(g.b[:i]), g.b[i+1:]...)
		}
		if same(forged, g.now) || judge(forged, g.now) == "" {
			t.Errorf("with %q at %d (%d) it is the same", c, i, how%3)
		}
	})
}

// Reports of another version are told apart by what they say of points, in each form.
func TestScoresOfAnotherVersion(t *testing.T) {
	for _, f := range Formats() {
		good := write(t, both(pingResult(t), scenario.Staff), f)
		for _, tc := range []struct {
			name, from, to string
			same           bool
		}{
			{"another word", "an ARP request", "a request by ARP", f != HTML && f != JUnit && f != Gradescope && f != Text},
			{"another hint", "only the type changes", "but the type stays", true},
			{"a check", map[Format]string{
				JSON: `"earned": 0`, HTML: `<td class="num">0/3</td>`, JUnit: `echo-reply.earned" value="0"`, Gradescope: `"score": 0`, Text: "FAIL  0/3",
			}[f], map[Format]string{
				JSON: `"earned": 3`, HTML: `<td class="num">3/3</td>`, JUnit: `echo-reply.earned" value="3"`, Gradescope: `"score": 3`, Text: "ok    3/3",
			}[f], false},
			{"an outcome", map[Format]string{
				JSON: `"status": "failed"`, HTML: `<td class="mark bad">failed`, JUnit: `failures="1"`, Gradescope: `"status": "failed"`, Text: "FAIL",
			}[f], map[Format]string{
				JSON: `"status": "passed"`, HTML: `<td class="mark bad">passed`, JUnit: `failures="0"`, Gradescope: `"status": "passed"`, Text: "ok  ",
			}[f], false},
		} {
			forged := strings.Replace(good, tc.from, tc.to, 1)
			if forged == good {
				if tc.name == "another hint" {
					continue // which this form wraps
				}
				t.Fatalf("%s: %q is not there", f, tc.from)
			}
			file, err := Parse([]byte(forged))
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if got := file.SameScores([]byte(good)); got != tc.same {
				t.Errorf("%s, %s: the same %t, want %t", f, tc.name, got, tc.same)
			}
		}
	}
}

// What is told of two lists makes one of the other, with no more changes than it takes.
func TestDifferTellsTheLeast(t *testing.T) {
	list := func(s string) (out []piece) {
		for i, c := range s {
			out = append(out, piece{raw: string(c), line: i + 1})
		}
		return out
	}
	text := func(ps []piece) string { return rawAll(ps) }
	for _, tc := range []struct{ then, now, want string }{
		{"", "", ""},
		{"abc", "abc", ""},
		{"abc", "axc", "b>x"},
		{"abc", "ac", "b>"},
		{"ac", "abc", ">b"},
		{"abcdef", "xbcdey", "a>x f>y"},
		{"abab", "baba", "a> >a"},
		{"", "abc", ">abc"},
		{"abc", "", "abc>"},
		{"abcdefgh", "abXXefYh", "cd>XX g>Y"},
	} {
		var got []string
		for _, c := range differ(list(tc.then), list(tc.now)) {
			got = append(got, text(c.had)+">"+text(c.should))
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%q and %q: got %q, want %q", tc.then, tc.now, s, tc.want)
		}
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	word := func() string {
		b := make([]byte, rnd.IntN(12))
		for i := range b {
			b[i] = "abc"[rnd.IntN(3)]
		}
		return string(b)
	}
	for range 2000 {
		then, now := word(), word()
		had, should := 0, 0
		for _, c := range differ(list(then), list(now)) {
			had, should = had+len(c.had), should+len(c.should)
			if len(c.had)+len(c.should) == 0 {
				t.Errorf("%q and %q: a change without pieces", then, now)
			}
		}
		if len(then)-had != len(now)-should || len(then)-had != common(then, now) {
			t.Errorf("%q and %q: %d taken out and %d put in", then, now, had, should)
		}
	}
	long := list(strings.Repeat("a", maxEdits+10))
	if got := differ(long, list(strings.Repeat("b", 10))); len(got) != 1 || len(got[0].had) != len(long) {
		t.Errorf("too many edits: got %d changes", len(got))
	}
}

// common is the length of the longest list that is in both.
func common(a, b string) int {
	row := make([]int, len(b)+1)
	for i := range a {
		before := 0
		for j := range b {
			at := row[j+1]
			if a[i] == b[j] {
				row[j+1] = before + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			before = at
		}
	}
	return row[len(b)]
}
