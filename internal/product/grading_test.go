package product

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"wireloom/internal/decode"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
	"wireloom/vnet"
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// Each file of testdata/grading is a scenario and what its grading must find: every
// kind of step, passing and failing. Without a scenario.yaml of its own a file has
// the steps only, on the lab of plainLab. The programs are those of nativePrograms.
// Lines of the file's head that begin with "student:", "stage:", "attempt:", "hint:" and "audience:" are
// the options. -update rewrites what is wanted.
func TestGradingFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/grading/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, error %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			ar := parseArchive(string(text))
			got := gradeArchive(t, ar)
			if again := gradeArchive(t, ar); again != got {
				t.Errorf("two gradings differ:\n%s\n%s", got, again)
			}
			before, want, ok := strings.Cut(string(text), "\n-- want --\n")
			if !ok {
				t.Fatal("the file does not end with what is wanted")
			}
			if *update {
				want = got
				if err := os.WriteFile(file, []byte(before+"\n-- want --\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s\nIf the change is meant, make update rewrites it", got, want)
			}
		})
	}
}

const plainLab = `scenario: plain
seed: 7
nodes:
  alice:
    nics: {em0: {port: s1.1, address: 10.0.0.1/24, mac: "02:00:00:00:00:01"}}
  bob:
    dialect: netbsd
    devices: {tap0: {port: s1.2, mac: "02:00:00:00:00:0b"}}
    programs:
      host: {slot: submission, argv: [host, /dev/tap0, 10.0.0.2, "02:00:00:00:00:0b"]}
      cat: {slot: submission2, start: false}
      quits: {slot: submission3, start: false}
      greedy: {slot: submission4, start: false}
  carol:
    devices: {tun0: {}}
    programs:
      swap: {slot: submission5, argv: [swap, /dev/tun0]}
switches:
  s1: {ports: 3}
`

// An archive is a file in the form of txtar: a comment, and files, each behind a line
// with its name between dashes.
type archive struct {
	comment string
	files   []archived
}

type archived struct{ name, text string }

func parseArchive(text string) archive {
	var a archive
	to := &a.comment
	for l := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(l), "-- "); ok && strings.HasSuffix(name, " --") {
			a.files = append(a.files, archived{name: strings.TrimSuffix(name, " --")})
			to = &a.files[len(a.files)-1].text
			continue
		}
		*to += l
	}
	return a
}

