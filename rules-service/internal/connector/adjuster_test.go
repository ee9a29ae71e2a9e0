package connector

import (
	"errors"
	"strings"
	"testing"
)

type adjusted struct {
	Topic Template `prop:"topic" doc:"Topic."`
	Old   string   `prop:"old,ignored" doc:"Accepted."`
}

func (c *adjusted) Adjust(common *SinkCommon) error {
	if c.Topic == "bad" {
		return errors.New("topic is bad")
	}
	c.Topic += "!"
	common.DataTemplate += "?"
	return nil
}

// A sink has a say in its templates and in the common properties before they
// are read.
func TestAdjuster(t *testing.T) {
	r := NewRegistry()
	AddSink(r, SinkSpec[adjusted]{Name: "x", New: func(adjusted, Env) (Sink, error) { return nil, nil }})
	info, err := r.Sink("x")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(map[string]any{"topic": "{{.a}}", "dataTemplate": "{{.b}}"}, Env{})
	if err != nil || c.Templates["topic"] != "{{.a}}!" || c.Common.DataTemplate != "{{.b}}?" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := info.Decode(map[string]any{"topic": "bad"}, Env{}); err == nil || err.Error() != "sink x: topic is bad" {
		t.Error(err)
	}
}

// What has no effect any more is taken, with a warning.
func TestIgnoredProperty(t *testing.T) {
	r := NewRegistry()
	AddSink(r, SinkSpec[adjusted]{Name: "x", New: func(adjusted, Env) (Sink, error) { return nil, nil }})
	info, err := r.Sink("x")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"": "", "a": `property "old" has no effect; leave it out`} {
		c, err := info.Decode(map[string]any{"OLD": text}, Env{})
		if err != nil || strings.Join(c.Warnings, ",") != want {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}
