package dmi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// callTime is how long edgecore waits for a mapper.
const callTime = 10 * time.Second

// Apply takes DeviceModels and Devices as YAML, and tells the mapper about what
// is new or has changed. The error is what edgecore would log: that the mapper
// refused, or is not there. Edgecore does not try again.
func (c *Core) Apply(text string) error {
	list, err := manifests(text)
	if err != nil {
		return err
	}
	c.apply.Lock()
	defer c.apply.Unlock()
	var errs []error
	for _, m := range list {
		switch m.Kind {
		case "DeviceModel":
			errs = append(errs, c.applyModel((*model)(m)))
		case "Device":
			errs = append(errs, c.applyDevice((*device)(m)))
		default:
			errs = append(errs, fmt.Errorf("unknown kind %q", m.Kind))
		}
	}
	return errors.Join(errs...)
}

func (c *Core) applyModel(m *model) error {
	id := (*manifest)(m).id()
	c.mu.Lock()
	_, known := c.models[id]
	c.models[id] = m
	c.mu.Unlock()
	return c.call(m.protocol(), func(ctx context.Context, mapper pb.DeviceMapperServiceClient) error {
		if known {
			_, err := mapper.UpdateDeviceModel(ctx, &pb.UpdateDeviceModelRequest{Model: m.message()})
			return err
		}
		_, err := mapper.CreateDeviceModel(ctx, &pb.CreateDeviceModelRequest{Model: m.message()})
		return err
	})
}

func (c *Core) applyDevice(d *device) error {
	id := (*manifest)(d).id()
	c.mu.Lock()
	before := c.devices[id]
	c.devices[id] = d
	c.mu.Unlock()
	if before != nil && sameSpec(before, d) {
		return nil
	}
	sent, err := d.message()
	if err != nil {
		return err // it never reaches the mapper
	}
	return c.call(d.protocol(), func(ctx context.Context, mapper pb.DeviceMapperServiceClient) error {
		if before != nil {
			_, err := mapper.UpdateDevice(ctx, &pb.UpdateDeviceRequest{Device: sent})
			return err
		}
		_, err := mapper.RegisterDevice(ctx, &pb.RegisterDeviceRequest{Device: sent})
		return err
	})
}

// sameSpec compares as edgecore does, for which YAML is JSON.
func sameSpec(a, b *device) bool {
	x, errX := json.Marshal(a.Spec)
	y, errY := json.Marshal(b.Spec)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// Desire patches the desired value of a property, as the cloud does. The mapper
// gets the model and the whole device.
func (c *Core) Desire(id, property, value string) error {
	c.mu.Lock()
	old, m := c.devices[id], (*model)(nil)
	if old != nil {
		m = c.models[old.modelID()]
	}
	c.mu.Unlock()
	if old == nil {
		return fmt.Errorf("device %s: is not there", id)
	}
	copied, err := (*manifest)(old).clone()
	if err != nil {
		return err
	}
	found := false
	for _, p := range (*device)(copied).properties() {
		if p["name"] == property {
			desired := at(p, "desired")
			if desired == nil {
				desired = map[string]any{}
				p["desired"] = desired
			}
			desired["value"], found = value, true
		}
	}
	if !found {
		return fmt.Errorf("device %s: has no property %q", id, property)
	}
	c.apply.Lock()
	defer c.apply.Unlock()
	var model error
	if m != nil && m.protocol() != "" {
		model = c.applyModel(m)
	}
	return errors.Join(model, c.applyDevice((*device)(copied)))
}

// DeleteDevice removes a device. While the mapper refuses it or is away, the
// device stays in edgecore's cache.
func (c *Core) DeleteDevice(id string) error {
	c.apply.Lock()
	defer c.apply.Unlock()
	c.mu.Lock()
	d := c.devices[id]
	c.mu.Unlock()
	if d == nil {
		return fmt.Errorf("device %s: is not there", id)
	}
	err := c.call(d.protocol(), func(ctx context.Context, mapper pb.DeviceMapperServiceClient) error {
		_, err := mapper.RemoveDevice(ctx, &pb.RemoveDeviceRequest{DeviceName: d.Metadata.Name, DeviceNamespace: d.Metadata.Namespace})
		return err
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.devices, id)
	delete(c.twins, id)
	delete(c.states, id)
	return nil
}

// DeleteModel removes a model.
func (c *Core) DeleteModel(id string) error {
	c.apply.Lock()
	defer c.apply.Unlock()
	c.mu.Lock()
	m := c.models[id]
	c.mu.Unlock()
	if m == nil {
		return fmt.Errorf("model %s: is not there", id)
	}
	err := c.call(m.protocol(), func(ctx context.Context, mapper pb.DeviceMapperServiceClient) error {
		_, err := mapper.RemoveDeviceModel(ctx, &pb.RemoveDeviceModelRequest{ModelName: m.Metadata.Name, ModelNamespace: m.Metadata.Namespace})
		return err
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.models, id)
	return nil
}

// Device asks the mapper for a device.
func (c *Core) Device(id string) (*pb.Device, error) {
	c.mu.Lock()
	d := c.devices[id]
	c.mu.Unlock()
	if d == nil {
		return nil, fmt.Errorf("device %s: is not there", id)
	}
	var out *pb.Device
	err := c.call(d.protocol(), func(ctx context.Context, mapper pb.DeviceMapperServiceClient) error {
		r, err := mapper.GetDevice(ctx, &pb.GetDeviceRequest{DeviceName: d.Metadata.Name, DeviceNamespace: d.Metadata.Namespace})
		out = r.GetDevice()
		return err
	})
	return out, err
}

// call dials the mapper of a protocol for one call. It does so while edgecore
// does not run, too: a test says when it does.
func (c *Core) call(protocol string, do func(context.Context, pb.DeviceMapperServiceClient) error) error {
	mapper := c.Mapper(protocol)
	if mapper == nil {
		return fmt.Errorf("fail to get dmi client of protocol %s", protocol)
	}
	conn, err := grpc.NewClient("unix://"+string(mapper.GetAddress()), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	return errors.Join(do(ctx, pb.NewDeviceMapperServiceClient(conn)), conn.Close())
}
