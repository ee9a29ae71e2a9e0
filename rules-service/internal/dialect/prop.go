package dialect

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// started is when the process began.
var started = time.Now()

// Prop is a property of the service for the function props: "et" is its start
// in milliseconds, the others come from environment variables, KUIPER_PROPS_X
// for "x".
func Prop(name string) (string, bool) {
	if name == "et" {
		return strconv.FormatInt(started.UnixMilli(), 10), true
	}
	s, ok := environment()[name]
	return s, ok
}

// environment does not change while the service runs.
var environment = sync.OnceValue(func() map[string]string { return propsOf(os.Environ()) })

func propsOf(environ []string) map[string]string {
	props := map[string]string{}
	for _, variable := range environ {
		key, text, _ := strings.Cut(variable, "=")
		if name, ok := strings.CutPrefix(key, "KUIPER_PROPS_"); ok {
			props[strings.ToLower(name)] = text
		}
	}
	return props
}
