//go:build !unix

package storetest

import "errors"

// Database makes a PostgreSQL database, where its server can be started.
func Database() (url string, drop func() error, err error) {
	return "", nil, errors.New("tests start it on Unix only")
}
