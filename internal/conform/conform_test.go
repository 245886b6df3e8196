package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRecordings replays everything there is; the name of a subtest is that
// of the recording, which says what behaviour it is about.
func TestRecordings(t *testing.T) {
	for _, name := range driverNames() {
		files, err := recordings([]string{filepath.Join("testdata", name)})
		if err != nil {
			t.Fatal(err)
		}
		if len(files) < 90 {
			t.Errorf("%d recordings of %s, want at least 90", len(files), name)
		}
		for _, file := range files {
			rel, err := filepath.Rel("testdata", file)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(strings.TrimSuffix(filepath.ToSlash(rel), ".jsonl"), func(t *testing.T) {
				var out bytes.Buffer
				r, err := replayFile(drivers[name], file, &out)
				if err != nil {
					t.Fatal(err)
				}
				if r.differ != 0 || out.Len() != 0 {
					t.Errorf("%d of %d operations differ:\n%s", r.differ, r.ops, out.String())
				}
				if r.ops == 0 {
					t.Error("a recording without operations")
				}
			})
		}
	}
}

// TestChangedRecordingsDiffer changes one thing of a recording at a time: a
// replayer that does not look there would not see it.
func TestChangedRecordingsDiffer(t *testing.T) {
	for _, tc := range []struct {
		name, driver, file, pattern, by, want string
	}{
		{"errno", "netbsd-tap", "named/read-while-down", `"errno":"EHOSTDOWN"`, `"errno":"EIO"`, `errno: recorded "EIO"`},
		{"number of an errno", "netbsd-tap", "named/read-while-down", `"errnum":64`, `"errnum":5`, `errnum: recorded 5`},
		{"data", "freebsd-tun", "named/read-joins-mbuf-chain", `"data":\{"len":\d+,"hex":"45`, `"data":{"len":1,"hex":"46`, `data.hex: recorded "46`},
		{"count of bytes left", "freebsd-tun", "named/write-while-down", `"resid":20`, `"resid":0`, `resid: recorded 0`},
		{"name of an event", "netbsd-tap", "named/open-unit-sets-link-up-and-is-exclusive", `"ev":"link_state"`, `"ev":"link_stat"`, `ev: recorded "link_stat"`},
		{"value in an event", "dragonfly-tap", "named/output-wakes-everyone", `"ev":"wakeup","woken":1`, `"ev":"wakeup","woken":2`, `woken: recorded 2`},
		{"missing event", "dragonfly-tun", "named/output-wakes-select", `\{"ev":"selwakeup","woken":1\}`, ``, `events: recorded []`},
		{"errno of a sleeper", "netbsd-tap", "named/read-woken-by-ifdown", `"line":5,"errno":"EHOSTDOWN"`, `"line":5,"errno":"EINTR"`, `completed[0].errno: recorded "EINTR"`},
		{"wait message", "dragonfly-tun", "named/read-interrupted", `"sleep":"tunread"`, `"sleep":"tunwait"`, `sleep: recorded "tunwait"`},
		{"state of a flag", "freebsd-tun", "named/ifup-alone-is-not-running", `"flags":\["UP","POINTOPOINT","MULTICAST"\]`, `"flags":["POINTOPOINT","MULTICAST"]`, `state.ifs[0].flags: recorded`},
		{"big number", "dragonfly-tap", "named/ioctl-info", `18446744073709551614`, `18446744073709551613`, `mtu: recorded 18446744073709551613`},
		{"missing key", "netbsd-tap", "named/create-and-destroy", `"tap_count":1,`, ``, `state.tap_count: not recorded, now 1`},
		{"panic that is none", "netbsd-tap", "named/create-and-destroy", `"res":\{"errno":"OK"`, `"res":{"panic":"x","errno":"OK"`, `the original panicked (x)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", tc.driver, tc.file+".jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			changed := regexp.MustCompile(tc.pattern).ReplaceAll(data, []byte(tc.by))
			if bytes.Equal(changed, data) {
				t.Fatalf("nothing in the recording matches %s", tc.pattern)
			}
			changed = bytes.ReplaceAll(bytes.ReplaceAll(changed, []byte("[,"), []byte("[")), []byte(",]"), []byte("]"))
			var got strings.Builder
			r, err := replay(drivers[tc.driver], bytes.NewReader(bytes.ReplaceAll(changed, []byte(",,"), []byte(","))), func(_ int, op string, diffs []string) {
				got.WriteString(op + "\n" + strings.Join(diffs, "\n") + "\n")
			})
			if err != nil {
				t.Fatal(err)
			}
			if r.differ == 0 || !strings.Contains(got.String(), tc.want) {
				t.Errorf("differences: %s\nwant among them %q", got.String(), tc.want)
			}
		})
	}
}

func TestPanicOfTheEmulationIsADifference(t *testing.T) {
	data, err := os.ReadFile("testdata/dragonfly-tun/named/address-missing-then-close-panics.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte(`"panic":`), []byte(`"calm":`))
	var got []string
	if _, err := replay(drivers["dragonfly-tun"], bytes.NewReader(data), func(_ int, _ string, diffs []string) { got = append(got, diffs...) }); err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 || !strings.Contains(got[len(got)-1], "the emulation panicked: page fault in tunclose") {
		t.Errorf("differences %q, want that the emulation panicked in tunclose", got)
	}
}

func TestRun(t *testing.T) {
	empty := t.TempDir()
	bad := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(bad, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.jsonl", "{\"op\":{\"op\":\"load\"}\n")
	huge := t.TempDir()
	if err := os.WriteFile(filepath.Join(huge, "a.jsonl"), []byte(`{"op":{"op":"read","len":99999999},"res":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"recordings of a behaviour", []string{"netbsd-tap", "testdata/netbsd-tap/named"}, 0, "87 files, 830 operations, 0 differ\n", ""},
		{"one empty folder of two", []string{"netbsd-tap", "testdata/netbsd-tap/walk", empty}, 0, "20 files, 1200 operations, 0 differ\n", ""},
		{"harness events are counted", []string{"netbsd-tap", "testdata/netbsd-tap/named"}, 0, "mutex_use_after_destroy\n", ""},
		{"wrong driver", []string{"dragonfly-tap", "testdata/netbsd-tap/named"}, 1, "create-and-destroy.jsonl:1: load\n", ""},
		{"no recording at all", []string{"netbsd-tap", empty}, 2, "", "no .jsonl file below"},
		{"no such folder", []string{"netbsd-tap", filepath.Join(empty, "x")}, 2, "", "no such file"},
		{"unknown driver", []string{"linux-tun", empty}, 2, "", `no driver "linux-tun"`},
		{"no folder", []string{"netbsd-tap"}, 2, "", "usage: conform DRIVER DIR..."},
		{"broken recording", []string{"netbsd-tap", bad}, 2, "", "a.jsonl: line 1: "},
		{"absurd length", []string{"netbsd-tap", huge}, 2, "", "a read of 99999999 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if got := run(tc.args, &stdout, &stderr); got != tc.code {
				t.Errorf("exit code %d, want %d", got, tc.code)
			}
			if !strings.Contains(stdout.String(), tc.stdout) {
				t.Errorf("printed %q, want %q in it", stdout.String(), tc.stdout)
			}
			if !strings.Contains(stderr.String(), tc.stderr) {
				t.Errorf("complained %q, want %q in it", stderr.String(), tc.stderr)
			}
		})
	}
}

