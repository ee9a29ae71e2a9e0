package dmi

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
)

// twinText is what keys and values of twins have.
var twinText = regexp.MustCompile(`^[a-zA-Z0-9\-_.,:/@#]{1,512}$`)

// states are those that edgecore knows.
var states = []string{"online", "offline", "ok", "unknown", "unhealthy"}

func (s *service) ReportDeviceStatus(_ context.Context, in *pb.ReportDeviceStatusRequest) (*pb.ReportDeviceStatusResponse, error) {
	c := s.core
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.allow("report device status", in.GetDeviceName()); err != nil {
		return nil, err
	}
	if in.GetReportedDevice().GetTwins() == nil {
		return &pb.ReportDeviceStatusResponse{}, errors.New("ReportDeviceStatusRequest does not have twin data")
	}
	c.counts.Reports++
	id := in.GetDeviceNamespace() + "/" + in.GetDeviceName()
	for _, t := range in.GetReportedDevice().GetTwins() {
		c.store(id, t)
	}
	return &pb.ReportDeviceStatusResponse{}, nil
}

// store stores a twin. What it cannot have it refuses where no mapper hears of
// it, and so do reports for devices that are not there.
func (c *Core) store(id string, t *pb.Twin) {
	if t.GetReported() == nil || t.GetObservedDesired() == nil {
		c.counts.Crashes++
		return
	}
	for _, text := range []string{t.GetPropertyName(), t.GetReported().GetValue(), t.GetObservedDesired().GetValue()} {
		if text != "" && !twinText.MatchString(text) {
			c.counts.Violations++
			return
		}
	}
	if c.devices[id] == nil {
		return
	}
	if c.twins[id] == nil {
		c.twins[id] = map[string]Twin{}
	}
	c.twins[id][t.GetPropertyName()] = Twin{Reported: t.GetReported().GetValue(), Expected: t.GetObservedDesired().GetValue(), Type: "string"}
}

func (s *service) ReportDeviceStates(_ context.Context, in *pb.ReportDeviceStatesRequest) (*pb.ReportDeviceStatesResponse, error) {
	c := s.core
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.allow("report device states", in.GetDeviceName()); err != nil {
		return nil, err
	}
	if in.GetState() == "" || in.GetDeviceName() == "" {
		return &pb.ReportDeviceStatesResponse{}, errors.New("ReportDeviceStatesRequest is invalid data")
	}
	c.counts.Reports++
	state := strings.ToLower(in.GetState())
	if !slices.Contains(states, state) {
		c.counts.Violations++
		return &pb.ReportDeviceStatesResponse{}, nil
	}
	c.states[in.GetDeviceNamespace()+"/"+in.GetDeviceName()] = state
	return &pb.ReportDeviceStatesResponse{}, nil
}
