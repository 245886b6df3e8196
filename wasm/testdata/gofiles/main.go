//go:build wasip1

// Command gofiles does with files what Go programs do; TestFilePrograms checks what
// it prints.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	b, err := os.ReadFile("/etc/foo.conf")
	check(err)
	fmt.Printf("foo.conf: %s", b)
	fmt.Println("write", os.WriteFile("/etc/foo.conf", nil, 0o644))

	check(os.MkdirAll("/tmp/a/b", 0o755))
	check(os.WriteFile("/tmp/a/b/f", []byte("one\ntwo\n"), 0o644))
	f, err := os.OpenFile("/tmp/a/b/f", os.O_APPEND|os.O_RDWR, 0)
	check(err)
	_, err = f.WriteString("three\n")
	check(err)
	_, err = f.Seek(4, 0)
	check(err)
	s := bufio.NewScanner(f)
	for s.Scan() {
		fmt.Print(s.Text(), " ")
	}
	at := make([]byte, 3)
	_, err = f.ReadAt(at, 0)
	check(err)
	check(f.Truncate(3))
	st, err := f.Stat()
	check(err)
	fmt.Println(string(at), st.Size(), st.Mode().IsRegular(), st.ModTime().UTC().Format(time.DateOnly))
	check(f.Sync())
	check(f.Close())

	check(os.Chtimes("/tmp/a/b/f", time.Time{}, time.Unix(1e9, 0)))
	check(os.Rename("/tmp/a/b/f", "/tmp/a/g"))
	check(os.Symlink("g", "/tmp/a/l"))
	check(os.Link("/tmp/a/g", "/tmp/a/h"))
	to, err := os.Readlink("/tmp/a/l")
	check(err)
	st, err = os.Stat("/tmp/a/l")
	check(err)
	fmt.Println(to, st.ModTime().Unix())
	_, err = os.Create("/tmp/a/none/f")
	fmt.Println(errors.Is(err, fs.ErrNotExist), os.Mkdir("/tmp/a", 0o755), os.Remove("/tmp/a"))
	check(filepath.WalkDir("/tmp", func(path string, d fs.DirEntry, err error) error {
		fmt.Print(path, " ", d.Type(), " ")
		return err
	}))
	fmt.Println()
	check(os.RemoveAll("/tmp/a"))
	d, err := os.MkdirTemp("/tmp", "x*")
	check(err)
	check(os.Chdir(d))
	check(os.WriteFile("rel", make([]byte, 1<<20), 0o644))
	fmt.Println(errors.Is(os.WriteFile("more", []byte("x"), 0o644), syscall.ENOSPC))
}
