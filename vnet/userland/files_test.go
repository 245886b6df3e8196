package userland_test

import (
	"testing"
	"time"

	"wireloom/vnet"
)

func TestFileCommands(t *testing.T) {
	b := newBench(t, nil)
	shell := func(line string) { // with redirection, which the node's prompt does
		t.Helper()
		if _, err := b.Do(vnet.Exec{Node: b.node, Line: line}); err != nil {
			t.Fatal(err)
		}
		b.Run(b.Now(), vnet.NoLimit)
	}
	b.want("ls", 0, "dev\ntmp\n")
	b.want("ls /tmp", 0, "")
	b.want("echo -n a  b", 0, "a b")
	shell("echo hello > /tmp/b")
	shell("echo you >> /tmp/b")
	shell("echo x > /tmp/a")
	b.want("cat /tmp/b /tmp/none /tmp/a", 1, "hello\nyou\ncat: /tmp/none: No such file or directory\nx\n")
	b.want("cat /tmp", 1, "cat: /tmp: Is a directory\n")
	b.want("ls /tmp /tmp/a /none", 1, "/tmp:\na\nb\n/tmp/a\nls: /none: No such file or directory\n")
	b.want("ls -l /tmp /dev/null", 0, "/tmp:\n- 0644  1        2    3.000000s a\n- 0644  1       10    3.000000s b\nc 0666  1        0    0.000000s /dev/null\n")
	b.want("ls -z", 64, "ls: illegal option -- z\nusage: ls [-l] [file ...]\n")
	b.want("rm /tmp/a /tmp /tmp/none", 1, "rm: /tmp: Is a directory\nrm: /tmp/none: No such file or directory\n")
	b.want("rm", 64, "usage: rm file ...\n")
	b.want("ls /tmp", 0, "b\n")
}

// TestEndlessInput runs commands on input that never ends nor waits: the lab's time goes
// on, and they can be stopped.
func TestEndlessInput(t *testing.T) {
	for _, line := range []string{
		"cat /dev/zero > /dev/null",
		"cat /dev/zero",
		"cat /dev/random | cat | cat > /dev/null",
		"nc -u 10.0.0.1 9 < /dev/zero",
		"nc -u 10.0.0.3 9 < /dev/zero",
	} {
		t.Run(line, func(t *testing.T) {
			b := newBench(t, nil)
			r, err := b.Do(vnet.Exec{Node: b.node, Line: line})
			if err != nil {
				t.Fatal(err)
			}
			name := r.Proc
			if !b.Run(50*time.Millisecond, 20_000) {
				t.Fatalf("the clock stands at %v after %d steps", b.Now(), b.Steps())
			}
			_, _ = b.Do(vnet.Kill{Node: b.node, Proc: name}) // where it has not ended by itself
			b.Run(b.Now()+10*time.Millisecond, vnet.NoLimit)
			if _, ended := b.exits[b.node+":"+name]; !ended {
				t.Errorf("%s has not ended", name)
			}
		})
	}
}
