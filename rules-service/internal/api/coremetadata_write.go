package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	edgexerrors "github.com/edgexfoundry/go-mod-core-contracts/v3/errors"

	"sluice/profiles/kubeedge"
)

const (
	// batchSize is how many are sent in one request: core-metadata asks a device
	// service about each device, one after the other, and has a time for the
	// whole request.
	batchSize = 25
	// parallel is how many requests are sent at a time.
	parallel = 8
)

// writing changes core-metadata, and can take back what it has done.
type writing struct {
	meta CoreMetadata
	mu   sync.Mutex // of undo
	undo []func(ctx context.Context) error
}

// refusedChange is what core-metadata, or the rules, have against a change.
type refusedChange struct{ kind, name, message string }

// refusedChanges are all that are known.
type refusedChanges []refusedChange

func (r refusedChanges) Error() string {
	text := fmt.Sprintf("%s %s: %s", r[0].kind, r[0].name, r[0].message)
	if n := len(r) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// batches sends things of a kind. What core-metadata has taken, or may have
// taken, is noted to be taken back.
func batches[T any](w *writing, kind string, list []T, name func(T) string, send func([]T) ([]dtocommon.BaseResponse, edgexerrors.EdgeX), back func(context.Context, T) error) error {
	var (
		slots   = make(chan struct{}, parallel)
		sending sync.WaitGroup
		failed  failures
	)
	for batch := range slices.Chunk(list, batchSize) {
		slots <- struct{}{}
		if failed.any() {
			break
		}
		sending.Go(func() {
			defer func() { <-slots }()
			answers, err := send(batch)
			if err != nil {
				failed.lose(away(err))
			}
			for i, one := range batch {
				switch {
				case err == nil && i >= len(answers):
					failed.refuse(refusedChange{kind, name(one), "core-metadata does not say whether it has taken it"})
				case err == nil && answers[i].StatusCode >= http.StatusMultipleChoices:
					failed.refuse(refusedChange{kind, name(one), answers[i].Message})
					continue
				}
				w.note(func(ctx context.Context) error { return back(ctx, one) })
			}
		})
	}
	sending.Wait()
	return failed.err()
}

// note notes how something is taken back.
func (w *writing) note(back func(ctx context.Context) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.undo = append(w.undo, back)
}

// failures are those of batches that are sent at a time.
type failures struct {
	mu      sync.Mutex
	lost    error // the first error of a request
	refused refusedChanges
}

func (f *failures) lose(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost == nil {
		f.lost = err
	}
}

func (f *failures) refuse(c refusedChange) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused = append(f.refused, c)
}

func (f *failures) any() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost != nil || f.refused != nil
}

// err is what has failed: where something was refused, that is told.
func (f *failures) err() error {
	if f.refused == nil {
		return f.lost
	}
	slices.SortFunc(f.refused, func(a, b refusedChange) int { return strings.Compare(a.name, b.name) })
	return f.refused
}

// all writes the profiles and devices that are not as they should be.
func (w *writing) all(ctx context.Context, p *plan) error {
	return firstError(
		func() error { return w.addProfiles(ctx, p.newProfiles) },
		func() error { return w.putProfiles(ctx, p.profiles) },
		func() error { return w.addDevices(ctx, p.newDevices) },
		func() error { return w.patchDevices(ctx, p.devices) },
	)
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) addProfiles(ctx context.Context, list []dtos.DeviceProfile) error {
	return batches(w, kindProfile, list, profileName, func(batch []dtos.DeviceProfile) ([]dtocommon.BaseResponse, edgexerrors.EdgeX) {
		answers, err := w.meta.Profiles.Add(ctx, profileRequests(batch))
		return baseResponses(answers), err
	}, func(ctx context.Context, one dtos.DeviceProfile) error {
		_, err := w.meta.Profiles.DeleteByName(ctx, one.Name)
		return unlessGone(err)
	})
}

