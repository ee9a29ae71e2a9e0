package sqltest

import (
	"strings"
	"time"

	"sluice/sqlengine/value"
)

// normal is an expected line of the output as a run would write it, however
// people write times, blanks, keys and numbers. What is no result stays.
func normal(line string) string {
	at, text, ok := strings.Cut(line, " ")
	if !ok || !strings.HasPrefix(at, "@") {
		return line
	}
	d, err := time.ParseDuration(at[1:])
	if err != nil {
		return line
	}
	if strings.HasPrefix(text, "error ") {
		return "@" + d.String() + " " + text
	}
	x, err := oneValue(text)
	if err != nil {
		return line
	}
	v, err := converter{whole: true}.free(x)
	if err != nil {
		return line
	}
	if normal, err := v.AppendJSON(nil); err == nil && v.Kind() == value.List {
		return "@" + d.String() + " " + string(normal)
	}
	return line
}
