package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"wireloom/internal/diskfile"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

// verifyFlags are what a person knows of a report beside it: where its files are, and
// what it must be of.
type verifyFlags struct {
	f              *flag.FlagSet
	scenario       *string
	submission     *string
	programs       programFlag
	student, stage *string
	seed           *uint64
	attempt        *int
	hints          *grade.Asked
	audience       *scenario.Audience
	keys           keyFlag
	signatureOnly  *bool
	cache          *string
	timeout        *time.Duration
	name           string // of the report's file
}

func newVerifyFlags(f *flag.FlagSet) *verifyFlags {
	v := &verifyFlags{
		f: f, scenario: f.String("scenario", "", "the `scenario`, where it is not where the report says"),
		submission:    f.String("submission", "", "the `folder` that was handed in, where programs are not where the report says"),
		student:       f.String("student", "", "the report must be of the student with this `id`"),
		stage:         f.String("stage", "", "the report must be of this `stage`"),
		seed:          f.Uint64("seed", 0, "the report must be of a run with this `number` as its seed"),
		audience:      audienceFlag(f),
		signatureOnly: f.Bool("signature-only", false, "look at the signature alone, and do not grade again (with --key)"),
		cache:         cacheFlag(f), timeout: timeoutFlag(f),
	}
	v.attempt, v.hints = attemptFlags(f)
	f.Var(&v.programs, "program", "a program, as `NODE=FILE`, where it is not where the report says")
	f.Var(&v.keys, "key", "a public `key` that you trust, or its file: the report must be signed with it (or with one of several)")
	return v
}

func runVerify(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "verify", "REPORT [--scenario SCENARIO] [--program NODE=FILE]... [--key KEY]", `Finds out whether a report of labserver grade is true: looks whether scenario, programs and
version are those that it names, grades again, writes the report again, and compares every
byte. It takes each of the forms; one in text doesn't say what it is of: give it --scenario
and what grade was given. With --key it must also be signed with that key. Of a receipt that
a class's server gave for a hand-in, it says whether that server wrote it, and whether the files
of --program are what was handed in. Exit code 0: the same; 2: it could not be tried, or not proven; 3: not the same, or not signed so.`)
	v := newVerifyFlags(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 1 {
		return wants(io, f, "one REPORT", rest)
	}
	v.name = rest[0]
	if *v.signatureOnly && len(v.keys) == 0 {
		return fail(io, errors.New("--signature-only needs --key: a signature says something if its key is one that you trust"))
	}
	ctx, cancel, err := limited(ctx, *v.timeout)
	if err != nil {
		return fail(io, err)
	}
	defer cancel()
	if b := receiptIn(v.name); b != nil {
		return v.receipt(io, b)
	}
	file, err := readReport(v.name)
	var a *report.Altered
	switch {
	case errors.As(err, &a):
		return notOurs(io, a)
	case err != nil:
		return fail(io, err)
	}
	if say := v.expected(file); say != "" {
		fmt.Fprintf(io.out, "not the same: %s\n", say)
		return exitDiffers
	}
	signed, err := v.signature(io, file)
	if errors.As(err, &a) {
		fmt.Fprintf(io.out, "not confirmed: %s\n", a.Say)
		return exitDiffers
	}
	if err != nil {
		return fail(io, err)
	}
	if signed == sigOther || signed == sigMissing || *v.signatureOnly {
		return signed.verdict(io, file)
	}
	code = v.again(ctx, io, file, signed)
	if signed == sigBroken {
		return exitDiffers // whatever else could be tried
	}
	return code
}

// notOurs says of a report that it is not as labserver writes one.
func notOurs(io stdio, a *report.Altered) int {
	fmt.Fprintf(io.out, "not the same: this is not as labserver writes a report: %s\n", a.Say)
	if a.Version != "" && a.Version != version() {
		fmt.Fprintf(io.out, "%s\nverify it with that version: it may have written what this one does not know\n", madeBy(a.Version))
		return exitError
	}
	return exitDiffers
}

// madeBy is a sentence about versions.
func madeBy(v string) string {
	return fmt.Sprintf("the report says that it was made by version %s; this is version %s", report.Line(v), version())
}

// readReport reads a report's file.
func readReport(name string) (*report.File, error) {
	b, err := diskfile.Read(name, report.MaxDocument)
	if err != nil {
		return nil, fmt.Errorf("report: %w", named(name, err))
	}
	file, err := report.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", report.Line(name), err)
	}
	return file, nil
}

// named is an error about a file whose name is a stranger's.
func named(name string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", report.Line(name), err)
	}
	return nil
}

