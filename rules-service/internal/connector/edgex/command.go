package edgex

import (
	"context"
	"encoding/json"
	"errors"
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
	Via         string             `prop:"via" doc:"device: over the bus to the device service, which answers it; core-command: by core-command's REST API, at the address in EdgeX's Clients configuration."`
	ServiceName connector.Template `prop:"serviceName" doc:"Device service of the device; without it core-metadata is asked. For via device only."`
	PushEvent   bool               `prop:"pushEvent" doc:"The device service also publishes the values as an event."`
	Timeout     time.Duration      `prop:"timeout" doc:"Limit for the answer. What fails in the device, and what is not answered, is sent again; what is refused, as for a device that is locked or unknown, is not."`
}

// The ways of a command.
const (
	viaDevice      = "device"
	viaCoreCommand = "core-command"
)

// Validate checks what the types cannot say.
func (c *CommandConfig) Validate() error {
	switch {
	case c.Timeout <= 0:
		return errors.New(`property "timeout" must be positive`)
	case c.Via != viaDevice && c.Via != viaCoreCommand:
		return fmt.Errorf(`property "via": there are device and core-command, not %q`, c.Via)
	case c.Via == viaCoreCommand && c.ServiceName != "":
		return errors.New("core-command finds the device service by itself; leave serviceName out, or set via to device")
	}
	return nil
}

func registerCommand(r *connector.Registry, bus Bus) {
	connector.AddSink(r, connector.SinkSpec[CommandConfig]{
		Name:     "edgexCommand",
		Summary:  "Sets resources of a device: each column of the result is a resource, or a parameter of the command.",
		Defaults: CommandConfig{Timeout: 5 * time.Second, Via: viaDevice},
		Example:  `{"deviceName": "boiler-1", "commandName": "Burner", "fields": ["Burner"], "sendSingle": true}`,
		Batch:    1,
		// A device that does not answer must not hold up another one.
		Key: func(c CommandConfig) string { return string(c.ServiceName) + "/" + string(c.DeviceName) },
		New: func(c CommandConfig, env connector.Env) (connector.Sink, error) {
			client := &http.Client{Timeout: c.Timeout}
			if c.Via == viaCoreCommand {
				return newCoreCommand(c, bus, client), nil
			}
			return &command{config: c, bus: bus, owners: newOwners(bus.Metadata, client)}, nil
		},
	})
}

// level escapes a name for one level of a topic. Device services take this
// form whatever EnableNameFieldEscape says; Redis and NATS split at dots.
var level = strings.NewReplacer("%", "%25", "/", "%2F", "#", "%23", "+", "%2B", ".", "%2E", " ", "%20")

// failedInDevice is how the SDK of device services words that the device did
// not take a value: it may be away. It has no code for it on the bus.
const failedInDevice = "error writing Device"

// judged is permanent unless the failure may pass.
func judged(text string, err error) error {
	if strings.Contains(text, failedInDevice) {
		return err
	}
	return &connector.Permanent{Err: err}
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
	if c.link != nil {
		c.link.close()
		c.link = nil
	}
	lost := make(chan error, 1)
	l, err := connect(ctx, passing(c.bus.config()), []string{c.bus.topic("response", "#")}, c.answers.deliver, noteLoss(lost))
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
	device, name, bodies, err := c.config.request(m)
	if err != nil {
		return err
	}
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
	topic := c.bus.topic("device", "command", "request", service, level.Replace(device), level.Replace(name), "set")
	if err := c.link.client.Publish(request, topic); err != nil {
		return fmt.Errorf("%w: publish to %s: %w", connector.ErrNotConnected, topic, err)
	}
	timer := time.NewTimer(c.config.Timeout)
	defer timer.Stop()
	select {
	case m := <-answer:
		if m.ErrorCode != 0 {
			return judged(string(m.Payload), fmt.Errorf("device service %s refuses to set %s of %s: %s", service, name, device, m.Payload))
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

// request is what a message asks for: set requests for a command of a device.
func (c *CommandConfig) request(m *connector.Outbound) (device, name string, bodies [][]byte, err error) {
	device, name = m.Value("deviceName", string(c.DeviceName)), m.Value("commandName", string(c.CommandName))
	if device == "" || name == "" {
		return "", "", nil, &connector.Permanent{Err: errors.New("deviceName or commandName is empty for this result")}
	}
	if bodies, err = bodiesOf(m.Payload); err != nil {
		return "", "", nil, &connector.Permanent{Err: err}
	}
	return device, name, bodies, nil
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

// Lost tells of the end of the connection.
func (c *command) Lost() <-chan error { return c.lost }

func (c *command) Close(ctx context.Context) error {
	l := c.link
	c.link = nil
	return l.end(ctx)
}
