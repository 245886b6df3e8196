//go:build unix

package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"wireloom/internal/store"
)

// keeper starts PostgreSQL in the folder $1 with the programs of $2, and stops it and removes
// the folder when its standard input ends: when the process that tests ends, however it does.
const keeper = `
trap '' INT TERM HUP
"$2/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c full_page_writes=off \
	-c synchronous_commit=off -c max_connections=200 -c shared_buffers=16MB >"$1/log" 2>&1 </dev/null &
cat >/dev/null
kill -QUIT $!
wait $!
cd / && rm -rf "$1"`

// server is the PostgreSQL of this test binary, or why there is none.
var server = sync.OnceValues(start)

// running is a started server.
type running struct {
	dir  string    // of its socket
	held io.Closer // the end of the pipe by which the keeper knows that this process lives
}

// create is held to make a database of the template, which only one may read at a time.
var create sync.Mutex

// Database makes a PostgreSQL database with our tables in it, until drop, and returns its URL. The
// first call starts the server.
func Database() (url string, drop func() error, err error) {
	pg, err := server()
	if err != nil {
		return "", nil, err
	}
	name := "t" + store.NewID()
	if err := command(pg.dir, "create database "+name+" template wireloom"); err != nil {
		return "", nil, err
	}
	return address(pg.dir, name), func() error { return command(pg.dir, "drop database "+name+" with (force)") }, nil
}

// address is the URL of a database of the server whose socket is in dir.
func address(dir, name string) string {
	return "postgres:///" + name + "?" + url.Values{"host": {dir}, "user": {"postgres"}}.Encode()
}

// command tells the server to do what no transaction can.
func command(dir, statement string) error {
	db, err := sql.Open("pgx", address(dir, "postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	create.Lock()
	defer create.Unlock()
	_, err = db.ExecContext(context.Background(), statement)
	return err
}

// start starts a server with the database wireloom, which has our tables.
func start() (running, error) {
	bin, err := programs()
	if err != nil {
		return running{}, err
	}
	dir, err := os.MkdirTemp(inMemory(), "pg")
	if err != nil { // a socket's path has at most 107 bytes
		return running{}, err
	}
	as, err := nobody(dir)
	if err != nil {
		return running{}, err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres",
		"--auth=trust", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C")
	initdb.SysProcAttr, initdb.Dir = as, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return running{}, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	keep := exec.Command("/bin/sh", "-c", keeper, "sh", dir, bin)
	keep.SysProcAttr, keep.Dir = &syscall.SysProcAttr{Setpgid: true, Credential: as.Credential}, dir
	stdin, err := keep.StdinPipe()
	if err != nil {
		return running{}, err
	}
	if err := keep.Start(); err != nil {
		return running{}, err
	}
	if err := template(dir); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return running{}, fmt.Errorf("%w\n%s", err, bytes.TrimSpace(log))
	}
	return running{dir, stdin}, nil
}

// inMemory is a folder whose files no disk has to write: what is there is gone with the test.
// "" is the system's for temporary files.
func inMemory() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return ""
}

// template waits for the server and makes the database that the others are copied from.
func template(dir string) error {
	var err error
	for range 300 {
		if err = command(dir, "create database wireloom"); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond) // it says in no other way that it is ready
	}
	if err != nil {
		return fmt.Errorf("the server doesn't answer: %w", err)
	}
	files, err := os.MkdirTemp("", "wireloom")
	if err != nil {
		return err
	}
	defer os.RemoveAll(files)
	db, err := store.Open(context.Background(), store.Options{Dir: files, URL: address(dir, "wireloom")})
	if err != nil {
		return err
	}
	return db.Close()
}

// programs is the folder of PostgreSQL's programs, which Debian doesn't put in PATH.
func programs() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("it is not installed: run tools/prereqs.sh, or install Debian's package postgresql-15")
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return major(a) - major(b) })
	return filepath.Dir(newest), nil
}

func major(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4]) // /usr/lib/postgresql/15/...
	return n
}

// nobody is how to start a process in the folder as somebody who isn't root, whom the
// server refuses.
func nobody(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, int(uid), int(gid))
}
