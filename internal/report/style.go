package report

import (
	"crypto/sha256"
	"encoding/base64"
)

// Style is the style sheet of a report's page, for other pages that belong to it.
func Style() string { return pageStyle }

// Policy lets a page have the one style and nothing else: whatever a program under test
// managed to smuggle into it would neither run nor load.
func Policy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}
