// Command run starts a PostgreSQL for the tests in a browser, as those in Go have one, and says in one
// line the URL of a database with our tables in it. It ends, and the database with it, when its
// standard input does.
package main

import (
	"fmt"
	"io"
	"os"

	"wireloom/internal/store/storetest"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "PostgreSQL:", err)
		os.Exit(1)
	}
}

func serve() error {
	url, _, err := storetest.Database() // to be dropped with its server
	if err != nil {
		return err
	}
	fmt.Println(url)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
