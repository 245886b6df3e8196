package sys

import (
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
)

// TestStdin: O_NONBLOCK holds for every descriptor of the terminal, also for a copy of
// a closed 0 and for a child's; FIONREAD tells what was typed.
func TestStdin(t *testing.T) {
	ioctl := func(p *Proc, fd int, cmd uint32, n int32) int32 {
		arg := make([]byte, 4)
		kern.PutInt(arg, n)
		if e := p.Ioctl(fd, cmd, arg); e != errno.OK {
			t.Errorf("ioctl %#x: %v", cmd, e)
		}
		return kern.Int(arg)
	}
	read := func(p *Proc, fd, n int, want errno.Errno) {
		t.Helper()
		if got, e := p.Read(fd, make([]byte, 100)); got != n || e != want {
			t.Errorf("read: %d %v, want %d %v", got, e, n, want)
		}
	}
	ended := 0
	b, _ := relatives(t, map[string]func(p *Proc) Exit{
		"b": func(p *Proc) Exit {
			read(p, 2, 0, errno.EWOULDBLOCK) // the parent's terminal
			ended++
			return done
		},
		"a": func(p *Proc) Exit {
			fd, _ := p.Dup(0)
			p.Close(0)
			p.SetFlags(fd, kern.O_NONBLOCK)
			read(p, fd, 0, errno.EWOULDBLOCK)
			p.Spawn([]string{"b"}, nil, [3]int{-1, -1, fd})
			p.Waitpid(-1, 0)
			ioctl(p, fd, kern.FIONBIO, 0)
			read(p, fd, 5, errno.OK)
			p.Sleep(time.Second)
			if n := ioctl(p, fd, kern.FIONREAD, -1); n != 3 {
				t.Errorf("FIONREAD of the terminal: %d, want 3", n)
			}
			f, _ := p.Open("/tmp/x", kern.O_RDWR|kern.O_CREAT)
			p.Write(f, []byte("0123456789"))
			p.Seek(f, 4, file.SEEK_SET)
			if n := ioctl(p, f, kern.FIONREAD, -1); n != 6 {
				t.Errorf("FIONREAD of a file: %d, want 6", n)
			}
			ioctl(p, f, kern.FIONBIO, 1)
			ended++
			return done
		},
	})
	for _, text := range []string{"hello", "you"} {
		b.Run(b.Now() + 100*time.Millisecond)
		if err := b.Type("a", text, false); err != nil {
			t.Fatal(err)
		}
	}
	b.Run(b.Now() + 2*time.Second)
	if ended != 2 {
		t.Errorf("%d programs reached their end, want 2", ended)
	}
}

// TestAReaderOfTheTerminalSaysSo: who looks at the processes sees which one waits for
// what is typed.
func TestAReaderOfTheTerminalSaysSo(t *testing.T) {
	b, _ := relatives(t, map[string]func(p *Proc) Exit{
		"a": func(p *Proc) Exit {
			p.Read(0, make([]byte, 1))
			p.Sleep(time.Second)
			return done
		},
	})
	wchan := func() string {
		b.Run(b.Now() + 100*time.Millisecond)
		for _, p := range b.Procs() {
			if st := p.Status(); st.State == "sleeping" {
				return st.Wchan
			}
		}
		return "no process sleeps"
	}
	if got := wchan(); got != "ttyin" {
		t.Errorf("a process that reads its terminal sleeps on %q, want ttyin", got)
	}
	if err := b.Type("a", "x", false); err != nil {
		t.Fatal(err)
	}
	if got := wchan(); got == "ttyin" {
		t.Error("it still does after something was typed")
	}
}
