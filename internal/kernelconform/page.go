package main

import (
	"fmt"
	"strings"
)

// page is the part of docs/networking.md that is made of this: what differs from the real kernels, and what can't be compared.
func page() (string, error) {
	recorded, node := all()
	rest := left(recorded, node)
	found := differences(recorded, node)
	for _, d := range dialects {
		if err := node[d].err; err != nil {
			return "", err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d kinds of behaviour are compared with FreeBSD 9.1 and NetBSD 7.99, whose answers to raw frames and socket calls were recorded in %d transcripts, and with DragonFly's\nsource: `go run ./internal/kernelconform` prints them side by side, with `-all` each field of each frame.\n\n", len(rows), found.transcripts)
	if len(rest) == 0 {
		b.WriteString("None of them differs.\n\n")
	} else {
		b.WriteString("| what differs | system | the kernel | here | why |\n|---|---|---|---|---|\n")
		for _, x := range rest {
			fmt.Fprintf(&b, "| %s: %s | %s | %s | %s | %s |\n", x.row.part, x.row.what, x.dialect, x.cell.want, x.cell.got, x.row.reason)
		}
		b.WriteString("\n")
	}
	b.WriteString("Sequence numbers, time stamps, ephemeral ports and MACs are compared by how they advance. What else of the transcripts is not compared:\n\n| transcript | at | why |\n|---|---|---|\n")
	for _, c := range cannot {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", c.file, strings.TrimRight(strings.TrimSpace(c.step+" "+c.field), ":"), c.why)
	}
	return b.String(), nil
}
