package main

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"sluice/rules-service/internal/api"
)

// IsJWTValid knows one token.
func (v vault) IsJWTValid(token string) (bool, error) {
	if token == "broken" {
		return false, errors.New("the secret store is away")
	}
	return token == "edgex", nil
}

func TestAccess(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	t.Setenv("EDGEX_SECURITY_SECRET_STORE", "false")
	conf := read(t, map[string]any{"DataDir": t.TempDir()})
	if token, checkers, err := access(conf, vault{}, log); token != "" || checkers != nil || err != nil {
		t.Errorf("open on loopback: %d checkers, %v", len(checkers), err)
	}
	conf.Authentication, conf.PublicKeys = "true", t.TempDir()
	if token, checkers, err := access(conf, vault{}, log); token == "" || len(checkers) != 1 || err != nil {
		t.Errorf("with public keys: %d checkers, %v", len(checkers), err)
	}
	t.Setenv("EDGEX_SECURITY_SECRET_STORE", "true")
	conf.Authentication, conf.PublicKeys = "", ""
	token, checkers, err := access(conf, vault{}, log)
	if token == "" || len(checkers) != 1 || err != nil {
		t.Fatalf("secure EdgeX: %d checkers, %v", len(checkers), err)
	}
	for given, want := range map[string]string{"edgex": "", "x": "EdgeX's secret store does not know it", "broken": "the secret store is away"} {
		got := ""
		if err := checkers[0](given); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q", given, got)
		}
	}
	t.Setenv("EDGEX_DISABLE_JWT_VALIDATION", "true")
	if token, checkers, err := access(conf, vault{}, log); token != "" || checkers != nil || err != nil {
		t.Errorf("validation switched off: %d checkers, %v", len(checkers), err)
	}
}

func TestSecretsOfTheService(t *testing.T) {
	get := secretsOf(vault{name: "plant", data: map[string]string{"key": "insecure"}})
	expect := func(name, key, want string) {
		t.Helper()
		got, err := get(name, key)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s/%s: %q, want %q", name, key, got, want)
		}
	}
	t.Setenv("EDGEX_SECURITY_SECRET_STORE", "false")
	expect("plant", "key", "insecure")
	expect("plant", "other", "")
	expect("line-2/mqtt", "pass.word", "neither the variable RULES_SECRET_LINE_2_MQTT_PASS_WORD nor Writable.InsecureSecrets has it")
	t.Setenv("RULES_SECRET_LINE_2_MQTT_PASS_WORD", "variable")
	expect("line-2/mqtt", "pass.word", "variable")
	t.Setenv("EDGEX_SECURITY_SECRET_STORE", "true") // then only the store counts
	expect("line-2/mqtt", "pass.word", "no such secret")
}

// TestHTTPS: with a certificate the API speaks HTTPS alone.
func TestHTTPS(t *testing.T) {
	authority, cert, key := certificate(t)
	log := slog.New(slog.DiscardHandler)
	s, err := api.ServeTLS("127.0.0.1:0", cert, key, http.NotFoundHandler(), log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: authority}}
	defer client.CloseIdleConnections()
	res, err := client.Get("https://" + s.Addr.String() + "/")
	if err != nil || res.StatusCode != 404 {
		t.Fatal(res, err)
	}
	_ = res.Body.Close()
	if res, err := client.Get("http://" + s.Addr.String() + "/"); err != nil || res.StatusCode != 400 {
		t.Error(res, err)
	} else {
		_ = res.Body.Close()
	}
	if err := os.WriteFile(key, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := api.ServeTLS("127.0.0.1:0", cert, key, http.NotFoundHandler(), log); err == nil || !strings.HasPrefix(err.Error(), "rules API: certificate: ") {
		t.Error(err)
	}
}
