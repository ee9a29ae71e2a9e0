package main

import (
	"errors"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
)

func TestAESKey(t *testing.T) {
	const key = "MDEyMzQ1Njc4OWFiY2RlZg=="
	env := connector.Env{Secret: func(name, field string) (string, error) {
		if name == "aes" && field == "key" {
			return key, nil
		}
		return "", errors.New("not there")
	}}
	for setting, want := range map[string]string{key: "0123456789abcdef", "secret://aes/key": "0123456789abcdef"} {
		if got, err := aesKey(setting, env)(); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", setting, got, err)
		}
	}
	if _, err := aesKey("secret://aes/other", env)(); err == nil || !strings.Contains(err.Error(), "secret aes, key other: not there") {
		t.Error(err)
	}
	if aesKey("", env) != nil {
		t.Error("there is a key without a setting")
	}
	for _, wrong := range []string{"hush", "aHVzaA==", "secret:/aes"} {
		_, _, err := readSettings(map[string]any{"AESKey": wrong}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "Rules.AESKey: the key must be 16, 24 or 32 bytes") || strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if _, _, err := readSettings(nil, []string{"KUIPER__BASIC__AESKEY=" + key}); err != nil {
		t.Error(err)
	}
}
