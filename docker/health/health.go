// Package health lets a program ask its own service whether it is well. An
// image from scratch has no shell and no curl: its health check is the program
// itself with --health=URL.
package health

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const flag = "--health="

// within bounds one question; container engines have limits of their own.
const within = 5 * time.Second

// Asked answers --health=URL and returns the exit code: 0 well, 1 not. Without
// that argument asked is false. In the URL ${A|B|text} stands for the first of
// the variables A and B that is not empty, or else for the text.
func Asked(args []string, out io.Writer) (code int, asked bool) {
	for _, a := range args {
		target, found := strings.CutPrefix(a, flag)
		if !found {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		if err := Check(ctx, os.Expand(target, choose)); err != nil {
			_, _ = fmt.Fprintln(out, err)
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// choose is the value of ${A|B|text}.
func choose(names string) string {
	all := strings.Split(names, "|")
	last := len(all) - 1
	if last == 0 {
		return os.Getenv(names)
	}
	for _, name := range all[:last] {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return all[last]
}

// Check is nil when the target answers: an http or https URL with 2xx, tcp by
// taking a connection.
func Check(ctx context.Context, target string) error {
	u, err := url.Parse(target)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	switch u.Scheme {
	case "http", "https":
		return get(ctx, target)
	case "tcp":
		c, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
		if err != nil {
			return fmt.Errorf("health: %w", err)
		}
		return c.Close()
	}
	return fmt.Errorf("health: %q: want an http, https or tcp URL", target)
}

func get(ctx context.Context, target string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	// The program asks itself; its certificate is for the names that others use.
	itself := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer itself.CloseIdleConnections()
	res, err := itself.Do(request)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("health: %s answers %s", target, res.Status)
	}
	return nil
}
