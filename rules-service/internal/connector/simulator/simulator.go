// Package simulator is the source, and the lookup table, whose rows stand in
// their configuration: for trying rules without a plant.
package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sluice/rules-service/internal/connector"
)

// Config is the configuration of the source.
type Config struct {
	Datasource string           `prop:"datasource" doc:"Has no meaning for this source."`
	Data       []map[string]any `prop:"data,required" doc:"Rows, sent one after the other."`
	Interval   time.Duration    `prop:"interval" doc:"Pause between two rows."`
	Loop       bool             `prop:"loop" doc:"Begin again after the last row; otherwise the source ends."`
}

// Validate checks what the types cannot say.
func (c *Config) Validate() error {
	switch {
	case len(c.Data) == 0:
		return errors.New(`property "data" has no row`)
	case c.Interval < 0:
		return errors.New(`property "interval" must not be negative`)
	case c.Interval == 0 && c.Loop:
		return errors.New(`property "interval" must be above 0 with loop: rows would come without end`)
	}
	return nil
}

// Register adds the source and the lookup table to r.
func Register(r *connector.Registry) {
	connector.AddSource(r, connector.SourceSpec[Config]{
		Name:     "simulator",
		Summary:  "Sends the rows of its configuration, for trying rules.",
		Defaults: Config{Interval: time.Second, Loop: true},
		Example:  `{"data": [{"device": "pump1", "temperature": 21.5}, {"device": "pump2", "temperature": 80}], "interval": "500ms"}`,
		Format:   "json",
		Finite:   func(c Config) bool { return !c.Loop },
		New: func(c Config, _ connector.Env) (connector.Source, error) {
			s := &source{config: c}
			for i, row := range c.Data {
				payload, err := json.Marshal(row)
				if err != nil {
					return nil, fmt.Errorf("property \"data[%d]\": %w", i, err)
				}
				s.payloads = append(s.payloads, payload)
			}
			return s, nil
		},
	})
	registerLookup(r)
}

// source sends rows. A connection that is made again goes on where it was.
type source struct {
	config   Config
	payloads [][]byte
	next     int       // in payloads
	due      time.Time // of the next row
}

func (s *source) Connect(context.Context) error {
	s.due = time.Now()
	return nil
}

func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	if s.next == len(s.payloads) {
		if !s.config.Loop {
			return nil, nil, connector.ErrEndOfInput
		}
		s.next = 0
	}
	if err := s.wait(ctx); err != nil {
		return nil, nil, err
	}
	s.next++
	return []connector.Inbound{{Payload: s.payloads[s.next-1], Time: time.Now()}}, nil, nil
}

// wait keeps the rhythm however long rules take; what is too late does not
// come in a burst.
func (s *source) wait(ctx context.Context) error {
	timer := time.NewTimer(time.Until(s.due))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.due = s.due.Add(s.config.Interval)
	if now := time.Now(); s.due.Before(now) {
		s.due = now.Add(s.config.Interval)
	}
	return nil
}

func (s *source) Close(context.Context) error { return nil }
