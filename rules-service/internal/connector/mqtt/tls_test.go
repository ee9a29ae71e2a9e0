package mqtt

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/tests/servers"
)

func base64Of(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// A broker that wants certificates, given as files and as texts.
func TestTLS(t *testing.T) {
	b := servers.MosquittoTLS(t)
	trust := map[string]any{"rootCaPath": b.CA}
	url := func(port int) string { return fmt.Sprintf("ssl://127.0.0.1:%d", port) }
	for name, c := range map[string]struct {
		port  int
		props map[string]any
		fails string
	}{
		"trusted":            {b.Port, trust, ""},
		"trusted, as text":   {b.Port, map[string]any{"rootCARaw": base64Of(t, b.CA)}, ""},
		"not asked":          {b.Port, map[string]any{"insecureSkipVerify": true}, ""},
		"not trusted":        {b.Port, nil, "certificate signed by unknown authority"},
		"both":               {b.MutualPort, map[string]any{"rootCaPath": b.CA, "certificationPath": b.ClientCert, "privateKeyPath": b.ClientKey}, ""},
		"both, as text":      {b.MutualPort, map[string]any{"rootCARaw": base64Of(t, b.CA), "certificationRaw": base64Of(t, b.ClientCert), "privateKeyRaw": base64Of(t, b.ClientKey), "tlsMinVersion": "tls1.3"}, ""},
		"both, none is ours": {b.MutualPort, trust, "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			props := map[string]any{"server": url(c.port), "timeout": "20s"}
			maps.Copy(props, c.props)
			r := registry()
			s := openSource(t, r, with(props, "datasource", "in"))
			err := s.Connect(limited(t))
			defer s.Close(context.Background())
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("got %v, want %s", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			out := openSink(t, r, with(props, "topic", "in"))
			if err := out.Connect(limited(t)); err != nil {
				t.Fatal(err)
			}
			defer out.Close(context.Background())
			if err := out.Write(limited(t), []connector.Outbound{{Payload: []byte("x")}}); err != nil {
				t.Fatal(err)
			}
			if got := readUntil(t, s, 1); got[0] != "x" {
				t.Error(got)
			}
			if s.(*source).client != out.(*sink).client {
				t.Error("source and sink have not one connection")
			}
		})
	}
}

func with(props map[string]any, name string, v any) map[string]any {
	out := maps.Clone(props)
	out[name] = v
	return out
}
