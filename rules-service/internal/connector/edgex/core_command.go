package edgex

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/google/uuid"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// answerRead is how much of an answer is read.
const answerRead = 16 << 10

// coreCommand sends set commands through core-command's REST API.
type coreCommand struct {
	config  CommandConfig
	address string
	client  *http.Client
}

func newCoreCommand(c CommandConfig, b Bus, client *http.Client) *coreCommand {
	return &coreCommand{config: c, address: strings.TrimSuffix(b.Command, "/"), client: client}
}

// Connect asks whether core-command is there; HTTP keeps no connection.
func (c *coreCommand) Connect(ctx context.Context) error {
	if c.address == "" {
		return errors.New("no address of core-command is configured: add core-command to Clients, or set via to device")
	}
	_, err := c.do(ctx, http.MethodGet, common.ApiPingRoute, nil)
	return err
}

// Write is given one message at a time.
func (c *coreCommand) Write(ctx context.Context, msgs []connector.Outbound) error {
	for i := range msgs {
		if err := c.send(ctx, &msgs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *coreCommand) send(ctx context.Context, m *connector.Outbound) error {
	device, name, bodies, err := c.config.request(m)
	if err != nil {
		return err
	}
	path := common.ApiDeviceRoute + "/name/" + url.PathEscape(device) + "/" + url.PathEscape(name) + "?ds-pushevent=" + strconv.FormatBool(c.config.PushEvent)
	for _, body := range bodies {
		status, err := c.do(ctx, http.MethodPut, path, body)
		if err == nil {
			continue
		}
		return classified(status, fmt.Errorf("set %s of %s: %w", name, device, err))
	}
	return nil
}

// classified is permanent when the answer will be the same the next time.
func classified(status int, err error) error {
	switch {
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return err
	case status == http.StatusInternalServerError: // a value that cannot be one is answered so, too
		if strings.Contains(err.Error(), badValue) {
			return &connector.Permanent{Err: err}
		}
		return err
	case status >= 500 || status == 0:
		return err
	}
	return &connector.Permanent{Err: err}
}

// badValue is how the SDK of device services words a value that is none of the
// resource's type.
const badValue = "failed to create CommandValue"

// do makes a request; status is 0 when there was no answer.
func (c *coreCommand) do(ctx context.Context, method, path string, body []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.address+path, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("core-command at %s: %w", httpclient.Redact(c.address), httpclient.Cause(err))
	}
	req.Header.Set(common.ContentType, common.ContentTypeJSON)
	req.Header.Set(common.CorrelationHeader, uuid.NewString())
	res, err := c.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("core-command at %s: %w", httpclient.Redact(c.address), httpclient.Cause(err))
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, answerRead))
	if err != nil {
		return 0, fmt.Errorf("core-command: read the answer: %w", err)
	}
	if res.StatusCode/100 == 2 {
		return res.StatusCode, nil
	}
	return res.StatusCode, fmt.Errorf("core-command answers %s: %s", res.Status, messageOf(text))
}

// messageOf is EdgeX's own text, or what stands in its place.
func messageOf(answer []byte) string {
	var in struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(answer, &in) == nil && in.Message != "" {
		return in.Message
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(answer)), "\ufffd")
}

// Close has nothing to end: the connections are the process's.
func (c *coreCommand) Close(context.Context) error { return nil }
