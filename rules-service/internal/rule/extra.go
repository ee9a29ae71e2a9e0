package rule

import "regexp"

// extraValue is the value of EXTRA in a statement.
var extraValue = regexp.MustCompile(`(?i)\bEXTRA\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`)

// hideExtra blanks the value of EXTRA: it may hold secrets, and errors draw the
// line that they are about. The text keeps its length, so that positions in it
// stay right.
func hideExtra(sql string) string {
	text := []byte(sql)
	for _, at := range extraValue.FindAllStringSubmatchIndex(sql, -1) {
		for i := at[2] + 1; i < at[3]-1; i++ {
			if text[i] != '\n' {
				text[i] = '*'
			}
		}
	}
	return string(text)
}
