package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

// A report that is read back, from its JSON or its page, is the report.
func TestReadGivesWhatWasWritten(t *testing.T) {
	for name, r := range samples(t) {
		for _, who := range scenariosAudiences {
			rep := both(r, who)
			// Bytes that are no UTF-8 are written as an escape, and what is read back as the letter.
			want := strings.ReplaceAll(write(t, rep, JSON), `\ufffd`, "\ufffd")
			for _, f := range []Format{JSON, HTML} {
				file, err := Parse([]byte(write(t, rep, f)))
				if err != nil {
					t.Fatalf("%s %s: %v", name, f, err)
				}
				d := file.Document
				if got := write(t, Of(d), JSON); got != want {
					t.Errorf("%s %s for %s: got\n%s\nwant\n%s", name, f, who, got, want)
				}
				if diffs, more := Compare(d, rep.Document()); len(diffs) > 0 || more > 0 {
					t.Errorf("%s %s: differs from itself: %v", name, f, diffs)
				}
			}
		}
	}
}

var scenariosAudiences = []scenario.Audience{scenario.Student, scenario.AfterDue, scenario.Staff}

func TestReadRefuses(t *testing.T) {
	good := write(t, both(pingResult(t), scenario.Staff), JSON)
	page := write(t, both(pingResult(t), scenario.Staff), HTML)
	for _, tc := range []struct{ name, in, want string }{
		{"nothing", "", ErrNoReport.Error()},
		{"text", "hello", ErrNoReport.Error()},
		{"another page", "<!doctype html><p>hello", ErrNoReport.Error()},
		{"a page with two reports", page + scriptStart + "{}" + scriptEnd, "it holds the data of two reports"},
		{"a page that was cut", page[:strings.Index(page, scriptStart)+200], "it ends in the middle"},
		{"a page whose data was moved", strings.Replace(page, scriptStart, `<script id="wireloom-report">`, 1), "the element that holds the page's data was changed"},
		{"JSON that was cut", good[:len(good)/2], "it ends in the middle"},
		{"another format", strings.Replace(good, `"format": 1`, `"format": 2`, 1), "its format is 2; this labserver reads format 1"},
		{"no format", "{}", "no report of labserver grade"},
		{"an unknown field", strings.Replace(good, `"seed"`, `"extra"`, 1), `it has no key "extra"`},
		{"a wrong type", strings.Replace(good, `"seed": 42`, `"seed": -1`, 1), "seed is -1, want 0 or more"},
		{"an audience that is none", strings.Replace(good, `"audience": "staff"`, `"audience": "dean"`, 1), `audience is "dean", which cannot be read`},
		{"more behind it", good + "{}", "something follows the JSON value"},
		{"nothing in it", `{"format": 1}`, "it lacks its scenario"},
		{"deep nesting", `{"format": 1, "x": ` + strings.Repeat("[", 1<<20), `it has no key "x"`},
		{"deep nesting that ends", `{"format": 1, "x": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}", "it has no key \"x\""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse([]byte(tc.in))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
	if _, err := Parse(make([]byte, MaxDocument+1)); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a report without end: got %v", err)
	}
}

// A document's totals are not believed: a report is of its checks.
func TestTamperedTotalsAreNotShown(t *testing.T) {
	var b bytes.Buffer
	d := both(pingResult(t), scenario.Staff).Document()
	score, yes := 10, true
	d.Score, d.Passed = &score, &yes
	if err := Of(d).Write(&b, Text, Terminal{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "not passed: 4 of 10 points") {
		t.Errorf("got\n%s", b.String())
	}
}

func TestCompareSaysWhere(t *testing.T) {
	score := 10
	for _, tc := range []struct {
		name   string
		change func(d *Document)
		want   string
	}{
		{"a score", func(d *Document) { d.Score = &score }, "score: the report says 10, this run 4"},
		{"a check", func(d *Document) { d.Checks[1].Status, d.Checks[1].Earned = passed, 3 }, "checks echo-reply: earned: the report says 3, this run 0; checks echo-reply: status: the report says passed, this run failed"},
		{"one check less", func(d *Document) { d.Checks = d.Checks[:4] }, "checks no-cheating: the report says nothing, this run {"},
		{"the run", func(d *Document) { d.Hash = sourceHash }, "hash: the report says " + sourceHash + ", this run " + runHash},
		{"a seed beyond 53 bits", func(d *Document) { d.Seed = 1<<63 + 1 }, "seed: the report says 9223372036854775809, this run 42"},
		{"a parameter", func(d *Document) { d.Params = map[string]string{"host": "12", "net": "10.1.0"} }, "params: host: the report says 12, this run 11"},
		{"what a file is called", func(d *Document) {
			d.Programs = []grade.ProgramRef{d.Programs[0]}
			d.Programs[0].Name = "other.wasm"
		}, ""},
		{"a program", func(d *Document) { d.Programs = []grade.ProgramRef{d.Programs[0]}; d.Programs[0].Hash = runHash }, "programs 1: hash: the report says " + runHash},
		{"where the files lie", func(d *Document) { d.Inputs.Scenario, d.Checks[0].File = "elsewhere", "elsewhere/scenario.yaml" }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			then := both(pingResult(t), scenario.Staff).Document()
			tc.change(then)
			diffs, more := Compare(then, both(pingResult(t), scenario.Staff).Document())
			var got []string
			for _, d := range diffs {
				got = append(got, d.String())
			}
			if s := strings.Join(got, "; "); more != 0 || !strings.HasPrefix(s, tc.want) || (tc.want == "") != (s == "") {
				t.Errorf("got %s and %d more, want %s", s, more, tc.want)
			}
		})
	}
	then := both(pingResult(t), scenario.Staff).Document()
	now := both(pingResult(t), scenario.Staff).Document()
	for range 50 {
		then.Notes = append(then.Notes, "x")
	}
	if diffs, more := Compare(then, now); len(diffs) != maxDifferences || more != 50-maxDifferences {
		t.Errorf("got %d differences and %d more", len(diffs), more)
	}
}

// A hostile report is an error or a document that every writer takes.
func FuzzParse(f *testing.F) {
	f.Add([]byte(write(f, both(pingResult(f), scenario.Staff), JSON)))
	f.Add([]byte(write(f, both(hostileResult(f), scenario.Student), HTML)))
	f.Add([]byte(`{"format":1,"scenario":"s","source":"h","checks":[{"at_ns":-9223372036854775808,"took_ns":9223372036854775807,"packets":[{"hex":"45"}]}]}`))
	f.Add([]byte(`{"format":1,"scenario":"s","source":"h","ended_ns":-1,"checks":[{"points":9223372036854775807,"earned":-9223372036854775808}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Parse(b)
		if err != nil || file.Document == nil {
			return
		}
		d := file.Document
		for _, format := range []Format{Text, JSON, JUnit, HTML} {
			var out bytes.Buffer
			if err := Of(d).Write(&out, format, Terminal{}); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			if format == JSON && !json.Valid(out.Bytes()) {
				t.Fatalf("not JSON: %s", out.Bytes())
			}
		}
		if diffs, _ := Compare(d, d); len(diffs) > 0 {
			t.Fatalf("it differs from itself: %v", diffs)
		}
	})
}
