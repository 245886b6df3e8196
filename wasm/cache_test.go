package wasm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
)

// entries are the modules' files below a cache folder.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "v2", "code", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// onDisk opens an engine with a cache folder and closes it with the test.
func onDisk(t *testing.T, dir string, apart Apart) *Engine {
	t.Helper()
	e, err := NewEngine(t.Context(), Options{CacheDir: dir, Apart: apart})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// exitsOne is a module that exits with 1.
func exitsOne() []byte { return exitsWith(1) }

func exitsWith(code int64) []byte {
	return calling(nil, call{"wasi_snapshot_preview1", "proc_exit", []int64{code}})
}

// wantExit compiles a module and wants its process to exit with a code.
func wantExit(t *testing.T, e *Engine, module []byte, code int64) {
	t.Helper()
	r := newRig(t, nil, program{name: "p", prog: compile(t, e, module)})
	r.run(t)
	if x := r.exits["p"]; x.Op != "exit" || x.N != code {
		t.Errorf("the program ended %q with %d: %s; want exit with %d", x.Op, x.N, x.Text, code)
	}
}

func TestDiskCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	wantExit(t, onDisk(t, dir, nil), exitsOne(), 1)
	files := entries(t, dir)
	if len(files) != 1 {
		t.Fatalf("after one module the cache holds %q", files)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		harm func() error
	}{
		{"nothing happened", func() error { return nil }},
		{"the file is cut off", func() error { return os.WriteFile(files[0], good[:len(good)/2], 0o600) }},
		{"the file is rubbish", func() error { return os.WriteFile(files[0], []byte(strings.Repeat("rubbish", 100)), 0o600) }},
		{"a bit of the code is another", func() error {
			bad := append([]byte(nil), good...)
			bad[len(bad)/2] ^= 1
			return os.WriteFile(files[0], bad, 0o600)
		}},
		{"the file is another module's", func() error {
			other := filepath.Join(t.TempDir(), "other")
			wantExit(t, onDisk(t, other, nil), exitsWith(2), 2)
			b, err := os.ReadFile(entries(t, other)[0])
			return errors.Join(err, os.WriteFile(files[0], b, 0o600))
		}},
		{"the file has gone", func() error { return os.Remove(files[0]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.harm(); err != nil {
				t.Fatal(err)
			}
			wantExit(t, onDisk(t, dir, nil), exitsOne(), 1)
			if got, err := os.ReadFile(files[0]); err != nil || string(got) != string(good) {
				t.Errorf("the cache was not repaired: %d bytes, %v", len(got), err)
			}
		})
	}
	t.Run("the folder vanishes while it is used", func(t *testing.T) {
		e := onDisk(t, dir, nil)
		if err := os.RemoveAll(filepath.Join(dir, "v2")); err != nil {
			t.Fatal(err)
		}
		wantExit(t, e, exitsOne(), 1)
		if got := len(entries(t, dir)); got != 1 {
			t.Errorf("%d entries were made again, want 1", got)
		}
	})
	if left, err := os.ReadDir(filepath.Join(dir, "v2", "scratch")); err != nil || len(left) > 1 {
		t.Errorf("%d scratch folders are left, %v", len(left), err)
	}
}

// A cache that can hold nothing more, as on a full disk, is told once and costs nothing
// but time: what a process of its own has compiled is used from where it is, and where
// that could not write it, this process compiles.
func TestACacheThatIsFull(t *testing.T) {
	noSpace := &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	for _, tc := range []struct {
		name  string
		full  func(dir string) error
		apart error // of the process
		told  string
	}{
		{"for entries", func(dir string) error {
			code := filepath.Join(dir, "v2", "code")
			return errors.Join(os.RemoveAll(code), os.WriteFile(code, nil, 0o600))
		}, nil, "not a directory"},
		{"for what is being compiled", func(string) error { return nil }, fmt.Errorf("%w: %w", ErrNotApart, noSpace), "no space left on device"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			var told []error
			apart := 0
			e, err := NewEngine(t.Context(), Options{
				CacheDir: dir, Trouble: func(err error) { told = append(told, err) },
				Apart: func(ctx context.Context, m []byte, to string) error {
					apart++
					if tc.apart != nil {
						return tc.apart
					}
					return CompileInto(ctx, m, to)
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			})
			if err := tc.full(dir); err != nil {
				t.Fatal(err)
			}
			for code := range int64(3) {
				wantExit(t, e, exitsWith(code), code)
			}
			if len(told) != 1 || !strings.Contains(told[0].Error(), tc.told) || apart != 3 {
				t.Errorf("it was told %v, %d were compiled in processes of their own", told, apart)
			}
		})
	}
}

// TestServersShare has two servers compile the same modules into one folder at once.
func TestServersShare(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	var wg sync.WaitGroup
	for range 2 {
		e := onDisk(t, dir, nil)
		wg.Go(func() {
			for i := range 10 {
				if _, err := e.Compile(t.Context(), "p.wasm", exitsWith(int64(i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(entries(t, dir)); got != 10 {
		t.Errorf("%d entries, want 10", got)
	}
	e := onDisk(t, dir, func(context.Context, []byte, string) error {
		t.Error("a module was compiled that is in the cache")
		return ErrNotApart
	})
	for i := range 10 {
		wantExit(t, e, exitsWith(int64(i)), int64(i))
	}
}

// TestApart has stand-ins for the other process.
func TestApart(t *testing.T) {
	for _, c := range []struct {
		name  string
		apart Apart
		err   string // "": the program runs
		kept  int    // entries in the cache
	}{
		{"it compiles", CompileInto, "", 1},
		{"there is none", func(context.Context, []byte, string) error { return ErrNotApart }, "", 1},
		{"it writes nothing", func(context.Context, []byte, string) error { return nil }, "", 1},
		{"it is of another version", func(_ context.Context, _ []byte, dir string) error {
			return os.WriteFile(filepath.Join(dir, "x"), []byte("code"), 0o600)
		}, "", 1},
		{"it compiled something else", func(ctx context.Context, _ []byte, dir string) error {
			return CompileInto(ctx, probe, dir)
		}, "", 1},
		{"it refuses", func(context.Context, []byte, string) error { return errors.New("too slow") }, "x.wasm: too slow", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			e := onDisk(t, dir, c.apart)
			if c.err == "" {
				wantExit(t, e, exitsOne(), 1)
			} else if _, err := e.Compile(t.Context(), "x.wasm", exitsOne()); err == nil || err.Error() != c.err {
				t.Errorf("got %v, want %s", err, c.err)
			}
			if got := len(entries(t, dir)); got != c.kept {
				t.Errorf("%d entries in the cache, want %d", got, c.kept)
			}
		})
	}
}

// TestCancelled: the process is ended when the last who waits gives up, not before.
func TestCancelled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		started, ended := 0, 0
		e := onDisk(t, dir, func(ctx context.Context, _ []byte, _ string) error {
			started++
			<-ctx.Done()
			ended++
			return ctx.Err()
		})
		var cancels [2]context.CancelFunc
		errs := make(chan error, len(cancels))
		for i := range cancels {
			ctx, cancel := context.WithCancel(t.Context())
			cancels[i] = cancel
			go func() {
				_, err := e.Compile(ctx, "x.wasm", exitsOne())
				errs <- err
			}()
		}
		synctest.Wait()
		cancels[0]()
		synctest.Wait()
		if err := <-errs; err == nil || started != 1 || ended != 0 {
			t.Errorf("one gave up: %v; %d started, %d ended", err, started, ended)
		}
		cancels[1]()
		synctest.Wait()
		if err := <-errs; err == nil || started != 1 || ended != 1 {
			t.Errorf("both gave up: %v; %d started, %d ended", err, started, ended)
		}
	})
}

// TestCachedDoesNotWait: what is in the cache is loaded while others compile.
func TestCachedDoesNotWait(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	if _, err := onDisk(t, dir, nil).Compile(t.Context(), "x.wasm", exitsOne()); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		e := onDisk(t, dir, func(ctx context.Context, _ []byte, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			if _, err := e.Compile(ctx, "y.wasm", exitsWith(2)); err == nil {
				t.Error("a module was compiled by nobody")
			}
			close(done)
		}()
		synctest.Wait()
		if _, err := e.Compile(t.Context(), "x.wasm", exitsOne()); err != nil {
			t.Error(err)
		}
		cancel()
		<-done
	})
}

// TestCloseEndsCompiling: an engine that closes leaves no process behind.
func TestCloseEndsCompiling(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		ended := false
		e, err := NewEngine(t.Context(), Options{CacheDir: dir, Apart: func(ctx context.Context, _ []byte, _ string) error {
			<-ctx.Done()
			ended = true
			return ctx.Err()
		}})
		if err != nil {
			t.Fatal(err)
		}
		errs := make(chan error, 1)
		go func() {
			_, err := e.Compile(t.Context(), "x.wasm", exitsOne())
			errs <- err
		}()
		synctest.Wait()
		if err := e.Close(); err != nil || !ended {
			t.Errorf("closed with %v, the other process has ended: %v", err, ended)
		}
		if err := <-errs; err == nil {
			t.Error("a closed engine made a program")
		}
	})
}

// TestQueueIsBounded: what is refused says why, and what waits is not lost.
func TestQueueIsBounded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		e := onDisk(t, dir, func(ctx context.Context, m []byte, dir string) error {
			<-release
			return CompileInto(ctx, m, dir)
		})
		errs := make(chan error, maxFlights)
		for i := range maxFlights {
			go func() {
				_, err := e.Compile(t.Context(), "x.wasm", exitsWith(int64(i)))
				errs <- err
			}()
		}
		synctest.Wait()
		_, err := e.Compile(t.Context(), "y.wasm", exitsWith(maxFlights))
		if err == nil || err.Error() != "y.wasm: 32 programs wait to be compiled already; try again in a moment" {
			t.Errorf("got %v", err)
		}
		close(release)
		for range maxFlights {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}
