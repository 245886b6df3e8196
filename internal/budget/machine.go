package budget

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Default is the budget of a server that nobody told another: three quarters of what it
// may have, so that the rest of the machine, and the files that the system keeps in
// memory, have some too. from says of what.
func Default() (n int64, from string) {
	all, from := machine()
	return max(all/4*3, Least), from
}

// unknown is what a machine is taken to have that doesn't tell: what any has on which
// people run servers.
const unknown = 4 << 30

// machineOf is how much memory a Linux machine has for this process, and what says so:
// the least of what is built in and of what the control groups allow that the process is
// in. root is the root of the file system.
func machineOf(root fs.FS) (n int64, from string) {
	n, from = memTotal(root), "this machine's memory"
	if n == 0 {
		n, from = unknown, "what a machine has that does not tell"
	}
	if limit := cgroupLimit(root); limit > 0 && limit < n {
		n, from = limit, "what the control group allows"
	}
	return n, from
}

// memTotal reads /proc/meminfo; 0 where there is none.
func memTotal(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		var kib int64
		if k, _ := fmt.Sscanf(string(line), "MemTotal: %d kB", &kib); k == 1 && kib > 0 {
			return kib << 10
		}
	}
	return 0
}

// cgroupLimit is the lowest limit of the control groups, of either version, that the
// process is in, and of those above them; 0 where there is none.
func cgroupLimit(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	least := int64(0)
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		// hierarchy:controllers:path, where version 2 has no controllers.
		parts := strings.SplitN(s.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		mount, file := "sys/fs/cgroup", "memory.max"
		switch {
		case parts[1] == "":
		case hasWord(parts[1], "memory"):
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		// In a container its own group may be mounted as the root, so the path as this
		// process sees it need not be there.
		for dir := path.Clean("/" + parts[2]); ; dir = path.Dir(dir) {
			if n := readLimit(root, path.Join(mount, dir, file)); n > 0 && (least == 0 || n < least) {
				least = n
			}
			if dir == "/" {
				break
			}
		}
	}
	return least
}

func hasWord(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// readLimit reads a file with a number; 0 where it has none, as "max".
func readLimit(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0 // version 1 says that there is none with a number that no machine has
	}
	return n
}
