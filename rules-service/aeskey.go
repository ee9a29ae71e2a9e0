package main

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"sluice/rules-service/internal/connector"
)

// aesKey returns the key that a setting holds or, when it is asked for, names.
func aesKey(setting string, env connector.Env) func() ([]byte, error) {
	if setting == "" {
		return nil
	}
	return func() ([]byte, error) {
		text, err := env.Resolve(setting)
		if err != nil {
			return nil, err
		}
		return parseAESKey(text)
	}
}

// checkAESKey checks a key that stands in the configuration by itself.
func checkAESKey(setting string) error {
	if setting == "" || connector.IsReference(setting) {
		return nil
	}
	_, err := parseAESKey(setting)
	return err
}

func parseAESKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || !slices.Contains([]int{16, 24, 32}, len(key)) {
		return nil, errors.New("the key must be 16, 24 or 32 bytes as base64")
	}
	return key, nil
}
