package main

import (
	"context"
	"fmt"

	"wireloom/internal/host"
)

func runHealth(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "health", "[--config FILE | --url URL]", `Asks the server of this machine whether it is ready, by the settings that it has: those of the file
and of the environment. Prints "ready", or why not, with the exit code 1.`)
	x := newServeFlags(newFlags(io, "serve", "", "")) // the settings, of which no flag is given here
	file := f.String("config", "", "the `file` with the server's settings")
	url := f.String("url", "", "ask the server at this `URL` instead")
	if code, ok := alone(io, f, args); !ok {
		return code
	}
	env := given(map[string]string{"WIRELOOM_CONFIG": *file})
	err := error(nil)
	if *url != "" {
		err = host.Ask(ctx, *url)
	} else {
		if err = x.table.Read(x.File(env), env); err != nil {
			return fail(io, err)
		}
		conf, cerr := x.Read(nil)
		if cerr != nil {
			return fail(io, cerr)
		}
		err = conf.Ask(ctx)
	}
	if err != nil {
		fmt.Fprintf(io.err, "labserver: %s\n", sentence(err))
		return exitFailed
	}
	fmt.Fprintln(io.out, "ready")
	return exitOK
}
