package api

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
)

// Checker says why a token is not to be accepted. Its errors have nothing of
// the token.
type Checker func(token string) error

// errToken is what a token meets that nobody knows.
var errToken = errors.New("it is not the token of this service")

// open are the paths that need no token: what supervisors ask.
var open = map[string]bool{"/": true, "/ping": true, "/healthz": true, "/readyz": true}

// authenticate lets requests in that carry a token, with or without the word
// Bearer.
func (a *API) authenticate(next http.Handler) http.Handler {
	if a.Token == "" && len(a.Checkers) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if open[r.URL.Path] {
			next.ServeHTTP(w, r)
			return
		}
		given := bearer(r)
		if given == "" {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "missing_token", http.StatusUnauthorized)
			return
		}
		if err := a.check(given); err != nil {
			if !errors.Is(err, errToken) { // a checker has a reason
				a.Log.Debug("token is refused", "path", r.URL.EscapedPath(), "error", err)
			}
			http.Error(w, "invalid_token", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bearer is the token of a request.
func bearer(r *http.Request) string {
	const word = "Bearer "
	given := strings.TrimSpace(r.Header.Get("Authorization"))
	if len(given) > len(word) && strings.EqualFold(given[:len(word)], word) {
		return strings.TrimSpace(given[len(word):])
	}
	return given
}

// check asks for the service's own token first, which is quick.
func (a *API) check(token string) error {
	if a.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(a.Token)) == 1 {
		return nil
	}
	err := errToken
	for _, check := range a.Checkers {
		if err = check(token); err == nil {
			return nil
		}
	}
	return err
}
