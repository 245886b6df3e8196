//go:build !linux

package door

import "errors"

func openTap(string) (peer, error) {
	return nil, errors.New("this server's system has no TAP that labserver knows: it is Linux's")
}