// expected looks whether the report is of what it must be, and says what it is of
// instead. What a report in text does not say, it is told.
func (v *verifyFlags) expected(file *report.File) string {
	h := &file.Head
	if file.Format == report.Text {
		h.Student, h.Stage, h.Audience, h.Attempt, h.Hints = *v.student, *v.stage, *v.audience, numbered(*v.attempt), *v.hints
		if set(v.f, "seed") {
			h.Seed = *v.seed
		}
		return ""
	}
	for _, x := range []struct {
		flag, what, is, must string
	}{
		{"student", "student", h.Student, scenario.StudentID(*v.student)},
		{"stage", "stage", h.Stage, *v.stage},
		{"seed", "seed", fmt.Sprint(h.Seed), fmt.Sprint(*v.seed)},
		{"attempt", "attempt", fmt.Sprint(max(h.Attempt, 1)), fmt.Sprint(*v.attempt)},
		{"hint", "hints", h.Hints.String(), v.hints.String()},
		{"audience", "audience", h.Audience.String(), v.audience.String()},
	} {
		if set(v.f, x.flag) && x.is != x.must {
			is := x.is
			if is == "" {
				is = "none"
			}
			return fmt.Sprintf("the report is of %s %s, and must be of %s", x.what, report.Line(is), report.Line(x.must))
		}
	}
	return ""
}

// again grades again what the report is of, and compares.
func (v *verifyFlags) again(ctx context.Context, io stdio, file *report.File, signed sigState) int {
	engine, err := openEngine(ctx, io, *v.cache)
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	g, err := v.grading(engine, file)
	if err != nil {
		return fail(io, err)
	}
	same, err := inputsMatch(io, g, file)
	if err != nil {
		return fail(io, err)
	}
	if !same {
		fmt.Fprintln(io.out, "not the same: it was not graded again, because that would be another grading")
		return exitDiffers
	}
	res, b, err := g.rewritten(ctx, io, file)
	if err != nil {
		return fail(io, err)
	}
	return compare(io, file, res, b, signed)
}

// compare says whether a report is that of the run, which is b.
func compare(io stdio, file *report.File, res *grade.Result, b []byte, signed sigState) int {
	said, more := file.Differ(b)
	other := file.Head.Version != version()
	tell := func() {
		for _, s := range said {
			fmt.Fprintf(io.out, "  %s\n", s)
		}
		if more > 0 {
			fmt.Fprintf(io.out, "  and %d differences more\n", more)
		}
	}
	switch {
	case len(said) == 0 && more == 0:
		fmt.Fprintf(io.out, "the same: every check, all %d events, every byte of %s\n", res.Events, file.Format.Say())
	case !other:
		fmt.Fprintln(io.out, "not the same:")
		tell()
		fmt.Fprintf(io.out, "in truth: %s\n", report.Verdict(res))
		if version() == unversioned {
			fmt.Fprintln(io.out, "this labserver was built without a version: if another build made the report, it may have written the same run in other words")
		}
		return exitDiffers
	case !file.SameScores(b):
		fmt.Fprintln(io.out, "not the same: its points or checks are not those of this run")
		tell()
		fmt.Fprintf(io.out, "in truth: %s\n%s: its words may differ, its points may not\n", report.Verdict(res), madeBy(file.Head.Version))
		return exitDiffers
	case signed == sigGood:
		fmt.Fprintf(io.out, "%s\nit was not changed since it was signed, and its points and checks are those of this run\n", madeBy(file.Head.Version))
	default:
		fmt.Fprintf(io.out, "not proven: its points and checks are those of this run, and its bytes are not\n")
		tell()
		fmt.Fprintf(io.out, "%s, which writes a report of this run in other words. Verify it with version %s: only that can tell whether words were changed\n",
			madeBy(file.Head.Version), report.Line(file.Head.Version))
		return exitError
	}
	fmt.Fprintf(io.out, "  %s\n  %s\n", report.Verdict(res), of(file))
	if res.Hash != "" {
		fmt.Fprintf(io.out, "  run %s\n", res.Hash)
	}
	return exitOK
}

// of is what a report is of, and for whom.
func of(file *report.File) string {
	h := &file.Head
	var out []string
	for _, x := range [][2]string{{"scenario", h.Scenario}, {"student", h.Student}, {"stage", h.Stage}} {
		if x[1] != "" {
			out = append(out, x[0]+" "+report.Line(x[1]))
		}
	}
	who := map[scenario.Audience]string{
		scenario.Student: "as students see it", scenario.AfterDue: "as students see it after the due date", scenario.Staff: "as staff see it",
	}
	if out = append(out, fmt.Sprintf("seed %d", h.Seed)); file.Format != report.Gradescope { // which is for all of them
		out = append(out, who[h.Audience])
	}
	return strings.Join(out, ", ")
}
