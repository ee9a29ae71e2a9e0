package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/interfaces"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/secret"

	"sluice/rules-service/internal/api"
)

// access is what requests must carry: the token of the service, or another one
// that a checker takes. Without both everybody is let in.
func access(conf *settings, secrets interfaces.SecretProviderExt, log *slog.Logger) (token string, checkers []api.Checker, err error) {
	if !conf.protected() {
		if !conf.loopback() {
			log.Warn("everybody who reaches the rules API may use it: Authentication is off and it is not bound to loopback", "address", conf.address())
		}
		return "", nil, nil
	}
	token, path, err := api.Token(conf.DataDir)
	if err != nil {
		return "", nil, err
	}
	log.Info("requests to the rules API need the token", "file", path)
	if conf.PublicKeys != "" {
		keys, err := api.OpenPublicKeys(conf.PublicKeys)
		if err != nil {
			return "", nil, fmt.Errorf("Rules.PublicKeys: %w", err)
		}
		checkers = append(checkers, keys.Check)
	}
	if secured() {
		checkers = append(checkers, func(token string) error { return checkEdgeX(secrets, token) })
	}
	return token, checkers, nil
}

// checkEdgeX asks EdgeX's secret store for a token, as EdgeX's own routes do.
func checkEdgeX(secrets interfaces.SecretProviderExt, token string) error {
	valid, err := secrets.IsJWTValid(token)
	if err == nil && !valid {
		err = errors.New("EdgeX's secret store does not know it")
	}
	return err
}

// secretsOf reads secrets by name. Without a secret store a variable of the
// environment stands in: unlike Writable.InsecureSecrets it is not shown by
// EdgeX's /api/v3/config.
func secretsOf(secrets interfaces.SecretProvider) func(name, key string) (string, error) {
	return func(name, key string) (string, error) {
		variable := secretPrefix + variableOf(name) + "_" + variableOf(key)
		if !secret.IsSecurityEnabled() {
			if value := os.Getenv(variable); value != "" {
				return value, nil
			}
		}
		values, err := secrets.GetSecret(name, key)
		if err != nil && !secret.IsSecurityEnabled() {
			return "", fmt.Errorf("neither the variable %s nor Writable.InsecureSecrets has it", variable)
		}
		return values[key], err
	}
}

// variableOf is a name as part of the name of a variable.
func variableOf(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
}