// gradeArchive grades what an archive holds and writes the result down.
func gradeArchive(t *testing.T, ar archive) string {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, f := range ar.files {
		switch {
		case f.name == "steps.yaml":
			fsys["scenario.yaml"] = &fstest.MapFile{Data: []byte(plainLab + f.text)}
		case strings.HasSuffix(f.name, ".hex"):
			b, err := hex.DecodeString(strings.Join(strings.Fields(f.text), ""))
			if err != nil {
				t.Fatal(err)
			}
			fsys[strings.TrimSuffix(f.name, ".hex")] = &fstest.MapFile{Data: b}
		default:
			fsys[f.name] = &fstest.MapFile{Data: []byte(f.text)}
		}
	}
	sc, err := scenario.Open(fsys, "test")
	if err != nil {
		t.Fatal(err)
	}
	o := grade.Options{Audience: scenario.Staff}
	for l := range strings.Lines(ar.comment) {
		key, value, _ := strings.Cut(strings.TrimSpace(l), ": ")
		switch key {
		case "student":
			o.Student = value
		case "stage":
			o.Stage = value
		case "attempt":
			if o.Attempt, err = strconv.Atoi(value); err != nil {
				t.Fatal(err)
			}
		case "hint":
			if err := o.Hints.Set(value); err != nil {
				t.Fatal(err)
			}
		case "audience":
			if o.Audience, err = scenario.ParseAudience(value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if sc, err = sc.For(o.Student, nil); err != nil {
		t.Fatal(err)
	}
	conf := sc.Config(nil)
	conf.Window = -1
	lab, err := vnet.New(conf, Runtime())
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	for _, sl := range sc.Slots() {
		if err := lab.Install(sl.Node, sl.Proc, native{sl.Proc}); err != nil {
			t.Fatal(err)
		}
	}
	res, err := grade.Grade(lab, sc, o)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	return written(res)
}

// written is a result as text, with everything in it that is the same after an
// unrelated change: not its hash.
func written(r *grade.Result) string {
	var b bytes.Buffer
	for _, k := range slices.Sorted(maps.Keys(r.Params)) {
		fmt.Fprintf(&b, "param %s = %s\n", k, r.Params[k])
	}
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "%s %s %d/%d line %d", c.Status, c.ID, c.Earned, c.Points, c.Line)
		if c.Because != "" {
			fmt.Fprintf(&b, " because of %s", c.Because)
		}
		if c.Visible != "always" {
			fmt.Fprintf(&b, " visible %s", c.Visible)
		}
		if c.Bonus {
			b.WriteString(" bonus")
		}
		if c.Parts > 0 {
			fmt.Fprintf(&b, ", %d of %d parts", c.Met, c.Parts)
		}
		if len(r.Hints) > 0 && c.Fail() || c.Paid > 0 {
			fmt.Fprintf(&b, ", hints %q, %d left, the next for %d, %d paid", c.Hint, c.HintsLeft, c.HintCost, c.Paid)
		}
		fmt.Fprintf(&b, "\n  expected %s\n  actual   %s\n", indented(c.Expected), indented(c.Actual))
		for _, d := range c.Diff {
			fmt.Fprintf(&b, "  diff     %s want %s got %s same %t\n", d.Field, d.Want, d.Got, d.Same)
		}
		for _, p := range c.Packets {
			fmt.Fprintf(&b, "  %-8s %v %s %s %s\n", p.Role, p.At, p.Port, p.Link, p.Summary)
		}
		for _, l := range c.Log {
			fmt.Fprintf(&b, "  log      %s\n", l)
		}
		for _, p := range c.Output {
			writePrinted(&b, "  ", p)
		}
		if c.Staff != "" {
			fmt.Fprintf(&b, "  staff    %s\n", c.Staff)
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	for _, p := range r.Output {
		writePrinted(&b, "", p)
	}
	fmt.Fprintf(&b, "%d of %d, passed %t, hidden %t\n", r.Score, r.MaxScore, r.Passed, r.Hidden)
	return b.String()
}

func writePrinted(b *bytes.Buffer, lead string, p grade.Printed) {
	for _, l := range p.Lines {
		fmt.Fprintf(b, "%soutput   %s.%s, %d before: %s\n", lead, p.Node, p.Proc, p.Before, l)
	}
}

func indented(s string) string { return strings.ReplaceAll(s, "\n", "\n           ") }

// A native is a submitted program that is made of a Go function.
type native struct{ name string }

func (n native) Name() string { return n.name + ".wasm" }
func (n native) ID() string   { return strings.Repeat("0", 64-len(n.name)) + n.name }
func (n native) Main(p *sys.Proc) sys.Exit {
	return nativePrograms[n.name](p)
}

func exited(code int) sys.Exit { return sys.Exit{Code: code, How: "exit"} }

// nativePrograms are what the scenarios of the tests run.
var nativePrograms = map[string]func(p *sys.Proc) sys.Exit{
	// host answers ARP and echo requests on a tap.
	"host": func(p *sys.Proc) sys.Exit {
		fd, e := p.Open(p.Args()[1], kern.O_RDWR)
		if e != errno.OK {
			return exited(1)
		}
		buf := make([]byte, 2048)
		for {
			n, e := p.Read(fd, buf)
			if p.Dying() {
				return p.Verdict()
			}
			if e != errno.OK {
				return exited(2)
			}
			p.Charge(100)
			if f := answerOf(buf[:n], p.Args()[2], p.Args()[3]); f != nil {
				p.Write(fd, f)
			}
		}
	},
	// cat copies its input to its output, and says bye on standard error.
	"cat": func(p *sys.Proc) sys.Exit {
		buf := make([]byte, 2048)
		for {
			n, e := p.Read(0, buf)
			if p.Dying() {
				return p.Verdict()
			}
			if e != errno.OK || n == 0 {
				p.Write(2, []byte("bye\n"))
				return exited(0)
			}
			p.Write(1, buf[:n])
		}
	},
	// quits ends with the code of its first argument, or by a trap. It prints in pieces,
	// as C's err(3) and Rust's panics do: a log has its lines.
	"quits": func(p *sys.Proc) sys.Exit {
		p.Write(1, []byte("called "))
		p.Write(1, fmt.Appendf(nil, "as %q", p.Args()))
		p.Write(1, []byte("\n"))
		if len(p.Args()) > 1 {
			return exited(len(p.Args()) + 1)
		}
		return sys.Exit{Code: 132, How: "trap", Why: "unreachable: it gave up in main"}
	},
	// fails ends as programs in several languages do that give up: its first argument is
	// the code, 132 for a trap; each of the others is a call of write, on standard output
	// where it begins with "1:".
	"fails": func(p *sys.Proc) sys.Exit {
		code, err := strconv.Atoi(p.Args()[1])
		if err != nil {
			return exited(70)
		}
		for _, text := range p.Args()[2:] {
			if out, ok := strings.CutPrefix(text, "1:"); ok {
				p.Write(1, []byte(out))
				continue
			}
			p.Write(2, []byte(text))
		}
		if code == 132 {
			return sys.Exit{Code: code, How: "trap", Why: "unreachable: it gave up in main"}
		}
		return exited(code)
	},
	// greedy, frugal and wanted compute without end.
	"greedy": compute, "frugal": compute, "wanted": compute,
	// breeds starts two of itself that compute, the first for a second and a half.
	"breeds": func(p *sys.Proc) sys.Exit {
		if len(p.Args()) < 2 {
			for _, how := range []string{"short", "long"} {
				if _, e := p.Spawn([]string{"breeds", how}, nil, [3]int{0, 1, 2}); e != errno.OK {
					return exited(2)
				}
			}
			return exited(0)
		}
		if p.Args()[1] == "short" {
			p.Charge(int64(1500 * time.Millisecond / sys.FuelNanosecond))
			return exited(0)
		}
		return compute(p)
	},
	// chatty prints without end.
	"chatty": func(p *sys.Proc) sys.Exit {
		for {
			p.Write(1, bytes.Repeat([]byte("blah "), 1000))
			p.Charge(10_000)
			if p.Dying() {
				return p.Verdict()
			}
		}
	},
	// bounce gives back what it reads from a tun, with the addresses swapped.
	"bounce": func(p *sys.Proc) sys.Exit {
		fd, e := p.Open(p.Args()[1], kern.O_RDWR)
		if e != errno.OK {
			return exited(1)
		}
		buf := make([]byte, 2048)
		for {
			n, _ := p.Read(fd, buf)
			if p.Dying() {
				return p.Verdict()
			}
			p.Charge(100)
			if n >= 20 {
				from := slices.Clone(buf[12:16])
				copy(buf[12:16], buf[16:20])
				copy(buf[16:20], from)
				p.Write(fd, buf[:n])
			}
		}
	},
	// late answers echo requests on a tun after half a second, and puts the time of its
	// answer where the request has its own: what ping prints is then no time at all.
	"late": func(p *sys.Proc) sys.Exit {
		fd, e := p.Open(p.Args()[1], kern.O_RDWR)
		if e != errno.OK {
			return exited(1)
		}
		buf := make([]byte, 2048)
		for {
			n, e := p.Read(fd, buf)
			if p.Dying() {
				return p.Verdict()
			}
			if e != errno.OK {
				return exited(2)
			}
			p.Poll(nil, 500*time.Millisecond)
			reply, err := decode.Reply(decode.Raw, buf[:n])
			if err != nil {
				continue
			}
			for i := range reply {
				if reply[i].Name != "data.data" {
					continue
				}
				data, err := hex.DecodeString(strings.ReplaceAll(reply[i].Value, ":", ""))
				if err != nil || len(data) < 8 {
					continue
				}
				binary.BigEndian.PutUint32(data, uint32(p.Now()/time.Second))
				binary.BigEndian.PutUint32(data[4:], uint32(p.Now()%time.Second/time.Microsecond))
				reply[i].Value = hex.EncodeToString(data)
			}
			if f, err := decode.Build(decode.Raw, reply); err == nil {
				p.Write(fd, f)
			}
		}
	},
	// swap answers echo requests on a tun.
	"swap": func(p *sys.Proc) sys.Exit {
		fd, e := p.Open(p.Args()[1], kern.O_RDWR)
		if e != errno.OK {
			return exited(1)
		}
		buf := make([]byte, 2048)
		for {
			n, e := p.Read(fd, buf)
			if p.Dying() {
				return p.Verdict()
			}
			if e != errno.OK {
				return exited(2)
			}
			reply, err := decode.Reply(decode.Raw, buf[:n])
			if err != nil {
				continue
			}
			if f, err := decode.Build(decode.Raw, reply); err == nil {
				p.Write(fd, f)
			}
		}
	},
}

func compute(p *sys.Proc) sys.Exit {
	for {
		p.Charge(p.Budget())
		if p.Dying() {
			return p.Verdict()
		}
	}
}

// answerOf is what a host with an address answers to a frame, nil for nothing.
func answerOf(frame []byte, ip, mac string) []byte {
	get := func(name string) string {
		v, _ := decode.Value(decode.Ethernet, frame, name)
		return v
	}
	if get("arp.dst.proto_ipv4") != ip && get("ip.dst") != ip {
		return nil
	}
	kvs, err := decode.Reply(decode.Ethernet, frame)
	if err != nil {
		return nil
	}
	if get("arp.opcode") != "" {
		kvs = append(kvs, decode.KV{Name: "arp.src.hw_mac", Value: mac})
	}
	kvs = slices.DeleteFunc(kvs, func(kv decode.KV) bool { return kv.Name == "eth.src" })
	f, err := decode.Build(decode.Ethernet, append(kvs, decode.KV{Name: "eth.src", Value: mac}))
	if err != nil {
		return nil
	}
	return f
}
