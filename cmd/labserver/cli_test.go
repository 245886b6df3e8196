package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// labserver runs a command line and returns its exit code and what it printed.
func labserver(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, stdio{strings.NewReader(""), &o, &e})
	return code, o.String(), e.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// exitsWith is a module whose _start ends the process with a code below 64.
func exitsWith(code byte) string {
	return "\x00asm\x01\x00\x00\x00" +
		"\x01\x08\x02\x60\x01\x7f\x00\x60\x00\x00" + // types: (i32), ()
		"\x02\x24\x01\x16wasi_snapshot_preview1\x09proc_exit\x00\x00" +
		"\x03\x02\x01\x01" + // one function of type 1
		"\x05\x03\x01\x00\x01" + // a page of memory
		"\x07\x13\x02\x06memory\x02\x00\x06_start\x00\x01" +
		"\x0a\x08\x01\x06\x00\x41" + string(code) + "\x10\x00\x0b"
}

func TestExitCodesAndWhatIsSaid(t *testing.T) {
	text := file(t, "mine.wasm", "this is no program")
	quits := file(t, "quits.wasm", exitsWith(7))
	typo := filepath.Dir(file(t, "scenario.yaml", "scenario: x\nnodez: {}\n"))
	for _, tc := range []struct {
		name string
		args []string
		code int
		out  string // in what it prints
		err  string // in what it prints to standard error
	}{
		{"nothing", nil, 2, "", "usage: labserver"},
		{"help", []string{"help"}, 0, "grade SCENARIO", ""},
		{"help of a command", []string{"grade", "--help"}, 0, "usage: labserver grade SCENARIO", ""},
		{"help names flags as they are written", []string{"grade", "--help"}, 0, "\n  --audience whom\n", ""},
		{"no such command", []string{"garde"}, 2, "", `there is no command "garde"`},
		{"no such flag", []string{"grade", "ping", "--fast"}, 2, "", "there is no flag --fast\n"},
		{"version", []string{"version"}, 0, "labserver ", ""},
		{"version as a flag", []string{"--version"}, 0, "labserver ", ""},
		{"help says where more is", []string{"help"}, 0, "labserver help COMMAND says more", ""},
		{"a command's help", []string{"help", "grade"}, 0, "usage: labserver grade SCENARIO", ""},
		{"help of what is none", []string{"help", "grad"}, 2, "", `there is no command "grad"`},
		{"the reference passes", []string{"grade", "ping"}, 0, "passed: ", ""},
		{"flags may come first", []string{"grade", "--repeat", "2", "ping"}, 0, "2 runs, all the same", ""},
		{"a program that only exits fails", []string{"grade", "ping", "--program", "bob=" + quits}, 1, "bob:pingd is not running: exit code 7", ""},
		{"the check that needs another is skipped", []string{"grade", "ping", "--program", "bob.pingd=" + quits}, 1, "not tried: it needs arp-reply", ""},
		{"no program", []string{"grade", "ping", "--program", "bob=" + text}, 1, "the file is text, perhaps", ""},
		{"no file", []string{"grade", "ping", "--program", "bob=nowhere.wasm"}, 2, "", "nowhere.wasm: no such file"},
		{"no slot", []string{"grade", "ping", "--program", "alice=" + quits}, 2, "", "has no slot for a program there; it has bob.pingd, and there is no file alice="},
		{"an equals sign in a file's name", []string{"grade", "ping", "--program", file(t, "vpnc-__FreeBSD__=9.wasm", exitsWith(7))}, 1, "bob:pingd is not running: exit code 7", ""},
		{"and after a place", []string{"grade", "ping", "--program", "bob=" + file(t, "a=b.wasm", exitsWith(7))}, 1, "bob:pingd is not running: exit code 7", ""},
		{"two programs for one slot", []string{"grade", "ping", "--program", quits, "--program", text}, 2, "", "bob.pingd has a program already, " + quits},
		{"a folder for a program", []string{"grade", "ping", "--program", t.TempDir()}, 2, "", "it is a folder, and no ordinary file; a folder that somebody handed in is given with --submission"},
		{"a device for a program", []string{"grade", "ping", "--program", "/dev/zero"}, 2, "", "program /dev/zero: it is a device, and no ordinary file"},
		{"a device for a scenario", []string{"grade", "/dev/zero"}, 2, "", "it is a device, and no ordinary file"},
		{"a program and a submission", []string{"grade", "ping", "--program", quits, "--submission", "x"}, 2, "", "give one of them"},
		{"no submission", []string{"grade", "ping", "--submission", "nowhere"}, 2, "", "--submission: stat nowhere: no such file"},
		{"a file for a submission", []string{"grade", "ping", "--submission", quits}, 2, "", "it is no folder; a single program is given with --program"},
		{"an empty submission", []string{"grade", "ping", "--submission", t.TempDir()}, 1, "there is no .wasm file in what was handed in", ""},
		{"a program without a file", []string{"grade", "ping", "--program", "bob="}, 2, "", "want NODE=FILE"},
		{"a program for the only slot", []string{"grade", "ping", "--program", quits}, 1, "bob:pingd is not running: exit code 7", ""},
		{"no such format", []string{"grade", "ping", "--format", "pdf"}, 2, "", `there is no format "pdf"; there are`},
		{"no such audience", []string{"grade", "ping", "--audience", "dean"}, 2, "", "student, after-due and staff are"},
		{"no such stage", []string{"grade", "ping", "--stage", "nine"}, 2, "", `has no stages`},
		{"no runs", []string{"grade", "ping", "--repeat", "0"}, 2, "", "--repeat 0: want 1 or more"},
		{"a file that cannot be written", []string{"grade", "ping", "--html", "nowhere/page.html"}, 2, "passed: ", "no such file"},
		{"verify nothing", []string{"verify", "nowhere.json"}, 2, "", "no such file"},
		{"verify what is no report", []string{"verify", text}, 2, "", "this is no report"},
		{"grade-all of no folder", []string{"grade-all", "ping", "nowhere"}, 2, "", "no such file"},
		{"grade-all of an empty folder", []string{"grade-all", "ping", t.TempDir()}, 2, "", "a submission is a .wasm file"},
		{"grade-all needs both", []string{"grade-all", "ping"}, 2, "", "takes a SCENARIO and the DIR of submissions; here it is ping"},
		{"a program where none belongs", []string{"grade", "ping", "x.wasm"}, 2, "", "a program is given with --program"},
		{"an unknown flag", []string{"grade", "ping", "--programm", "x"}, 2, "", "labserver grade --help lists the flags"},
		{"the file of a folder", []string{"check", "../../scenarios/ping/scenario.yaml"}, 0, "no mistakes", ""},
		{"no scenario", []string{"grade", "pong"}, 2, "", "one of the built-in ones: "},
		{"a scenario with a typo", []string{"grade", typo}, 2, "", `scenario.yaml:2:1: the scenario has no key "nodez"; did you mean nodes?`},
		{"check finds it", []string{"check", "ping", typo}, 1, "ping: 2 nodes", "1 of 2 scenarios have mistakes"},
		{"check finds nothing", []string{"check", "../../scenarios/ping"}, 0, "no mistakes", ""},
		{"schema", []string{"schema"}, 0, "2020-12", ""},
		{"schema's help is no schema", []string{"schema", "--help"}, 0, "usage: labserver schema", ""},
		{"schema takes nothing", []string{"schema", "ping"}, 2, "", "takes no arguments; here it is ping"},
		{"fields", []string{"fields", "ARP", "opcode"}, 0, "arp.opcode  number  1 request, 2 reply", ""},
		{"fields of no protocol", []string{"fields", "token", "ring"}, 1, "", "no field has the words token ring"},
		{"run", []string{"run", "ping", "--for", "3s"}, 0, "64 bytes from 10.0.0.2: icmp_seq=1", ""},
		{"run with calls", []string{"run", "ping", "--for", "3s", "--strace"}, 0, ", 98) = 98", ""},
		{"replay of nothing", []string{"replay", "nowhere"}, 2, "", "nowhere: no such file"},
		{"replay of what is no recording", []string{"replay", text}, 2, "", "this is not a recording"},
		{"compile", []string{"compile", "--builtin", quits}, 0, " programs compiled", ""},
		{"compile what is no program", []string{"compile", text}, 1, "0 programs compiled", "not a WebAssembly module"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errs := labserver(t, tc.args...)
			if code != tc.code || !strings.Contains(out, tc.out) || !strings.Contains(errs, tc.err) {
				t.Errorf("code %d, want %d\nout %s\nwant %q in it\nerr %s\nwant %q in it", code, tc.code, out, tc.out, errs, tc.err)
			}
		})
	}
}

