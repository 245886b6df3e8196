package batch

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestOwners(t *testing.T) {
	for _, tc := range []struct {
		from From
		name string
		want string // student/who/rest, late; "-": the name is its own
	}{
		{FromMoodle, "Anna Meier_123456_assignsubmission_file_", "Anna Meier/Anna Meier/"},
		{FromMoodle, "Anna Meier_123456_assignsubmission_file", "Anna Meier/Anna Meier/"},
		{FromMoodle, "Anna Meier_123456_assignsubmission_file_x.wasm", "Anna Meier/Anna Meier/x.wasm"},
		{FromMoodle, "Anna Meier_123456_assignsubmission_file_a_7_assignsubmission_file_x.wasm", "Anna Meier/Anna Meier/a_7_assignsubmission_file_x.wasm"},
		{FromMoodle, "Anna Meier_123456_assignsubmission_onlinetext_", "Anna Meier/Anna Meier/"},
		{FromMoodle, "Zoe\u0308 Fischer_7_assignsubmission_file_", "Zoë Fischer/Zoë Fischer/"},
		{FromMoodle, "Group 3_55_assignsubmission_file", "Group 3/Group 3/"},
		{FromMoodle, "Default group_assignsubmission_file", "Default group/Default group/"},
		{FromMoodle, "Participant_99_assignsubmission_file_x.wasm", "Participant/Participant/x.wasm"},
		{FromMoodle, "anna.wasm", "-"},
		{FromCanvas, "meieranna_12345_67890_x.wasm", "meieranna/meieranna/x.wasm"},
		{FromCanvas, "meieranna_LATE_12345_67890_x.wasm", "meieranna/meieranna/x.wasm late"},
		{FromCanvas, "meieranna_late_12345_67890_x.wasm", "meieranna/meieranna/x.wasm late"},
		{FromCanvas, "meieranna_12345_67890_x-1.wasm", "meieranna/meieranna/x-1.wasm"},
		{FromCanvas, "meieranna_12345_67890_bob_1_2_pingd.wasm", "meieranna/meieranna/bob_1_2_pingd.wasm"},
		{FromCanvas, "latedonna_12345_67890_x.wasm", "latedonna/latedonna/x.wasm"},
		{FromCanvas, "anon_gX2s1_67890_x.wasm", "anon_gX2s1//x.wasm"},
		{FromCanvas, "LATE_anon_gX2s1_67890_x.wasm", "anon_gX2s1//x.wasm late"},
		{FromCanvas, "meieranna_12345_text.html", "meieranna/meieranna/text.html"},
		{FromCanvas, "anna.wasm", "-"},
		{FromGradescope, "submission_123", "anna@example.com/Anna, Ben/submission_123"},
		{FromGradescope, "submission_124", "-"},
		{FromName, "Zoe\u0308.wasm", "Zoë//Zoe\u0308.wasm"},
		{FromName, "m\xfcller.wasm", `m\xfcller//` + "m\xfcller.wasm"},
		{FromName, "anna", "anna//anna"},
		{FromNone, "anna.wasm", "//anna.wasm"},
	} {
		o := tc.from.owner(tc.name, map[string]person{"submission_123": {"anna@example.com", "Anna, Ben"}})
		o.settle()
		got := fmt.Sprintf("%s/%s/%s", o.student, o.who, o.rest)
		if o.late {
			got += " late"
		}
		if tc.want == "-" {
			base, _ := cutWasm(tc.name)
			tc.want = base + "//" + tc.name
		}
		if got != tc.want {
			t.Errorf("%s, %q: got %q, want %q", tc.from, tc.name, got, tc.want)
		}
	}
}

// What a student calls a file makes nobody else its owner, and what students' ids are
// made of is always text.
func FuzzOwners(f *testing.F) {
	f.Add("x_1_2_y.wasm")
	f.Add("a_7_assignsubmission_file_x.wasm")
	f.Add("LATE_1_2_\xff\n")
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || strings.ContainsAny(name, "/\x00") || len(name) > 200 {
			return
		}
		for from, prefix := range map[From]string{FromMoodle: "Anna Meier_123_assignsubmission_file_", FromCanvas: "meieranna_12_34_"} {
			if o := from.owner(prefix+name, nil); o.key != strings.Split(prefix, "_assign")[0] && o.key != "meieranna_12" || o.rest != name {
				t.Errorf("%s: %q is %q's", from, prefix+name, o.key)
			}
		}
		for _, from := range Froms() {
			o := from.owner(name, nil)
			if o.settle(); !utf8.ValidString(o.student) || !utf8.ValidString(o.who) {
				t.Errorf("%s: %q is %q's", from, name, o.student)
			}
		}
	})
}

