package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Changes are settings that clients change while the service runs, until its
// next start; nil leaves one as it is.
type Changes struct {
	LogLevel *string        // trace, debug, info, warn or error
	Zone     *time.Location // of schedules, and of rules that start
}

// configs is the body of PATCH /configs, with eKuiper's keys.
type configs struct {
	LogLevel    *string
	Debug       *bool
	ConsoleLog  *bool
	FileLog     *bool
	Timezone    *string
	MetricsDump *struct{ Enable bool } `json:"metricsDumpConfig"`
}

// routeConfigs routes changes of settings.
func (a *API) routeConfigs(r *routes) {
	r.Handle("PATCH /configs", handle(codeUndefined, a.patchConfigs))
}

func (a *API) patchConfigs(w http.ResponseWriter, r *http.Request) error {
	text, err := body(r)
	if err != nil {
		return err
	}
	var in configs
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return fmt.Errorf(`the body must be JSON with some of logLevel, debug, consoleLog, fileLog, timezone and metricsDumpConfig: %w`, err)
	}
	changes, err := in.changes()
	if err != nil {
		return err
	}
	if in.FileLog != nil && *in.FileLog {
		writeWarnings(w, []string{"fileLog has no effect: the log goes to the standard output"})
	}
	if err := a.Configure(changes); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (in *configs) changes() (c Changes, err error) {
	c.LogLevel = in.LogLevel
	switch {
	case in.Debug == nil || in.LogLevel != nil:
	case *in.Debug:
		c.LogLevel = new("debug")
	default:
		c.LogLevel = new("info")
	}
	if in.MetricsDump != nil && in.MetricsDump.Enable {
		return c, errors.New("metricsDumpConfig: figures are not kept here; let Prometheus read /metrics")
	}
	if in.Timezone == nil {
		return c, nil
	}
	c.Zone = time.Local
	if !strings.EqualFold(*in.Timezone, "local") && *in.Timezone != "" {
		if c.Zone, err = time.LoadLocation(*in.Timezone); err != nil {
			return c, fmt.Errorf("timezone: %q is no time zone of this machine; write Local, UTC or a name such as Europe/Berlin", *in.Timezone)
		}
	}
	return c, nil
}
