package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDeviceRefusals has a device service that says what a real one says only
// when something else goes wrong.
func TestDeviceRefusals(t *testing.T) {
	const planned = `{"devices": [{"line": 2, "name": "a", "action": "create"}, {"line": 3, "name": "b", "action": "create"}]}`
	list := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(list, []byte("name,profile\na,P\nb,P\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		status int
		body   string
		args   string
		code   int
		out    string
		err    string
	}{
		"core-metadata refuses one": {502, `{"devices": [{"line": 2, "name": "a", "action": "create"}, {"line": 3, "name": "b", "action": "error", "error": "core-metadata: it is of another service"}]}`,
			"import", 1, "line 3 b: core-metadata: it is of another service\ndone: 1 created\n", "refused: 1 of 2; the others are done"},
		"another server in between": {502, `<html>`, "import", 1, "", "502 Bad Gateway; is http://"},
		"JSON of another server":    {502, `{"message": "no upstream"}`, "import", 1, "", "no upstream"},
		"no longer right":           {422, planned, "import", 1, "", "devices or profiles have changed since they were checked"},
		"too slow":                  {503, `<html>`, "import", 1, "", "took longer than its Service.RequestTimeout"},
		"token":                     {401, ``, "import", 4, "", "wants a token of EdgeX; give it with --service-token"},
		"locked":                    {423, `{"message": "device a locked", "statusCode": 423}`, "write a x=1", 1, "", "device a locked. A device is read and written while its admin state is UNLOCKED"},
		"no JSON":                   {200, `[`, "import", 1, "", "is not that of a device service"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("dryRun") == "true" {
				_, _ = fmt.Fprint(w, planned)
				return
			}
			w.WriteHeader(c.status)
			_, _ = fmt.Fprint(w, c.body)
		}))
		args := append([]string{"device", "--service", s.URL}, strings.Fields(c.args)...)
		if c.args == "import" {
			args = append(args, list, "--yes")
		}
		var out, errs bytes.Buffer
		code := execute(args, strings.NewReader(""), &out, &errs)
		s.Close()
		shown := strings.TrimPrefix(out.String(), "create a\ncreate b\n")
		if code != c.code || shown != c.out || !strings.Contains(errs.String(), c.err) {
			t.Errorf("%s: %d\n%s\n%s", name, code, shown, errs.String())
		}
	}
}
