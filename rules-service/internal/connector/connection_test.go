package connector

import (
	"context"
	"errors"
	"strings"
	"testing"
)

type hostConfig struct {
	Server   string `prop:"server,required" doc:"Where it is."`
	Password Secret `prop:"password" doc:"Password."`
}

func TestConnectionInfo(t *testing.T) {
	r := NewRegistry()
	var pinged hostConfig
	AddConnection(r, ConnectionSpec[hostConfig]{Name: "host", Summary: "A host.", Example: `{"server":"x"}`,
		Ping: func(_ context.Context, c hostConfig, _ Env) error {
			pinged = c
			if c.Server == "down" {
				return errors.New("refused: " + c.Password.Reveal())
			}
			return nil
		}})
	info, err := r.Connection("host")
	if err != nil {
		t.Fatal(err)
	}
	env := Env{Secret: func(string, string) (string, error) { return "hush", nil }}
	if err := info.Ping(t.Context(), map[string]any{"server": "up", "password": "secret://plant/password"}, env); err != nil || pinged.Password.Reveal() != "hush" {
		t.Errorf("%+v, %v", pinged, err)
	}
	err = info.Ping(t.Context(), map[string]any{"server": "down", "password": "secret://plant/password"}, env)
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("error %v", err)
	}
	for _, c := range []struct {
		props map[string]any
		want  string
	}{
		{map[string]any{}, `connection of type host: property "server" is missing`},
		{map[string]any{"server": "x", "pasword": "y"}, `unknown property "pasword"; did you mean "password"?`},
	} {
		if err := info.Check(c.props); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.props, err)
		}
		if err := info.Ping(t.Context(), c.props, env); err == nil {
			t.Errorf("%v is pinged", c.props)
		}
	}
	if _, err := r.Connection("hots"); err == nil || !strings.Contains(err.Error(), `did you mean "host"?`) {
		t.Error(err)
	}
}
