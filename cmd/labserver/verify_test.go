package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wireloom/internal/report"
	"wireloom/internal/sign"
)

// A proof is a folder with a lab, a program and reports of both.
type proof struct {
	t    *testing.T
	dir  string
	lab  string
	quit string
	wasm string
}

func newProof(t *testing.T) *proof {
	t.Helper()
	dir := t.TempDir()
	p := &proof{t: t, dir: dir, lab: filepath.Join(dir, "lab"), quit: filepath.Join(dir, "quit"), wasm: file(t, "anna.wasm", exitsWith(7))}
	for folder, yaml := range map[string]string{p.lab: twoHosts + hiddenSteps[0], p.quit: quitter} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		scenarioFolder(t, folder, yaml)
	}
	return p
}

func (p *proof) at(name string) string { return filepath.Join(p.dir, name) }

// grade writes a report of one of the labs.
func (p *proof) grade(name string, args ...string) string {
	p.t.Helper()
	if code, _, errs := labserver(p.t, append(append([]string{"grade"}, args...), "--output", p.at(name))...); code > 1 {
		p.t.Fatal(errs)
	}
	return p.at(name)
}

// change copies a report with a change.
func (p *proof) change(name, from, to string) string {
	p.t.Helper()
	b, err := os.ReadFile(p.at(name))
	if err != nil || !strings.Contains(string(b), from) {
		p.t.Fatalf("%s: %v, and no %s in it", name, err, from)
	}
	return file(p.t, name, strings.Replace(string(b), from, to, 1))
}

// key makes a key and returns its file.
func (p *proof) key(name string) string {
	p.t.Helper()
	if code, out, errs := labserver(p.t, "key", "new", p.at(name)); code != 0 {
		p.t.Fatal(out, errs)
	}
	return p.at(name)
}

type verification struct {
	name string
	args []string
	code int
	want string // all of these, with " & " between, in what it prints
}

func (p *proof) run(table []verification) {
	for _, tc := range table {
		p.t.Run(tc.name, func(t *testing.T) {
			code, out, errs := labserver(t, append([]string{"verify"}, tc.args...)...)
			if code != tc.code {
				t.Errorf("code %d, want %d\n%s%s", code, tc.code, out, errs)
			}
			for want := range strings.SplitSeq(tc.want, " & ") {
				if !strings.Contains(out+errs, want) {
					t.Errorf("%s%s\nwant %q in it", out, errs, want)
				}
			}
		})
	}
}

