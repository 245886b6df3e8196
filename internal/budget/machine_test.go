package budget

import (
	"testing"
	"testing/fstest"
)

func TestMachineOf(t *testing.T) {
	const meminfo, kib = "MemTotal:       16384000 kB\nMemFree:  1 kB\n", 1 << 10
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
		from  string
	}{
		{"a machine that does not tell", nil, 4 << 30, "what a machine has that does not tell"},
		{"a machine", map[string]string{"proc/meminfo": meminfo}, 16384000 * kib, "this machine's memory"},
		{"a container of version 2", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2147483648\n",
		}, 2 << 30, "what the control group allows"},
		{"a service of version 2, whose slice has the limit", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/system.slice/lab.service\n",
			"sys/fs/cgroup/system.slice/lab.service/memory.max": "max\n", "sys/fs/cgroup/system.slice/memory.max": "1073741824\n",
		}, 1 << 30, "what the control group allows"},
		{"the least of several", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "3000000000\n", "sys/fs/cgroup/a/memory.max": "2000000000\n",
		}, 2_000_000_000, "what the control group allows"},
		{"no limit", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n",
		}, 16384000 * kib, "this machine's memory"},
		{"version 1", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/x\n3:cpuset:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
		}, 512 << 20, "what the control group allows"},
		{"version 1 without a limit", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 16384000 * kib, "this machine's memory"},
		{"files that make no sense", map[string]string{
			"proc/meminfo": "MemTotal: many\n", "proc/self/cgroup": "x\n0::/\n0::/../..\n", "sys/fs/cgroup/memory.max": "-5\n",
		}, 4 << 30, "what a machine has that does not tell"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := fstest.MapFS{}
			for name, text := range c.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if n, from := machineOf(root); n != c.want || from != c.from {
				t.Errorf("got %d, %s; want %d, %s", n, from, c.want, c.from)
			}
		})
	}
	if n, from := Default(); n < Least || from == "" {
		t.Errorf("this machine's default is %d, %q", n, from)
	}
}

func TestHeap(t *testing.T) {
	if n, garbage := Heap(); n < 1<<20 || n > 1<<40 || garbage < 0 || garbage > n {
		t.Errorf("Go's runtime has %d bytes, of which %d are garbage", n, garbage)
	}
}
