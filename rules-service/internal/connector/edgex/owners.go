package edgex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// owners knows the device services of devices, from core-metadata.
type owners struct {
	metadata string
	client   *http.Client

	mu    sync.Mutex
	known map[string]string
}

func newOwners(metadata string, client *http.Client) *owners {
	return &owners{metadata: strings.TrimSuffix(metadata, "/"), client: client, known: map[string]string{}}
}

func (o *owners) forget(device string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.known, device)
}

func (o *owners) of(ctx context.Context, device string) (string, error) {
	o.mu.Lock()
	service, ok := o.known[device]
	o.mu.Unlock()
	if ok {
		return service, nil
	}
	service, err := o.ask(ctx, device)
	if err != nil {
		return "", fmt.Errorf("device service of %s: %w", device, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known[device] = service
	return service, nil
}

func (o *owners) ask(ctx context.Context, device string) (string, error) {
	if o.metadata == "" {
		return "", &connector.Permanent{Err: errors.New("no address of core-metadata is configured; give serviceName")}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.metadata+"/api/v3/device/name/"+url.PathEscape(device), nil)
	if err != nil {
		return "", &connector.Permanent{Err: err}
	}
	res, err := o.client.Do(req)
	if err != nil {
		return "", fmt.Errorf("core-metadata at %s: %w", httpclient.Redact(o.metadata), httpclient.Cause(err))
	}
	defer res.Body.Close()
	var answer struct {
		Message string `json:"message"`
		Device  struct {
			ServiceName string `json:"serviceName"`
		} `json:"device"`
	}
	err = json.NewDecoder(res.Body).Decode(&answer)
	switch {
	case res.StatusCode == http.StatusNotFound:
		return "", &connector.Permanent{Err: fmt.Errorf("core-metadata knows no such device; is deviceName right? %s", answer.Message)}
	case res.StatusCode != http.StatusOK:
		return "", fmt.Errorf("core-metadata answers %s: %s", res.Status, answer.Message)
	case err != nil:
		return "", fmt.Errorf("core-metadata: %w", err)
	case answer.Device.ServiceName == "":
		return "", &connector.Permanent{Err: errors.New("core-metadata names no device service for it")}
	}
	return answer.Device.ServiceName, nil
}
