package main

import (
	"context"
	"fmt"
	"strings"

	"wireloom/internal/outbox"
	"wireloom/internal/store"
)

// listScores says how the scores of each class stand at its learning platform.
func listScores(ctx context.Context, a *administration) error {
	var sums []store.OutboxSum
	var refused []store.OutboxRefusal
	err := a.db.Read(ctx, func(tx *store.Tx) (err error) {
		if sums, err = tx.OutboxSums(outbox.Sent, outbox.Waiting, outbox.Refused); err != nil {
			return err
		}
		refused, err = tx.OutboxRefusals(outbox.Refused)
		return err
	})
	if err != nil {
		return err
	}
	if len(sums) == 0 {
		fmt.Fprintln(a.io.out, "no class has scores for a learning platform")
	}
	for _, s := range sums {
		fmt.Fprintf(a.io.out, "%s: %d sent, %d waiting, %d refused", classNamed(s.Name, s.Term), s.Sent, s.Waiting, s.Refused)
		if !s.Last.IsZero() {
			fmt.Fprintf(a.io.out, ", the last sent on %s", s.Last.Local().Format("2 January 2006, 15:04"))
		}
		fmt.Fprintln(a.io.out)
		for _, r := range refused {
			if r.Class == s.Class {
				fmt.Fprintf(a.io.out, "    %d refused: %s\n", r.N, strings.TrimSpace(fmt.Sprintf("%q %s", r.Words, r.Todo)))
			}
		}
	}
	return nil
}

// classNamed is a class as one calls it.
func classNamed(name, term string) string {
	if term == "" {
		return name
	}
	return name + ", " + term
}
