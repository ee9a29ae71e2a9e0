package sap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// SourceConfig is the configuration of the source.
type SourceConfig struct {
	Datasource string        `prop:"datasource,required" doc:"OData: the set of entities. soap: the function module."`
	Protocol   string        `prop:"protocol" doc:"odata2, odata4 or soap (function modules)."`
	Interval   time.Duration `prop:"interval" doc:"Pause between two polls."`
	Delta      bool          `prop:"delta" doc:"OData: ask only for what has changed since the poll before, where the service gives out links for that; others are read as a whole each time. After a restart the first poll reads all."`
	SkipFirst  bool          `prop:"skipFirst" doc:"OData: the first poll only finds out where the changes begin; its entities are no rows."`
	Filter     string        `prop:"filter" doc:"OData: $filter."`
	Select     string        `prop:"select" doc:"OData: $select."`
	Expand     string        `prop:"expand" doc:"OData: $expand."`
	OrderBy    string        `prop:"orderby" doc:"OData: $orderby."`
	Parameters string        `prop:"parameters" doc:"soap: the parameters of the call, as XML or as a text with a JSON object."`
	Table      string        `prop:"table" doc:"soap: the table of the answer whose items are the rows; empty: the whole answer is one row."`
	Connection
}

// Validate checks what the types cannot say.
func (c *SourceConfig) Validate() error {
	odata := c.Protocol == odata2 || c.Protocol == odata4
	switch {
	case !odata && c.Protocol != soap:
		return fmt.Errorf(`property "protocol": there are odata2, odata4 and soap, not %q`, c.Protocol)
	case c.Interval <= 0:
		return errors.New(`property "interval" must be positive`)
	case !odata && (c.SkipFirst || c.Filter != "" || c.Select != "" || c.Expand != "" || c.OrderBy != ""):
		return errors.New(`properties "skipFirst", "filter", "select", "expand" and "orderby" are for odata2 and odata4 alone`)
	case c.SkipFirst && !c.Delta:
		return errors.New(`property "skipFirst" wants delta`)
	case odata && (c.Parameters != "" || c.Table != ""):
		return errors.New(`properties "parameters" and "table" are for soap alone`)
	case c.Protocol == soap && !functionName.MatchString(c.Datasource):
		return errors.New(`the DATASOURCE is no name of a function module such as RFC_READ_TABLE`)
	}
	if c.Protocol == soap && c.Parameters != "" {
		if _, err := parameters([]byte(c.Parameters)); err != nil {
			return fmt.Errorf(`property "parameters": %w`, err)
		}
	}
	return c.check()
}

func registerSource(r *connector.Registry, pool *httpclient.Pool) {
	connector.AddSource(r, connector.SourceSpec[SourceConfig]{
		Name: "sap",
		Summary: "Polls an SAP system over HTTP: entities of OData 2 and 4, all or those that have changed, and function modules by SOAP. " +
			"Entities that were deleted come with a column @removed. Times that OData 2 writes as /Date(…)/ come as milliseconds. " +
			"Tested against a server that checks envelopes and gives out pages and changes; not tested on a live SAP system.",
		Defaults: SourceConfig{Protocol: odata2, Interval: time.Minute, Delta: true, Connection: Connection{Web: connector.DefaultWeb()}},
		Example: `{"datasource": "MaintenanceOrder", "url": "https://sap.example.com/sap/opu/odata/sap/API_MAINTENANCEORDER",
 "client": "100", "user": "EDGE", "password": "secret", "interval": "1m"}`,
		Format: "json",
		New: func(c SourceConfig, _ connector.Env) (connector.Source, error) {
			s := &source{config: c}
			var err error
			s.session, err = newSession(&s.config.Connection, pool)
			return s, err
		},
	})
}

// source polls one set or function module.
type source struct {
	config  SourceConfig
	session *session
	rows    []connector.Inbound // of the poll of Connect
	due     time.Time           // of the next poll
	next    string              // page of the poll that is under way
	delta   string              // link to what has changed; "" asks for all
	skip    bool                // the poll under way only finds delta
}

// Connect makes a poll at once, whose rows are the first that Read returns: so
// the status tells whether the system answers.
func (s *source) Connect(ctx context.Context) error {
	s.next = ""
	rows, err := s.poll(ctx)
	if err != nil {
		return err
	}
	s.rows, s.due = rows, time.Now().Add(s.config.Interval)
	return nil
}

// Close has nothing to end.
func (s *source) Close(context.Context) error { return nil }

// Read waits until a poll is due and returns what is new; a page at a time.
func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	if rows := s.rows; len(rows) > 0 && ctx.Err() == nil {
		s.rows = nil
		return rows, nil, nil
	}
	for {
		if s.next == "" {
			if err := s.wait(ctx); err != nil {
				return nil, nil, err
			}
		}
		rows, err := s.poll(ctx)
		if err != nil {
			return nil, nil, s.lost(ctx, err)
		}
		if len(rows) == 0 {
			continue
		}
		return rows, nil, nil
	}
}

// lost has the service connect again, with its pauses, and tell of the error.
func (s *source) lost(ctx context.Context, err error) error {
	s.next = ""
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", connector.ErrNotConnected, err)
}

// wait keeps the rhythm however long polls take.
func (s *source) wait(ctx context.Context) error {
	timer := time.NewTimer(time.Until(s.due))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.due = s.due.Add(s.config.Interval); s.due.Before(time.Now()) {
		s.due = time.Now().Add(s.config.Interval)
	}
	return ctx.Err()
}

func (s *source) poll(ctx context.Context) ([]connector.Inbound, error) {
	if s.config.Protocol == soap {
		return s.pollFunction(ctx)
	}
	return s.pollSet(ctx)
}

func (s *source) pollFunction(ctx context.Context) ([]connector.Inbound, error) {
	var params string
	if s.config.Parameters != "" {
		var err error
		if params, err = parameters([]byte(s.config.Parameters)); err != nil {
			return nil, err
		}
	}
	answer, err := s.session.call(ctx, s.config.Datasource, params)
	if err != nil {
		return nil, err
	}
	if s.config.Table == "" {
		return inbound([]any{answer.value()})
	}
	table := answer.child(s.config.Table)
	if table == nil {
		return nil, fmt.Errorf("the answer of %s has no %s; it has %v", s.config.Datasource, s.config.Table, answer.names())
	}
	rows := make([]any, len(table.below))
	for i, item := range table.below {
		rows[i] = item.value()
	}
	return inbound(rows)
}

// names of what is below, each once.
func (n *node) names() []string {
	has := map[string]bool{}
	for _, c := range n.below {
		has[c.name] = true
	}
	return slices.Sorted(maps.Keys(has))
}

// inbound makes a message of each row.
func inbound(rows []any) ([]connector.Inbound, error) {
	out := make([]connector.Inbound, len(rows))
	now := time.Now()
	for i, row := range rows {
		if text, ok := row.(string); ok { // of a table of plain values
			row = map[string]any{"value": text}
		}
		payload, err := json.Marshal(row)
		if err != nil {
			return nil, err
		}
		out[i] = connector.Inbound{Payload: payload, Time: now}
	}
	return out, nil
}