// What a person reads in a report is compared, in each form, to the byte.
func TestVerifyComparesWhatIsRead(t *testing.T) {
	p := newProof(t)
	given := slices.Clip([]string{p.quit, "--program", "bob=" + p.wasm, "--student", "anna"})
	grade := func(name, format string, more ...string) string {
		return p.grade(name, append(append(given, "--format", format), more...)...)
	}
	json, page := grade("r.json", "json"), grade("r.html", "html")
	junit, scope, text := grade("r.xml", "junit"), grade("results.json", "gradescope"), grade("r.txt", "text")
	zoe := p.grade("zoe.html", p.quit, "--program", "bob="+p.wasm, "--student", "zo\u00eb", "--format", "html")
	student := grade("s.html", "html", "--audience", "student")
	p.grade("bad.html", p.quit, "--program", "bob="+file(t, "eight.wasm", exitsWith(8)), "--format", "html")
	p.grade("bad.json", p.quit, "--program", "bob="+file(t, "eight.wasm", exitsWith(8)), "--format", "json")
	here := slices.Clip([]string{"--scenario", p.quit, "--program", p.wasm})
	points := "passed: 2 of 2 points"
	p.run([]verification{
		{"JSON", []string{json}, 0, "the same: every check & every byte of the JSON file & " + points + " & scenario quitter, student anna, seed 1, as staff see it"},
		{"the page", []string{page}, 0, "every byte of the page & " + points},
		{"JUnit", []string{junit}, 0, "every byte of the JUnit file & " + points},
		{"Gradescope", append(here, scope), 0, "every byte of Gradescope's file & " + points + " & student anna, seed 1"},
		{"Gradescope, without its files", []string{scope}, 2, "give it with --scenario SCENARIO"},
		{"text", append(here, text, "--student", "anna"), 0, "every byte of the text & " + points},
		{"text, of another student", append(here, text, "--student", "ben"), 3, `line 2: it has "student anna`},
		{"text alone", []string{text}, 2, "a report in text does not say what it is of"},
		{"of a student", append(here, student), 0, "every byte of the page & as students see it"},
		{"for whom it must be", []string{page, "--student", "anna", "--seed", "1", "--audience", "staff"}, 0, points},
		{"for one with an accent, composed or not", []string{zoe, "--student", "zoe\u0308"}, 0, "student zo\u00eb"},
		{"for another", []string{page, "--student", "ben"}, 3, "not the same: the report is of student anna, and must be of ben"},
		{"of another stage", []string{page, "--stage", "two"}, 3, "the report is of stage none, and must be of two"},
		{"for another audience", []string{page, "--audience", "student"}, 3, "the report is of audience staff, and must be of student"},

		{"the page's verdict", []string{p.change("bad.html", "0 of 2 points</b>", "2 of 2 points</b>")}, 3, `not the same & in <b class="bad">: it has "2 of 2 points" and should have "0 of 2 points" & in truth: not passed: 0 of 2 points`},
		{"a heading", []string{p.change("bad.html", "<h2>Checks</h2>", "<h1>Passed with distinction</h1><h2>Checks</h2>")}, 3, "Passed with distinction & which does not belong there"},
		{"a script", []string{p.change("bad.html", "</main>", "<script>document.title='2 of 2'</script></main>")}, 3, "<script>"},
		{"what is shown and what is in the data", []string{p.change("bad.html", `"earned":0`, `"earned":2`)}, 3, "in the page's data, checks code: earned: the report says 2, this run 0"},
		{"a second score", []string{p.change("bad.json", `"score": 0`, `"score": 2, "score": 0`)}, 3, "not the same: this is not as labserver writes a report: it has the key \"score\" twice"},
		{"a score in capitals", []string{p.change("bad.json", `"score": 0`, `"score": 0, "Score": 2`)}, 3, "it has no key \"Score\", but \"score\""},
		{"points in capitals", []string{p.change("bad.json", `"earned": 0`, `"Earned": 2, "earned": 0`)}, 3, "checks[0] has no key \"Earned\", but \"earned\""},
		{"JUnit", []string{p.change("r.xml", `failures="0"`, `failures="1"`)}, 3, "failures="},
		{"Gradescope", append(here, p.change("results.json", `"score": 2`, `"score": 20`)), 3, `\"score\": 20`},
		{"text", append(here, p.change("r.txt", "2/2", "9/2"), "--student", "anna"), 3, "9/2"},
		{"a byte order mark", []string{p.change("r.html", "<!doctype", "\ufeff<!doctype")}, 3, "it begins with a byte order mark"},
		{"a program's name that says more", []string{p.change("r.html", "anna.wasm, ", "anna.wasm (full marks), ")}, 3, "full marks"},

		{"another version", []string{p.change("r.html", version()+"</dd>", "v0.9</dd>")}, 3, `should have "` + version() + `"`},
		{"no report", []string{p.wasm}, 2, "this is no report of labserver grade"},
		{"a seed that is none", []string{page, "--seed", "x"}, 2, "invalid value"},
	})

	// Of another version, as far as it says: its words may differ, its points may not.
	other := func(name string, pairs ...string) string {
		b, err := os.ReadFile(p.at(name))
		if err != nil {
			t.Fatal(err)
		}
		s := strings.NewReplacer(version()+"</dd>", "v0.9</dd>", `"version":"`+version(), `"version":"v0.9`, `"version": "`+version(), `"version": "v0.9`).Replace(string(b))
		return file(t, name, strings.NewReplacer(pairs...).Replace(s))
	}
	p.run([]verification{
		{"the version alone", []string{other("bad.html")}, 0, "version                  DIFFERS: the report says v0.9 & the same: every check"},
		{"other words", []string{other("bad.html", "What was found", "Findings")}, 2, "not proven: its points and checks are those of this run, and its bytes are not & it has \"Findings\" & Verify it with version v0.9"},
		{"other points", []string{other("bad.html", "0 of 2 points</b>", "2 of 2 points</b>")}, 3, "not the same: its points or checks are not those of this run & the report says that it was made by version v0.9; this is version " + version()},
		{"other points in JSON", []string{other("bad.json", `"score": 0`, `"score": 2`)}, 3, "score: the report says 2, this run 0"},
		{"other words in JSON", []string{other("bad.json", `"expected": "`, `"expected": "now `)}, 2, "not proven"},
		{"a key of another version", []string{other("bad.json", `"score": 0`, `"score": 0, "grade": "F"`)}, 2, "it has no key \"grade\" & the report says that it was made by version v0.9 & it may have written what this one does not know"},
	})
}