func (w *writing) putProfiles(ctx context.Context, list []replaced[dtos.DeviceProfile]) error {
	return batches(w, kindProfile, list, func(r replaced[dtos.DeviceProfile]) string { return r.now.Name },
		func(batch []replaced[dtos.DeviceProfile]) ([]dtocommon.BaseResponse, edgexerrors.EdgeX) {
			return w.meta.Profiles.Update(ctx, profileRequests(nows(batch)))
		}, func(ctx context.Context, one replaced[dtos.DeviceProfile]) error {
			answers, err := w.meta.Profiles.Update(ctx, profileRequests([]dtos.DeviceProfile{one.old}))
			return restored(answers, err)
		})
}

func (w *writing) addDevices(ctx context.Context, list []dtos.Device) error {
	return batches(w, kindDevice, list, deviceName, func(batch []dtos.Device) ([]dtocommon.BaseResponse, edgexerrors.EdgeX) {
		reqs := make([]requests.AddDeviceRequest, len(batch))
		for i, d := range batch {
			reqs[i] = requests.NewAddDeviceRequest(d)
		}
		answers, err := w.meta.Devices.Add(ctx, reqs)
		return baseResponses(answers), err
	}, func(ctx context.Context, one dtos.Device) error {
		_, err := w.meta.Devices.DeleteDeviceByName(ctx, one.Name)
		return unlessGone(err)
	})
}

func (w *writing) patchDevices(ctx context.Context, list []replaced[dtos.Device]) error {
	return batches(w, kindDevice, list, func(r replaced[dtos.Device]) string { return r.now.Name },
		func(batch []replaced[dtos.Device]) ([]dtocommon.BaseResponse, edgexerrors.EdgeX) {
			reqs := make([]requests.UpdateDeviceRequest, len(batch))
			for i, r := range batch {
				reqs[i] = requests.NewUpdateDeviceRequest(patch(r.now))
			}
			return w.meta.Devices.Update(ctx, reqs)
		}, func(ctx context.Context, one replaced[dtos.Device]) error {
			answers, err := w.meta.Devices.Update(ctx, []requests.UpdateDeviceRequest{requests.NewUpdateDeviceRequest(patch(one.old))})
			return restored(answers, err)
		})
}

// patch changes a device to another one, but for its states. A list that is
// empty must be there: what is left out stays as it was.
func patch(d dtos.Device) dtos.UpdateDevice {
	u := dtos.UpdateDevice{
		Name: &d.Name, Description: &d.Description, ServiceName: &d.ServiceName, ProfileName: &d.ProfileName,
		Labels: d.Labels, Location: d.Location, AutoEvents: d.AutoEvents, Protocols: d.Protocols, Tags: d.Tags, Properties: d.Properties,
	}
	if u.Labels == nil {
		u.Labels = []string{}
	}
	if u.AutoEvents == nil {
		u.AutoEvents = []dtos.AutoEvent{}
	}
	if u.Tags == nil {
		u.Tags = map[string]any{}
	}
	if u.Properties == nil {
		u.Properties = map[string]any{}
	}
	return u
}

func baseResponses(list []dtocommon.BaseWithIdResponse) []dtocommon.BaseResponse {
	out := make([]dtocommon.BaseResponse, len(list))
	for i, one := range list {
		out[i] = one.BaseResponse
	}
	return out
}

func profileRequests(list []dtos.DeviceProfile) []requests.DeviceProfileRequest {
	reqs := make([]requests.DeviceProfileRequest, len(list))
	for i, p := range list {
		reqs[i] = requests.NewDeviceProfileRequest(p)
	}
	return reqs
}

// replaced is what takes the place of something.
type replaced[T any] struct{ now, old T }

func nows[T any](list []replaced[T]) []T {
	out := make([]T, len(list))
	for i, r := range list {
		out[i] = r.now
	}
	return out
}

func profileName(p dtos.DeviceProfile) string { return p.Name }
func deviceName(d dtos.Device) string         { return d.Name }

// findings are the refused changes, as the report has them.
func (r refusedChanges) findings(place func(kind, name string) kubeedge.Place) kubeedge.Findings {
	var list kubeedge.Findings
	for _, one := range r {
		list = append(list, kubeedge.Finding{Severity: kubeedge.Error, Place: place(one.kind, one.name), Path: one.kind + " " + one.name, Message: one.message})
	}
	return list
}
