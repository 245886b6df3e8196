package wasm

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/wasm/fuel"
)

// imageOf is an image with a byte at the beginning of its first page and one at the end of its
// last, in the second page of 64 KiB of a memory.
func imageOf(t *testing.T, b byte) *image {
	t.Helper()
	im := newImage(&fuel.Image{At: pageSize + 100, Bytes: append(bytes.Repeat([]byte{b}, pageSize-200), b)})
	if runtime.GOOS == "linux" && im.shared() == nil {
		t.Fatal("the image is not shared")
	}
	return im
}

// A room with an image is again, for the next guest, what it was for the first.
func TestGuestsBeginWithTheImage(t *testing.T) {
	one, other := imageOf(t, 1), imageOf(t, 2)
	if one.shared() == nil {
		t.Skip("this system shares no images")
	}
	TrimMemory(true)
	defer TrimMemory(true)
	is := func(what string, r *room, b byte) {
		t.Helper()
		want := make([]byte, 3*pageSize)
		for i := range pageSize - 199 {
			want[pageSize+100+i] = b
		}
		if !bytes.Equal(r.region[:3*pageSize], want) {
			t.Errorf("%s: the memory is not the image", what)
		}
	}
	begin := func(im *image) *room {
		r := newRoom(3*pageSize, 64*pageSize, im)
		r.grow(3 * pageSize)
		return &r
	}
	a := begin(one)
	is("the first", a, 1)
	b := begin(one)
	for i := range a.region[:3*pageSize] {
		a.region[i] = 7
	}
	is("another, while the first has changed all of its own", b, 1)
	c := begin(other)
	is("one with another image", c, 2)
	first := &a.region[0]
	a.grow(5 * pageSize)
	for i := range a.region[:5*pageSize] {
		a.region[i] = 8
	}
	a.recycle(5 * pageSize)
	c.recycle(3 * pageSize)
	plain := newRoom(3*pageSize, 64*pageSize, nil)
	plain.grow(3 * pageSize)
	is("one without an image, which takes neither", &plain, 0)
	again := begin(one)
	is("the first, used again", again, 1)
	if &again.region[0] != first {
		t.Error("the room of an image was not used again for it")
	}
	if again.grow(5 * pageSize); !bytes.Equal(again.region[3*pageSize:5*pageSize], make([]byte, 2*pageSize)) {
		t.Error("what the memory grows by is not zero")
	}
	b.drop()
	plain.drop()
	again.drop()
}

// A system that shares none, and more images than are shared at once: guests have copies.
func TestImagesThatAreNotSharedAreCopied(t *testing.T) {
	images.Add(maxImages)
	im := newImage(&fuel.Image{At: 5, Bytes: []byte{1, 2, 3}})
	images.Add(-maxImages)
	if im.shared() != nil {
		t.Fatal("there is one more than are shared")
	}
	memory := make([]byte, pageSize)
	im.copyTo(memory)
	want := make([]byte, pageSize)
	copy(want[5:], []byte{1, 2, 3})
	if !bytes.Equal(memory, want) {
		t.Error("the memory is not the image")
	}
	none := newImage(nil)
	none.copyTo(memory)
	if none.shared() != nil {
		t.Error("no image is shared")
	}
}

// A Go program's run is the same whether it shares what it begins with or has a copy, and one
// that began with what another has left of its room ends as that did.
func TestARunIsTheSameWithACopyOfTheImage(t *testing.T) {
	run := func(change func(*Program)) string {
		p := compile(t, engine(t), pingd.module(t))
		if p.m.image == nil {
			t.Fatal("a Go program has no image")
		}
		change(p)
		r := newRig(t, nil, program{name: "p", prog: p, argv: []string{"/dev/tap0", "10.0.0.2", "02:00:00:00:00:0b"}})
		r.Run(time.Second, vnet.NoLimit)
		defer r.Close()
		if got := r.Status().Procs[0].State; got != "sleeping" {
			t.Fatalf("the program is %q, want sleeping in its read", got)
		}
		return r.Log().Hash()
	}
	shared := run(func(*Program) {})
	if again := run(func(*Program) {}); again != shared {
		t.Error("another run has another hash")
	}
	copied := run(func(p *Program) {
		im := *p.m.image
		if im.file >= 0 {
			im.bytes = make([]byte, im.size)
			r := newRoom(im.at+im.size, im.at+im.size, p.m.image)
			r.grow(im.at + im.size)
			copy(im.bytes, r.region[im.at:])
			r.drop()
		}
		im.file = -1
		m := *p.m
		m.image = &im
		p.m = &m
	})
	if copied != shared {
		t.Error("a run with a copy has another hash")
	}
}