// A signature proves a report without another run, to who has the key.
func TestSignedReports(t *testing.T) {
	p := newProof(t)
	teacher, forger := p.key("teacher"), p.key("forger")
	given := slices.Clip([]string{p.quit, "--program", "bob=" + p.wasm, "--student", "anna", "--audience", "student"})
	grade := func(name, format, key string) string {
		return p.grade(name, append(given, "--format", format, "--sign", key)...)
	}
	page, json := grade("r.html", "html", teacher), grade("r.json", "json", teacher)
	scope := grade("results.json", "gradescope", teacher)
	p.grade("plain.html", append(given, "--format", "html")...)
	grade("forged.html", "html", forger)
	here := []string{"--scenario", p.quit, "--program", p.wasm}
	pub, err := os.ReadFile(teacher + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(string(pub))
	trust := []string{"--key", teacher + ".pub"}
	only := []string{"--key", teacher + ".pub", "--signature-only"}
	here, trust, only = slices.Clip(here), slices.Clip(trust), slices.Clip(only)
	p.run([]verification{
		{"the page", append(trust, append(here, page)...), 0, "signature                by " + key + " (" + teacher + ".pub), not changed since & the same: every check & 2 of 2 points"},
		{"JSON", append(trust, append(here, json)...), 0, "not changed since & the same"},
		{"beside Gradescope's", append(trust, append(here, scope)...), 0, "not changed since & the same"},
		{"the key itself", append([]string{"--key", key}, append(here, page)...), 0, "by " + key + ", not changed since"},
		{"several keys", append([]string{"--key", forger + ".pub", page}, only...), 0, "(" + teacher + ".pub)"},
		{"nobody's key", append(here, page), 0, "fits: not changed since it was signed with " + key + "; whose key that is, --key must say & the same"},
		{"without a run", append(only, page), 0, "signed, and not changed since; it was not graded again. It says: & passed: 2 of 2 points & scenario quitter, student anna, seed 1, as students see it & version"},
		{"without a run, JSON", append(only, json), 0, "signed, and not changed since"},
		{"without a run, Gradescope's", append(only, scope), 0, "2 of 2 points & student anna"},
		{"without a run, for another", append(only, page, "--student", "ben"), 3, "must be of ben"},
		{"another key", append(only, p.at("forged.html")), 3, "BY ANOTHER KEY & not confirmed"},
		{"another key, with a run", append(trust, append(here, p.at("forged.html"))...), 3, "BY ANOTHER KEY"},
		{"no signature", append(only, p.at("plain.html")), 3, "MISSING: the report is not signed & not confirmed"},
		{"no signature, with a run", append(trust, append(here, p.at("plain.html"))...), 3, "MISSING"},
		{"changed", append(only, p.change("r.html", "2 of 2 points</b>", "3 of 2 points</b>")), 3, "DOES NOT FIT: the report was changed after it was signed with " + key},
		{"changed, with a run", append(here, p.change("r.html", "2 of 2 points</b>", "3 of 2 points</b>")), 3, "DOES NOT FIT & it has \"3 of 2 points\""},
		{"changed, and its scenario is gone", []string{p.change("r.json", `"student": "anna"`, `"student": "ben"`)}, 3, "DOES NOT FIT"},
		{"the signature of another report", append(only, p.change("r.json", signatureOf(t, json), signatureOf(t, page))), 3, "DOES NOT FIT"},
		{"the signature taken out", append(only, p.change("r.html", "wireloom-signature", "x")), 3, "MISSING"},
		{"without a key", []string{page, "--signature-only"}, 2, "--signature-only needs --key"},
		{"a private key", []string{page, "--key", teacher}, 2, "this is a private key, which is for its owner alone"},
		{"a key that is not there", []string{page, "--key", p.at("nowhere")}, 2, "no such file"},
		{"no key", []string{page, "--key", p.wasm}, 2, "there is no key in it"},
	})
	t.Run("a page shows its key", func(t *testing.T) {
		b, err := os.ReadFile(page)
		if err != nil || !strings.Contains(string(b), "<dt>Signed with key</dt><dd class=\"mono\">"+key) {
			t.Errorf("it does not: %v", err)
		}
	})
	// Of another version, the signature says that its words are the signer's.
	signedBy := func(name, from, to string) string {
		f, err := readReport(page)
		if err != nil {
			t.Fatal(err)
		}
		k, _, err := sign.Load(teacher)
		if err != nil {
			t.Fatal(err)
		}
		s := strings.NewReplacer(version()+"</dd>", "v0.9</dd>", `"version":"`+version(), `"version":"v0.9`, from, to).Replace(string(f.Unsigned))
		b, _ := report.Sign(report.HTML, []byte(s), k)
		return file(t, name, string(b))
	}
	p.run([]verification{
		{"another version, other words", append(trust, append(here, signedBy("a.html", "What was found", "Findings"))...), 0, "not changed since & it was not changed since it was signed, and its points and checks are those of this run & 2 of 2 points"},
		{"another version, other words, nobody's key", append(here, signedBy("b.html", "What was found", "Findings")), 2, "not proven"},
		{"another version, other points", append(trust, append(here, signedBy("c.html", "2 of 2 points</b>", "9 of 9 points</b>"))...), 3, "its points or checks are not those of this run"},
		{"another version, without a run", append(only, signedBy("d.html", "What was found", "Findings")), 0, "version v0.9"},
	})
	t.Run("a file of a signature that is none", func(t *testing.T) {
		if err := os.WriteFile(scope+".sig", []byte("hello\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if code, out, _ := labserver(t, append([]string{"verify"}, append(only, scope)...)...); code != 3 || !strings.Contains(out, "the file of the signature is no line with a key and a value") {
			t.Errorf("code %d: %s", code, out)
		}
	})
}

// signatureOf is the value of a report's signature.
func signatureOf(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`"value": ?"([^"]{86})"`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("%s has no signature", name)
	}
	return string(m[1])
}

func TestKeys(t *testing.T) {
	p := newProof(t)
	key := p.key("teacher")
	pub, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	private, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	loose := file(t, "loose", string(private))
	for _, tc := range []struct {
		name string
		args []string
		code int
		out  string
		err  string
	}{
		{"print", []string{"key", "public", key}, 0, string(pub), ""},
		{"print the public one", []string{"key", "public", key + ".pub"}, 0, string(pub), ""},
		{"print what is none", []string{"key", "public", p.wasm}, 2, "", "there is no key in it: labserver key new makes one"},
		{"over another", []string{"key", "new", key}, 2, "", "is there already"},
		{"no name", []string{"key", "new"}, 2, "", "takes new FILE or public FILE; here it is new"},
		{"no command", []string{"key", "old", key}, 2, "", "takes new FILE or public FILE"},
		{"sign with a loose one", []string{"grade", p.quit, "--program", p.wasm, "--format", "json", "--sign", loose}, 0, `"signature": {`, "warning: others may read the private key " + loose},
		{"sign with a public one", []string{"grade", p.quit, "--program", p.wasm, "--format", "json", "--sign", key + ".pub"}, 2, "", "this is a public key: to sign, the private one is needed"},
		{"sign with none", []string{"grade", p.quit, "--program", p.wasm, "--format", "json", "--sign", p.at("nowhere")}, 2, "", "no such file"},
		{"sign what is printed", []string{"grade", p.quit, "--program", p.wasm, "--sign", key}, 2, "", "--sign: text that is printed has no place for a signature"},
		{"sign a page beside it", []string{"grade", p.quit, "--program", p.wasm, "--sign", key, "--html", p.at("x.html")}, 0, "passed: 2 of 2", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errs := labserver(t, tc.args...)
			if code != tc.code || !strings.Contains(out, tc.out) || !strings.Contains(errs, tc.err) {
				t.Errorf("code %d, want %d\nout %s\nerr %s", code, tc.code, out, errs)
			}
			for secret := range strings.FieldsSeq(string(private)) {
				if len(secret) > 20 && strings.Contains(out+errs, secret) {
					t.Errorf("it tells the private key: %s%s", out, errs)
				}
			}
		})
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// A hand-in that cannot be graded has a report like others, and so it can be verified.
func TestVerifyOfWhatWasNotHandedIn(t *testing.T) {
	p := newProof(t)
	folder := filepath.Dir(file(t, "main.c", "int main() {}"))
	r := p.grade("r.json", p.quit, "--submission", folder, "--format", "json")
	one := filepath.Dir(file(t, "mine.wasm", exitsWith(7)))
	good := p.grade("good.html", p.quit, "--submission", one, "--format", "html")
	scope := p.grade("results.json", p.quit, "--submission", folder, "--format", "gradescope")
	p.run([]verification{
		{"nothing to grade", []string{r}, 0, "the same & not passed: 0 of 2 points"},
		{"given here", []string{r, "--submission", folder}, 0, "the same"},
		{"another folder", []string{r, "--submission", one}, 3, "program bob.quits        DIFFERS: the report says nothing"},
		{"another program", []string{r, "--program", p.wasm}, 3, "program bob.quits        DIFFERS: the report says nothing"},
		{"gone", []string{p.change("r.json", folder, folder+".gone")}, 2, "give it with --submission FOLDER"},
		{"a good one", []string{good}, 0, "the same & passed: 2 of 2 points"},
		{"Gradescope's", []string{scope, "--scenario", p.quit, "--submission", folder}, 0, "the same"},
	})
}

// A class's reports are signed, each with the key of the command.
func TestGradeAllSigns(t *testing.T) {
	p := newProof(t)
	key, other := p.key("teacher"), p.key("other")
	folder := filepath.Dir(p.wasm)
	out := p.at("results")
	all := func(key string) {
		t.Helper()
		if code, text, errs := labserver(t, "grade-all", p.quit, folder, "--out", out, "--student-from", "name", "--audience", "student", "--format", "html,gradescope", "--sign", key); code != 0 {
			t.Fatalf("code %d: %s%s", code, text, errs)
		}
	}
	all(key)
	page, scope := filepath.Join(out, "reports", "anna.html"), filepath.Join(out, "reports", "anna.results.json")
	table := []verification{
		{"a page", []string{page, "--key", key + ".pub", "--signature-only", "--student", "anna"}, 0, "passed: 2 of 2 points & student anna"},
		{"Gradescope's file", []string{scope, "--key", key + ".pub", "--signature-only"}, 0, "not changed since"},
	}
	p.run(table)
	all(other) // what was signed with another key is graded again
	for i := range table {
		table[i].args[2] = other + ".pub"
	}
	p.run(table)
	if code, _, errs := labserver(t, "grade-all", p.quit, folder, "--sign", key); code != 2 || !strings.Contains(errs, "no report is written: say which with --format") {
		t.Errorf("code %d: %s", code, errs)
	}
}
