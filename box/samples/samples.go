// Package samples holds the streams and rules that the box starts with, and
// brings them to a rules service over its REST API. The files are what a user
// would send, with the box's default addresses.
package samples

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// The addresses that occur in the samples; Apply replaces them.
const (
	Bus       = "127.0.0.1:1883"
	Cloud     = "127.0.0.1:1884"
	Receivers = "127.0.0.1:8899"
	Metadata  = "127.0.0.1:59881"
)

// requestTimeout bounds one request to the rules service.
const requestTimeout = 10 * time.Second

//go:embed streams/*.sql rules/*.json
var files embed.FS

// Files are the samples: streams/<name>.sql and rules/<id>.json.
func Files() fs.FS { return files }

// Apply creates all streams and rules, or updates those that are there.
// addresses maps the default addresses to the ones in use.
func Apply(ctx context.Context, baseURL string, addresses map[string]string) error {
	a := applier{url: baseURL, addresses: replacer(addresses)}
	if err := a.all(ctx, "streams", func(sql []byte) ([]byte, error) {
		return json.Marshal(map[string]string{"sql": string(sql)})
	}); err != nil {
		return err
	}
	return a.all(ctx, "rules", func(rule []byte) ([]byte, error) { return rule, nil })
}

func replacer(addresses map[string]string) *strings.Replacer {
	var pairs []string
	for from, to := range addresses {
		pairs = append(pairs, from, to)
	}
	return strings.NewReplacer(pairs...)
}

type applier struct {
	url       string
	addresses *strings.Replacer
}

// all applies the files of a folder, which is also the path of the API.
func (a applier) all(ctx context.Context, folder string, body func([]byte) ([]byte, error)) error {
	existing, err := a.names(ctx, folder)
	if err != nil {
		return err
	}
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := fs.ReadFile(files, path.Join(folder, e.Name()))
		if err != nil {
			return err
		}
		sent, err := body([]byte(a.addresses.Replace(string(text))))
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
		method, at := http.MethodPost, "/"+folder
		if slices.Contains(existing, name) {
			method, at = http.MethodPut, "/"+folder+"/"+name
		}
		if _, err := a.call(ctx, method, at, sent); err != nil {
			return fmt.Errorf("%s/%s: %w", folder, e.Name(), err)
		}
	}
	return nil
}

// names lists what is there: streams by name, rules by id.
func (a applier) names(ctx context.Context, folder string) ([]string, error) {
	text, err := a.call(ctx, http.MethodGet, "/"+folder, nil)
	if err != nil {
		return nil, err
	}
	var names []string
	if folder == "streams" {
		err = json.Unmarshal(text, &names)
	} else {
		var rules []struct{ ID string }
		err = json.Unmarshal(text, &rules)
		for _, r := range rules {
			names = append(names, r.ID)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("GET /%s: %w", folder, err)
	}
	return names, nil
}

func (a applier) call(ctx context.Context, method, at string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, a.url+at, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, at, err)
	}
	if res.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: %w", method, at, refusal(res.StatusCode, text))
	}
	return text, nil
}

// refusal finds the message in an error of the rules service.
func refusal(status int, text []byte) error {
	var e struct{ Message string }
	if json.Unmarshal(text, &e) != nil {
		e.Message = ""
	}
	message := cmp.Or(e.Message, strings.TrimSpace(string(text)), http.StatusText(status))
	return errors.New(message)
}
