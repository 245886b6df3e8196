package budget

import "fmt"

// A holding is what one claim takes, as the policy sees it.
type holding struct {
	client  string // who has it; "" for nobody in particular
	use     int64  // bytes, those that it waits for included
	lab     bool   // it is a lab, which can be closed
	watched bool   // somebody watches that
	opened  int    // later ones have higher numbers
	guest   bool   // it is a stranger's, on a server for others
}

// share is how many bytes each of so many clients may use of all that there are for them.
// It is what each would have if one more came: so there is room for who comes.
func share(all int64, clients int) int64 { return max(all, 0) / int64(clients+1) }

// totals is how many bytes each client uses.
func totals(hs []holding) map[string]int64 {
	total := map[string]int64{}
	for _, h := range hs {
		total[h.client] += h.use
	}
	return total
}

// greedy reports whether a client uses more than their share. What is nobody's is no greed.
func greedy(total map[string]int64, client string, share int64) bool {
	return client != "" && total[client] > share
}

// victim chooses which lab is to be closed when there is no memory: the index of one, -1
// where there is none. Strangers' labs go before those of people who are known. It is one of those who use more than their share, as long as they
// have any. Of these, labs that nobody watches go first, then those of who uses the most,
// then those that use the most, then the last that was opened.
func victim(hs []holding, share int64) int {
	total, best := totals(hs), -1
	before := func(h, o holding) bool {
		hg, og := greedy(total, h.client, share), greedy(total, o.client, share)
		switch {
		case h.guest != o.guest:
			return h.guest
		case hg != og:
			return hg
		case h.watched != o.watched:
			return o.watched
		case total[h.client] != total[o.client]:
			return total[h.client] > total[o.client]
		case h.use != o.use:
			return h.use > o.use
		}
		return h.opened > o.opened
	}
	for i, h := range hs {
		if h.lab && (best < 0 || before(h, hs[best])) {
			best = i
		}
	}
	return best
}

// why is the sentence that those read who watch the lab that is closed, whose client uses
// total bytes.
func (h holding) why(total, share int64) error {
	const short = "the server ran out of memory and closed this lab"
	switch {
	case total > share:
		return fmt.Errorf("%s: it used %s; all labs from your address used %s, and each address has a share of %s", short, mib(h.use), mib(total), mib(share))
	case !h.watched:
		return fmt.Errorf("%s: nobody watched it, and it used %s", short, mib(h.use))
	}
	return fmt.Errorf("%s: of all labs here it used the most, %s", short, mib(h.use))
}

// mib is a number of bytes for people: in MiB, rounded up.
func mib(n int64) string { return fmt.Sprintf("%d MiB", (n+1<<20-1)>>20) }
