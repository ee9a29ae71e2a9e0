package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"
)

// moveDevices brings devices that core-metadata knew before this start to the
// addresses of now: a device service sends only devices that are new.
func (s *stack) moveDevices(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for _, service := range s.flags.services() {
		paths, err := filepath.Glob(filepath.Join(s.flags.Data, service.key, "res", "devices", "*.yaml"))
		if err != nil {
			return err
		}
		for _, path := range paths {
			if err := s.moveDevicesOf(ctx, path); err != nil {
				return fmt.Errorf("move the devices of %s: %w", path, err)
			}
		}
	}
	return nil
}

func (s *stack) moveDevicesOf(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var file deviceFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		return err
	}
	for _, d := range file.DeviceList {
		if err := s.moveDevice(ctx, fmt.Sprint(d.Rest["name"]), d.Protocols); err != nil {
			return err
		}
	}
	return nil
}

func (s *stack) moveDevice(ctx context.Context, name string, protocols map[string]tree) error {
	base := "http://" + address(s.flags.MetadataPort) + "/api/v3/device"
	var known struct {
		Device struct {
			Protocols json.RawMessage `json:"protocols"`
		} `json:"device"`
	}
	status, err := exchange(ctx, http.MethodGet, base+"/name/"+name, nil, &known)
	if err != nil || status == http.StatusNotFound { // then it is new
		return err
	}
	want, err := json.Marshal(protocols) // keys in order, as in what core-metadata sends
	if err != nil || bytes.Equal(want, known.Device.Protocols) {
		return err
	}
	patch := []tree{{"apiVersion": "v3", "device": tree{"name": name, "protocols": protocols}}}
	for {
		var answers []struct {
			StatusCode int    `json:"statusCode"`
			Message    string `json:"message"`
		}
		if _, err := exchange(ctx, http.MethodPatch, base, patch, &answers); err != nil {
			return err
		}
		switch {
		case len(answers) == 1 && answers[0].StatusCode == http.StatusOK:
			return nil
		case len(answers) == 1 && answers[0].StatusCode != http.StatusServiceUnavailable:
			return fmt.Errorf("device %s: %s", name, answers[0].Message)
		}
		// The service does not answer questions about devices yet.
		select {
		case <-ctx.Done():
			return fmt.Errorf("device %s: no service says whether it can be reached: %w", name, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// exchange sends a body, when there is one, and reads the answer into out.
func exchange(ctx context.Context, method, url string, body, out any) (status int, err error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, sent)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(text, out); err != nil {
		return 0, fmt.Errorf("%s %s: %s: %w", method, url, res.Status, err)
	}
	return res.StatusCode, nil
}
