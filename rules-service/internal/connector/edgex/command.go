package edgex

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	commonDTO "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/uuid"

	"sluice/rules-service/internal/connector"
)

// CommandConfig is the configuration of the command sink.
type CommandConfig struct {
	DeviceName  connector.Template `prop:"deviceName,required" doc:"Device to command."`
	CommandName connector.Template `prop:"commandName,required" doc:"Device command or resource to set."`
	ServiceName connector.Template `prop:"serviceName" doc:"Device service of the device; without it core-metadata is asked."`
	PushEvent   bool               `prop:"pushEvent" doc:"The device service also publishes the values as an event."`
	Timeout     time.Duration      `prop:"timeout" doc:"Limit for the answer of the device service."`
}

// Validate checks what the types cannot say.
func (c *CommandConfig) Validate() error {
	if c.Timeout <= 0 {
		return fmt.Errorf(`property "timeout" must be positive`)
	}
	return nil
}

func registerCommand(r *connector.Registry, bus Bus) {
	connector.AddSink(r, connector.SinkSpec[CommandConfig]{
		Name:     "edgexCommand",
		Summary:  "Sets resources of a device: each column of the result is a resource, or a parameter of the command.",
		Defaults: CommandConfig{Timeout: 5 * time.Second},
		Example:  `{"deviceName": "boiler-1", "commandName": "Burner", "fields": ["Burner"], "sendSingle": true}`,
		Batch:    1,
		// A device that does not answer must not hold up another one.
		Key: func(c CommandConfig) string { return string(c.ServiceName) + "/" + string(c.DeviceName) },
		New: func(c CommandConfig, env connector.Env) (connector.Sink, error) {
			return &command{config: c, bus: bus,
				owners: newOwners(bus.Metadata, &http.Client{Timeout: c.Timeout})}, nil
		},
	})
}

// command publishes requests and waits for the device service's answers.
type command struct {
	config CommandConfig
	bus    Bus
	owners *owners
	link   *link
	lost   chan error

	answers answers
}

// Connect subscribes to all answers once: a subscription for each request, as
// go-mod-messaging's Request makes it, panics when the answer is late.
func (c *command) Connect(ctx context.Context) error {
	_ = c.Close(ctx)
	lost := make(chan error, 1)
	l, err := connect(ctx, c.bus.config(), []string{c.bus.topic("response", "#")}, c.answers.deliver, func(err error) {
		select {
		case lost <- err:
		default:
		}
	})
	if err != nil {
		return err
	}
	c.link, c.lost = l, lost
	return nil
}

// Write is given one message at a time.
func (c *command) Write(ctx context.Context, msgs []connector.Outbound) error {
	for i := range msgs {
		if err := c.send(ctx, &msgs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) send(ctx context.Context, m *connector.Outbound) error {
	bodies, err := bodiesOf(m.Payload)
	if err != nil {
		return &connector.Permanent{Err: err}
	}
	device, name := m.Value("deviceName", string(c.config.DeviceName)), m.Value("commandName", string(c.config.CommandName))
	service := m.Value("serviceName", string(c.config.ServiceName))
	if service == "" {
		if service, err = c.owners.of(ctx, device); err != nil {
			return err
		}
	}
	for _, body := range bodies {
		if err := c.set(ctx, service, device, name, body); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) set(ctx context.Context, service, device, name string, body []byte) error {
	if c.link == nil {
		return connector.ErrNotConnected
	}
	id := uuid.NewString()
	answer := c.answers.expect(id)
	defer c.answers.forget(id)
	request := types.MessageEnvelope{Versionable: commonDTO.NewVersionable(), CorrelationID: uuid.NewString(), RequestID: id,
		Payload: body, ContentType: common.ContentTypeJSON, QueryParams: map[string]string{"ds-pushevent": fmt.Sprint(c.config.PushEvent)}}
	topic := c.bus.topic("device", "command", "request", service, device, name, "set")
	if err := c.link.client.Publish(request, topic); err != nil {
		return fmt.Errorf("%w: publish to %s: %w", connector.ErrNotConnected, topic, err)
	}
	timer := time.NewTimer(c.config.Timeout)
	defer timer.Stop()
	select {
	case m := <-answer:
		if m.ErrorCode != 0 {
			return &connector.Permanent{Err: fmt.Errorf("device service %s refuses to set %s of %s: %s", service, name, device, m.Payload)}
		}
		return nil
	case err := <-c.lost:
		return fmt.Errorf("%w: %w", connector.ErrNotConnected, err)
	case <-timer.C:
		c.owners.forget(device) // it may have moved
		return fmt.Errorf("device service %s does not answer within %s", service, c.config.Timeout)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// bodiesOf makes a set request of each row: EdgeX wants all values as texts.
func bodiesOf(payload []byte) ([][]byte, error) {
	d := json.NewDecoder(strings.NewReader(string(payload)))
	d.UseNumber() // digits stay as they are
	var in any
	if err := d.Decode(&in); err != nil {
		return nil, fmt.Errorf("a set command wants a JSON object: %w", err)
	}
	rows, ok := in.([]any)
	if !ok {
		rows = []any{in}
	}
	var out [][]byte
	for _, r := range rows {
		row, ok := r.(map[string]any)
		if !ok || len(row) == 0 {
			return nil, fmt.Errorf("a set command wants resources and their values, not %s", payload)
		}
		texts := make(map[string]string, len(row))
		for name, v := range row {
			text, err := textOf(v)
			if err != nil {
				return nil, err
			}
			texts[name] = text
		}
		body, err := json.Marshal(texts)
		if err != nil {
			return nil, err
		}
		out = append(out, body)
	}
	return out, nil
}

func textOf(v any) (string, error) {
	switch t := v.(type) {
	case string:
		return t, nil
	case json.Number:
		return t.String(), nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

func (c *command) Close(ctx context.Context) error {
	if c.link == nil {
		return nil
	}
	done := c.link.close()
	c.link = nil
	select {
	case <-done:
	case <-ctx.Done():
	}
	return nil
}