func TestRunWritesCaptureAndEvents(t *testing.T) {
	dir := t.TempDir()
	capture, events := filepath.Join(dir, "a.pcapng"), filepath.Join(dir, "a.jsonl")
	code, out, errs := labserver(t, "run", "ping", "--for", "2s", "--pcap", capture, "--events", events)
	if code != 0 {
		t.Fatalf("code %d: %s", code, errs)
	}
	b, err := os.ReadFile(capture)
	if err != nil || !bytes.HasPrefix(b, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		t.Errorf("no pcapng: %d bytes, %v", len(b), err)
	}
	b, err = os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	for i, l := range lines {
		var e struct {
			Seq  int    `json:"seq"`
			Kind string `json:"k"`
		}
		if err := json.Unmarshal(l, &e); err != nil || e.Seq != i || e.Kind == "" {
			t.Fatalf("line %d is %s: %v", i, l, err)
		}
	}
	if len(lines) < 20 || !strings.Contains(out, "events in 2s of virtual time") {
		t.Errorf("%d lines; %s", len(lines), out)
	}
	again := filepath.Join(dir, "b.pcapng")
	labserver(t, "run", "ping", "--for", "2s", "--pcap", again)
	first, _ := os.ReadFile(capture)
	if second, err := os.ReadFile(again); err != nil || !bytes.Equal(first, second) {
		t.Errorf("the same run gives another capture: %d and %d bytes, %v", len(first), len(second), err)
	}
}

func TestAnInterruptedCommandEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var o, e bytes.Buffer
	if code := run(ctx, []string{"grade", "ping", "--repeat", "1000000"}, stdio{strings.NewReader(""), &o, &e}); code != exitError || !strings.Contains(e.String(), "interrupted") {
		t.Errorf("code %d, %s", code, e.String())
	}
}
