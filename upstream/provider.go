package upstream

import (
	"net/url"
	"os"
	"strings"
)

// Provider is the Consul that EdgeX's configuration comes from: that of the
// environment, or else of the flag -cp. It is nil without one, and when reaching
// it needs more than plain HTTP.
func Provider(flag string) *url.URL {
	text := flag
	if env, set := os.LookupEnv(variableProvider); set && env != "" {
		text = env
	}
	plain, isConsul := strings.CutPrefix(text, "consul.")
	if !isConsul || os.Getenv("CONSUL_HTTP_SSL") != "" {
		return nil
	}
	u, err := url.Parse(plain)
	if err != nil || u.Scheme != "http" || u.Port() == "" {
		return nil
	}
	return u
}