// A recording with every operation there is goes through without an unknown
// one.
func TestOperationsThatNoRecordingHas(t *testing.T) {
	ops := []string{
		`{"op":"proc","pid":7,"root":false}`, `{"op":"open","path":"tap"}`, `{"op":"nonsense"}`,
		`{"op":"ifioctl","name":"SIOCSIFFLAGS"}`,
	}
	var in bytes.Buffer
	for _, o := range ops {
		in.WriteString(`{"op":` + o + `,"res":{}}` + "\n")
	}
	var all []string
	if _, err := replay(drivers["netbsd-tap"], &in, func(_ int, op string, diffs []string) {
		all = append(all, op+": "+strings.Join(diffs, "; "))
	}); err != nil {
		t.Fatal(err)
	}
	if len(all) != len(ops) || !strings.Contains(all[2], `unknown operation: not recorded, now "nonsense"`) {
		t.Errorf("differences %q, want four, the third about an unknown operation", all)
	}
}

func TestDiffIsReadable(t *testing.T) {
	for _, tc := range []struct {
		name, want, got string
		diffs           []string
	}{
		{"same", `{"a":[1,{"b":null}]}`, `{"a":[1,{"b":null}]}`, nil},
		{"value", `{"a":{"b":1}}`, `{"a":{"b":2}}`, []string{"a.b: recorded 1", "a.b: now      2"}},
		{"length", `{"a":[1]}`, `{"a":[1,2]}`, []string{"a: recorded [1]", "a: now      [1,2]"}},
		{"element", `{"a":[1,2]}`, `{"a":[1,3]}`, []string{"a[1]: recorded 2", "a[1]: now      3"}},
		{"kind", `{"a":{}}`, `{"a":"x"}`, []string{"a: recorded {}", `a: now      "x"`}},
		{"kind of list", `{"a":[]}`, `{"a":"x"}`, []string{"a: recorded []", `a: now      "x"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var want, got any
			if err := decode([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			if err := decode([]byte(tc.got), &got); err != nil {
				t.Fatal(err)
			}
			var out []string
			diffValue(&out, "", want, got)
			a, _ := json.Marshal(out)
			b, _ := json.Marshal(tc.diffs)
			if !bytes.Equal(a, b) {
				t.Errorf("got %s, want %s", a, b)
			}
		})
	}
}
