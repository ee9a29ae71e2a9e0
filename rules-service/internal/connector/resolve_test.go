package connector

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sets are named properties of a test.
type sets map[string]map[string]any

func (s sets) get(name string) (map[string]any, error) {
	if props, ok := s[name]; ok {
		return props, nil
	}
	return nil, errors.New(name + " is not found")
}

func (s sets) Source(_, key string) (map[string]any, error) { return s.get(key) }
func (s sets) Sink(_, key string) (map[string]any, error)   { return s.get(key) }
func (s sets) Connection(id string) (string, map[string]any, error) {
	props, err := s.get(id)
	return "bus", props, err
}

type busConfig struct {
	Server string `prop:"server,required" alias:"host" doc:"Where it is."`
	Topic  string `prop:"topic" doc:"What is sent to."`
}

func decodeBus(t *testing.T, props map[string]any, n Named) (server, topic, connection string, err error) {
	t.Helper()
	r := NewRegistry()
	AddSink(r, SinkSpec[busConfig]{Name: "bus", Summary: "A bus.", Example: `{}`,
		New: func(c busConfig, _ Env) (Sink, error) {
			server, topic = c.Server, c.Topic
			return nil, nil
		}})
	info, err := r.Sink("bus")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, Env{Named: n})
	if err != nil {
		return "", "", "", err
	}
	if _, err := c.Open(); err != nil {
		t.Fatal(err)
	}
	return server, topic, c.Connection, nil
}

// What an action says itself wins over its connection, which wins over its
// configuration key; an alias is no way around that.
func TestSinkProperties(t *testing.T) {
	named := sets{"key": {"host": "of key", "topic": "of key"}, "c1": {"Server": "of c1"}, "selects": {"connectionSelector": "c1", "topic": "of selects"}}
	for _, c := range []struct {
		props                     map[string]any
		server, topic, connection string
	}{
		{map[string]any{"server": "own"}, "own", "", ""},
		{map[string]any{"resourceId": "key"}, "of key", "of key", ""},
		{map[string]any{"RESOURCEID": "key", "host": "own"}, "own", "of key", ""},
		{map[string]any{"resourceId": "key", "connectionSelector": "c1"}, "of c1", "of key", "c1"},
		{map[string]any{"connectionSelector": "c1", "host": "own", "topic": "own"}, "own", "own", "c1"},
		{map[string]any{"resourceId": "selects"}, "of c1", "of selects", "c1"},
		{map[string]any{"resourceId": "", "connectionSelector": nil, "server": "own"}, "own", "", ""},
	} {
		server, topic, connection, err := decodeBus(t, c.props, named)
		if server != c.server || topic != c.topic || connection != c.connection || err != nil {
			t.Errorf("%v: %s, %s, %s, %v", c.props, server, topic, connection, err)
		}
	}
}

func TestUnknownReferences(t *testing.T) {
	for _, c := range []struct {
		props map[string]any
		named Named
		want  string
	}{
		{map[string]any{"resourceId": "x"}, sets{}, `sink bus: property "resourceId": x is not found`},
		{map[string]any{"connectionSelector": "x"}, sets{}, `sink bus: property "connectionSelector": x is not found`},
		{map[string]any{"connectionSelector": 5}, sets{}, `sink bus: property "connectionSelector" must be a text, not 5`},
		{map[string]any{"resourceId": "x"}, nil, `configuration key "x" is not known here`},
		{map[string]any{"connectionSelector": "x"}, nil, `connection x is not known here`},
	} {
		if _, _, _, err := decodeBus(t, c.props, c.named); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.props, err, c.want)
		}
	}
}

func TestMerge(t *testing.T) {
	fields := []Field{{Name: "server", Aliases: []string{"host"}}, {Name: "keepAlive"}}
	got := Merge(fields, map[string]any{"HOST": 1, "other": 1}, map[string]any{"keepalive": 2, "Server": 2})
	if diff := cmp.Diff(map[string]any{"server": 2, "other": 1, "keepAlive": 2}, got); diff != "" {
		t.Error(diff)
	}
}
