package main

import (
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/sys"
)

func TestEchoLabSendsEachFrameBack(t *testing.T) {
	for _, window := range []int{1, 32} {
		l, err := newEchoLab(frameOf(64, 2, 1), window, goProgram(echoInGo))
		if err != nil {
			t.Fatal(err)
		}
		defer l.lab.Close()
		for range 3 {
			n, err := l.pass(1000)
			if err != nil {
				t.Fatal(err)
			}
			if n < 1000 || n > 1100 {
				t.Errorf("window %d: %d frames came back, want 1000 or a few more", window, n)
			}
		}
	}
}

func TestEchoLabTellsThatFramesAreLost(t *testing.T) {
	l, err := newEchoLab(frameOf(64, 2, 1), 1, goProgram(func(*sys.Proc) errno.Errno { return errno.OK }))
	if err != nil {
		t.Fatal(err)
	}
	defer l.lab.Close()
	if _, err := l.pass(1); err == nil {
		t.Error("frames come back from a program that ends at once")
	}
}
