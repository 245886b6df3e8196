package scenario

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFilesOfNodes(t *testing.T) {
	big := strings.Repeat("x", MaxFileBytes/2+1)
	for _, c := range []struct {
		name, files string
		path, want  string // what a file of bob's holds
		err         string // part of the mistake; "" for none
	}{
		{"a file of the folder", `{/etc/foo.conf: files/foo.conf}`, "/etc/foo.conf", "speed 9600\n", ""},
		{"a text", `{/etc/motd: {text: "hello\n"}}`, "/etc/motd", "hello\n", ""},
		{"an empty file", `{/etc/empty: {}}`, "/etc/empty", "", ""},
		{"an empty directory", `{/var/empty/: {}}`, "/var/empty/", "", ""},
		{"no files", `{}`, "", "", ""},
		{"a file that is not there", `{/etc/foo: files/none}`, "", "", "there is no file files/none"},
		{"a file outside files/", `{/etc/foo: scenario.yaml}`, "", "", "begins with files/"},
		{"a way out of files/", `{/etc/foo: files/../scenario.yaml}`, "", "", "invalid"},
		{"a relative path", `{etc/foo: files/foo.conf}`, "", "", "an absolute path"},
		{"an unknown key", `{/etc/foo: {texts: x}}`, "", "", "did you mean text?"},
		{"a path in /tmp", `{/tmp/foo: files/foo.conf}`, "", "", "what programs make"},
		{"a path with ..", `{/etc/../foo: files/foo.conf}`, "", "", "no empty, . or .."},
		{"a directory with text", `{/etc/d/: {text: x}}`, "", "", "can hold no bytes"},
		{"too many bytes in all", `{/a: files/big, /b: files/big}`, "", "", "the files of all nodes have more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sc, err := Open(fstest.MapFS{
				"scenario.yaml":  {Data: fmt.Appendf(nil, "scenario: test\nnodes:\n  bob:\n    files: %s\n", c.files)},
				"files/foo.conf": {Data: []byte("speed 9600\n")},
				"files/big":      {Data: []byte(big)},
			}, "test")
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want one with %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, ok := sc.Lab.Nodes[0].Files[c.path]
			if string(got) != c.want || !ok && c.path != "" {
				t.Errorf("%s holds %q (there: %t), want %q", c.path, got, ok, c.want)
			}
		})
	}
}
