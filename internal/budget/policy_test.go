package budget

import (
	"fmt"
	"strings"
	"testing"
)

const mb = 1 << 20

// labs reads holdings from a text: "x:100 y:50w" is a lab of x's that uses 100 MiB and
// one of y's that is watched and uses 50; u behind it is an upload and no lab. A client whose
// name begins with ? is a stranger.
func labs(t *testing.T, text string) []holding {
	t.Helper()
	var hs []holding
	for i, f := range strings.Fields(text) {
		client, rest, _ := strings.Cut(f, ":")
		h := holding{client: client, lab: !strings.HasSuffix(rest, "u"), watched: strings.HasSuffix(rest, "w"), opened: i + 1, guest: client[:min(len(client), 1)] == "?"}
		var n int64
		if _, err := fmt.Sscanf(rest, "%d", &n); err != nil {
			t.Fatal(err)
		}
		h.use = n * mb
		hs = append(hs, h)
	}
	return hs
}

func TestVictim(t *testing.T) {
	for _, c := range []struct {
		name, labs string
		share      int64
		want       []int // the order in which they go, as numbers from 1
	}{
		{"nothing to close", "", 100, nil},
		{"one lab", "x:10", 100, []int{1}},
		{"the greediest first", "x:90 y:200w z:150w", 100, []int{2, 3, 1}},
		{"of the greedy the unwatched first", "x:90 y:200w z:150", 100, []int{3, 2, 1}},
		{"who keeps within their share stays while somebody is greedy, watched or not", "good:90 x:110w x:60w x:130w", 100, []int{4, 2, 1, 3}},
		{"of one's labs the unwatched first", "x:200w x:10 x:20 x:300w", 100, []int{3, 2, 4, 1}},
		{"then by use", "x:10 x:30 x:20 x:70", 100, []int{4, 2, 3, 1}},
		{"then the last that was opened", "x:50 x:50 x:50", 100, []int{3, 2, 1}},
		{"one goes until within the share, then the next greediest", "x:80 x:90 y:70 y:60", 100, []int{2, 3, 1, 4}},
		{"nobody is greedy: the unwatched first, then by use", "x:50w y:20 z:30 v:60w", 100, []int{3, 2, 4, 1}},
		{"of two labs that nobody watches, that of who uses more", "x:20 x:90w y:30 y:100w", 100, []int{3, 1, 4, 2}},
		{"nobody is greedy by one byte", "x:100 y:99", 100, []int{1, 2}},
		{"many small labs are greed too", "x:30 x:30 x:30 x:30 y:99", 100, []int{4, 5, 3, 2, 1}},
		{"uploads count, and can't be closed", "x:60 x:60u y:90", 100, []int{1, 3}},
		{"a greedy client without labs", "x:300u y:50w z:60w", 100, []int{3, 2}},
		{"strangers' labs before all others, also where those are greedy", "x:200 ?a:20w ?b:10 ?b:30 y:50", 100, []int{4, 3, 2, 1, 5}},
		{"what is nobody's is nobody's greed", ":500u x:50", 100, []int{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			hs := labs(t, c.labs)
			var got []int
			for {
				i := victim(hs, c.share*mb)
				if i < 0 {
					break
				}
				got = append(got, hs[i].opened)
				hs = append(hs[:i:i], hs[i+1:]...)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("they go in the order %v, want %v", got, c.want)
			}
		})
	}
}

// What is shared out is never more than there is, and leaves room for one who comes.
func TestShare(t *testing.T) {
	for _, c := range []struct {
		all     int64
		clients int
		want    int64
	}{{1000, 1, 500}, {1000, 2, 333}, {1000, 9, 100}, {0, 3, 0}, {-5, 1, 0}} {
		if got := share(c.all, c.clients); got != c.want {
			t.Errorf("of %d each of %d has %d, want %d", c.all, c.clients, got, c.want)
		}
	}
}

func TestWhy(t *testing.T) {
	for _, c := range []struct {
		h     holding
		total int64
		want  string
	}{
		{holding{use: 100 * mb, watched: true}, 300 * mb, "the server ran out of memory and closed this lab: it used 100 MiB; all labs from your address used 300 MiB, and each address has a share of 200 MiB"},
		{holding{use: 100 * mb}, 150 * mb, "the server ran out of memory and closed this lab: nobody watched it, and it used 100 MiB"},
		{holding{use: 100*mb + 1, watched: true}, 150 * mb, "the server ran out of memory and closed this lab: of all labs here it used the most, 101 MiB"},
	} {
		if got := c.h.why(c.total, 200*mb).Error(); got != c.want {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
}
