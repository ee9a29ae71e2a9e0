package metadata

import (
	"context"
	"net/http"
	"reflect"
	"slices"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
)

// patching are the patches in the body of a request.
type patching struct {
	*Server
	items    []requests.UpdateDeviceRequest
	verdicts []error // in the order of the items
}

// proposal is a device as it is and as a patch would make it.
type proposal struct {
	item        int
	was, wanted dtos.Device
}

// patchDevices asks the services about the devices as they will be, and changes
// in one change those that are taken. What another request makes of a device in
// the meantime is asked about anew, and so is a second patch of the same device.
func (s *Server) patchDevices(w http.ResponseWriter, r *http.Request) (int, any, error) {
	items, err := readItems[requests.UpdateDeviceRequest](w, r)
	if err != nil {
		return 0, nil, err
	}
	p := patching{s, items, make([]error, len(items))}
	left := make([]int, len(items))
	for i := range left {
		left[i] = i
	}
	for len(left) > 0 {
		taken, later := p.propose(r.Context(), left)
		overtaken, err := p.apply(taken)
		if err != nil {
			return 0, nil, err
		}
		left = slices.Concat(overtaken, later)
		slices.Sort(left)
	}
	out := make([]dtocommon.BaseResponse, len(items))
	for i, item := range items {
		out[i] = changed(item.RequestId, p.verdicts[i])
	}
	return http.StatusMultiStatus, out, nil
}

// propose makes devices of patches and returns those that their services take,
// and the items that have to wait for one before them.
func (p *patching) propose(ctx context.Context, items []int) (taken []proposal, later []int) {
	t := p.store.view()
	var all []proposal
	var asked questions
	patched := map[string]bool{}
	for _, i := range items {
		was, wanted, err := patchedDevice(t, p.items[i].Device)
		if patched[was.Name] {
			later = append(later, i)
			continue
		}
		if p.verdicts[i] = err; err != nil {
			continue
		}
		patched[was.Name] = true
		all = append(all, proposal{i, was, wanted})
		asked.ask(func() { p.verdicts[i] = p.validate(ctx, wanted) })
	}
	asked.Wait()
	for _, one := range all {
		if p.verdicts[one.item] == nil {
			taken = append(taken, one)
		}
	}
	return taken, later
}

// apply changes devices that are still what they were. It returns the items
// whose devices are not.
func (p *patching) apply(all []proposal) (overtaken []int, err error) {
	err = p.change(func(t *tables) error {
		for _, one := range all {
			if before, there := t.Devices[one.was.Name]; !there || !reflect.DeepEqual(before, one.was) {
				overtaken = append(overtaken, one.item)
				continue
			}
			if p.verdicts[one.item] = checkDevice(*t, one.wanted); p.verdicts[one.item] == nil {
				t.replaceDevice(one)
			}
		}
		return nil
	})
	return overtaken, err
}

func (t *tables) replaceDevice(p proposal) {
	t.Devices[p.wanted.Name] = p.wanted
	if p.was.ServiceName != p.wanted.ServiceName {
		// The service that had it must let go.
		t.tellDevice(common.SystemEventActionUpdate, p.was.ServiceName, p.wanted)
	}
	t.tellDevice(common.SystemEventActionUpdate, p.wanted.ServiceName, p.wanted)
}