func TestExportsAreUnderstood(t *testing.T) {
	two := []Part{{Slots: []string{"a.x"}, Names: []string{"end", "a.x"}}, {Slots: []string{"r.y"}, Names: []string{"middle", "r.y"}}}
	metadata := "submission_metadata.yml"
	moodle := []string{"Anna Meier_1_assignsubmission_file_/x.wasm", "Anna Meier_1_assignsubmission_onlinetext_/onlinetext.html", "Ben O'Neil_2_assignsubmission_file_/main.c"}
	for _, tc := range []struct {
		name  string
		from  From
		parts []Part
		files []string
		want  string
	}{
		{"moodle, in folders", FromMoodle, onePart, moodle, "Anna Meier_1 of Anna Meier: bob.pingd=Anna Meier_1_assignsubmission_file_/x.wasm and onlinetext.html; " +
			"Ben O'Neil_2 of Ben O'Neil: there is no .wasm file in it, but main.c, which is no WebAssembly: hand in the .wasm file that is built of it"},
		{"moodle, found out", FromAuto, onePart, moodle[:2], "Anna Meier_1 of Anna Meier: bob.pingd=Anna Meier_1_assignsubmission_file_/x.wasm and onlinetext.html"},
		{"moodle, two of one name", FromMoodle, onePart, []string{"A B_1_assignsubmission_file_x.wasm", "A B_2_assignsubmission_file_x.wasm"}, "A B_1 of A B: bob.pingd=A B_1_assignsubmission_file_x.wasm (its student's id is also that of A B_2); " +
			"A B_2 of A B: bob.pingd=A B_2_assignsubmission_file_x.wasm (its student's id is also that of A B_1)"},
		{"canvas, all in one folder", FromCanvas, onePart, []string{"meieranna_12_34_x.wasm", "meieranna_12_35_main.c", "oneilben_LATE_13_36_x.wasm", "class.csv"}, "meieranna_12 of meieranna: bob.pingd=meieranna_12_34_x.wasm and main.c; " +
			"oneilben_13 of oneilben: bob.pingd=oneilben_LATE_13_36_x.wasm late; class.csv is other: it is no .wasm file"},
		{"canvas, two programs", FromCanvas, two, []string{"meieranna_12_34_end.wasm", "meieranna_12_35_r.y.wasm", "b_13_36_end.wasm"}, "b_13 of b: there is no middle.wasm in it: it has end.wasm; meieranna_12 of meieranna: a.x=meieranna_12_34_end.wasm r.y=meieranna_12_35_r.y.wasm"},
		{"canvas, handed in twice", FromCanvas, onePart, []string{"meieranna_12_34_x.wasm", "meieranna_LATE_12_35_x-1.wasm"}, "meieranna_12 of meieranna: it has several files for one program: x.wasm, x-1.wasm: hand in one, or call it submission.wasm late"},
		{"canvas, found out", FromAuto, onePart, []string{"meieranna_12_34_x.wasm", "b_LATE_1_2_x.wasm", "readme.txt"}, "b_1 of b: bob.pingd=b_LATE_1_2_x.wasm late; meieranna_12 of meieranna: bob.pingd=meieranna_12_34_x.wasm; readme.txt is other: it is no .wasm file"},
		{"gradescope", FromGradescope, onePart, []string{"submission_1/x.wasm", "submission_2/x.wasm", metadata}, "submission_1 of anna@example.com: bob.pingd=submission_1/x.wasm; submission_2: bob.pingd=submission_2/x.wasm"},
		{"gradescope, found out", FromAuto, onePart, []string{"submission_1/x.wasm", metadata}, "submission_1 of anna@example.com: bob.pingd=submission_1/x.wasm"},
		{"gradescope without its list", FromAuto, onePart, []string{"submission_1/x.wasm"}, "submission_1: bob.pingd=submission_1/x.wasm"},
		{"names", FromAuto, onePart, []string{"anna.wasm", "meieranna_12_34_x.wasm"}, "anna: bob.pingd=anna.wasm; meieranna_12_34_x: bob.pingd=meieranna_12_34_x.wasm"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t, nil)
			for _, f := range tc.files {
				text := "x"
				if f == metadata {
					text = "submission_1:\n  :submitters:\n  - :name: Anna Meier\n    :sid: '7'\n    :email: anna@example.com\n"
				}
				b.file(f, text)
			}
			b.from = tc.from
			if got := b.find(tc.parts); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestMetadata(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{
			"one and several", "---\nsubmission_1:\n  :submitters:\n  - :name: Anna Meier\n    :sid: '4711'\n    :email: anna@example.com\n  :created_at: 2026-11-30 12:00:00.0 Z\n  :score: 3.0\n" +
				"submission_2:\n  :submitters:\n  - :name: \"Ben \\\"B\\\" \\xC4rger\"\n    :sid: 12\n    :email: \n  - :name: Carl\n    :email: carl@example.com\n  :results:\n    :tests:\n    - :name: x\n      :output: |\n        submission_9:\n          :submitters:\n",
			"submission_1 anna@example.com (Anna Meier), submission_2 12 (Ben \"B\" Ärger, Carl)",
		},
		{"Windows", "submission_1:\r\n  :submitters:\r\n  - :name: Anna\r\n    :email: a@b\r\n", "submission_1 a@b (Anna)"},
		{"nobody", "submission_1:\n  :submitters: []\n  :score: 1\n", ""},
		{"something else", "hello\nworld: 1\n", ""},
		{"a folded name", "submission_1:\n  :submitters:\n  - :name: Anna\n      Meier\n    :email: a@b\n", "submission_1 a@b (Anna Meier)"},
		{"no list", "submission_1:\n  :submitters:\n  - x: [\n", "error"},
		{"too many", "submission_1:\n  :submitters:\n" + strings.Repeat("  - :name: Anna\n", 6000), "error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			people, err := parseMetadata(strings.NewReader(tc.text))
			if err != nil {
				if tc.want != "error" || strings.Contains(err.Error(), "\n") {
					t.Errorf("got %v, want %s", err, tc.want)
				}
				return
			}
			var got []string
			for n := range 10 {
				if p, ok := people[fmt.Sprint("submission_", n)]; ok {
					got = append(got, fmt.Sprintf("submission_%d %s (%s)", n, p.id, p.names))
				}
			}
			if g := strings.Join(got, ", "); g != tc.want || len(got) != len(people) {
				t.Errorf("got %s, want %s", g, tc.want)
			}
		})
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add("submission_1:\n  :submitters:\n  - :name: \"Anna\"\n    :email: a@b\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return
		}
		if people, err := parseMetadata(strings.NewReader(text)); err == nil && len(people) > strings.Count(text, "\n")+1 {
			t.Errorf("%d people in %q", len(people), text)
		}
	})
}
