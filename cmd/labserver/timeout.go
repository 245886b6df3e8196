package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"
)

// gradeTimeout is how much real time a grading may take where nobody says: ten times
// what the limits of a grading (scenarios.MaxTurns, MaxFuel) come to on a slow machine.
const gradeTimeout = 10 * time.Minute

// timeoutFlag is how much real time the gradings of a command may take. It is no part
// of any result: what comes to it has none.
func timeoutFlag(f *flag.FlagSet) *time.Duration {
	return f.Duration("timeout", gradeTimeout, "how much real `time` the grading may take; then there is no result, and exit code 2")
}

// limited is ctx with an end after so much real time.
func limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc, error) {
	if timeout <= 0 {
		return nil, nil, fmt.Errorf("--timeout %v: want some time", timeout)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the grading took more than %v of this machine's time and was ended, so there is no result; try again when the machine is less busy, or with a longer --timeout", timeout))
	return ctx, cancel, nil
}

// ended is why ctx has ended, as a sentence; nil while it has not.
func ended(ctx context.Context) error {
	switch err := context.Cause(ctx); {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted: there is no result")
	default:
		return err
	}
}
