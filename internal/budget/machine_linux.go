package budget

import (
	"bytes"
	"os"
	"strconv"
)

func machine() (int64, string) { return machineOf(os.DirFS("/")) }

// Resident is how many bytes of memory a process has by the system's count; 0 where that
// is not known. Process 0 is this one.
func Resident(pid int) int64 {
	who := "self"
	if pid != 0 {
		who = strconv.Itoa(pid)
	}
	text, err := os.ReadFile("/proc/" + who + "/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
