package health

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAsked(t *testing.T) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/well" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	plain, secure := httptest.NewServer(answer), httptest.NewTLSServer(answer)
	defer plain.Close()
	defer secure.Close()
	host, port, _ := strings.Cut(strings.TrimPrefix(plain.URL, "http://"), ":")
	t.Setenv("HEALTH_TEST_HOST", host)
	t.Setenv("HEALTH_TEST_PORT", port)
	t.Setenv("HEALTH_TEST_EMPTY", "")

	cases := []struct {
		name string
		args []string
		code int
		out  string // part of what is printed
	}{
		{"well", []string{"-cp=x", "--health=" + plain.URL + "/well"}, 0, ""},
		{"well over TLS", []string{"--health=" + secure.URL + "/well"}, 0, ""},
		{"a port", []string{"--health=tcp://" + host + ":" + port}, 0, ""},
		{"first variable", []string{"--health=http://${HEALTH_TEST_HOST|nowhere}:${HEALTH_TEST_PORT|1}/well"}, 0, ""},
		{"second variable", []string{"--health=http://$HEALTH_TEST_HOST:${HEALTH_TEST_EMPTY|HEALTH_TEST_PORT|1}/well"}, 0, ""},
		{"text", []string{"--health=http://${HEALTH_TEST_EMPTY|" + host + "}:" + port + "/well"}, 0, ""},
		{"not well", []string{"--health=" + plain.URL + "/ill"}, 1, "503"},
		{"no server", []string{"--health=tcp://" + host + ":1"}, 1, "refused"},
		{"another scheme", []string{"--health=ftp://" + host}, 1, "want an http, https or tcp URL"},
		{"no URL", []string{"--health=:"}, 1, "missing protocol scheme"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			code, asked := Asked(c.args, &out)
			if !asked || code != c.code || !strings.Contains(out.String(), c.out) || c.out == "" && out.Len() > 0 {
				t.Errorf("Asked(%q) = %d, %t and prints %q; want %d and %q", c.args, code, asked, out.String(), c.code, c.out)
			}
		})
	}
}

func TestNotAsked(t *testing.T) {
	if _, asked := Asked([]string{"-cp=consul.http://x:8500", "--help"}, nil); asked {
		t.Error("no argument asks for health")
	}
}
