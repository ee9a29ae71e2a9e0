package receivers

import (
	"fmt"
	"strings"
	"unicode"
)

const (
	dim        = "\x1b[2m"
	bold       = "\x1b[1m"
	plainStyle = "\x1b[0m"
)

// colours of the targets; one that is not here has none.
var colours = map[string]string{"wecom": "\x1b[32m", "erp": "\x1b[36m", "cloud": "\x1b[35m"}

// Line is a message as one line of aligned columns.
func (m Message) Line() string {
	return fmt.Sprintf("%s  %-5s  %-10s  %s", m.Time.Format("15:04:05"), m.Target, orDash(m.Device), printable(m.Text))
}

// ColourLine is Line for a terminal.
func (m Message) ColourLine() string {
	return fmt.Sprintf("%s%s%s  %s%-5s%s  %s%-10s%s  %s", dim, m.Time.Format("15:04:05"), plainStyle,
		colours[m.Target], m.Target, plainStyle, bold, orDash(m.Device), plainStyle, printable(m.Text))
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return printable(text)
}

// printable keeps a message from moving the cursor or changing the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, text)
}
